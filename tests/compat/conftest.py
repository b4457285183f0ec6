"""The import names of the legacy system, for the time of one test."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from nes_tasks.compat import install
from nes_tasks.compat.finder import EarlierNames


@pytest.fixture(autouse=True)
def nes_names() -> Iterator[None]:
    """Let a test import `nes`, and nothing after it."""
    assert "nes" not in sys.modules
    install()
    yield
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, EarlierNames)]
    for name in [name for name in sys.modules if name.partition(".")[0] == "nes"]:
        del sys.modules[name]
