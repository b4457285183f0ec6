"""The environment of a run: what may affect its result besides base, folder and clock.

It is recorded in commit trailers, the log and the preview, never in the tree, whose hash must not
depend on it.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import islice
from typing import NamedTuple

from . import sandbox
from .process import Confinement
from .protocol import ProtocolError
from .script_terms import OFF, Terms

SANDBOX, NETWORK, PYTHON, PACKAGES = "Sandbox", "Network", "Python", "Packages"
MODULE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
MAX_MODULES = 10_000
# A top-level module in the list of installed files of a distribution.
TOP = re.compile(r"^([A-Za-z]\w*)(?:/|\.(?:py|[a-z0-9_.-]*(?:so|pyd)),)", re.MULTILINE)


def imported_modules(script: str) -> list[str]:
    """Return the top-level modules that this process has imported, without the standard library.

    They are the names of packages, as `import` has them; `script` is left out. All of them stand
    in the order of import; to look at those that `imported_before` knows would cost a forked
    process more than the rest.
    """
    before = imported_before()
    more = max(0, len(sys.modules) - before.total)
    recent = [*islice(reversed(sys.modules), more + 1)]
    if before.last not in recent:  # some were taken out
        recent = [*sys.modules]
    return sorted((before.tops | _tops(recent)) - {script})


class _Imported(NamedTuple):
    """What was imported: the modules at the top, how many there are in all, and the last."""

    tops: frozenset[str]
    total: int
    last: str


@cache
def imported_before() -> _Imported:
    """Take note of what is imported, once: before the process of a script is forked."""
    return _Imported(_tops(sys.modules), len(sys.modules), next(reversed(sys.modules)))


def _tops(modules: Iterable[str]) -> frozenset[str]:
    tops = {name.partition(".")[0] for name in tuple(modules)}
    return frozenset(filter(MODULE.fullmatch, tops - sys.stdlib_module_names))


def decode_modules(payload: bytes) -> list[str]:
    """Return the names that a script's process has sent; raises `ProtocolError`."""
    try:
        names = json.loads(payload)
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or len(names) > MAX_MODULES:
        raise ProtocolError("something that is not a list of modules")
    if not all(isinstance(name, str) and MODULE.fullmatch(name) for name in names):
        raise ProtocolError("a module without a valid name")
    return names


def environment_of(
    terms: Terms, confinement: Confinement | None, modules: Iterable[str]
) -> dict[str, str]:
    """Return the environment of a run by the keys of its trailers.

    `modules` are those that its process has imported; the versions are looked up here, in the
    same installation.
    """
    return {
        SANDBOX: _sandbox(terms, confinement),
        NETWORK: "allowed" if terms.network else "none",
        PYTHON: platform.python_version(),
        PACKAGES: ", ".join(f"{name} {version}" for name, version in versions_of(modules)),
    }


def _sandbox(terms: Terms, confinement: Confinement | None) -> str:
    if terms.sandbox == OFF or confinement is None or confinement.problem is not None:
        return "none"
    return f"{sandbox.described()}{', processes allowed' if terms.processes else ''}"


def versions_of(modules: Iterable[str]) -> list[tuple[str, str]]:
    """Return name and version of the distributions that modules are from, each once and sorted."""
    found = {
        distribution for module in modules if (distribution := _distribution(module)) is not None
    }
    return sorted(found)


@cache
def _distribution(module: str) -> tuple[str, str] | None:
    """Return name and version of the distribution of a module; None without one.

    Most have the name of their module. Finding the others reads the metadata of all installed
    packages, which can take longer than a migration.
    """
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        found = importlib.metadata.distribution(module)
        return found.metadata["Name"], found.version
    provider = _providers().get(module)
    return None if provider is None else (provider.metadata["Name"], provider.version)


@cache
def _providers() -> Mapping[str, importlib.metadata.Distribution]:
    """Return the distribution of each installed top-level module."""
    providers: dict[str, importlib.metadata.Distribution] = {}
    for distribution in importlib.metadata.distributions():
        names = distribution.read_text("top_level.txt")
        listed = distribution.read_text("RECORD") or "" if names is None else ""
        for module in {*TOP.findall(listed)} if names is None else names.split():
            providers.setdefault(module, distribution)
    return providers


def differing_versions(
    then: Mapping[str, str], now: Mapping[str, str]
) -> dict[str, tuple[str | None, str | None]]:
    """Return the packages with different versions in two environments, by name.

    Python comes first. None stands for a package that was not imported. The result is empty for a
    run whose message does not name its environment.
    """
    if PYTHON not in then:
        return {}
    before, after = _versions(then), _versions(now)
    names = [PYTHON, *sorted((before.keys() | after.keys()) - {PYTHON})]
    pairs = {name: (before.get(name), after.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _versions(environment: Mapping[str, str]) -> dict[str, str]:
    packages = environment.get(PACKAGES, "")
    pairs = (part.rpartition(" ") for part in packages.split(", ") if part)
    return {PYTHON: environment.get(PYTHON, "")} | {name: version for name, _, version in pairs}
