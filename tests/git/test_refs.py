"""Changing refs through one git process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from repositories import Place, init

from nes_tasks.errors import GitError
from nes_tasks.git.command import Git
from nes_tasks.git.refs import RefWriter, change_refs, symbolic_head


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = init(tmp_path / "database")
    made.commit({"a": "1"})
    return made


def refs(place: Place) -> list[str]:
    return place.git("for-each-ref", "--format=%(refname)", "refs/x").splitlines()


def test_one_process_makes_one_change_after_the_other(place: Place) -> None:
    tip = place.git("rev-parse", "HEAD")
    with RefWriter(Git(place.path)) as writer:
        writer.change(f"update refs/x/a {tip}")
        process = writer._process
        assert refs(place) == ["refs/x/a"]
        writer.change(f"create refs/x/b {tip}", "delete refs/x/a")
        assert refs(place) == ["refs/x/b"]
        assert writer._process is process
    assert process is not None
    assert process.returncode == 0


def test_of_a_change_that_fails_nothing_is_made_and_the_next_one_works(place: Place) -> None:
    tip = place.git("rev-parse", "HEAD")
    with RefWriter(Git(place.path)) as writer:
        with pytest.raises(GitError, match="refs/heads/main"):
            writer.change(f"create refs/x/a {tip}", f"create refs/heads/main {tip}")
        assert refs(place) == []
        writer.change(f"create refs/x/a {tip}")
    assert refs(place) == ["refs/x/a"]


def test_an_interrupt_does_not_end_what_may_be_moving_the_branch(place: Place) -> None:
    tip = place.git("rev-parse", "HEAD")
    with RefWriter(Git(place.path)) as writer:
        writer.change(f"create refs/x/a {tip}")
        assert writer._process is not None
        os.kill(writer._process.pid, signal.SIGINT)
        writer.change(f"create refs/x/b {tip}")
    assert refs(place) == ["refs/x/a", "refs/x/b"]


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/नेपाल/x", None])
def test_head_is_what_git_says(place: Place, ref: str | None) -> None:
    if ref is None:
        place.git("switch", "--quiet", "--detach")
    else:
        place.git("symbolic-ref", "HEAD", ref)
    assert symbolic_head(Git(place.path), place.path / ".git") == ref


def test_several_changes_are_made_together(place: Place) -> None:
    tip = place.git("rev-parse", "HEAD")
    change_refs(Git(place.path), [f"create refs/x/a {tip}", f"create refs/x/b {tip}"])
    assert refs(place) == ["refs/x/a", "refs/x/b"]
