"""What is published can be made again, byte for byte, by the same calls at the same times."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from nes_tasks.database.store import Store
from nes_tasks.models.version import Author
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.publication import PublicationService

run = asyncio.run

# Migration 003 was run before addresses had this field, and 001 before identifiers had it.
LATER_FIELDS = {"address": "description2", "identifiers": "name"}


@pytest.fixture
def published(shared_data: Path) -> Path:
    return shared_data / "database-sample" / "v2"


def entity_files(published: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((published / "entity").rglob("*.json")):
        yield path.relative_to(published).as_posix(), json.loads(path.read_bytes())


def as_of_today(data: bytes) -> bytes:
    """Return a published file as it would be with the fields that models got later."""
    content = json.loads(data)
    for entity in (content, content.get("snapshot") or {}):
        for field, later in LATER_FIELDS.items():
            value = entity.get(field) or []
            for part in value if isinstance(value, list) else [value]:
                part.setdefault(later, None)
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    return text.encode()


def fields_given(entity: dict[str, Any]) -> dict[str, Any]:
    """What a script passed: all but what the service fills in."""
    filled_in = ("version_summary", "created_at")
    return {key: value for key, value in entity.items() if key not in filled_in}


def publish_again(database: EntityDatabase, entity: dict[str, Any]) -> None:
    """Call the service as the migration did."""
    summary = entity["version_summary"]
    author = summary["author"]
    times = iter([summary["created_at"], entity["created_at"]])
    publication = PublicationService(database, lambda: datetime.fromisoformat(next(times)))
    run(database.put_author(Author(slug=author["slug"], name=author["name"])))
    run(
        publication.create_entity(
            entity_data=fields_given(entity),
            author_id=author["id"],
            change_description=summary["change_description"],
        )
    )


def test_published_entities_are_made_again_byte_for_byte(
    published: Path, database: EntityDatabase, store: Store
) -> None:
    compared = 0
    for path, entity in entity_files(published):
        if entity["version_summary"]["version_number"] > 1:
            continue
        publish_again(database, entity)
        version = f"version/{path.removesuffix('.json')}/1.json"
        for file in (path, version, f"author/{entity['version_summary']['author']['slug']}.json"):
            assert store.read(file) == as_of_today((published / file).read_bytes()), file
        compared += 1
    assert compared > 40


def test_published_updates_are_made_again_byte_for_byte(
    published: Path, database: EntityDatabase, store: Store
) -> None:
    compared = 0
    for path, entity in entity_files(published):
        summary = entity["version_summary"]
        first = published / "version" / path.removesuffix(".json") / "1.json"
        if summary["version_number"] != 2:
            continue
        before = json.loads(first.read_bytes())["snapshot"]
        computed = ("id", "location_type", "administrative_level")
        publish_again(database, {k: v for k, v in before.items() if k not in computed})
        changed = run(database.get_entity(before["id"]))
        assert changed is not None
        for name, new in zip(changed.names, entity["names"], strict=True):
            assert name.en is not None
            name.en.full = new["en"]["full"]
        clock = datetime.fromisoformat(summary["created_at"])
        publication = PublicationService(database, lambda clock=clock: clock)
        run(
            publication.update_entity(
                changed, summary["author"]["id"], summary["change_description"]
            )
        )
        folder = f"version/{path.removesuffix('.json')}"
        for file in (path, f"{folder}/1.json", f"{folder}/2.json"):
            assert store.read(file) == (published / file).read_bytes(), file
        compared += 1
    assert compared > 3


def test_published_files_are_all_listed_with_their_versions(
    published: Path, database: EntityDatabase, store: Store
) -> None:
    for path in published.rglob("*.json"):
        if "migration-logs" not in path.parts:
            store.write(path.relative_to(published).as_posix(), path.read_bytes())
    entities = run(database.list_entities(limit=None))
    assert len(entities) == len(list(entity_files(published)))
    versions = run(database.list_versions(limit=None))
    assert len(versions) == len(list((published / "version").rglob("*.json")))
    for entity in entities:
        assert len(run(database.list_versions_by_entity(entity.id))) == (
            entity.version_summary.version_number
        )
