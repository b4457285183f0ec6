"""Import hooks for modules of the legacy system, and for ours that have moved."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from .names import MODULES, PACKAGE, WITHHELD
from .published import PUBLISHED

COMPAT, INSTALLED = "compat", "installed"
"""The values of the setting ``nes_package``: these modules, or a package that is installed."""

PAGE = "docs/reference/compatibility.md"


class _Names(MetaPathFinder, Loader):
    """Creates modules from a table: for each module its names, and the location of each.

    Each name of a module loads what it stands for when it is first used.
    """

    modules: Mapping[str, Mapping[str, str]]

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec of a module in the table, None for any other."""
        if fullname not in self.modules:
            return None
        below = f"{fullname}."
        is_package = any(name.startswith(below) for name in self.modules)
        return ModuleSpec(fullname, self, is_package=is_package)

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its names."""
        sources = self.modules[module.__name__]

        def load(name: str) -> Any:
            if name not in sources:
                raise _missing(module.__name__, name)
            source, _, other_name = sources[name].partition(":")
            value = getattr(import_module(source), other_name or name)
            setattr(module, name, value)
            return value

        module.__doc__ = f"What nes-tasks provides of {module.__name__}."
        module.__dict__["__all__"] = sorted(sources)
        module.__dict__["__getattr__"] = load
        module.__dict__["__dir__"] = lambda: sorted({*vars(module), *sources})


class EarlierNames(_Names):
    """Finds the modules of `names.MODULES`; others below `nes` are an error."""

    modules = MODULES

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec of a module; raises `ModuleNotFoundError` for what is not provided."""
        if _is_ours(fullname) and fullname not in MODULES:
            raise ModuleNotFoundError(
                f"No module named {fullname!r} is provided for migrations of the legacy system;"
                f" {PAGE} lists those that are",
                name=fullname,
            )
        return super().find_spec(fullname, path, target)


class MovedNames(_Names):
    """Finds the modules of `published.PUBLISHED` that no longer exist.

    Modules that still exist take precedence.
    """

    modules = PUBLISHED

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return how to make a module that has moved, None for any other."""
        moved = super().find_spec(fullname, path, target)
        if moved is None:
            return None
        there = PathFinder.find_spec(fullname, path, target)
        # An update leaves the folder of a moved package with its compiled files, which Python
        # takes for a namespace package: the only kind without an origin.
        return moved if there is None or there.origin is None else there


def _missing(module: str, name: str) -> Exception:
    reason = WITHHELD.get(f"{module}.{name}")
    if reason is not None:
        # Python replaces the text of an AttributeError when the name is imported.
        return ImportError(f"{module}.{name} is not provided: {reason}", name=module)
    return AttributeError(f"module {module!r} has no attribute {name!r}")


def _is_ours(fullname: str) -> bool:
    return fullname == PACKAGE or fullname.startswith(f"{PACKAGE}.")


def install() -> None:
    """Let ``import nes…`` find these modules from now on, even if such a package is installed."""
    if any(isinstance(finder, EarlierNames) for finder in sys.meta_path):
        return
    if PACKAGE in sys.modules:  # what is below it cannot be there without it
        for name in [name for name in sys.modules if _is_ours(name)]:
            del sys.modules[name]
    sys.meta_path.insert(0, EarlierNames())


def install_moved() -> None:
    """Let imports from modules of this package that have moved find their names."""
    if not any(isinstance(finder, MovedNames) for finder in sys.meta_path):
        sys.meta_path.insert(0, MovedNames())


@cache
def installed_package() -> str | None:
    """Return where the legacy system itself is installed, None when it is not."""
    found = find_spec(PACKAGE)
    return None if found is None else found.origin or found.name


def choose(nes_package: str) -> str | None:
    """Apply the setting, and return a line for the run's log if there was a choice."""
    location = installed_package()
    if nes_package == COMPAT:
        install()
    if location is None:
        return None
    if nes_package == COMPAT:
        return f"the import names nes.* are those of nes-tasks, not of the package at {location}"
    return f"the import names nes.* are those of the package at {location}"
