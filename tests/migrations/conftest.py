"""A migrations directory in a temporary folder, to be filled by the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from migrations_directory import Directory


@pytest.fixture
def migrations(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "migrations")
