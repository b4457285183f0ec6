"""Makes the modules of the earlier system when a script imports them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from .names import MODULES, PACKAGE, WITHHELD

COMPAT, INSTALLED = "compat", "installed"
"""The values of the setting ``nes_package``: these modules, or a package that is installed."""

PAGE = "docs/reference/compatibility.md"


class EarlierNames(MetaPathFinder, Loader):
    """Finds the modules of `names.MODULES` and nothing else.

    Each name of a module loads what it stands for when it is first used.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return how to make a module; raises `ModuleNotFoundError` for what is not provided."""
        if not _is_ours(fullname):
            return None
        if fullname not in MODULES:
            raise ModuleNotFoundError(
                f"No module named {fullname!r} is provided for migrations of the earlier system;"
                f" {PAGE} lists those that are",
                name=fullname,
            )
        below = f"{fullname}."
        return ModuleSpec(
            fullname, self, is_package=any(name.startswith(below) for name in MODULES)
        )

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its names."""
        sources = MODULES[module.__name__]

        def load(name: str) -> Any:
            if name not in sources:
                raise _missing(module.__name__, name)
            value = getattr(import_module(sources[name]), name)
            setattr(module, name, value)
            return value

        module.__doc__ = f"What nes-tasks provides of {module.__name__}."
        module.__dict__["__all__"] = sorted(sources)
        module.__dict__["__getattr__"] = load
        module.__dict__["__dir__"] = lambda: sorted({*vars(module), *sources})


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
    for name in [name for name in sys.modules if _is_ours(name)]:
        del sys.modules[name]
    sys.meta_path.insert(0, EarlierNames())


def choose(nes_package: str) -> str | None:
    """Do what the setting says, and return a line for the run's log when there was a choice."""
    found = find_spec(PACKAGE)
    if nes_package == COMPAT:
        install()
    if found is None:
        return None
    place = found.origin or found.name
    if nes_package == COMPAT:
        return f"the import names nes.* are those of nes-tasks, not of the package at {place}"
    return f"the import names nes.* are those of the package at {place}"
