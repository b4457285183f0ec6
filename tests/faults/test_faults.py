"""Wherever a command is disturbed, the database is whole and the next command goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
import seccomp
from faults import at_a_start_of_git, disturbed
from scenarios import SCENARIOS
from trial import Trials
from workspace import EPOCH

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


@pytest.mark.parametrize("name", ["undo", "revert"])
def test_a_file_that_git_fails_to_remove_is_removed(name: str, tmp_path: Path) -> None:
    """git warns, exits with 0, and its index lacks the file."""
    if not seccomp.is_supported():
        pytest.skip("the kernel does not let system calls be watched")
    trials = Trials(SCENARIOS[name], tmp_path)
    workspace = trials.scenario.copy(trials.original, tmp_path / "copy")
    changes = disturbed(workspace, trials.scenario.args).changes
    file = ("unlink", "project/nes-db/v2/version/entity/person/bina-rai/1.json")
    assert trials.wrong(changes.index(file) + 1, "EIO") == []


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
