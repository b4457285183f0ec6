"""The search service: finding things for a script. Does not write to the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..models.entity import Entity
from ..models.relationship import Relationship
from ..models.version import Version
from .database import EntityDatabase
from .folders import entity_folder
from .name_index import NameIndex
from .pagination import DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class EntityBatch:
    """What `SearchService.get_entities_batch` found, in the order asked for, and what not."""

    entities: list[Entity]
    not_found: list[str]


class SearchService:
    """Questions about what is in `database`."""

    def __init__(self, database: EntityDatabase) -> None:
        self.database = database
        self._name_indexes: dict[str, NameIndex] = {}

    async def search_entities(
        self,
        query: str | None = None,
        entity_type: str | None = None,
        sub_type: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        limit: int | None = DEFAULT_LIMIT,
        offset: int = 0,
        *,
        tags: Collection[str] | None = None,
        entity_prefix: str | None = None,
    ) -> list[Entity]:
        """Return the entities whose names fit `query`, the best first; without one, all.

        `attributes` must be equal, `tags` must all be there, `entity_prefix` is the start of
        where an entity is filed. How names are compared: `scoring`.
        """
        return await self.database.search_entities(
            query=query,
            entity_type=entity_type,
            sub_type=sub_type,
            attr_filters=attributes,
            limit=limit,
            offset=offset,
            tags=tags,
            entity_prefix=entity_prefix,
        )

    async def find_entity_by_name(
        self, name: str, entity_type: str | None = None, sub_type: str | None = None
    ) -> Entity | None:
        """Return the one entity that is called `name`, None when none is.

        The whole name must be equal in English or Nepali, in whatever case, spacing and
        Unicode form. Raises `ValueError` that names them when several are called so.
        """
        folder = entity_folder(entity_type, sub_type)
        if folder is None:
            return None
        if folder not in self._name_indexes:
            self._name_indexes[folder] = NameIndex(self.database, folder)
        found = await self._name_indexes[folder].find(name)
        if len(found) > 1:
            raise ValueError(
                f"{len(found)} entities are called '{name}': {', '.join(found)};"
                " pass entity_type or sub_type, or get one by its id"
            )
        return await self.database.get_entity(found[0]) if found else None

    async def get_entity(self, entity_id: str) -> Entity | None:
        """Return an entity, None when there is none."""
        return await self.database.get_entity(entity_id)

    async def get_entities_batch(self, entity_ids: Iterable[str]) -> EntityBatch:
        """Return the entities with these ids, and the ids of which there is none."""
        asked = list(entity_ids)
        found = await self.database.batch_get_entities(asked)
        return EntityBatch(
            entities=[entity for entity in found if entity is not None],
            not_found=[
                asked_id for asked_id, entity in zip(asked, found, strict=True) if entity is None
            ],
        )

    async def search_relationships(
        self,
        relationship_type: str | None = None,
        source_entity_id: str | None = None,
        target_entity_id: str | None = None,
        active_on: date | str | None = None,
        currently_active: bool | None = None,
        limit: int | None = DEFAULT_LIMIT,
        offset: int = 0,
    ) -> list[Relationship]:
        """Return the relationships that meet every condition that is given.

        Active on a day is what has started by then, or has no start, and has not ended before
        it, or has no end. Currently active is what has no end. Limit and offset count what
        meets all conditions.
        """
        return await self.database.search_relationships(
            relationship_type=relationship_type,
            source_entity_id=source_entity_id,
            target_entity_id=target_entity_id,
            active_on=active_on,
            currently_active=currently_active,
            limit=limit,
            offset=offset,
        )

    async def get_entity_versions(
        self, entity_id: str, limit: int | None = DEFAULT_LIMIT, offset: int = 0
    ) -> list[Version]:
        """Return the versions of an entity, the oldest first."""
        return await self.database.list_versions_by_entity(entity_id, limit, offset)

    async def get_relationship_versions(
        self, relationship_id: str, limit: int | None = DEFAULT_LIMIT, offset: int = 0
    ) -> list[Version]:
        """Return the versions of a relationship, the oldest first."""
        return await self.database.list_versions_by_entity(relationship_id, limit, offset)

    async def get_all_tags(self) -> list[str]:
        """Return all tags that are texts, sorted, each once."""
        found: set[str] = set()
        for entity in self.database.scan():
            tags: list[object] = list(entity.tags or ())
            found.update(tag for tag in tags if isinstance(tag, str))
        return sorted(found)
