"""`doit undo`: unpushed migrations are removed from the branch, or the obstacle is named."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from team import Team
from workspace import Workspace, create_person


def apply_three(workspace: Workspace) -> None:
    for name in ("001-first", "002-second", "003-third"):
        workspace.migration(name, create_person(f"p-{name}"))
    assert workspace.doit().code == 0


@pytest.fixture
def applied(prepared: Callable[..., Workspace]) -> Workspace:
    """Three applied migrations, one commit each."""
    return prepared(apply_three)


def test_it_shows_first_and_changes_nothing_without_an_answer(applied: Workspace) -> None:
    before, below = applied.state(), applied.git("rev-parse", "--short=12", "HEAD^")
    ran = applied.doit("undo", "--dry-run")
    shown = f"In nes-db, the branch would go back to {below}, without:\n  003-third (1 commit)\n"
    assert (ran.code, ran.out) == (0, shown)
    assert ran.err == "nothing was changed; doit undo --yes removes it\n"
    ran = applied.doit("undo")
    assert (ran.code, ran.out) == (2, shown)
    assert ran.err.endswith("doit undo --yes\n")
    assert applied.doit("undo", "--yes", "--dry-run").code == 2
    assert applied.doit("undo", "3").code == 2
    assert applied.state() == before


def test_what_was_applied_after_one_goes_with_its_files(applied: Workspace) -> None:
    first = applied.git("rev-parse", "HEAD~2")
    ran = applied.doit("undo", "--to", "1", "--yes")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Removed 003-third, 002-second from nes-db (2 commits).\n")
    assert applied.git("rev-parse", "HEAD") == first
    assert applied.git("status", "--porcelain") == ""
    assert applied.applied() == ["001-first"]
    ran = applied.doit("undo", "--to", "1", "--yes")
    assert (ran.code, ran.err) == (
        1,
        "error: nothing was applied after 001-first; doit undo removes it\n",
    )
    assert applied.doit().code == 0
    assert applied.doit("undo", "--to", "4", "--yes").code == 2


def test_the_very_first_one_leaves_an_empty_database(applied: Workspace) -> None:
    for _ in range(3):
        ran = applied.doit("undo", "--yes")
        assert ran.code == 0, ran.err
    assert applied.git("ls-tree", "-r", "HEAD") == ""
    assert applied.git("log", "--format=%s") == "Create the database"
    command = ran.out.splitlines()[-1].split()
    subprocess.run(command, cwd=applied.root, check=True, env=applied.environment())
    assert applied.applied() == ["001-first"]
    applied.doit("undo", "--yes")
    ran = applied.doit("undo", "--yes")
    assert ran.code == 1
    assert ran.err.startswith("error: nes-db holds no migration to undo")


def test_a_database_that_begins_with_a_migration_gets_a_beginning(applied: Workspace) -> None:
    first = applied.git("rev-list", "--max-parents=0", "HEAD")
    if applied.git("ls-tree", first) == "":
        first = applied.git("rev-parse", "HEAD~2")
    root = applied.git("commit-tree", f"{first}^{{tree}}", "-m", "Migration: 001-first")
    applied.git("reset", "-q", "--hard", root)
    ran = applied.doit("undo", "--yes")
    assert ran.code == 0, ran.err
    assert applied.git("ls-tree", "-r", "HEAD") == ""
    assert applied.git("log", "--format=%s") == "Create the database"
    assert applied.git("status", "--porcelain") == ""
    command = ran.out.splitlines()[-1].split()
    subprocess.run(command, cwd=applied.root, check=True, env=applied.environment())
    assert applied.git("rev-parse", "HEAD") == root


def test_what_was_pushed_is_refused(begun: Team, tmp_path: Path) -> None:
    team = begun.copied(tmp_path)
    before = team.mina.state()
    ran = team.mina.doit("undo", "--yes")
    assert (ran.code, ran.err) == (
        1,
        "error: 001-first was pushed to origin already, so others may have it; "
        "doit revert 001-first reverts it with a new commit\n",
    )
    assert team.mina.state() == before
    team.applied_by_mina("002-mine")
    assert team.mina.doit("undo", "--yes").code == 0
    assert team.mina.git("rev-parse", "HEAD") == team.tip()


def test_of_a_merge_with_what_was_pushed_only_the_own_migration_goes(
    begun: Team, tmp_path: Path
) -> None:
    team = begun.copied(tmp_path)
    team.applied_by_mina("002-mine")
    team.applied_by_asha("003-theirs")
    team.mina.git("fetch", "-q")
    team.mina.git("merge", "-q", "-m", "Merge what Asha has pushed", "origin/main")
    ran = team.mina.doit("undo", "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert "Removed 002-mine from nes-db (2 commits)" in ran.out
    assert team.mina.git("rev-parse", "HEAD") == team.tip()
    assert team.mina.git("status", "--porcelain") == ""


def test_commits_that_are_no_migration_are_named(applied: Workspace) -> None:
    commit = applied.commit_by_hand()
    before = applied.state()
    ran = applied.doit("undo", "--yes")
    assert (ran.code, ran.err) == (
        1,
        "error: on top of 003-third there are commits that are not a migration: "
        f"{commit} (Add notes); doit revert 003-third reverts it and leaves them\n",
    )
    assert applied.state() == before
    assert applied.doit("revert", "3", "--yes").code == 0
    ran = applied.doit("undo", "--yes")
    assert "on top of 002-second there are commits" in ran.err
    assert '(Revert "Migration: 003-third")' in ran.err


def test_commits_within_what_was_run_by_hand_are_not_lost(workspace: Workspace) -> None:
    workspace.git_in(workspace.root, "init", "-q", "-b", "main", "nes-db")
    workspace.commit_by_hand("Begin")
    workspace.migration("001-hand")
    for subject in ("Run 001-hand", "Correct a name", "Run migration 001-hand"):
        workspace.commit_by_hand(subject)
    record = workspace.db / "v2/migration-logs/001-hand/metadata.json"
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    workspace.git("add", ".")
    workspace.git("commit", "-q", "--amend", "--no-edit")
    ran = workspace.doit("undo", "--yes")
    assert ran.code == 1
    assert "within 001-hand there are commits that are not a migration: " in ran.err
    assert "(Correct a name)" in ran.err


def test_of_one_that_ran_twice_the_last_run_goes(applied: Workspace) -> None:
    applied.migration("004-more", "context.log('again')")
    assert applied.doit().code == 0
    tree = applied.tree
    assert applied.doit("migrate:004-more", "--force").code == 0
    shown = applied.doit("undo", "--dry-run").out
    assert "  004-more (1 commit; its last execution; an earlier one stays)\n" in shown
    assert applied.doit("undo", "--yes").code == 0
    assert applied.tree == tree
    assert json.loads(applied.doit("pending", "--json").out) == []


def test_a_database_that_is_not_ready_or_not_there_is_left_alone(
    applied: Workspace, tmp_path: Path
) -> None:
    (applied.db / "mine.txt").write_text("x")
    before = applied.state()
    ran = applied.doit("undo", "--yes")
    assert ran.code == 3
    assert "uncommitted changes: mine.txt" in ran.err
    assert applied.state() == before
    shutil.rmtree(applied.db)
    ran = applied.doit("undo", "--yes")
    assert (ran.code, ran.err) == (1, "error: nes-db holds no migration to undo; doit status\n")
    assert not applied.db.exists()


def test_a_bare_database_is_undone_and_brought_back(applied: Workspace) -> None:
    shutil.move(applied.db, applied.root / "whole")
    applied.git_in(applied.root, "clone", "-q", "--bare", "whole", "nes-db")
    applied.git("remote", "remove", "origin")
    tip = applied.git("rev-parse", "HEAD")
    ran = applied.doit("undo", "--yes")
    assert ran.code == 0, ran.err
    assert applied.applied() == ["001-first", "002-second"]
    command = ran.out.splitlines()[-1].split()
    subprocess.run(command, cwd=applied.root, check=True, env=applied.environment())
    assert applied.git("rev-parse", "HEAD") == tip
