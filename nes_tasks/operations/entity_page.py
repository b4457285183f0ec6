"""The content of an entity's page, read from the tables of an export.

The version that set a field is the oldest one since which the value is unchanged, as `doit blame`
finds commits.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ..models.identifiers import ENTITY, SUFFIX
from ..services.entity_files import ENTITIES
from .origins import Unset, all_of, carried

LANGUAGES = ("en", "ne")
# Limits of lists that can have any length.
MAX_NEIGHBOURS = 200
MAX_FACTS = 500
# Fields that have their own part of the page, or do not describe the entity.
APART = frozenset(
    {"names", "attributions", "version_summary", "created_at", "slug", "type", "sub_type"}
)


@dataclass(frozen=True, slots=True)
class Change:
    """One version of an entity: who made it, when, why, and in which migration if that is known."""

    number: int
    author: str
    description: str
    created_at: datetime
    migration: str | None


class Named(NamedTuple):
    """Another entity: its id, its name in both languages, and whether it is in the export."""

    id: str
    en: str | None
    ne: str | None
    is_there: bool = True


class Text(NamedTuple):
    """A text and its language; None for numbers, codes and similar values."""

    language: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact about an entity, and the version that set it last.

    `labels` are its path from the outside in. `entity` is the entity it names, `url` its link.
    """

    labels: tuple[str, ...]
    texts: tuple[Text, ...]
    change: Change | None
    entity: Named | None = None
    url: str | None = None


class Source(NamedTuple):
    """Where data comes from: its title and details in both languages, as far as given."""

    title: tuple[Text, ...]
    details: tuple[Text, ...]


class Connection(NamedTuple):
    """A relationship to another entity: `is_outward` if the page's entity is its source."""

    type: str
    is_outward: bool
    other: Named
    start: str | None
    end: str | None


@dataclass(frozen=True, slots=True)
class EntityPage:
    """The content of an entity's page; items beyond a limit are counted in `more_…`."""

    id: str
    type: str
    sub_type: str | None
    name: Named
    names: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    more_facts: int
    sources: tuple[Source, ...]
    connections: tuple[Connection, ...]
    more_connections: int
    parts: tuple[Named, ...]
    more_parts: int
    changes: tuple[Change, ...]

    @property
    def only_change(self) -> Change | None:
        """The version that set everything, None if there are several or it is unknown."""
        found = {fact.change for fact in (*self.names, *self.facts)}
        return found.pop() if len(found) == 1 else None


class EntityPages:
    """Reads the content of pages from the export that `connection` is open to."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def paths(self) -> Iterator[str]:
        """Yield the paths of all entities, sorted."""
        return (path for (path,) in self._execute("SELECT path FROM entities ORDER BY path"))

    def page(self, path: str) -> EntityPage | None:
        """Return the page of the entity whose file is `path`, None when it is absent.

        `path` is relative to the data folder.
        """
        row = self._execute(
            "SELECT key, id, type, sub_type, name_en, name_ne, data FROM entities WHERE path = ?",
            (path,),
        ).fetchone()
        if row is None:
            return None
        _, identifier, kind, sub_type, en, ne, data = row
        document = json.loads(data)
        changes, origin = self._history(identifier, document)
        connections, more_connections = self._connections(identifier)
        parts, more_parts = self._parts(identifier)
        facts = list(self._facts(document, origin))
        return EntityPage(
            id=identifier,
            type=kind,
            sub_type=sub_type,
            name=Named(identifier, en, ne),
            names=tuple(self._names(document, origin)),
            facts=tuple(facts[:MAX_FACTS]),
            more_facts=max(0, len(facts) - MAX_FACTS),
            sources=tuple(_sources(document.get("attributions"))),
            connections=connections,
            more_connections=more_connections,
            parts=parts,
            more_parts=more_parts,
            changes=tuple(reversed(changes)),
        )

    def named(self, identifier: str) -> Named:
        """Return the names of the entity with this id."""
        path = f"{ENTITIES}/{identifier.removeprefix(ENTITY)}{SUFFIX}"
        row = self._execute(
            "SELECT name_en, name_ne FROM entities WHERE path = ?", (path,)
        ).fetchone()
        return Named(identifier, *row) if row else Named(identifier, None, None, is_there=False)

    # Parts of a page -----------------------------------------------------------------------

    def _history(self, identifier: str, document: Any) -> tuple[list[Change], Any]:
        """Return the versions of an entity, oldest first, and the origin of its document."""
        rows = self._execute(
            "SELECT number, author, description, created_at, snapshot, a.name, migration "
            "FROM versions AS v LEFT JOIN version_migrations USING (path) "
            "LEFT JOIN authors AS a ON a.id = 'author:' || author "
            "WHERE subject = ? ORDER BY number",
            (identifier,),
        )
        changes: list[Change] = []
        was: Any = None
        origin: Any = None
        for number, author, description, created_at, snapshot, name, migration in rows:
            moment = datetime.fromisoformat(created_at)
            change = Change(number, name or author, description, moment, migration)
            changes.append(change)
            if snapshot is None:
                continue
            value = _with_whole_lists(json.loads(snapshot))
            found = all_of(value, change)
            origin = found if origin is None else carried(was, origin, value, found, change)
            was = value
        # Changes without a version: made by hand, or the version has no snapshot.
        value = _with_whole_lists(document)
        found = all_of(value, None)
        return changes, found if origin is None else carried(was, origin, value, found, None)

    def _names(self, document: Any, origin: Any) -> Iterator[Fact]:
        """Yield a fact for each name, the primary ones first."""
        names = document.get("names") or []
        order = sorted(range(len(names)), key=lambda at: names[at]["kind"] != "PRIMARY")
        for at in order:
            texts = tuple(
                Text(language, parts["full"])
                for language in LANGUAGES
                if (parts := names[at].get(language))
            )
            yield Fact((names[at]["kind"],), texts, _latest(origin["names"][at]))

    def _facts(self, document: Any, origin: Any) -> Iterator[Fact]:
        for key, value in document.items():
            if key in APART:
                continue
            if key == "identifiers":
                yield from self._listed(value, origin[key], "scheme", "Identifier")
            elif key == "contacts":
                yield from self._listed(value, origin[key], "type", "Contact")
            else:
                yield from self._within((key,), value, origin[key])

    def _listed(self, items: Any, origins: Any, kind: str, label: str) -> Iterator[Fact]:
        """Yield identifiers and contacts, which have their own labels."""
        for item, origin in zip(items or (), origins or (), strict=False):
            name = _texts(item.get("name")) if isinstance(item.get("name"), dict) else ()
            what = name[0].text if name else str(item[kind])
            value = str(item["value"])
            url = item.get("url") or (value if _is_url(value) else None)
            yield Fact((label, what), (Text(None, value),), _latest(origin), url=url)

    def _within(self, labels: tuple[str, ...], value: Any, origin: Any) -> Iterator[Fact]:
        """Yield one fact for each text, number or list of them in a value."""
        if value is None or value in ("", [], {}):
            return
        if isinstance(value, dict) and not (texts := _texts(value)):
            for key, item in value.items():
                yield from self._within((*labels, key), item, origin[key])
        elif isinstance(value, dict):
            yield Fact(labels, texts, _latest(origin))
        elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
            for at, item in enumerate(value):
                more = (str(at + 1),) if len(value) > 1 else ()
                yield from self._within((*labels, *more), item, origin[at])
        elif isinstance(value, list):
            text = ", ".join(map(_plain, value))
            yield Fact(labels, (Text(None, text),), _latest(origin))
        elif isinstance(value, str) and value.startswith(ENTITY):
            yield Fact(labels, (Text(None, value),), _latest(origin), entity=self.named(value))
        else:
            url = value if isinstance(value, str) and _is_url(value) else None
            yield Fact(labels, (Text(None, _plain(value)),), _latest(origin), url=url)

    def _connections(self, identifier: str) -> tuple[tuple[Connection, ...], int]:
        found: list[Connection] = []
        total = 0
        for end, other in (("source", "target"), ("target", "source")):
            (count,) = self._execute(
                f"SELECT count(*) FROM relationships WHERE {end} = ?", (identifier,)
            ).fetchone()
            total += count
            rows = self._execute(
                f"SELECT type, {other}, start_date, end_date FROM relationships WHERE {end} = ? "
                f"ORDER BY type, {other}, path LIMIT {MAX_NEIGHBOURS}",
                (identifier,),
            ).fetchall()
            found += [
                Connection(kind, end == "source", self.named(there), start, to)
                for kind, there, start, to in rows
            ]
        return tuple(found), total - len(found)

    def _parts(self, identifier: str) -> tuple[tuple[Named, ...], int]:
        """Return the entities whose field `parent` names this one."""
        (total,) = self._execute(
            "SELECT count(*) FROM parents WHERE parent = ?", (identifier,)
        ).fetchone()
        rows = self._execute(
            "SELECT id, name_en, name_ne FROM parents JOIN entities ON key = entity "
            f"WHERE parent = ? ORDER BY path LIMIT {MAX_NEIGHBOURS}",
            (identifier,),
        )
        parts = tuple(Named(*row) for row in rows)
        return parts, total - len(parts)


def _with_whole_lists(value: Any) -> Any:
    """Return a document with each list of plain values as a tuple, which has one origin.

    Such a list is one fact on a page; its items alone would not show who removed one.
    """
    if isinstance(value, dict):
        return {key: _with_whole_lists(item) for key, item in value.items()}
    if isinstance(value, list):
        if any(isinstance(item, (dict, list)) for item in value):
            return [_with_whole_lists(item) for item in value]
        return tuple(value)
    return value


def _texts(value: Mapping[str, Any]) -> tuple[Text, ...]:
    """Return a text in two languages, nothing for an object that is not one."""
    if not value or not value.keys() <= set(LANGUAGES):
        return ()
    parts = {language: value[language] for language in LANGUAGES if value.get(language)}
    if not all(
        isinstance(part, dict) and isinstance(part.get("value"), str) for part in parts.values()
    ):
        return ()
    return tuple(Text(language, part["value"]) for language, part in parts.items() if part["value"])


def _sources(attributions: Any) -> Iterator[Source]:
    for attribution in attributions or ():
        yield Source(
            _texts(attribution.get("title") or {}), _texts(attribution.get("details") or {})
        )


def _latest(origin: Any) -> Change | None:
    """Return the newest of the changes in an origin."""
    waiting: list[Any] = [origin]
    found: list[Change] = []
    while waiting:
        value = waiting.pop()
        if isinstance(value, Unset):
            continue
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, Sequence):
            waiting.extend(value)
        elif value is None:
            return None
        else:
            found.append(value)
    return max(found, key=lambda change: change.number, default=None)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_url(text: str) -> bool:
    return text.startswith(("https://", "http://"))
