"""The entity database: entities, relationships, versions and authors as files of one store.

The path of a file is the id of what it holds. Each call returns a new object:
modifying it has no effect until it is put back. All methods are coroutines, as existing
migrations await them; none of them ever waits.

Where the database of the legacy system lost data without a word, this one does not:

* A malformed file is an error that names its path. With ``strict=False`` it is left out of
  listings and reported to `warn`, as it was before.
* What cannot be read back is not written: assignments to models are not checked, so a broken
  object is found here, before its file is replaced.
* A listing that the default limit of 100 cuts off is reported to `warn`; ``limit=None`` lists all.
* A sub type without a type is not ignored.

Listings are sorted by path. Ids that no object can have (`InvalidIdentifierError`) find
nothing when they are read, and are refused when they are written or deleted.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Literal

from ..database.store import Store
from ..models.codec import (
    dump_author,
    dump_entity,
    dump_relationship,
    dump_version,
    load_author,
    load_entity,
    load_relationship,
    load_version,
    version_number_in,
)
from ..models.entity import Entity
from ..models.identifiers import AUTHOR, ENTITY, RELATIONSHIP, SUFFIX, VERSION, path_of
from ..models.name_keys import name_key
from ..models.relationship import Relationship
from ..models.version import Author, Version
from .entity_files import (
    AUTHORS,
    DEFAULT_LIMIT,
    ENTITIES,
    RELATIONSHIPS,
    VERSIONS,
    ObjectFiles,
    check_page,
    entity_folder,
    log_warning,
    page,
    path_if_any,
    plain,
    prefix_folder,
)
from .filters import entity_test, name_score, relationship_test, version_test
from .index import Conditions, Index, Opener, is_askable

Direction = Literal["source", "target", "both"]
Order = Literal["asc", "desc"]
ENDS: dict[Direction, tuple[str, ...]] = {"target": ("target",), "both": ("source", "target")}


class EntityDatabase(ObjectFiles):
    """Entities, relationships, versions and authors; see the module for what is guaranteed.

    `strict` and `warn` are those of `ObjectFiles`. With `open_tables`, see `Index`, searches do
    not read all files; `store` must then have no other writer.
    """

    def __init__(
        self,
        store: Store,
        *,
        strict: bool = True,
        warn: Callable[[str], None] = log_warning,
        open_tables: Opener | None = None,
    ) -> None:
        super().__init__(store, strict=strict, warn=warn)
        self._index = Index(store, open_tables or (lambda: None), strict=strict, warn=warn)
        self._is_indexed = open_tables is not None
        self.watch(self._index.note)

    # Entities ------------------------------------------------------------------------------

    async def put_entity(
        self,
        entity: Entity,
        *,
        snapshot: Mapping[str, Any] | None = None,
        checked: bool = False,
    ) -> Entity:
        """Write an entity's file, without a version, and return the entity.

        `snapshot` is its `codec.snapshot_of`, if at hand; `checked` says that it was made of
        plain values just now and never changed. Raises `ValueError` when the file could not be
        read back, or not be written under the entity's id.
        """
        load = None if checked else load_entity
        self._put(entity.id, ENTITY, dump_entity(entity, snapshot), load)
        return entity

    async def get_entity(self, entity_id: str) -> Entity | None:
        """Return an entity, None when there is none; a malformed file raises."""
        return self._get(entity_id, ENTITY, load_entity)

    async def delete_entity(self, entity_id: str) -> bool:
        """Remove an entity's file and return whether there was one; versions stay."""
        return self._delete(entity_id, ENTITY)

    async def list_entities(
        self,
        limit: int | None = DEFAULT_LIMIT,
        offset: int = 0,
        entity_type: str | None = None,
        sub_type: str | None = None,
        attr_filters: Mapping[str, Any] | None = None,
    ) -> list[Entity]:
        """Return entities of a type and sub type that have all the given attributes."""
        return self._list(
            "list_entities",
            self._entity_paths(entity_folder(entity_type, sub_type), attributes=attr_filters),
            load_entity,
            limit,
            offset,
            entity_test(attr_filters),
        )

    async def search_entities(
        self,
        query: str | None = None,
        entity_type: str | None = None,
        sub_type: str | None = None,
        attr_filters: Mapping[str, Any] | None = None,
        limit: int | None = DEFAULT_LIMIT,
        offset: int = 0,
        *,
        tags: Collection[str] | None = None,
        entity_prefix: str | None = None,
    ) -> list[Entity]:
        """Return the entities whose names fit `query`, the best first; see `scoring`.

        Entities that fit equally well are sorted by path; without a query all fit. They have
        all the given attributes and tags, and are filed under the prefix or a longer one.
        """
        if entity_prefix:
            folder = prefix_folder(entity_prefix)
            accepts = entity_test(attr_filters, tags, plain(entity_type), plain(sub_type))
        else:
            folder = entity_folder(entity_type, sub_type)
            accepts = entity_test(attr_filters, tags)
        name = "search_entities"
        if not query or folder is None:
            paths = self._entity_paths(folder, tags, attr_filters)
            return self._list(name, paths, load_entity, limit, offset, accepts)
        check_page(limit, offset)
        key = name_key(query)
        if is_askable(key) and self._can_ask(folder):
            first = None if limit is None else offset + limit + 1
            paths = self._index.ranked(key, Conditions.of(folder, tags, attr_filters), first)
            return self._list(name, paths, load_entity, limit, offset, accepts)
        found = filter(accepts, self._load_all(self._paths(folder), load_entity))
        ranked = _best(found, key, limit, offset)
        return page(ranked, limit, offset, lambda: self._warn_of_default_limit(name))

    async def batch_get_entities(self, entity_ids: Iterable[str]) -> list[Entity | None]:
        """Return the entities with these ids in order, None for each that there is not."""
        paths = [path_if_any(entity_id, ENTITY) for entity_id in entity_ids]
        contents = self._store.read_many(path for path in paths if path)
        return [
            self._load(*next(contents), load_entity) if path is not None else None for path in paths
        ]

    def scan(self, folder: str = ENTITIES) -> Iterator[Entity]:
        """Return all entities below a folder one by one, holding few of them at a time."""
        return self._load_all(self._paths(folder), load_entity)

    def _entity_paths(
        self,
        folder: str | None,
        tags: Collection[str] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        """Return the files below a folder that can hold entities with these tags and attributes."""
        if folder is None:
            return iter(())
        conditions = Conditions.of(folder, tags, attributes)
        if conditions.is_narrow and self._can_ask(folder):
            return self._index.selected(conditions)
        return self._paths(folder)

    def _can_ask(self, folder: str) -> bool:
        """Return whether the index can be asked about a folder; warn of what it then leaves out."""
        if not self._is_indexed or not self._index.answers(folder):
            return False
        self._index.warn_of_malformed(folder)
        return True

    def tags(self) -> list[str]:
        """Return all tags of entities that are strings, sorted, each once."""
        if self._can_ask(ENTITIES):
            return self._index.tags()
        found: set[str] = set()
        for entity in self.scan():
            tags: list[object] = list(entity.tags or ())
            found.update(tag for tag in tags if isinstance(tag, str))
        return sorted(found)

    # Relationships -------------------------------------------------------------------------

    async def put_relationship(
        self, relationship: Relationship, *, snapshot: Mapping[str, Any] | None = None
    ) -> Relationship:
        """Write a relationship's file, without a version; raises as `put_entity` does."""
        data = dump_relationship(relationship, snapshot)
        self._put(relationship.id, RELATIONSHIP, data, load_relationship)
        return relationship

    async def get_relationship(self, relationship_id: str) -> Relationship | None:
        """Return a relationship, None when there is none; a malformed file raises."""
        return self._get(relationship_id, RELATIONSHIP, load_relationship)

    async def delete_relationship(self, relationship_id: str) -> bool:
        """Remove a relationship's file and return whether there was one; versions stay."""
        return self._delete(relationship_id, RELATIONSHIP)

    async def list_relationships(
        self, limit: int | None = DEFAULT_LIMIT, offset: int = 0
    ) -> list[Relationship]:
        """Return relationships of all entities and types."""
        paths = self._paths(RELATIONSHIPS)
        return self._list("list_relationships", paths, load_relationship, limit, offset)

    async def list_relationships_by_entity(
        self,
        entity_id: str,
        direction: Direction = "both",
        relationship_type: str | None = None,
        active_on: date | str | None = None,
        start_date_from: date | str | None = None,
        start_date_to: date | str | None = None,
        currently_active: bool | None = None,
        limit: int | None = DEFAULT_LIMIT,
        offset: int = 0,
    ) -> list[Relationship]:
        """Return the relationships that an entity is the source, the target or either end of.

        The other conditions are those of `filters.relationship_test`. Raises `ValueError` for
        another direction.
        """
        if direction not in ("source", "target", "both"):
            raise ValueError(f"direction must be source, target or both, not {direction!r}")
        meets = relationship_test(
            relationship_type=relationship_type,
            active_on=active_on,
            start_date_from=start_date_from,
            start_date_to=start_date_to,
            currently_active=currently_active,
        )

        def accepts(item: Relationship) -> bool:
            at_source = direction != "target" and item.source_entity_id == entity_id
            at_target = direction != "source" and item.target_entity_id == entity_id
            return (at_source or at_target) and meets(item)

        paths = self._relationship_paths(entity_id, direction, relationship_type)
        name = "list_relationships_by_entity"
        return self._list(name, paths, load_relationship, limit, offset, accepts)

    async def list_relationships_by_type(
        self, relationship_type: str, limit: int | None = DEFAULT_LIMIT, offset: int = 0
    ) -> list[Relationship]:
        """Return the relationships of one type."""
        return await self.search_relationships(
            relationship_type=relationship_type, limit=limit, offset=offset
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
        """Return the relationships that meet every condition that is given."""
        accepts = relationship_test(
            source_entity_id=source_entity_id,
            target_entity_id=target_entity_id,
            relationship_type=relationship_type,
            active_on=active_on,
            currently_active=currently_active,
        )
        end = source_entity_id or target_entity_id
        direction: Direction = "source" if source_entity_id else "target"
        paths = self._relationship_paths(end, direction, relationship_type)
        name = "search_relationships"
        return self._list(name, paths, load_relationship, limit, offset, accepts)

    def _relationship_paths(
        self, entity_id: str | None, direction: Direction, relationship_type: str | None
    ) -> Iterator[str]:
        """Return the files that can hold relationships of an entity and a type, by their paths.

        ``relationship/<source>/<target>/<TYPE>.json`` does not say where the source ends, so
        there can be others among them.
        """
        if entity_id is None:
            paths = self._paths(RELATIONSHIPS)
        else:
            path = path_if_any(entity_id, ENTITY)
            if path is None:
                return iter(())
            part = path.removeprefix(ENTITIES).removesuffix(SUFFIX) + "/"
            if direction == "source":
                paths = self._paths(f"{RELATIONSHIPS}{part}".removesuffix("/"))
            elif self._can_ask(RELATIONSHIPS):
                paths = self._index.related(entity_id, ENDS[direction])
            else:
                paths = (path for path in self._paths(RELATIONSHIPS) if part in path)
        if relationship_type is not None:
            ending = f"/{relationship_type}{SUFFIX}"
            paths = (path for path in paths if path.endswith(ending))
        return paths

    # Versions ------------------------------------------------------------------------------

    async def put_version(
        self, version: Version, *, checked: bool = False, rewrite: bool = True
    ) -> Version:
        """Write a version's file; raises as `put_entity` does.

        `checked` says that the version was made of valid parts just now and never changed.
        Without `rewrite` a version that is stored already is refused.
        """
        load = None if checked else load_version
        self._put(version.id, VERSION, dump_version(version), load, rewrite=rewrite)
        return version

    async def get_version(self, version_id: str) -> Version | None:
        """Return a version, None when there is none; a malformed file raises."""
        return self._get(version_id, VERSION, load_version)

    async def delete_version(self, version_id: str) -> bool:
        """Remove a version's file and return whether there was one."""
        return self._delete(version_id, VERSION, rewrite=True)

    async def list_versions(
        self, limit: int | None = DEFAULT_LIMIT, offset: int = 0
    ) -> list[Version]:
        """Return versions of all entities and relationships."""
        return self._list("list_versions", self._paths(VERSIONS), load_version, limit, offset)

    async def list_versions_by_entity(
        self,
        entity_or_relationship_id: str,
        limit: int | None = DEFAULT_LIMIT,
        offset: int = 0,
        author_slug: str | None = None,
        created_after: datetime | str | None = None,
        created_before: datetime | str | None = None,
        min_version: int | None = None,
        max_version: int | None = None,
        order: Order = "asc",
    ) -> list[Version]:
        """Return the versions of one entity or relationship by number.

        `created_after` is inclusive, `created_before` is not, both numbers are. Raises
        `ValueError` for another order than "asc" and "desc".
        """
        if order not in ("asc", "desc"):
            raise ValueError(f"order must be asc or desc, not {order!r}")
        lowest = 0 if min_version is None else min_version
        numbers = sorted(
            number
            for number in self._version_numbers(entity_or_relationship_id)
            if number >= lowest and (max_version is None or number <= max_version)
        )
        if order == "desc":
            numbers.reverse()
        paths = (path_of(f"{VERSION}{entity_or_relationship_id}:{number}") for number in numbers)
        accepts = version_test(author_slug, created_after, created_before)
        name = "list_versions_by_entity"
        return self._list(name, paths, load_version, limit, offset, accepts)

    def version_number(self, entity_or_relationship_id: str) -> int | None:
        """Return the number of the version that is stored, None when there is nothing.

        It is 0 where the file has none. Raises for a file that is not a JSON object.
        """
        return self._get(entity_or_relationship_id, "", version_number_in)

    def next_version_number(self, entity_or_relationship_id: str, at_least: int = 1) -> int:
        """Return the first number from `at_least` on under which there is no version yet."""
        number = at_least
        while self.exists(f"{VERSION}{entity_or_relationship_id}:{number}"):
            number += 1
        return number

    def _version_numbers(self, entity_or_relationship_id: str) -> Iterator[int]:
        path = path_if_any(f"{VERSION}{entity_or_relationship_id}", VERSION)
        if path is None:
            return
        below = path.removesuffix(SUFFIX) + "/"
        for file in self._store.list(below.removesuffix("/")):
            # Deeper files are versions of what is filed under this id's path as a prefix.
            number = file.removeprefix(below).removesuffix(SUFFIX)
            if number.isascii() and number.isdigit():
                yield int(number)

    # Authors -------------------------------------------------------------------------------

    async def put_author(self, author: Author) -> Author:
        """Write an author's file; raises as `put_entity` does."""
        self._put(author.id, AUTHOR, dump_author(author), load_author)
        return author

    async def get_author(self, author_id: str) -> Author | None:
        """Return an author, None when there is none; a malformed file raises."""
        return self._get(author_id, AUTHOR, load_author)

    async def delete_author(self, author_id: str) -> bool:
        """Remove an author's file and return whether there was one."""
        return self._delete(author_id, AUTHOR)

    async def list_authors(
        self, limit: int | None = DEFAULT_LIMIT, offset: int = 0
    ) -> list[Author]:
        """Return authors."""
        return self._list("list_authors", self._paths(AUTHORS), load_author, limit, offset)


def index_of(database: EntityDatabase) -> Index:
    """Return the index of a database, for services above it."""
    return database._index


def _best(
    entities: Iterator[Entity], query: str, limit: int | None, offset: int
) -> Iterator[Entity]:
    """Return the entities that fit, the best first, and one more than the page at the most."""
    scored = ((score, entity) for entity in entities if (score := name_score(entity.names, query)))
    by_score = itemgetter(0)
    if limit is None:
        ranked = sorted(scored, key=by_score, reverse=True)
    else:
        # The same order as that of sorted(), of which it keeps only what is needed.
        ranked = heapq.nlargest(offset + limit + 1, scored, key=by_score)
    return (entity for _, entity in ranked)
