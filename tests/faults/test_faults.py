"""Wherever a command is disturbed, the database is whole and the next command goes on."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import seccomp
from faults import at_a_start_of_git, disturbed, leftovers
from scenarios import SCENARIOS
from trial import Trials
from workspace import EPOCH, Workspace

# Of each command; `doit crashtest` tries all of them.
POINTS = 4


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_command_survives_faults_at_points_all_along(name: str, tmp_path: Path) -> None:
    trials = Trials(SCENARIOS[name], tmp_path)
    found = {point: trials.wrong(*point) for point in trials.points(POINTS)}
    assert {point: wrong for point, wrong in found.items() if wrong} == {}


def test_what_is_watched_is_what_both_git_and_we_change(tmp_path: Path) -> None:
    if not seccomp.is_supported():
        pytest.skip("the kernel does not let system calls be watched; starts of git are, instead")
    scenario = SCENARIOS["run"]
    scenario.build(tmp_path / "original")
    workspace = scenario.copy(tmp_path / "original", tmp_path / "copy")
    ran = disturbed(workspace, scenario.args)
    assert ran.code == 0, ran.err
    changes = {(kind, path.removeprefix("project/nes-db/.git/")) for kind, path in ran.changes}
    assert ("rename", "nes-tasks/publishing.json") in changes
    assert ("rename", "refs/heads/main") in changes
    assert ("rename", "index") in changes
    assert {kind for kind, _ in changes} >= {"create", "fsync", "mkdir", "unlink", "write"}


@pytest.mark.parametrize(
    ("name", "removed", "action"),
    [
        # git warns, exits with 0, and its index lacks the file.
        ("undo", "project/nes-db/v2/version/entity/person/bina-rai/1.json", "EIO"),
        # git says nothing of a lock or a temporary file that it cannot remove.
        ("sync", "project/nes-db/.git/objects/*/tmp_obj_*", "EIO"),
        # The folder of a script in the folder for temporary files, and its worker with it.
        ("run", "tmp/nes-tasks-*", "kill"),
    ],
)
def test_what_could_not_be_removed_is_removed_later(
    name: str, removed: str, action: str, tmp_path: Path
) -> None:
    if not seccomp.is_supported():
        pytest.skip("the kernel does not let system calls be watched")
    trials = Trials(SCENARIOS[name], tmp_path)
    workspace = trials.scenario.copy(trials.original, tmp_path / "copy")
    changes = disturbed(workspace, trials.scenario.args).changes
    points = [
        point
        for point, (kind, path) in enumerate(changes, 1)
        if kind == "unlink" and fnmatch(path, removed)
    ]
    assert points
    assert trials.wrong(points[-1], action) == []


def test_a_lock_that_stays_does_not_stop_the_next_migrations(tmp_path: Path) -> None:
    """The process that changes refs is idle between them, and not one to wait for."""
    if not seccomp.is_supported():
        pytest.skip("the kernel does not let system calls be watched")

    def three_migrations(name: str) -> Workspace:
        workspace = Workspace(tmp_path / name / "here/project")
        for number in range(1, 4):
            workspace.migration(f"00{number}-empty", "pass")
        return workspace

    changes = disturbed(three_migrations("undisturbed"), []).changes
    lock = "project/nes-db/.git/refs/nes-tasks/*.lock"
    removed = [kind == "unlink" and fnmatch(path, lock) for kind, path in changes]
    workspace = three_migrations("disturbed")
    ran = disturbed(workspace, [], removed.index(True) + 1, "EIO")
    assert ran.code == 0, ran.err
    assert len(workspace.applied()) == 3
    assert leftovers(workspace) == []


def test_a_script_without_a_temporary_folder_does_not_run(tmp_path: Path) -> None:
    if not seccomp.is_supported():
        pytest.skip("the kernel does not let system calls be watched")
    trials = Trials(SCENARIOS["run"], tmp_path)
    workspace = trials.scenario.copy(trials.original, tmp_path / "copy")
    changes = disturbed(workspace, trials.scenario.args).changes
    made = [kind == "mkdir" and fnmatch(path, "tmp/nes-tasks-*") for kind, path in changes]
    point = made.index(True) + 1
    workspace = trials.scenario.copy(trials.original, tmp_path / "again")
    ran = disturbed(workspace, trials.scenario.args, point, "EIO")
    assert ran.code == 3
    assert re.search(r"^error: no folder can be made in \S+/tmp: .+; make room", ran.err, re.M)
    assert "Traceback" not in ran.err
    assert trials.wrong(point, "EIO") == []


@pytest.mark.parametrize("action", ["kill", "ENOSPC"])
def test_where_nothing_can_be_watched_each_start_of_git_is_a_point(
    action: str, tmp_path: Path
) -> None:
    scenario = SCENARIOS["run"]
    scenario.build(tmp_path / "original")
    workspace = scenario.copy(tmp_path / "original", tmp_path / "copy")
    before = scenario.state(workspace)
    doit, environment = ["doit"], workspace.shell_environment()
    environment["SOURCE_DATE_EPOCH"] = EPOCH
    # One that a run cannot do without; the answers of a few only help.
    ran = at_a_start_of_git(workspace, doit, environment, 2, action)
    assert ran.changes[:2] == [("start", "git")] * 2
    assert ran.code is None if action == "kill" else ran.code
    assert scenario.state(workspace) == before
    assert workspace.doit().code == 0
