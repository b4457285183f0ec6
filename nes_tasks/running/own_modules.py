"""Import modules of a migration's folder: ``from helper import X`` finds helper.py there.

Each migration has its own process, so it does not affect others. The standard library comes first,
so a calendar.py in the folder breaks no other module; installed packages come last.
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
    """Always compiles the source: bytecode caches are not inputs of the migration."""

    def path_stats(self, path: Any) -> Any:
        """Raise an error, so that cached bytecode is not used."""
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
        """Return the spec of a module in the folder, None for any other."""
        if path is None and fullname.partition(".")[0] in sys.stdlib_module_names:
            return None
        for entry in [str(self._folder)] if path is None else path:
            if not Path(entry).is_relative_to(self._folder):
                continue
            finder = FileFinder(entry, (_FromSource, [".py"]))
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
    """Return whether a folder without __init__.py has source files, so that it is a package."""
    return any(
        path.suffix == ".py"
        for location in package.submodule_search_locations or ()
        for path in Path(location).iterdir()
    )


def make_importable(folder: str, refusal: Refusal) -> None:
    """Make ``import`` find the modules of `folder` before installed packages."""
    at = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else len(sys.meta_path)
    sys.meta_path.insert(at, OwnModules(folder, refusal))
