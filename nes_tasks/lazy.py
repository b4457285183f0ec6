"""Lazy exports: a public name loads its module when it is first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(
    owner: str, modules: Mapping[str, str], *, package: str | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of the module `owner` (https://peps.python.org/pep-0562/).

    `modules` gives for each public name the module that has it, relative to `package` (by default
    the owner, which is then a package), and behind a colon what it is called there if that differs.
    """

    def load(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {owner!r} has no attribute {name!r}")
        module, _, other_name = modules[name].partition(":")
        value = getattr(import_module(f".{module}", package or owner), other_name or name)
        setattr(sys.modules[owner], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[owner]), *modules})

    return load, names
