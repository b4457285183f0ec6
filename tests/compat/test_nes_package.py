"""A real package `nes` beside nes-tasks, and the setting that says which one is meant."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest
from workspace import Workspace

BODY = """\
import nes
context.log(getattr(nes, "ORIGIN", "nes-tasks"))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Path:
    """An interpreter that has all that this one has, and a package `nes`."""
    root = tmp_path_factory.mktemp("venv")
    venv.create(root, symlinks=True)
    packages = next(root.glob("lib/python*/site-packages"))
    others = [str(project), *(path for path in sys.path if path.endswith("-packages"))]
    (packages / "others.pth").write_text("\n".join(others))
    (packages / "nes").mkdir()
    (packages / "nes/__init__.py").write_text('ORIGIN = "installed"\n')
    return root / "bin" / "python"


def applied_with(python: Path, workspace: Workspace, **env: str) -> tuple[str, str]:
    """Apply a migration that imports `nes`; return the migration's log and the run's."""
    workspace.migration("000-first", BODY)
    subprocess.run(
        [python, "-m", "doit"],
        cwd=workspace.root,
        env=workspace.environment(**env),
        capture_output=True,
        check=True,
    )
    (run_log,) = (workspace.root / ".nes-tasks/logs").glob("*.log")
    log = workspace.db / "v2/migration-logs/000-first/log.txt"
    return log.read_text(), run_log.read_text()


def test_the_names_of_this_package_are_used_unless_said_otherwise(
    python: Path, workspace: Workspace
) -> None:
    log, run_log = applied_with(python, workspace)
    assert log == "nes-tasks\n"
    assert "nes.* are those of nes-tasks, not of the package at" in run_log
    assert "site-packages/nes/__init__.py" in run_log


def test_the_installed_package_is_used_when_the_setting_says_so(
    python: Path, workspace: Workspace
) -> None:
    workspace.settings(nes_package="installed")
    log, run_log = applied_with(python, workspace)
    assert log == "installed\n"
    assert "nes.* are those of the package at" in run_log


def test_the_environment_wins_over_the_setting(python: Path, workspace: Workspace) -> None:
    log, _ = applied_with(python, workspace, NES_TASKS_NES_PACKAGE="installed")
    assert log == "installed\n"


def test_the_run_log_says_nothing_when_there_is_no_choice(workspace: Workspace) -> None:
    log, run_log = applied_with(Path(sys.executable), workspace)
    assert log == "nes-tasks\n"
    assert "nes.*" not in run_log


def test_without_an_installed_package_the_setting_leaves_nothing_to_import(
    workspace: Workspace,
) -> None:
    workspace.settings(nes_package="installed")
    workspace.migration("000-first", BODY)
    ran = workspace.doit()
    assert ran.code == 1
    assert "No module named 'nes'" in ran.err


def test_another_value_of_the_setting_is_refused(workspace: Workspace) -> None:
    workspace.settings(nes_package="both")
    ran = workspace.doit("list")
    assert ran.code == 2
    assert "nes_package is 'both', not one of compat, installed" in ran.err
