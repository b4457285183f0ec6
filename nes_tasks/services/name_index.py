"""Finding entities by what they are called."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ..models.codec import MalformedFileError
from ..models.entity import Entity
from ..models.identifiers import path_of
from ..models.name_keys import is_blank, name_key
from ..models.similar_names import similar_names
from .database import EntityDatabase


def folded(name: str) -> str:
    """Return `name` with NFC, white space collapsed and case folded, spelling kept.

    Composed before and after folding, since folding can take characters apart: the caseless
    matching of https://www.unicode.org/versions/latest/core-spec/chapter-3/#G53253
    """
    composed = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFC", " ".join(composed.casefold().split()))


@dataclass(frozen=True, slots=True)
class SimilarEntity:
    """An entity whose name is like another, the name that is, and how much, from 0 to 1."""

    entity_id: str
    name: str
    score: float


class NameIndex:
    """The ids of all entities below one folder, by each of their full names and its key.

    It is filled at the first question and then kept up to date: before each further one the
    entities that changed meanwhile are read again, so that a script which looks up and creates
    in turn does not read the whole database each time.
    """

    def __init__(self, database: EntityDatabase, folder: str) -> None:
        self._database = database
        self._below = f"{folder}/"
        self._ids: dict[str, set[str]] = {}
        self._spelt: dict[str, set[str]] = {}
        self._written: dict[str, set[str]] = {}
        self._names: dict[str, set[str]] = {}
        self._changed: set[str] = set()
        for entity in database.scan(folder):
            self._add(entity)
        database.watch(self._note)

    async def find(self, name: str) -> list[str]:
        """Return the ids of the entities with this full name in either language, sorted.

        Names are compared by their keys (`name_key`). Of several, those that are spelt as `name`
        is go before those that are not. A blank name finds nothing.
        """
        await self._refresh()
        if is_blank(name):
            return []
        found = self._ids.get(name_key(name), set())
        spelt_so = found & self._spelt.get(folded(name), set())
        return sorted(spelt_so or found)

    async def similar(self, name: str, threshold: float, limit: int | None) -> list[SimilarEntity]:
        """Return the entities that have a name like this one, the most alike first."""
        await self._refresh()
        best: dict[str, SimilarEntity] = {}
        for one in similar_names(name, self._written, threshold):
            for identifier in self._written[one.name]:
                best.setdefault(identifier, SimilarEntity(identifier, one.name, one.score))
        ordered = sorted(best.values(), key=lambda one: (-one.score, one.entity_id))
        return ordered[:limit]

    def _note(self, identifier: str) -> None:
        if path_of(identifier).startswith(self._below):
            self._changed.add(identifier)

    async def _refresh(self) -> None:
        changed, self._changed = sorted(self._changed), set()
        for identifier in changed:
            for name in self._names.pop(identifier, ()):
                for table, key in self._keys(name):
                    holders = table.get(key, set())
                    holders.discard(identifier)
                    if not holders:
                        table.pop(key, None)
            entity = await self._database.get_entity(identifier)
            if entity is not None:
                self._add(entity)

    def _add(self, entity: Entity) -> None:
        identifier = entity.id
        self._names[identifier] = set(_full_names(entity))
        for name in self._names[identifier]:
            for table, key in self._keys(name):
                table.setdefault(key, set()).add(identifier)

    def _keys(self, name: str) -> Iterable[tuple[dict[str, set[str]], str]]:
        """Return the tables that a name is in, each with what it is found by."""
        return (self._ids, name_key(name)), (self._spelt, folded(name)), (self._written, name)


def _full_names(entity: Entity) -> Iterable[str]:
    for name in entity.names:
        for parts in (name.en, name.ne):
            if parts is not None:
                yield parts.full


async def labelled(database: EntityDatabase, entity_id: str) -> str:
    """Return the id of a stored entity and, where it can be read, its name: for messages."""
    try:
        entity = await database.get_entity(entity_id)
    except MalformedFileError:
        return entity_id
    name = next(iter(_full_names(entity)), None) if entity else None
    return f"{entity_id} ({name})" if name else entity_id
