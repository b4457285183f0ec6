"""What a run has written, read back by GitPython: another program's idea of git, not ours."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime

import git
import pytest
from workspace import EPOCH, Workspace, create_person

PEOPLE = ("asha-rai", "bina-lama")
MOMENT = datetime.fromtimestamp(int(EPOCH), UTC)


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two applied migrations: one commit, and a merge of batches of two files each."""
    workspace = Workspace(tmp_path_factory.mktemp("second") / "project")
    workspace.settings(batch_size=2)
    workspace.migration("001-nothing", "context.log('Nothing')")
    workspace.migration("002-people", "".join(map(create_person, PEOPLE)))
    assert workspace.doit(SOURCE_DATE_EPOCH=EPOCH).code == 0
    return workspace


@pytest.fixture
def repo(applied: Workspace) -> Iterator[git.Repo]:
    with git.Repo(applied.db, expand_vars=False) as opened:
        yield opened


def files(tree: git.Tree) -> dict[str, bytes]:
    """Return the content of each file by its path."""
    return {
        str(blob.path): blob.data_stream.read() for blob in tree.traverse() if blob.type == "blob"
    }


def first_parents(repo: git.Repo) -> list[git.Commit]:
    return list(repo.iter_commits("main", first_parent=True))


def test_the_main_line_has_a_commit_for_each_migration(repo: git.Repo) -> None:
    people, nothing, created = first_parents(repo)
    assert [str(c.summary) for c in (people, nothing, created)] == [
        "Migration: 002-people",
        "Migration: 001-nothing",
        "Create the database",
    ]
    assert created.parents == ()
    assert files(created.tree) == {}
    assert nothing.parents == (created,)


def test_a_migration_of_several_batches_is_a_merge_of_them(repo: git.Repo) -> None:
    people, nothing, _ = first_parents(repo)
    base, last = people.parents
    assert base == nothing
    assert people.tree == last.tree
    batches = list(repo.iter_commits(f"{nothing.hexsha}..{last.hexsha}"))
    assert len(batches) > 1
    for number, batch in zip(range(len(batches), 0, -1), batches, strict=True):
        assert batch.trailers_dict == {
            "Batch": [f"{number}/{len(batches)}"],
            "Migration": ["002-people"],
        }
        changed = batch.parents[0].diff(batch)
        assert len(batch.parents) == 1
        # The record and the log come with the last batch, beside its files.
        assert 0 < len(changed) <= 2 + 2 * (number == len(batches))


def test_author_committer_dates_and_trailers_are_those_of_the_migration(repo: git.Repo) -> None:
    people, nothing, _ = first_parents(repo)
    for commit in (people, nothing):
        assert (commit.author.name, commit.author.email) == ("Asha Example", "asha@example.org")
        assert commit.committer.name == "Mina Maintainer"
        assert commit.authored_datetime.date().isoformat() == "2026-01-15"
        assert commit.committed_datetime == MOMENT
        trailers = commit.trailers_dict
        assert trailers["Author"] == ["Asha Example <asha@example.org>"]
        assert trailers["Date"] == ["2026-01-15"]
    assert people.trailers_dict["Entities-Created"] == ["2"]
    assert people.trailers_dict["Files"] == [str(len(written(repo)))]
    assert nothing.trailers_dict["Entities-Created"] == ["0"]


def written(repo: git.Repo) -> dict[str, bytes]:
    """Return what the second migration wrote beside its record."""
    people, nothing, _ = first_parents(repo)
    before, after = files(nothing.tree), files(people.tree)
    assert before.items() <= after.items()
    new = {path: data for path, data in after.items() if path not in before}
    return {path: data for path, data in new.items() if "/migration-logs/" not in path}


def test_the_tree_has_the_entities_and_the_record(repo: git.Repo) -> None:
    people, nothing, _ = first_parents(repo)
    names = {path: json.loads(data) for path, data in written(repo).items()}
    slugs = [data["slug"] for path, data in names.items() if path.startswith("v2/entity/")]
    assert sorted(slugs) == sorted(PEOPLE)
    assert all(blob.mode in (0o100644, 0o040000) for blob in people.tree.traverse())
    record = people.tree / "v2/migration-logs/002-people/marker.toml"
    marker = tomllib.loads(record.data_stream.read().decode())
    assert marker["base_tree"] == nothing.tree.hexsha
    assert marker["applied_at"] == MOMENT
    assert marker["statistics"]["entities_created"] == 2
