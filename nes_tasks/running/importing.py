"""Packages outside of Python's own folders: editable installs, PYTHONPATH.

Such an entry of `sys.path` is often a whole repository, with data and other migrations. A script
may read only the packages in it.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

SUFFIXES = tuple(importlib.machinery.all_suffixes())
WHOLE = ("site-packages", "dist-packages", "lib-dynload")


@cache
def outside_packages() -> Mapping[str, Mapping[str, Path]]:
    """Return the packages and modules of each `sys.path` entry: a folder or file by name.

    Left out are entries inside of Python's own folders, and those that hold nothing but packages.
    """
    prefixes = tuple(f"{prefix}{os.sep}" for prefix in {sys.prefix, sys.base_prefix})
    return {
        entry: dict(_packages_in(entry))
        for entry in sys.path
        if Path(entry).is_dir()
        and Path(entry).name not in WHOLE
        and not _is_of_python(entry, prefixes)
    }


def _is_of_python(entry: str, prefixes: tuple[str, ...]) -> bool:
    """Return whether an entry is in the library of Python, wherever its prefix is."""
    inside = next((entry.removeprefix(p) for p in prefixes if entry.startswith(p)), "")
    return inside.split(os.sep, 1)[0] in ("lib", "lib64", "DLLs", "Resources")


def _packages_in(entry: str) -> Iterator[tuple[str, Path]]:
    try:
        paths = sorted(Path(entry).iterdir())
    except OSError:  # not an import location
        return
    for path in paths:
        name = path.name
        if name.endswith(SUFFIXES):
            yield name.partition(".")[0], path
        elif name.isidentifier() and _init(path):
            yield name, path


def _init(folder: Path) -> Path | None:
    """Return the `__init__` file of a package folder, None for another folder."""
    files = (folder / f"__init__{suffix}" for suffix in SUFFIXES)
    return next(filter(Path.is_file, files), None)


@cache
def mapped_packages() -> Sequence[Path]:
    """Return the folders that the import hooks of editable installs by setuptools lead to.

    Python imports the hooks when it starts. Looking for them again after a fork would copy the
    pages of all modules.
    """
    hooks = [module for name, module in sys.modules.items() if name.startswith("__editable__")]
    tables = [getattr(hook, "MAPPING", None) for hook in hooks]
    return [Path(path) for table in tables if isinstance(table, Mapping) for path in table.values()]


class Importable:
    """Finds the packages and modules of one entry of `sys.path` without looking into it.

    An importer of `sys.path_importer_cache`; Python's own would have to list the entry, which a
    script may not.
    """

    def __init__(self, packages: Mapping[str, Path]) -> None:
        self._packages = packages

    def find_spec(
        self, name: str, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a top-level module, None for a missing one."""
        path = self._packages.get(name)
        if path is None:
            return None
        if path.name.endswith(SUFFIXES):
            return importlib.util.spec_from_file_location(name, path)
        return importlib.util.spec_from_file_location(
            name, _init(path), submodule_search_locations=[str(path)]
        )
