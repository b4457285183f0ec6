"""Every module has tests, and they are found from its path."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from modules import PACKAGE, RUN, files_about, files_of_tests, imports


def has_code(module: str) -> bool:
    """Return whether a module has more than its docstring."""
    return len(ast.parse((PACKAGE / module).read_text("utf-8")).body) > 1


def test_every_module_has_tests() -> None:
    without = [module for module in imports() if has_code(module) and not files_about(module)]
    assert not without, "name a test file after it, or add it to RUN of tests/modules.py"


def test_what_is_run_and_not_imported_is_still_there() -> None:
    assert RUN.keys() <= imports().keys()
    assert {file for files in RUN.values() for file in files} <= files_of_tests().keys()


def test_the_option_runs_the_tests_of_one_module(project: Path) -> None:
    def collected(module: str, folder: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", f"--of={module}", folder]
        return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)

    tests = collected("nes_tasks/clock.py", "tests").stdout.split()
    found = {line.partition("::")[0] for line in tests}
    assert "tests/test_clock.py" in found
    assert "tests/test_settings.py" not in found
    wrong = collected("nes_tasks/nothing.py", "tests/test_clock.py")
    assert wrong.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no such module" in wrong.stderr
