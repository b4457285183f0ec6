"""Every test here runs git, so none may see the configuration of the person who runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from isolation import database, isolated
from repositories import BASE, Place, opened

from nes_tasks.database.repository import Repository

__all__ = ["database", "isolated"]


@pytest.fixture
def filled(database: Place) -> Place:
    """A database with two persons."""
    database.commit(BASE)
    return database


@pytest.fixture
def repository(tmp_path: Path, filled: Place) -> Repository:
    return opened(tmp_path)
