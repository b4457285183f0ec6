"""Unexpected files in the place of project folders: links, plain files, other repositories."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from workspace import Ran, Workspace, create_person

COMMANDS = (("list",), ("status",), ("run",), ("history",), ("check",))


def refused(ran: Ran, words: str) -> None:
    """Check that a command ended with one line and the exit code for the environment."""
    assert ran.code == 3, (ran.code, ran.out, ran.err)
    assert words in ran.err
    assert ran.err.count("\n") == 1, ran.err


def a_file(path: Path) -> None:
    path.write_text("mine")


def a_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def a_link_out(path: Path) -> None:
    outside = path.parent.parent / "outside"
    outside.mkdir(exist_ok=True)
    path.symlink_to(outside)


@pytest.mark.parametrize(
    ("make", "command"),
    [
        *((make, ("list",)) for make in (a_dangling_link, a_link_to_itself, a_link_out)),
        *((a_file, command) for command in COMMANDS),
    ],
)
def test_a_state_folder_that_is_none_is_refused(
    workspace: Workspace, make: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    make(workspace.root / ".nes-tasks")
    refused(workspace.doit(*command), ".nes-tasks is ")
    assert not workspace.db.exists()
    outside = workspace.root.parent / "outside"
    assert not outside.exists() or not list(outside.iterdir())


@pytest.mark.parametrize("inside", ["cache", "logs", "doit.json"])
def test_nor_may_it_hold_links(started: Workspace, inside: str) -> None:
    state = started.root / ".nes-tasks"
    (state / inside).rename(state / "away") if (state / inside).exists() else None
    a_link_out(state / inside)
    refused(started.doit("list"), f".nes-tasks/{inside} is a link")


@pytest.mark.parametrize("make", [a_file, a_dangling_link, a_link_out])
def test_the_folder_in_git_is_no_link_either(
    started: Workspace, make: Callable[[Path], None]
) -> None:
    started.migration("002-second", create_person("bina-lama"))
    own = started.db / ".git/nes-tasks"
    own.rename(own.with_name("away"))
    make(own)
    before = started.git("rev-parse", "HEAD")
    ran = started.doit()
    assert ran.code == 3
    assert "nes-db/.git/nes-tasks is " in ran.err
    assert started.git("rev-parse", "HEAD") == before


def test_nor_is_anything_in_it(started: Workspace) -> None:
    started.migration("002-second", create_person("bina-lama"))
    precious = started.root.parent / "precious"
    precious.write_text("mine")
    for name in ("lock", "lock-holder.json", "publishing.json"):
        path = started.db / ".git/nes-tasks" / name
        path.unlink(missing_ok=True)
        path.symlink_to(precious)
        ran = started.doit()
        assert ran.code == 3
        assert f"nes-db/.git/nes-tasks/{name} is a link" in ran.err
        assert precious.read_text() == "mine"
        path.unlink()


@pytest.mark.parametrize(
    ("make", "command"),
    [
        *((make, ("run",)) for make in (a_dangling_link, a_link_to_itself)),
        *((a_file, command) for command in COMMANDS),
    ],
)
def test_a_database_that_is_no_folder_is_refused(
    workspace: Workspace, make: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    make(workspace.db)
    refused(workspace.doit(*command), "nes-db ")
    assert workspace.db.is_symlink() or workspace.db.read_text() == "mine"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_colon_in_the_path_does_not_lead_to_the_repository_around(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    workspace = Workspace(tmp_path / "a:b" / "project")
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.git_in(workspace.root, "init", "-q")
    workspace.git_in(workspace.root, "commit", "-q", "--allow-empty", "-m", "Begin")
    workspace.db.mkdir()
    (workspace.db / "file").write_text("x")
    refused(workspace.doit(*command), "is not a git repository")
    assert workspace.git_in(workspace.root, "log", "--format=%s") == "Begin"


def test_with_a_colon_in_the_path_a_repository_is_one(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "a:b" / "project")
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.git_in(workspace.root, "init", "-q")
    assert workspace.doit().code == 0
    assert "up to date" in workspace.doit().out


@pytest.mark.parametrize("elsewhere", ["..", "../../elsewhere"])
def test_a_repository_whose_files_are_elsewhere_is_refused(
    started: Workspace, elsewhere: str
) -> None:
    started.migration("002-second", create_person("bina-lama"))
    (started.root.parent / "elsewhere").mkdir()
    started.git("config", "core.worktree", str((started.db / elsewhere).resolve()))
    refused(started.doit("status"), "is not a git repository")
    ran = started.doit()
    assert ran.code == 3
    assert "is not a git repository" in ran.err
    assert not (started.root / "v2").exists()
    assert not list((started.root.parent / "elsewhere").iterdir())


def test_a_worktree_whose_repository_was_moved_is_told_how_to_repair_it(
    started: Workspace,
) -> None:
    whole = started.db.rename(started.root / "whole")
    started.git_in(whole, "worktree", "add", "-q", "--force", "-b", "other", str(started.db))
    assert started.doit("list").code == 0
    whole.rename(started.root / "moved")
    for command in COMMANDS:
        ran = started.doit(*command)
        refused(ran, "/nes-db/.git points to ")
        assert "git worktree repair" in ran.err
    started.git_in(started.root / "moved", "worktree", "repair", str(started.db))
    assert started.doit("list").code == 0


HOSTILE = "001-\x1b[31mred\x1b]0;title\x07\u202egpj"


@pytest.mark.parametrize(
    "command",
    [("list",), ("list", "--all", "--status"), ("check",), ("status",), ("pending",), ("run",)],
    ids=" ".join,
)
def test_the_name_of_a_folder_cannot_control_the_terminal(
    workspace: Workspace, command: tuple[str, ...]
) -> None:
    (workspace.migration(HOSTILE) / "data\x1b[2J.csv").write_text("a\n1\n")
    ran = workspace.doit(*command)
    text = ran.out + ran.err
    assert not {"\x1b", "\x07", "\u202e"} & set(text), text.encode()
    if command != ("list",):
        assert "\\x1b[31mred" in text


def test_nor_can_a_name_that_doit_passes_on(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    with (workspace.root / "dodo.py").open("a") as file:
        file.write('\ndef task_odd():\n    yield {"name": "a\\x1b[31mb", "actions": []}\n')
    for command in (
        ("list", "--all"),
        ("run", "odd"),
        ("-r", "console"),
        ("info", "odd:a\x1b[31m"),
    ):
        ran = workspace.doit(*command)
        assert "\x1b" not in ran.out + ran.err, command


def test_the_state_folder_is_made_where_it_belongs(started: Workspace) -> None:
    assert (started.root / ".nes-tasks/.gitignore").is_file()
    assert os.access(started.root / ".nes-tasks/cache", os.W_OK)
