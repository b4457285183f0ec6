"""The services over a transaction on a real repository."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.publication import PublicationService
from nes_tasks.services.search import SearchService
from nes_tasks.storage.git import Git
from nes_tasks.storage.store import Store
from nes_tasks.storage.transaction import Transaction

START = datetime(2026, 1, 31, 6, 15, 9, 123456, tzinfo=UTC)
AUTHOR = "author:jane-doe"


class Clock:
    """A clock that goes on by a second each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return START + timedelta(seconds=self.asked - 1)


def empty_repository(folder: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return empty_repository(tmp_path / "database")


@pytest.fixture
def store(repository: Path) -> Iterator[Store]:
    """The files of an empty database, in a transaction that is thrown away in the end."""
    git = Git(repository)
    with Transaction(git, base=None, ref="refs/nes-tasks/test", data_dir="v2") as transaction:
        yield transaction


@pytest.fixture
def warnings() -> list[str]:
    """What the database had to say."""
    return []


@pytest.fixture
def database(store: Store, warnings: list[str]) -> EntityDatabase:
    return EntityDatabase(store, warn=warnings.append)


@pytest.fixture
def lenient(store: Store, warnings: list[str]) -> EntityDatabase:
    return EntityDatabase(store, strict=False, warn=warnings.append)


@pytest.fixture
def publication(database: EntityDatabase) -> PublicationService:
    return PublicationService(database, Clock(), default_author=AUTHOR)


@pytest.fixture
def search(database: EntityDatabase) -> SearchService:
    return SearchService(database)


def name(full: str, ne: str | None = None, kind: str = "PRIMARY", **parts: str) -> dict[str, Any]:
    """The data of a name in English and perhaps Nepali."""
    data: dict[str, Any] = {"kind": kind, "en": {"full": full, **parts}}
    if ne is not None:
        data["ne"] = {"full": ne}
    return data


def person(slug: str, full: str = "Jane Doe", **fields: Any) -> dict[str, Any]:
    """The data of a person."""
    return {"slug": slug, "names": [name(full)], **fields}


def files(store: Store) -> dict[str, bytes]:
    """Everything that is in a store."""
    return {path: data for path, data in store.read_many(list(store.list(""))) if data is not None}


Create = Callable[..., Any]
