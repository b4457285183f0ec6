"""Find entities by their names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ..models.codec import MalformedFileError
from ..models.entity import Entity
from ..models.identifiers import id_of
from ..models.name_keys import is_blank, name_key
from ..models.similar_names import similar_names
from ..text import casefold_key
from .database import EntityDatabase, index_of
from .index import is_askable


def _spelling(name: str) -> str:
    """Return `name` with white space collapsed and case folded; digits and signs stay."""
    return " ".join(casefold_key(name).split())


@dataclass(frozen=True, slots=True)
class SimilarEntity:
    """An entity with a similar name, that name, and the similarity from 0 to 1."""

    entity_id: str
    name: str
    score: float


class Names:
    """The current full names of the entities below one folder of a database.

    Malformed files are warned of once for each folder; `warned` are those for which they were.
    """

    def __init__(self, database: EntityDatabase, folder: str, warned: set[str]) -> None:
        self._database = database
        self._folder = folder
        self._index = index_of(database)
        self._is_indexed = self._index.answers(folder)
        if self._is_indexed and folder not in warned:
            warned.add(folder)
            self._index.warn_of_malformed(folder)

    def find(self, name: str) -> list[str]:
        """Return the ids of the entities with this full name in either language, sorted.

        Names are compared by their keys (`name_key`). Exact spellings of `name` come first. A blank
        name finds nothing.
        """
        if is_blank(name):
            return []
        spelling, hits = _spelling(name), list(self._named(name))
        spelt_so = {hit.identifier for hit in hits if _spelling(hit.name) == spelling}
        return sorted(spelt_so or {hit.identifier for hit in hits})

    def similar(self, name: str, threshold: float, limit: int | None) -> list[SimilarEntity]:
        """Return the entities with a similar name, the most similar first."""
        best: dict[str, SimilarEntity] = {}
        for match in similar_names(name, dict.fromkeys(self._all()), threshold):
            for hit in self._named(match.name):
                if hit.name == match.name:
                    similar = SimilarEntity(hit.identifier, match.name, match.score)
                    best.setdefault(hit.identifier, similar)
        ordered = sorted(best.values(), key=lambda hit: (-hit.score, hit.entity_id))
        return ordered[:limit]

    def _named(self, name: str) -> Iterable[_Hit]:
        """Return the names that have the same key as `name`."""
        if not self._is_indexed:
            yield from self._scanned.get(name_key(name), ())
        elif is_askable(name):  # other names are not in the index
            for hit in self._index.named(name, self._folder):
                yield _Hit(id_of(hit.path), hit.name)

    def _all(self) -> Iterable[str]:
        if self._is_indexed:
            return self._index.names(self._folder)
        return (hit.name for hits in self._scanned.values() for hit in hits)

    @cached_property
    def _scanned(self) -> dict[str, list[_Hit]]:
        """All names by their keys, used without an index."""
        found: dict[str, list[_Hit]] = {}
        for entity in self._database.scan(self._folder):
            for name in _full_names(entity):
                found.setdefault(name_key(name), []).append(_Hit(entity.id, name))
        return found


class _Hit(NamedTuple):
    """The id of an entity, and one of its full names."""

    identifier: str
    name: str


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
