"""The search service: finding things for a script. Does not write to the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..models.entity import Entity
from ..models.identifiers import build_entity_id
from ..models.relationship import Relationship
from ..models.similar_names import DEFAULT_THRESHOLD
from ..models.slugs import free_slug
from ..models.version import Version
from .database import EntityDatabase
from .entity_files import DEFAULT_LIMIT, entity_folder, plain
from .name_index import Names, SimilarEntity


@dataclass(frozen=True, slots=True)
class EntityBatch:
    """What `SearchService.get_entities_batch` found, in the order asked for, and what not."""

    entities: list[Entity]
    not_found: list[str]


class SearchService:
    """Questions about what is in `database`."""

    def __init__(self, database: EntityDatabase) -> None:
        self.database = database
        # The folders that malformed files were warned of when a name was looked up in them.
        self._warned: set[str] = set()

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
        Unicode form; joiners, the nukta, the visarga and how a nasal is written do not count. A
        blank name finds None. Raises `ValueError` that names the matches if there are several.
        """
        names = self._names(name, entity_type, sub_type)
        found = names.find(name) if names else []
        if len(found) > 1:
            # Persons have no sub types.
            whole = sub_type or plain(entity_type) == "person"
            narrower = "" if whole else ", pass entity_type or sub_type"
            raise ValueError(
                f"{len(found)} entities are called '{name}': {', '.join(found)};"
                f" choose one{narrower} or get it by its id: context.search.get_entity(…)"
            )
        return await self.database.get_entity(found[0]) if found else None

    async def find_similar_names(
        self,
        name: str,
        entity_type: str | None = None,
        sub_type: str | None = None,
        threshold: float = DEFAULT_THRESHOLD,
        limit: int | None = 10,
    ) -> list[SimilarEntity]:
        """Return the entities with a name like `name`, the most alike first, with their scores.

        In either script and language; `nes_tasks.models.similar_names` says how they are compared.
        """
        names = self._names(name, entity_type, sub_type)
        return names.similar(name, threshold, limit) if names else []

    async def free_slug(self, name: str, entity_type: str, sub_type: str | None = None) -> str:
        """Return the slug of a name, with a number when an entity of this kind has it already.

        For a namesake; an existing entity is to be updated instead. Raises `ValueError`
        as `nes_tasks.models.slugs.slug_for` does.
        """
        return free_slug(
            name, lambda slug: self.database.exists(build_entity_id(entity_type, sub_type, slug))
        )

    def _names(self, name: object, entity_type: str | None, sub_type: str | None) -> Names | None:
        """Return the names of a kind; raises `ValueError` when `name` is not a string."""
        if not isinstance(name, str):
            raise ValueError(f"the name to find is {name!r}; pass a string")
        folder = entity_folder(entity_type, sub_type)
        return None if folder is None else Names(self.database, folder, self._warned)

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

        Active on a date is what has started by then, or has no start, and has not ended before
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
        """Return all tags that are strings, sorted, each once."""
        return self.database.tags()
