"""The files of the database during a run of many migrations: they follow its branch."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import pytest
from repositories import git_called
from workspace import Workspace, create_person

from nes_tasks.running import sandbox

SECOND = "v2/entity/person/mina-thapa.json"
OTHER = """
def task_look():
    return {{"actions": ["test -f {path} && echo FOUND"], "file_dep": ["{path}"],
            "task_dep": ["migrate"], "verbosity": 2}}
"""


confined = pytest.mark.skipif(
    sandbox.unavailable() is not None, reason="the kernel confines no scripts, so no file lags"
)


def let_files_lag(workspace: Workspace, seconds: float) -> None:
    """Let the files of the database stay behind for so long."""
    dodo = workspace.root / "dodo.py"
    module = "from nes_tasks.cli import session as of_nes_tasks"
    dodo.write_text(f"{dodo.read_text()}\n{module}\nof_nes_tasks.FILES_LAG = {seconds}\n")


@pytest.fixture
def two(workspace: Workspace) -> Workspace:
    """A project with two migrations."""
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-second", create_person("mina-thapa"))
    return workspace


def test_the_files_follow_at_the_end(two: Workspace) -> None:
    let_files_lag(two, 3600)
    ran = two.doit()
    assert ran.code == 0, ran.err
    assert two.git("status", "--porcelain") == ""
    assert (two.db / SECOND).exists()


@confined
def test_the_files_follow_while_a_script_runs(two: Workspace) -> None:
    let_files_lag(two, 0.5)
    two.migration("003-slow", "import time; time.sleep(60)")
    process = two.start()
    deadline = time.monotonic() + 60
    while not (two.db / SECOND).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1].endswith("applied by then: 001-first, 002-second\n")
    assert two.git("status", "--porcelain") == ""


def test_a_script_without_a_sandbox_finds_the_files_of_those_before_it(two: Workspace) -> None:
    two.settings(sandbox="off")
    let_files_lag(two, 3600)
    two.migration("003-looks", f"assert open({str(two.db / SECOND)!r}).read()")
    ran = two.doit()
    assert ran.code == 0, ran.err


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
    two: Workspace, tmp_path: Path
) -> None:
    git, mine = shutil.which("git"), two.db / SECOND
    # Somebody is at work in the folder just when git is about to write there.
    script = (
        f'case "$*" in *"read-tree -m -u"*) mkdir -p {mine.parent}; printf mine > {mine};; esac\n'
        f'exec {git} "$@"'
    )
    ran = two.doit(PATH=git_called(tmp_path / "bin", script))
    assert ran.code == 3
    [error] = [line for line in ran.err.splitlines() if line.startswith("error:")]
    assert error.startswith("error: applied and committed, but nes-db could not be checked out: ")
    assert "Traceback" not in ran.err
    assert two.applied() == ["001-first", "002-second"]
    assert mine.read_text() == "mine"
    assert two.doit().code == 0
    assert two.git("status", "--porcelain") == ""
    kept = (two.db / ".git/nes-tasks/kept").rglob("*.json")
    assert [path.read_text() for path in kept] == ["mine"]
