"""The services over a transaction on a real repository."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nes_tasks.database.store import Store
from nes_tasks.database.transaction import Transaction
from nes_tasks.git.command import Git
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.publication import PublicationService
from nes_tasks.services.search import SearchService

from .samples import AUTHOR, Clock, entity, put


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty repository; one for all tests, since none of them commits."""
    folder = tmp_path_factory.mktemp("services") / "database"
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


@pytest.fixture
def store(repository: Path) -> Iterator[Store]:
    """The files of an empty database, in a transaction that is thrown away in the end."""
    git = Git(repository)
    with Transaction(git, base=None, ref="refs/nes-tasks/test", data_dir="v2") as transaction:
        yield transaction


@pytest.fixture
def warnings() -> list[str]:
    """The warnings of the database."""
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


@pytest.fixture
def filled(database: EntityDatabase) -> EntityDatabase:
    put(
        database,
        entity("person", "zed-zed", tags=["old", "good"]),
        entity("person", "ann-lee", attributes={"age": 7, "none": None}),
        entity("location", "bara", "district", attributes={"age": 7, "code": "x"}),
        entity("location", "dang", "district"),
        entity("location", "bara-ward-1", "ward"),
        entity("organization", "some-ngo", "ngo"),
        entity("organization", "plain-org"),
        entity(
            "organization",
            "women-commission",
            entity_prefix="organization/government/commission/federal",
        ),
        entity("organization", "old-office", "government_body"),
        entity("project", "big-dam"),
    )
    return database
