"""Which packages a script has imported, as the trailers of its commit say."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from nes_tasks.running.environment import imported_before, imported_modules


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The modules of this process, with two packages more; it can be forked from now on."""
    here = dict(sys.modules)
    here |= {name: ModuleType(name) for name in ("early_one", "early_two")}
    monkeypatch.setattr(sys, "modules", here)
    imported_before.cache_clear()
    imported_before()
    yield here
    imported_before.cache_clear()


def test_what_was_imported_before_and_since_is_named(modules: dict[str, ModuleType]) -> None:
    for name in ("late.part", "script_itself"):
        modules[name] = ModuleType(name)
    found = imported_modules("script_itself")
    assert {"early_one", "early_two", "late"} <= {*found}
    assert "script_itself" not in found
    assert found == sorted(found)


def test_modules_that_a_script_takes_out_hide_no_others(modules: dict[str, ModuleType]) -> None:
    for name in ("early_one", "early_two"):
        del modules[name]
    for name in ("late_one", "late_two"):
        modules[name] = ModuleType(name)
    assert {"late_one", "late_two"} <= {*imported_modules("")}
