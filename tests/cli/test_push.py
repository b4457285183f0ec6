"""`doit push`: what is pushed, what stands in the way, and how to go on."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from team import Team
from workspace import Workspace, create_person


@pytest.fixture(scope="module")
def ahead(begun: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Two people, of whom mina has a migration that is not pushed."""
    team = begun.copied(tmp_path_factory.mktemp("ahead"))
    team.applied_by_mina("002-mine")
    return team


@pytest.fixture
def team(ahead: Team, tmp_path: Path) -> Team:
    """The same for one test alone."""
    return ahead.copied(tmp_path)


def test_what_is_applied_is_pushed_and_said(team: Team) -> None:
    ran = team.mina.doit("push")
    assert (ran.code, ran.out, ran.err) == (0, "1 migration (1 commit) pushed to origin.\n", "")
    assert team.tip() == team.mina.git("rev-parse", "HEAD")


def test_a_second_push_has_nothing_to_do(team: Team) -> None:
    team.mina.doit("push")
    ran = team.mina.doit("push")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "origin has every commit of nes-db; there is nothing to push.\n"


def test_without_a_database_there_is_nothing_to_push_and_none_is_made(workspace: Workspace) -> None:
    workspace.migration("001-first")
    ran = workspace.doit("push")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "nes-db does not exist yet; there is nothing to push.\n"
    assert not workspace.db.exists()


def test_without_a_remote_the_command_that_adds_one_is_told(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit()
    ran = workspace.doit("push")
    assert ran.code == 3
    assert ran.err == ("error: nes-db has no remote origin; git -C nes-db remote add origin URL\n")


def test_a_refusal_is_quoted_and_pushing_again_is_all_there_is_to_do(team: Team) -> None:
    team.hook("echo 'Data is reviewed on Fridays' >&2; exit 1")
    before = team.mina.state()
    ran = team.mina.doit("push")
    assert ran.code == 3
    assert ran.err == (
        "error: the push to origin failed: [remote rejected] main -> main (pre-receive hook "
        "declined) (Data is reviewed on Fridays); the data is committed locally; doit push\n"
    )
    assert team.mina.state() == before
    (team.remote / "hooks/pre-receive").unlink()
    assert team.mina.doit("push").code == 0


def test_a_remote_with_the_branch_checked_out_is_told_in_a_line(team: Team) -> None:
    team.mina.git_in(team.remote, "config", "core.bare", "false")
    ran = team.mina.doit("push")
    assert ran.code == 3
    assert ran.err == (
        "error: the push to origin failed: the branch main is checked out there; the data is "
        "committed locally; publish to a bare repository (git init --bare), then doit push\n"
    )


def test_a_remote_that_is_not_there_is_told(team: Team) -> None:
    team.remote.rename(team.remote.with_name("gone"))
    ran = team.mina.doit("push")
    assert ran.code == 3
    assert "does not appear to be a git repository" in ran.err
    assert ran.err.endswith("the data is committed locally; doit push\n")


def test_when_the_remote_has_moved_on_the_next_command_is_sync(team: Team) -> None:
    team.applied_by_asha("002-theirs")
    theirs = team.tip()
    ran = team.mina.doit("push")
    assert ran.code == 3
    assert ran.err.endswith("(fetch first); the data is committed locally; doit sync\n")
    assert team.tip() == theirs


def test_a_remote_that_does_not_answer_is_given_up(team: Team, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    team.hook(f"read answer < {pipe}; exit 1")
    holder = os.open(pipe, os.O_RDWR)
    try:
        ran = team.mina.doit("push", NES_TASKS_PUSH_TIMEOUT="1")
    finally:
        os.write(holder, b"go\n")
        os.close(holder)
    assert ran.code == 3
    assert "no answer within 1 seconds (the setting push_timeout)" in ran.err
    assert team.mina.applied() == ["001-first", "002-mine"]


def test_a_terminal_shows_how_far_it_is(team: Team) -> None:
    screen, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "doit", "push"],
        cwd=team.mina.root,
        env=team.mina.environment(TERM="xterm", COLUMNS="80"),
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=True,
    )
    os.close(theirs)
    shown = os.read(screen, 65536).decode()
    os.close(screen)
    assert "Pushing to origin" in shown
    assert done.stdout == b"1 migration (1 commit) pushed to origin.\n"


def test_a_bare_database_knows_what_it_has_pushed(tmp_path: Path, workspace: Workspace) -> None:
    remote = tmp_path / "remote.git"
    workspace.git_in(workspace.root, "init", "-q", "--bare", "-b", "main", str(remote))
    workspace.git_in(workspace.root, "clone", "-q", "--bare", remote.as_uri(), "nes-db")
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit().code == 0
    assert workspace.doit("push").out == "1 migration (2 commits) pushed to origin.\n"
    assert "nothing to push" in workspace.doit("push").out


def test_a_name_is_wrong_use(team: Team) -> None:
    ran = team.mina.doit("push", "002-mine")
    assert (ran.code, ran.err) == (2, "error: doit push takes no name; doit help push\n")
