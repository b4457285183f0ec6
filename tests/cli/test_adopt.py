"""`doit adopt`: a database with a past."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest
from workspace import Workspace, create_person

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def fill_without_migrations(workspace: Workspace) -> None:
    workspace.git_in(workspace.root, "init", "-q", "-b", "main", "nes-db")
    for name, subject in {
        "001-recorded": "Source parties. https://example.org/pull/17",
        "002-by-message": "Run migration 002-by-message",
        "003-in-words": "Migration 003-in-words",
        "004-taken-back": "Run 004-taken-back",
        "005-recorded": "Run migration 005-recorded",
    }.items():
        workspace.migration(name, create_person(f"p-{name}"))
        data = workspace.db / f"v2/entity/person/p-{name}.json"
        data.parent.mkdir(parents=True, exist_ok=True)
        data.write_text("{}")
        if "recorded" in name:
            log = workspace.db / f"v2/migration-logs/{name}/metadata.json"
            log.parent.mkdir(parents=True)
            log.write_text(
                json.dumps(
                    {
                        "migration_name": name,
                        "author": "Damodar Dahal",
                        "date": "2025-11-09T00:00:00",
                        "description": "d",
                        "executed_at": "2025-11-09T08:27:03.357205",
                        "changes": {"entities_created": 1, "versions_created": 1},
                    }
                )
            )
        workspace.git("add", ".")
        workspace.git("commit", "-qm", subject)
        if "taken-back" in name:
            workspace.git("revert", "--no-edit", "HEAD")
    workspace.migration("006-new", create_person("new-rai"))


@pytest.fixture
def past(prepared: Callable[..., Workspace]) -> Workspace:
    """A database that the legacy system and people filled, and the folders they did it with."""
    return prepared(fill_without_migrations)


def test_it_shows_first_and_writes_nothing_without_an_answer(past: Workspace) -> None:
    before = past.state()
    ran = past.doit("adopt")
    assert ran.code == 2
    assert "doit adopt --yes" in ran.err
    rows = {line.split()[0]: line.split()[1:] for line in ran.out.splitlines()[2:6]}
    assert rows == {
        "001-recorded": ["2025-11-09", "metadata.json", "present"],
        "002-by-message": ["2026-01-15", "commit", "message", "present"],
        "003-in-words": ["2026-01-15", "commit", "message", "present"],
        "005-recorded": ["2025-11-09", "metadata.json", "present"],
    }
    assert "004-taken-back: no record of it being applied; left pending" in ran.out
    assert "006-new: no record of it being applied; left pending" in ran.out
    assert past.state() == before


def test_all_markers_come_in_one_commit(past: Workspace) -> None:
    count = int(past.git("rev-list", "--count", "HEAD"))
    ran = past.doit("adopt", "--yes")
    assert ran.code == 0, ran.err
    assert int(past.git("rev-list", "--count", "HEAD")) == count + 1
    assert past.git("log", "-1", "--format=%s") == "Adopt 4 applied migrations"
    assert past.applied() == ["001-recorded", "002-by-message", "003-in-words", "005-recorded"]
    assert past.git("status", "--porcelain") == ""
    marker = past.git("show", "HEAD:v2/migration-logs/001-recorded/marker.toml")
    assert 'author = "Damodar Dahal"' in marker
    assert "entities_created = 1" in marker


def test_afterwards_there_is_nothing_to_adopt(past: Workspace) -> None:
    past.doit("adopt", "--yes")
    before = past.state()
    ran = past.doit("adopt", "--yes")
    assert ran.code == 0
    assert "There is nothing to adopt." in ran.out
    assert past.state() == before


def test_afterwards_an_edited_folder_is_drift(past: Workspace) -> None:
    past.doit("adopt", "--yes")
    past.edit("001-recorded")
    assert "D 001-recorded" in past.doit("list", "--all", "--status").out


def test_without_adopting_nothing_that_was_run_by_hand_runs_again(past: Workspace) -> None:
    past.migration("007-last", create_person("last-rai"))
    past.git("commit", "-q", "--allow-empty", "-m", "Run migration 007-last")
    assert "error: 002-by-message has no marker, but commit " in past.doit().err
    for early in ("002-by-message", "003-in-words", "004-taken-back", "006-new"):
        shutil.rmtree(past.migrations / early)
    before = past.state()
    ran = past.doit()
    assert ran.code == 1
    commit = past.git("rev-parse", "--short=12", "HEAD")
    assert ran.err == (
        f"error: 007-last has no marker, but commit {commit} says that it was run; "
        "doit adopt records it; doit migrate:007-last --force runs it\n"
    )
    assert past.state() == before
    assert past.doit("migrate:007-last", "--force").code == 0


def test_two_applied_with_one_number_are_history_and_a_pending_one_is_not(
    past: Workspace,
) -> None:
    past.migration("005-also", create_person("also-rai"))
    past.git("commit", "-q", "--allow-empty", "-m", "Run migration 005-also")
    ran = past.doit("adopt", "--yes")
    assert ran.code == 0, ran.err
    assert {"005-also", "005-recorded"} <= set(past.applied())
    listed = past.doit("list", "--all", "--status").out
    assert "U 005-also" in listed
    past.migration("005-third", create_person("third-rai"))
    assert "E 005-third" in past.doit("list", "--all", "--status").out


def test_a_database_that_is_not_ready_is_left_alone(past: Workspace) -> None:
    (past.db / "mine.txt").write_text("x")
    ran = past.doit("adopt", "--yes")
    assert ran.code == 3
    assert "uncommitted changes: mine.txt" in ran.err


def test_an_empty_database_has_nothing_to_adopt(workspace: Workspace) -> None:
    workspace.migration("001-first")
    ran = workspace.doit("adopt")
    assert (ran.code, ran.err) == (0, "")
    assert not workspace.db.exists()


def test_a_rehearsal_shows_the_same_and_writes_nothing(past: Workspace) -> None:
    before = past.state()
    ran = past.doit("adopt", "--dry-run")
    assert (ran.code, ran.err) == (
        0,
        "nothing was written; doit adopt --yes writes these markers\n",
    )
    assert past.state() == before
    assert past.doit("adopt", "--yes").out.startswith(ran.out)
    both = past.doit("adopt", "--yes", "--dry-run")
    assert (both.code, both.err) == (
        2,
        "error: --dry-run and --yes cannot be combined; give one of them\n",
    )


def test_the_status_names_what_was_run_by_hand_before_it_says_to_run(past: Workspace) -> None:
    by_hand = "002-by-message, 003-in-words"
    status = past.doit("status").out
    assert status.endswith(
        f"Next: doit adopt  (commit messages say that this was run before: {by_hand})\n"
    )
    for name in (*by_hand.split(", "), "004-taken-back", "006-new"):
        shutil.rmtree(past.migrations / name)
    unchecked = "2 of the applied folders have no recorded checksums"
    assert past.doit("status").out.endswith(f"Next: doit adopt  ({unchecked})\n")
    past.doit("adopt", "--yes")
    assert past.doit("status").out.endswith("Nothing to do.\n")


def test_what_is_told_is_counted_from_the_commits_before_and_after(past: Workspace) -> None:
    name, told = "001-recorded", []
    for _ in range(2):
        shown = json.loads(past.doit("show", name, "--json").out)
        (history,) = json.loads(past.doit("history", name, "--json").out)
        assert shown["statistics"] == history["statistics"]
        assert [one["id"] for one in shown["commits"]] == [one["id"] for one in history["commits"]]
        told.append((shown["statistics"], shown["commits"], shown["changes"]))
        past.doit("adopt", "--yes")
    assert told[0] == told[1]
    statistics, commits, changes = told[0]
    assert len(commits) == 1
    assert changes["types"] == {"person": {"created": 1, "updated": 0, "deleted": 0}}
    # The record claims a version that is not there.
    assert (statistics["entities_created"], statistics["versions_created"]) == (1, 0)
    assert (statistics["files"], statistics["entities_updated"]) == (1, 0)
    for name in ("001-recorded", "003-in-words"):
        (commit,) = json.loads(past.doit("history", name, "--json").out)[0]["commits"]
        base = past.git("rev-list", "--parents", "-1", commit["id"]).split()[1:]
        tree = past.git("rev-parse", f"{base[0]}^{{tree}}") if base else EMPTY_TREE
        marker = past.git("show", f"HEAD:v2/migration-logs/{name}/marker.toml")
        assert f'base_tree = "{tree}"' in marker


def test_a_shallow_clone_cannot_count_what_it_lacks(past: Workspace) -> None:
    whole = past.root / "whole"
    past.db.rename(whole)
    past.git_in(past.root, "clone", "-q", "--depth=1", whole.as_uri(), "nes-db")
    ran = past.doit("adopt", "--dry-run")
    assert ran.code == 3
    assert ran.err.endswith("it is a shallow clone; git -C nes-db fetch --unshallow\n")
