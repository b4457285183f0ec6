"""The files of the database during a run of many migrations: they follow its branch."""

from __future__ import annotations

import pytest
from workspace import Workspace, create_person

FIRST, SECOND = ("v2/entity/person/asha-rai.json", "v2/entity/person/mina-thapa.json")
# Only a script without a sandbox can look at the files.
LOOK = """
import time
from pathlib import Path
deadline = time.monotonic() + 60
while not Path({path!r}).exists():
    assert time.monotonic() < deadline, "it has not followed"
    time.sleep(0.05)
"""
EDIT = """
from pathlib import Path
Path({path!r}).write_text("mine")
"""
OTHER = """
def task_look():
    return {{"actions": ["test -f {path} && echo FOUND"], "file_dep": ["{path}"],
            "task_dep": ["migrate"], "verbosity": 2}}
"""


def let_files_lag(workspace: Workspace, seconds: float) -> None:
    """Let the files of the database stay behind for so long."""
    dodo = workspace.root / "dodo.py"
    module = "from nes_tasks.cli import session as of_nes_tasks"
    dodo.write_text(f"{dodo.read_text()}\n{module}\nof_nes_tasks.FILES_LAG = {seconds}\n")


@pytest.fixture
def two(workspace: Workspace) -> Workspace:
    """A project with two migrations; the files of the second may follow later."""
    workspace.settings(sandbox="off")
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-second", create_person("mina-thapa"))
    return workspace


def test_the_files_follow_at_the_end(two: Workspace) -> None:
    let_files_lag(two, 3600)
    ran = two.doit()
    assert ran.code == 0, ran.err
    assert two.git("status", "--porcelain") == ""
    assert (two.db / SECOND).exists()


def test_the_files_follow_while_a_script_runs(two: Workspace) -> None:
    let_files_lag(two, 0.5)
    script = LOOK.format(path=str(two.db / SECOND))
    two.migration("003-slow", script, head="DETERMINISTIC = False")
    ran = two.doit()
    assert ran.code == 0, ran.err
    assert two.git("status", "--porcelain") == ""


def test_the_files_follow_after_a_failure(two: Workspace) -> None:
    two.migration("003-fails", "raise ValueError('no')")
    assert two.doit().code == 1
    assert two.git("status", "--porcelain") == ""
    assert two.applied() == ["001-first", "002-second"]


def test_another_task_finds_the_files(two: Workspace) -> None:
    dodo = two.root / "dodo.py"
    dodo.write_text(dodo.read_text() + OTHER.format(path=f"nes-db/{SECOND}"))
    ran = two.doit("migrate", "look")
    assert (ran.code, "FOUND" in ran.out) == (0, True), ran.err


def test_files_that_cannot_follow_are_an_error_in_one_line_and_the_next_run_goes_on(
    two: Workspace,
) -> None:
    assert two.doit().code == 0
    let_files_lag(two, 3600)
    two.migration("003-third", create_person("sita-karki"))
    mine = two.db / "v2/entity/person/sita-karki.json"
    two.migration("004-meddles", EDIT.format(path=str(mine)))
    ran = two.doit()
    assert ran.code == 3
    [error] = [line for line in ran.err.splitlines() if line.startswith("error:")]
    assert error.startswith("error: applied and committed, but nes-db could not be checked out: ")
    assert "Traceback" not in ran.err
    assert len(two.applied()) == 4
    assert mine.read_text() == "mine"
    assert two.doit().code == 0
    assert two.git("status", "--porcelain") == ""
    kept = (two.db / ".git/nes-tasks/kept").rglob("*.json")
    assert [path.read_text() for path in kept] == ["mine"]
