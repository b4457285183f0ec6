"""Finding entities by what they are called."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from ..models.entity import Entity
from ..models.identifiers import path_of
from .database import EntityDatabase


def folded(name: str) -> str:
    """Return `name` as it is compared: NFC, white space collapsed, case folded.

    Composed before and after folding, since folding can take characters apart: the caseless
    matching of https://www.unicode.org/versions/latest/core-spec/chapter-3/#G53253
    """
    composed = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFC", " ".join(composed.casefold().split()))


class NameIndex:
    """The ids of all entities below one folder, by each of their full names.

    It is filled at the first question and then kept up to date: before each further one the
    entities that changed meanwhile are read again, so that a script which looks up and creates
    in turn does not read the whole database each time.
    """

    def __init__(self, database: EntityDatabase, folder: str) -> None:
        self._database = database
        self._below = f"{folder}/"
        self._ids: dict[str, set[str]] = {}
        self._names: dict[str, set[str]] = {}
        self._changed: set[str] = set()
        for entity in database.scan(folder):
            self._add(entity)
        database.watch(self._note)

    async def find(self, name: str) -> list[str]:
        """Return the ids of the entities with this full name in either language, sorted."""
        await self._refresh()
        return sorted(self._ids.get(folded(name), ()))

    def _note(self, identifier: str) -> None:
        if path_of(identifier).startswith(self._below):
            self._changed.add(identifier)

    async def _refresh(self) -> None:
        changed, self._changed = sorted(self._changed), set()
        for identifier in changed:
            for name in self._names.pop(identifier, ()):
                self._ids[name].discard(identifier)
            entity = await self._database.get_entity(identifier)
            if entity is not None:
                self._add(entity)

    def _add(self, entity: Entity) -> None:
        identifier = entity.id
        self._names[identifier] = set(_full_names(entity))
        for name in self._names[identifier]:
            self._ids.setdefault(name, set()).add(identifier)


def _full_names(entity: Entity) -> Iterable[str]:
    for name in entity.names:
        for parts in (name.en, name.ne):
            if parts is not None:
                yield folded(parts.full)
