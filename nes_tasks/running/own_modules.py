"""Modules beside a migration's script: ``from helper import X`` finds helper.py in its folder.

Each migration runs in a process of its own, so nothing of it reaches another one. Python's
standard library comes first, so a calendar.py of the folder breaks no other module; what is
installed comes after.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import NesTasksError

Refusal = Callable[[str], NesTasksError | None]


class _FromSource(SourceFileLoader):
    """Compiles the source each time: what a cache holds is not an input of the migration."""

    def path_stats(self, path: Any) -> Any:
        """Say that no cached bytecode can be compared with the source."""
        raise OSError


class OwnModules(MetaPathFinder):
    """Finds modules and packages of Python source in one folder.

    `refusal` returns the error for a file, by its path in the folder, that may not be used; None
    for one that may.
    """

    def __init__(self, folder: str, refusal: Refusal) -> None:
        self._folder = Path(folder)
        self._refusal = refusal

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return how to load a module of the folder, None for any other."""
        if path is None and fullname.partition(".")[0] in sys.stdlib_module_names:
            return None
        for place in [str(self._folder)] if path is None else path:
            if not Path(place).is_relative_to(self._folder):
                continue
            finder = FileFinder(place, (_FromSource, [".py"]))
            spec = finder.find_spec(fullname, target)
            if spec is not None and spec.origin is not None:
                relative = Path(spec.origin).relative_to(self._folder).as_posix()
                if error := self._refusal(relative):
                    raise error
                return spec
            if spec is not None and _holds_source(spec):
                return spec
        return None


def _holds_source(package: ModuleSpec) -> bool:
    """Return whether a folder without __init__.py is a package, not one of data files alone."""
    return any(
        path.suffix == ".py"
        for place in package.submodule_search_locations or ()
        for path in Path(place).iterdir()
    )


def make_importable(folder: str, refusal: Refusal) -> None:
    """Let ``import`` find the modules of `folder` from now on, before what is installed."""
    at = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else len(sys.meta_path)
    sys.meta_path.insert(at, OwnModules(folder, refusal))
