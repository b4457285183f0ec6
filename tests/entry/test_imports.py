"""`doit list` is quick because it loads nothing heavy, and floors import only downwards."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from workspace import Workspace, create_person

HEAVY = {
    "asyncio",
    "filelock",
    "git",
    "jinja2",
    "numpy",
    "openpyxl",
    "orjson",
    "pandas",
    "pydantic",
    "rich",
    "time_machine",
    "tomli_w",
    "vl_convert",
    "xml",
}

# From the ground up; a floor may use those before it.
FLOORS = [
    *("ground", "storage", "migrations", "models", "services", "running", "views", "entry"),
    "github",
]
# Beside the rooms lies the ground, and the door through which `dodo.py` comes in.
AT_THE_TOP = {"dodo": "entry"}


@pytest.mark.parametrize("command", [["list"], ["list", "--all", "--status"], ["run"]])
def test_listing_and_a_run_without_work_load_nothing_heavy(
    workspace: Workspace, command: list[str]
) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit()
    if command[0] == "list":
        workspace.migration("002-second", "pass")
    loaded, scripts = what_is_loaded(workspace, *command)
    assert "nes_tasks" in loaded
    assert not HEAVY & loaded
    assert not scripts


def test_a_run_leaves_to_the_worker_what_only_migrations_need(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    loaded, scripts = what_is_loaded(workspace, "run")
    assert HEAVY & loaded == {"filelock", "rich"}
    assert not scripts
    assert workspace.applied() == ["001-first"]


def what_is_loaded(workspace: Workspace, *command: str) -> tuple[set[str], list[str]]:
    """Run doit; return the packages that its process has loaded in the end, and the scripts."""
    code = (
        "import sys, doit.doit_cmd\n"
        f"code = doit.doit_cmd.DoitMain().run({list(command)!r})\n"
        "print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
        "print('SCRIPTS', *[name for name in sys.modules if name.startswith('migration_')])\n"
        "sys.exit(code)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=workspace.root,
        env=workspace.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split() for line in ran.stdout.splitlines()]
    loaded = next(line for line in lines if line[:1] == ["LOADED"])
    assert lines[-1][0] == "SCRIPTS"
    return set(loaded[1:]), lines[-1][1:]


def test_floors_import_only_downwards(project: Path) -> None:
    package = project / "nes_tasks"
    for path in sorted(package.rglob("*.py")):
        here = path.relative_to(package)
        floor = here.parts[0] if len(here.parts) > 1 else AT_THE_TOP.get(here.stem, "ground")
        allowed = set(FLOORS[: FLOORS.index(floor) + 1])
        assert imported_floors(path, package) <= allowed, here


def imported_floors(path: Path, package: Path) -> set[str]:
    """Return the floors that a module imports from, lazily or not."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1]
            parts = (folder / (node.module or "").replace(".", "/")).relative_to(package).parts
            names = [parts] if parts else [(alias.name,) for alias in node.names]
            found |= {name[0] if (package / name[0]).is_dir() else "ground" for name in names}
    return found


def test_only_the_entry_floor_knows_doit_and_only_storage_runs_git(project: Path) -> None:
    package = project / "nes_tasks"
    for path in package.rglob("*.py"):
        text = path.read_text()
        floor = path.relative_to(package).parts[0]
        if floor != "entry":
            assert not re.search(r"^\s*(?:import|from) doit\b", text, re.MULTILINE), path
        if floor != "storage":
            assert '"git",' not in text, path
            assert not re.search(r"^\s*(?:import|from) git\b", text, re.MULTILINE), path


def test_the_core_never_prints(project: Path) -> None:
    package = project / "nes_tasks"
    for path in package.rglob("*.py"):
        if path.relative_to(package).parts[0] == "entry":
            continue
        calls = [
            node.func.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
        assert "print" not in calls, path
