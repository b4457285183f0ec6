"""Fill the tables of `sqlite_tables` with the files of the data folder."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from ..models.codec import (
    MalformedFileError,
    load_author,
    load_entity,
    load_relationship,
    load_version,
)
from ..models.entity import Entity
from ..models.identifiers import ENTITY, SUFFIX
from ..models.name_keys import name_key
from ..models.relationship import Relationship
from ..models.version import Author, Version
from .entity_files import AUTHORS, ENTITIES, RELATIONSHIPS, VERSIONS
from .filters import OTHER_BONUS, PART_CONTAINS, PRIMARY_BONUS, WHOLE_CONTAINS
from .sqlite_tables import (
    BOUNDS,
    BOUNDS_COLUMNS,
    INDEX,
    INDEX_SECONDARY,
    KEYS,
    MAX_ATTRIBUTE,
    OF_ENTITY,
    SEARCH,
    SECONDARY,
    TABLES,
    WITHOUT_ROWID,
    has_search,
)

# Number of rows sent to SQLite together.
ROW_BATCH = 512


class TableWriter:
    """Fills the tables through `connection`; see the module for how.

    `details` fills all tables and columns, for an export. Commits nothing.
    """

    def __init__(self, connection: sqlite3.Connection, *, details: bool = False) -> None:
        self._connection = connection
        self._details = details
        self._tables = tuple(TABLES) if details else INDEX
        self._rows: dict[str, list[tuple[Any, ...]]] = {}
        self._count = 0
        self._has_search = False
        self._next_entity = self._next_name = 1

    def create(self) -> None:
        """Create the empty tables, without the secondary indexes that `finish` creates."""
        for table in self._tables:
            ending = " WITHOUT ROWID" if table in WITHOUT_ROWID else ""
            columns = BOUNDS_COLUMNS if table == BOUNDS else TABLES[table]
            self._connection.execute(f"CREATE TABLE {table} ({columns}){ending}")

    def open(self) -> None:
        """Continue with tables that were filled and finished before."""
        for table, attribute in (("entities", "_next_entity"), ("names", "_next_name")):
            (last,) = self._connection.execute(f"SELECT max(key) FROM {table}").fetchone()
            setattr(self, attribute, (last or 0) + 1)
        self._has_search = has_search(self._connection)

    def finish(self, *, search: bool = True) -> None:
        """Write the remaining rows, and create indexes: once, after everything was added.

        A SQLite before 3.34, or one without FTS5, does without `names_search`.
        """
        self.flush()
        more = {} if self._details else INDEX_SECONDARY
        for statement in (*SECONDARY.values(), *more.values()):
            if any(f" ON {table} " in statement for table in self._tables):
                self._connection.execute(statement)
        if search:
            self._has_search = self._make_search()

    def _make_search(self) -> bool:
        columns = ", ".join(KEYS)
        try:
            self._connection.execute(
                f"CREATE VIRTUAL TABLE {SEARCH} USING fts5({columns}, content='names', "
                "content_rowid='key', tokenize='trigram case_sensitive 1', detail='none')"
            )
        except sqlite3.OperationalError:
            return False
        self._connection.execute(f"INSERT INTO {SEARCH} ({SEARCH}) VALUES ('rebuild')")
        return True

    # Files ---------------------------------------------------------------------------------

    def add_file(self, path: str, data: bytes) -> None:
        """Add the file at `path`; without details only entities and relationships."""
        kind = path.partition("/")[0]
        add = self._adders.get(kind)
        if add is None:
            return
        if not _is_unicode(path):
            self._add_unread(path, "it has a path that is not UTF-8")
            return
        if b"\\u0000" in data:
            # Full text search may end a text there, as C does.
            self._add_unread(path, "it has the character U+0000")
            return
        try:
            add(path, data)
        except MalformedFileError as error:
            self._add_unread(path, str(error), malformed=True)

    @cached_property
    def _adders(self) -> dict[str, Callable[[str, bytes], None]]:
        adders: dict[str, Callable[[str, bytes], None]]
        adders = {ENTITIES: self._add_entity_file, RELATIONSHIPS: self._add_relationship_file}
        if self._details:
            adders |= {VERSIONS: self._add_version_file, AUTHORS: self._add_author_file}
        return adders

    def remove_file(self, path: str) -> None:
        """Remove the rows of the file at `path`, if it was added."""
        self.flush()
        execute = self._connection.execute
        execute("DELETE FROM unread WHERE path = ?", (_escaped(path),))
        if not _is_unicode(path):
            return
        kind = path.partition("/")[0]
        if kind == ENTITIES:
            found = execute("SELECT key FROM entities WHERE path = ?", (path,)).fetchone()
            if found is not None:
                self._remove_entity(*found)
        elif kind == RELATIONSHIPS:
            execute("DELETE FROM relationships WHERE path = ?", (path,))
        elif self._details and kind == VERSIONS:
            execute("DELETE FROM versions WHERE path = ?", (path,))
        elif self._details and kind == AUTHORS:
            slug = path.removeprefix(f"{AUTHORS}/").removesuffix(SUFFIX)
            execute("DELETE FROM authors WHERE id = ?", (f"author:{slug}",))

    def _remove_entity(self, key: int) -> None:
        execute, columns = self._connection.execute, ", ".join(KEYS)
        if self._has_search:
            # Deleting from a table with external content requires its old values.
            execute(
                f"INSERT INTO {SEARCH} ({SEARCH}, rowid, {columns}) "
                f"SELECT 'delete', key, {columns} FROM names WHERE entity = ?",
                (key,),
            )
        for table in ("names", *OF_ENTITY):
            if table in self._tables:
                execute(f"DELETE FROM {table} WHERE entity = ?", (key,))
        execute("DELETE FROM entities WHERE key = ?", (key,))

    def _add_unread(self, path: str, problem: str, *, malformed: bool = False) -> None:
        self._add("unread", (_escaped(path), _escaped(problem), malformed))

    # Entities ------------------------------------------------------------------------------

    def _add_entity_file(self, path: str, data: bytes) -> None:
        self.add_entity(path, load_entity(data, path), data)

    def add_entity(self, path: str, entity: Entity, data: bytes) -> None:
        """Add the entity that the file at `path` holds, whose content is `data`."""
        if f"{ENTITY}{path[len(ENTITIES) + 1 : -len(SUFFIX)]}" != entity.id:
            self._add_unread(path, f"it holds {entity.id}")
            return
        key = self._next_entity
        self._next_entity += 1
        detail = _entity_details(entity, data) if self._details else (None,) * 12
        self._add("entities", (key, path, entity.type, _value(entity.sub_type), *detail))
        self._add_names(key, entity)
        if not self._details:
            self._add(BOUNDS, (key, path, *_bounds(entity)))
        for tag in dict.fromkeys(entity.tags or ()):
            self._add("tags", (key, tag))
        for name, value in (entity.attributes or {}).items():
            if _is_unicode(name):
                self._add("attributes", (key, name, self._attribute(value)))
        if self._details:
            self._add_details(key, entity)
        self._count += 1
        if self._count >= ROW_BATCH:
            self.flush()

    def _add_names(self, entity: int, model: Entity) -> None:
        for number, name in enumerate(model.names):
            for language, parts in (("en", name.en), ("ne", name.ne)):
                if parts is None:
                    continue
                given, middle, family = parts.given, parts.middle, parts.family
                shown = (given, middle, family, parts.prefix, parts.suffix)
                self._add(
                    "names",
                    (
                        self._next_name,
                        entity,
                        number,
                        name.kind.value,
                        language,
                        parts.full,
                        *(shown if self._details else (None,) * len(shown)),
                        name_key(parts.full) if parts.full else None,
                        name_key(given) if given else None,
                        name_key(middle) if middle else None,
                        name_key(family) if family else None,
                    ),
                )
                self._next_name += 1

    def _attribute(self, value: Any) -> str | None:
        if not isinstance(value, str) or not _is_unicode(value):
            return _json(value) if self._details else None
        return value if self._details or len(value) <= MAX_ATTRIBUTE else None

    def _add_details(self, key: int, entity: Entity) -> None:
        for number, identifier in enumerate(entity.identifiers or ()):
            url = None if identifier.url is None else str(identifier.url)
            row = (
                key,
                number,
                identifier.scheme.value,
                *_both(identifier.name),
                identifier.value,
                url,
            )
            self._add("identifiers", row)
        for number, contact in enumerate(entity.contacts or ()):
            self._add("contacts", (key, number, contact.type.value, contact.value))

    # The rest ------------------------------------------------------------------------------

    def _add_relationship_file(self, path: str, data: bytes) -> None:
        self.add_relationship(path, load_relationship(data, path), data)

    def add_relationship(self, path: str, item: Relationship, data: bytes) -> None:
        """Add the relationship that the file at `path` holds, whose content is `data`."""
        if item.id.replace(":", "/") + SUFFIX != path:
            self._add_unread(path, f"it holds {item.id}")
            return
        ends = (item.source_entity_id, item.target_entity_id, item.type)
        dates = (_iso(item.start_date), _iso(item.end_date))
        detail: tuple[Any, ...] = (None,) * 5
        if self._details:
            detail = (_iso(item.created_at), *_summary(item), data.decode())
        self._add("relationships", (None, path, *ends, *dates, *detail))
        self._count += 1
        if self._count >= ROW_BATCH:
            self.flush()

    def _add_version_file(self, path: str, data: bytes) -> None:
        self.add_version(path, load_version(data, path))

    def add_version(self, path: str, version: Version) -> None:
        """Add the version that the file at `path` holds."""
        snapshot = version.snapshot
        self._add(
            "versions",
            (
                path,
                version.id,
                version.entity_or_relationship_id,
                version.version_number,
                version.author.slug,
                version.change_description,
                _iso(version.created_at),
                None if snapshot is None else _json(snapshot),
            ),
        )
        self._count += 1
        if self._count >= ROW_BATCH:
            self.flush()

    def _add_author_file(self, path: str, data: bytes) -> None:
        self.add_author(load_author(data, path))

    def add_author(self, author: Author) -> None:
        """Add an author."""
        self._add("authors", (author.id, author.slug, author.name))

    def add_migration(self, **columns: Any) -> None:
        """Add an applied migration, given by the columns of `migrations`."""
        names = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join("?" * len(columns))
        self._connection.execute(
            f"INSERT INTO migrations ({names}) VALUES ({values})", tuple(columns.values())
        )

    # Rows ----------------------------------------------------------------------------------

    def _add(self, table: str, row: tuple[Any, ...]) -> None:
        self._rows.setdefault(table, []).append(row)

    def flush(self) -> None:
        """Write the buffered rows."""
        if not self._rows:
            return
        rows, self._rows, self._count = self._rows, {}, 0
        for table, some in rows.items():
            self._insert(table, some)
        if self._has_search and "names" in rows:
            keys = [(row[0], *row[-len(KEYS) :]) for row in rows["names"]]
            self._insert(f"{SEARCH} (rowid, {', '.join(KEYS)})", keys)

    def _insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        some = list(rows)
        marks = ", ".join("?" * len(some[0]))
        self._connection.executemany(f"INSERT INTO {table} VALUES ({marks})", some)


def _entity_details(entity: Entity, data: bytes) -> tuple[Any, ...]:
    primary = next((n for n in entity.names if n.kind.value == "PRIMARY"), None)
    full = tuple(
        None if parts is None else parts.full
        for parts in ((primary.en, primary.ne) if primary else (None, None))
    )
    texts = (*_both(entity.short_description), *_both(entity.description))
    moments = (_iso(entity.created_at), *_summary(entity))
    return (entity.slug, *full, *texts, *moments, data.decode())


def _bounds(entity: Entity) -> tuple[int, int]:
    """Return the columns of `bounds` for an entity."""
    latin = other = 0
    for name in entity.names:
        bonus = PRIMARY_BONUS if name.kind.value == "PRIMARY" else OTHER_BONUS
        for parts in (name.en, name.ne):
            if parts is None:
                continue
            for text, points in (
                (parts.full, WHOLE_CONTAINS),
                (parts.given, PART_CONTAINS),
                (parts.middle, PART_CONTAINS),
                (parts.family, PART_CONTAINS),
            ):
                if not text:
                    continue
                key = name_key(text)
                other += (points + bonus) * (not key.isascii())
                # A blank between two words is ASCII in every script.
                is_latin = key.isascii() or any("!" <= letter <= "\x7f" for letter in key)
                latin += (points + bonus) * is_latin
    return latin, other


def _summary(thing: Entity | Relationship) -> tuple[Any, Any, Any]:
    """Return number, time and author of an object's version."""
    summary = thing.version_summary
    if summary is None:
        return None, None, None
    return summary.version_number, _iso(summary.created_at), summary.author.slug


def _both(text: Any) -> tuple[str | None, str | None]:
    """Return a text in English and in Nepali."""
    if text is None:
        return None, None
    return text.en.value if text.en else None, text.ne.value if text.ne else None


def _is_unicode(text: str) -> bool:
    """Return whether a string has no lone surrogate, which JSON allows and UTF-8 does not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _escaped(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if _is_unicode(text) else json.dumps(value)


def _iso(moment: Any) -> str | None:
    return None if moment is None else str(moment.isoformat())


def _value(member: Any) -> str | None:
    return None if member is None else str(getattr(member, "value", member))
