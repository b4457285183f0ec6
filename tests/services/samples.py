"""Sample data, the calls that store them, and a predictable clock."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from nes_tasks.database.store import Store
from nes_tasks.models.codec import entity_from_dict
from nes_tasks.models.entity import Entity
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.publication import PublicationService

START = datetime(2026, 1, 31, 6, 15, 9, 123456, tzinfo=UTC)
AUTHOR = "author:jane-doe"
ANN, BOB = "entity:person/ann-lee", "entity:person/bob-lee"
NGO, DAM = "entity:organization/ngo/some-ngo", "entity:project/development_project/big-dam"

run = asyncio.run


class Clock:
    """A clock that goes on by a second each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return START + timedelta(seconds=self.asked - 1)


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


def content(store: Store, path: str) -> dict[str, Any]:
    data = store.read(path)
    assert data is not None, f"no {path}"
    parsed: dict[str, Any] = json.loads(data)
    return parsed


def create(publication: PublicationService, slug: str = "jane-roe", **fields: Any) -> Any:
    return run(publication.create_entity("person", person(slug, **fields)))


def create_both(publication: PublicationService) -> tuple[str, str]:
    return (
        create(publication, "ada-lovelace").id,
        run(
            publication.create_entity(
                "organization", {"slug": "the-society", "names": [name("Society")]}
            )
        ).id,
    )


def relate(publication: PublicationService, source: str, target: str, **more: Any) -> Any:
    arguments = {"relationship_type": "MEMBER_OF", "change_description": "d", **more}
    return run(publication.create_relationship(source, target, **arguments))


def summary(identifier: str, number: int = 1, slug: str = "jane-doe") -> dict[str, Any]:
    return {
        "entity_or_relationship_id": identifier,
        "type": "ENTITY",
        "version_number": number,
        "author": {"slug": slug},
        "change_description": f"change {number}",
        "created_at": START + timedelta(days=number),
    }


def entity(type: str, slug: str, sub_type: str | None = None, **fields: Any) -> Entity:  # noqa: A002
    return entity_from_dict(
        {
            "type": type,
            **({"sub_type": sub_type} if sub_type else {}),
            "slug": slug,
            "names": [name(slug)],
            "version_summary": summary("any"),
            "created_at": START,
            **fields,
        }
    )


def put(database: EntityDatabase, *entities: Entity) -> None:
    for one in entities:
        run(database.put_entity(one))
