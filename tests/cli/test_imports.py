"""`doit list` is quick because it loads nothing heavy, and layers import only downwards."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from modules import imports
from workspace import Workspace, create_person

HEAVY = {
    "asyncio",
    "datasette",
    "filelock",
    "git",
    "jinja2",
    "numpy",
    "openpyxl",
    "orjson",
    "pandas",
    "pyarrow",
    "pydantic",
    "rich",
    "time_machine",
    "tomli_w",
    "uvicorn",
    "vl_convert",
    "xml",
}

# From the bottom up; a layer may import from those before it.
LAYERS = [
    *("ground", "git", "database", "migrations", "project", "models", "services", "scraping"),
    *("compat", "running", "operations", "api", "cli", "github"),
]
# Single modules that are not ground: the project, the doors, and what `dodo.py` imports.
SINGLE_MODULES = {
    "project": "project",
    "library": "api",
    "api": "api",
    "__init__": "api",
    "dodo": "cli",
}

# What scripts and other programs may import from.
DOORS = {"nes_tasks", "nes_tasks.api", "nes_tasks.dodo"}
IMPORT = re.compile(
    r"^[ \t>.]*(?:from\s+(nes_tasks[\w.]*)\s+import\b|import\s+(nes_tasks[\w.]*))", re.MULTILINE
)


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
    assert HEAVY & loaded == {"filelock", "tomli_w"}
    assert not scripts
    assert workspace.applied() == ["001-first"]


def imported_from(text: str) -> set[str]:
    """Return the modules of the package that a script or an example of a page imports from."""
    return {one or other for one, other in IMPORT.findall(text)}


def test_scripts_and_pages_import_from_the_doors_alone(project: Path) -> None:
    written = [
        *(project / "migrations").rglob("*.py"),
        *(project / "templates").rglob("*.py"),
        *(project / "docs").rglob("*.md"),
        *project.glob("*.md"),
        project / "dodo.py",
    ]
    found = {path: imported_from(path.read_text("utf-8")) for path in written}
    assert len(found[project / "migrations/000-provinces/migrate.py"]) == 1
    assert len(found[project / "docs/reference/api.md"]) == 1
    inner = {str(path): modules - DOORS for path, modules in found.items() if modules - DOORS}
    assert not inner


def test_imports_of_inner_modules_are_found() -> None:
    text = ">>> from nes_tasks.models.slugs import text_to_slug\n    import nes_tasks.clock\n"
    assert imported_from(text) == {"nes_tasks.models.slugs", "nes_tasks.clock"}


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


def test_layers_import_only_downwards(project: Path) -> None:
    package = project / "nes_tasks"
    for path in sorted(package.rglob("*.py")):
        here = path.relative_to(package)
        layer = layer_of(here.with_suffix("").parts, package)
        allowed = set(LAYERS[: LAYERS.index(layer) + 1])
        assert imported_layers(path, package) <= allowed, here


def test_no_modules_import_each_other() -> None:
    """No circle within a layer either, lazily or for types alone."""
    waiting = dict(imports())
    while leaves := [name for name, wanted in waiting.items() if not wanted & waiting.keys()]:
        for name in leaves:
            del waiting[name]
    assert not waiting


def imported_layers(path: Path, package: Path) -> set[str]:
    """Return the layers that a module imports from, lazily or not."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1]
            parts = (folder / (node.module or "").replace(".", "/")).relative_to(package).parts
            names = [parts] if parts else [(alias.name,) for alias in node.names]
            found |= {layer_of(name, package) for name in names}
    return found


def layer_of(parts: tuple[str, ...], package: Path) -> str:
    """Return the layer of a module, given by its path inside the package."""
    if (package / parts[0]).is_dir():
        return parts[0]
    return SINGLE_MODULES.get(parts[0], "ground")


def test_only_the_cli_knows_doit_and_only_the_git_layer_runs_git(project: Path) -> None:
    package = project / "nes_tasks"
    for path in package.rglob("*.py"):
        text = path.read_text()
        layer = path.relative_to(package).parts[0]
        if layer != "cli":
            assert not re.search(r"^\s*(?:import|from) doit\b", text, re.MULTILINE), path
        if layer != "git":
            assert '"git",' not in text, path
            assert not re.search(r"^\s*(?:import|from) git\b", text, re.MULTILINE), path


def test_the_core_never_prints(project: Path) -> None:
    package = project / "nes_tasks"
    for path in package.rglob("*.py"):
        if path.relative_to(package).parts[0] == "cli":
            continue
        calls = [
            node.func.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
        assert "print" not in calls, path
