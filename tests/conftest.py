"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from workspace import Workspace

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of this project's checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data to run on, kept beside the checkout; tests that need it skip without it."""
    folder = Path(os.environ.get("NES_TASKS_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not (folder / "database-sample").is_dir():
        pytest.skip(f"no real data in {folder} (set NES_TASKS_TEST_DATA)")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty project to run `doit` in."""
    return Workspace(tmp_path / "project")
