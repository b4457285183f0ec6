"""`doit status`: one screen that changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from team import Team
from workspace import Workspace, create_person

from nes_tasks.running import sandbox

PROBLEM = sandbox.unavailable()
CONFINED = f"none: {PROBLEM}" if PROBLEM else sandbox.described()


@pytest.fixture
def applied(started: Workspace) -> Workspace:
    """A database with one migration."""
    return started


def test_a_database_that_is_not_there_is_not_made(workspace: Workspace) -> None:
    workspace.migration("001-first")
    ran = workspace.doit("status")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Database    nes-db, not created yet\n"
        "Remote      none\n"
        "Migrations  1 pending\n"
        f"Sandbox     {CONFINED}\n"
        "\n"
        "Pending:\n"
        "  001-first  Do 001-first\n"
        "\n"
        "Next: doit  (it applies 001-first)\n"
    )
    assert not workspace.db.exists()


def test_when_all_is_applied_there_is_nothing_to_do(applied: Workspace) -> None:
    before = applied.state()
    commit = applied.git("rev-parse", "--short=12", "HEAD")
    ran = applied.doit("status")
    assert ran.out == (
        f"Database    nes-db, branch main, {commit}\n"
        "Remote      none\n"
        "Migrations  1 applied\n"
        f"Sandbox     {CONFINED}\n"
        "\n"
        "Nothing to do.\n"
    )
    assert applied.state() == before


def test_each_state_is_listed_with_its_reason(applied: Workspace) -> None:
    applied.migration("002-gone", create_person("gone-rai"))
    applied.doit()
    subprocess.run(["rm", "-r", str(applied.migrations / "002-gone")], check=True)
    applied.edit("001-first")
    applied.migration("003-next")
    (applied.migrations / "no-number").mkdir()
    (applied.migrations / "no-number/notes.txt").write_text("x")
    out = applied.doit("status").out
    assert "Migrations  1 pending, 1 changed, 1 missing, 1 invalid\n" in out
    assert "Changed since they were applied:\n  001-first  changed migrate.py\n" in out
    assert "Applied, but without a folder:\n  002-gone\n" in out
    assert "Not valid:\n  no-number  " in out
    found = json.loads(applied.doit("status", "--json").out)
    assert found["counts"] == {"applied": 0, "pending": 1, "drift": 1, "missing": 1, "invalid": 1}
    assert [row["name"] for row in found["invalid"]] == ["no-number"]
    assert found["drift"][0]["difference"] == "changed migrate.py"


def test_long_lists_stay_on_one_screen(workspace: Workspace) -> None:
    for number in range(12):
        workspace.migration(f"{number:03d}-many")
    out = workspace.doit("status").out
    assert "  009-many  Do 009-many\n  and 2 more\n" in out


def test_what_keeps_migrations_from_running_comes_with_the_way_out(applied: Workspace) -> None:
    (applied.db / "mine.txt").write_text("x")
    out = applied.doit("status").out
    assert "Problem     nes-db has uncommitted changes: mine.txt\n" in out
    assert "Next: commit them, or git -C nes-db stash --include-untracked" in out


def test_a_detached_head_is_a_problem_and_no_failure(applied: Workspace) -> None:
    applied.git("checkout", "-q", "--detach")
    ran = applied.doit("status")
    assert ran.code == 0
    assert "no branch to publish to" in ran.out
    assert "Next: git -C nes-db switch main" in ran.out


def test_a_publication_that_was_interrupted_is_told(applied: Workspace) -> None:
    note = applied.db / ".git/nes-tasks/publishing.json"
    note.write_text("{}")
    out = applied.doit("status").out
    assert "Unfinished  a command was interrupted; the next one completes it or undoes it\n" in out
    assert note.exists()


def test_a_run_under_way_is_told(workspace: Workspace, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    workspace.migration("001-first", f"open({str(pipe)!r}, 'w').close()\nopen({str(pipe)!r})")
    running = workspace.start(NES_TASKS_SANDBOX="off")
    pipe.open().close()  # the script has come to its first line
    out = workspace.doit("status").out
    found = json.loads(workspace.doit("status", "--json").out)
    with pipe.open("w"):
        pass
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert "In use by   doit run (process" in out
    assert "Next: doit status  (doit run" in out
    assert found["database"]["in_use_by"].startswith("doit run")


def test_the_remote_is_compared_as_it_was_last_seen(begun: Team, tmp_path: Path) -> None:
    team = begun.copied(tmp_path)
    team.applied_by_mina("003-mine")
    team.applied_by_asha("002-theirs")
    out = team.mina.doit("status").out
    assert "Remote      origin, 1 migration (1 commit) to push\n" in out
    assert out.endswith("Next: doit push  (1 commit not pushed)\n")
    team.mina.git("fetch", "-q")
    out = team.mina.doit("status").out
    both = "1 migration (1 commit) to push, 1 migration (1 commit) to sync"
    assert f"Remote      origin, {both}\n" in out
    assert out.endswith("Next: doit sync  (origin has 1 commit more)\n")
    found = json.loads(team.mina.doit("status", "--json").out)
    assert found["remote"] == {
        "name": "origin",
        "commit": team.tip(),
        "ahead": 1,
        "behind": 1,
        "ahead_migrations": 1,
        "behind_migrations": 1,
    }
    assert found["next"]["command"] == "doit sync"


def test_a_folder_that_is_no_repository_is_an_error(workspace: Workspace) -> None:
    workspace.db.mkdir()
    (workspace.db / "file").write_text("x")
    ran = workspace.doit("status")
    assert ran.code == 3
    assert "nes-db is not a git repository" in ran.err


def test_a_name_is_wrong_use(workspace: Workspace) -> None:
    ran = workspace.doit("status", "001")
    assert (ran.code, ran.err) == (2, "error: doit status takes no name; doit help status\n")
