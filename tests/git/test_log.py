"""The commit log: what is read of commits, whatever they hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import Place, init

from nes_tasks.errors import GitError
from nes_tasks.git.command import Git
from nes_tasks.git.log import read_commits, read_messages


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty repository."""
    return init(tmp_path / "there")


def test_commits_come_parents_first_with_all_their_parents(place: Place) -> None:
    base = place.commit(message="Begin")
    side = place.commit(message="Side\n\nWith a body\x1f and separators\x1e.")
    place.git("checkout", "-q", "-B", "main", base)
    place.git("merge", "-q", "--no-ff", "-m", "Join", side)
    begin, aside, merge = read_commits(Git(place.path), "HEAD")
    assert (begin.parents, aside.parents, merge.parents) == ((), (base,), (base, side))
    assert (begin.parent, merge.parent, merge.is_merge) == (None, base, True)
    assert [one.subject for one in (begin, aside, merge)] == ["Begin", "Side", "Join"]
    ((commit, message),) = read_messages(Git(place.path), [side])
    assert (commit, message) == (side, "Side\n\nWith a body\x1f and separators\x1e.\n")


def test_a_commit_that_is_not_there_is_an_error(place: Place) -> None:
    place.commit()
    with pytest.raises(GitError, match="rev-list failed"):
        list(read_commits(Git(place.path), "1" * 40))
    assert list(read_messages(Git(place.path), ["1" * 40])) == []
