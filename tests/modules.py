"""Which test files are about which modules of the package.

A test file is about a module when it is named after it (``test_remote.py`` of ``remote.py``), when
it imports from it, or when `RUN` says so. A module without such a file is tested by those of the
modules that import it. ``pytest --of=nes_tasks/git/remote.py`` runs the tests of one module.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PACKAGE = PROJECT / "nes_tasks"
IMPORT = re.compile(r"^\s*from (nes_tasks[\w.]*) import ([\w, ]+|\([^)]*\))", re.MULTILINE)

# Modules that neither a test nor a module imports, by path in the package: doit, Python or the
# worker start them. With the files that run them.
RUN: Mapping[str, tuple[str, ...]] = {
    "cli/graph.py": ("cli/test_several_names.py",),
    "cli/history.py": ("cli/test_history_command.py",),
    "cli/init.py": ("workflows/test_new_repository.py",),
    "cli/list.py": ("cli/test_states.py", "cli/test_order.py"),
    "cli/state_commands.py": ("cli/test_doit_flags.py", "cli/test_other_tasks.py"),
    "cli/verify.py": ("cli/test_strict.py",),
    "cli/version.py": ("cli/test_mistakes.py",),
    "dodo.py": ("cli/test_other_tasks.py",),
    "operations/graph.py": ("cli/test_several_names.py",),
    "operations/init.py": ("workflows/test_new_repository.py",),
    "operations/verify.py": ("cli/test_strict.py",),
    "running/verifier.py": ("cli/test_strict.py",),
}


@cache
def files_of_tests() -> Mapping[str, frozenset[str]]:
    """Return the modules that each test file imports, or imports a name from, by its path."""
    found = {}
    for path in sorted((PROJECT / "tests").rglob("test_*.py")):
        modules = set()
        for module, names in IMPORT.findall(path.read_text("utf-8")):
            modules |= {module, *(f"{module}.{name}" for name in re.findall(r"\w+", names))}
        found[str(path.relative_to(PROJECT / "tests"))] = frozenset(modules)
    return found


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """Return which modules of the package each of its modules imports, by their paths in it."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        modules = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                target = path.parents[node.level - 1] / (node.module or "").replace(".", "/")
                for name in node.names:
                    module = module_file(target / name.name) or module_file(target)
                    assert module, (path, node.lineno)
                    modules.add(module.relative_to(PACKAGE).as_posix())
        found[path.relative_to(PACKAGE).as_posix()] = frozenset(modules)
    return found


@cache
def importers() -> Mapping[str, frozenset[str]]:
    """Return which modules of the package import each of its modules."""
    return {
        module: frozenset(by for by, imported in imports().items() if module in imported)
        for module in imports()
    }


def module_file(place: Path) -> Path | None:
    """Return the file of the module or package at `place`, None when there is none."""
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def files_about(module: str) -> list[str]:
    """Return the test files about a module, given by its path in the package: ``git/remote.py``.

    Paths are relative to `tests`. None are returned for a module that nothing tests.
    """
    seen, nearest = {module}, {module}
    while nearest:
        if found := {file for one in nearest for file in _own_files(one)}:
            return sorted(found)
        nearest = {by for one in nearest for by in importers()[one]} - seen
        seen |= nearest
    return []


def _own_files(module: str) -> list[str]:
    parts = Path(module).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    dotted = ".".join(("nes_tasks", *parts))
    named = f"test_{parts[-1]}.py" if parts else "test_api.py"
    return [
        file
        for file, imported in files_of_tests().items()
        if Path(file).name == named or dotted in imported or file in RUN.get(module, ())
    ]
