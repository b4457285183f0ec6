"""The index: finds entities by name, tag and attribute, and relationships by either end.

What it finds is what a plain scan of all files finds, in the same order. Its answers come from the
tables of one committed tree, which a file of SQLite has (`index_file`), and from tables in memory
that lie over them: those have every file that was written since. Without such a file, or before
one is worth it, the folders that are asked about are read into memory.

It does not answer where a file cannot be read as what its path says: the scan reports those.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from ..database.store import Store
from ..errors import NesTasksError
from ..models.identifiers import ENTITY, RELATIONSHIP, SUFFIX, path_of
from ..models.name_keys import name_key
from ..settings import STATE_FOLDER
from .entity_files import plain
from .filters import (
    OTHER_BONUS,
    PART_CONTAINS,
    PART_EQUAL,
    PRIMARY_BONUS,
    WHOLE_CONTAINS,
    WHOLE_EQUAL,
)
from .sqlite_tables import KEYS, MAX_ATTRIBUTE, SEARCH, has_search
from .table_writer import TableWriter

# So many files are read into memory before a file of tables is asked for, which takes longer to
# open than they do.
FILES_IN_MEMORY = 500
# Full text search is left when it finds more rows than this: a scan of all names is quicker then.
MANY_ROWS = 2000
# So many entities are looked at in the order of what they can score, and so many when none of them
# is certain to be among the first.
MOST_WALKED, FIRST_WALKED = 1000, 100
TRIGRAM = 3
# So many of each kind in one question to SQLite, which has limits; what is left out finds more.
MOST_TERMS = 50

Opener = Callable[[], sqlite3.Connection | None]
Row = TypeVar("Row", bound=Any)
Rows = Iterator[tuple[Any, ...]]


class Hit(NamedTuple):
    """A name that was found: the path of its entity, and the name as it is written."""

    path: str
    name: str


class Unread(NamedTuple):
    """A file that could not be read, and why; `malformed` when its content is at fault."""

    path: str
    problem: str
    malformed: bool


class Conditions(NamedTuple):
    """What entities must meet: be filed below a folder, and have all these tags and attributes.

    Conditions that the tables cannot answer are left out, so the result may be too large.
    """

    folder: str
    tags: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def of(
        cls,
        folder: str,
        tags: Collection[str] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Conditions:
        """Return those of the requested conditions that the tables can answer."""
        known = [str(plain(tag)) for tag in tags or () if is_askable(tag)]
        pairs = [
            (str(plain(name)), _comparable(value))
            for name, value in (attributes or {}).items()
            if is_askable(name)
        ]
        return cls(folder, tuple(known[:MOST_TERMS]), tuple(pairs[:MOST_TERMS]))

    @property
    def is_narrow(self) -> bool:
        """Whether there is more than the folder to look for."""
        return bool(self.tags or self.attributes)


def is_askable(text: object) -> bool:
    """Return whether tables can be asked for a text: no NUL in it, and no half of a surrogate."""
    if not isinstance(text, str) or "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _comparable(value: object) -> str | None:
    """Return the value of an attribute if the tables have it."""
    return value if type(value) is str and is_askable(value) else None


class Tables:
    """Questions to the tables of `connection`; `Index` puts several answers together."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._has_search = has_search(connection)

    def _rows(self, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> Rows:
        """Yield the rows that a query finds; raises `NesTasksError` for a damaged file."""
        try:
            yield from self._connection.execute(query, values)
        except sqlite3.DatabaseError as error:
            raise NesTasksError(
                f"the index of searches cannot be read: {error}",
                hint=f"delete the folder {STATE_FOLDER}/index, then run it again",
            ) from error

    def unread(self, folder: str) -> Iterator[Unread]:
        """Yield the files below a folder that could not be read."""
        query = "SELECT path, problem, malformed FROM unread WHERE path >= ? AND path < ?"
        return (Unread(*row) for row in self._rows(query, _below(folder)))

    def named(self, name: str, folder: str) -> Iterator[Hit]:
        """Yield the full names that have the same key as `name`."""
        rows = self._rows(
            f'SELECT path, "full" FROM {_NAMED_ENTITIES} '
            "WHERE full_key IS ? AND path >= ? AND path < ?",
            (name_key(name) if name else None, *_below(folder)),
        )
        return (Hit(*row) for row in rows)

    def names(self, folder: str) -> Iterator[str]:
        """Yield all full names, each once."""
        rows = self._rows(
            f'SELECT DISTINCT "full" FROM {_NAMED_ENTITIES} WHERE path >= ? AND path < ?',
            _below(folder),
        )
        return (name for (name,) in rows)

    def selected(self, conditions: Conditions) -> Iterator[str]:
        """Yield the paths of entities that meet conditions, sorted."""
        where, values = _where(conditions)
        rows = self._rows(f"SELECT path FROM entities WHERE {where} ORDER BY path", values)
        return (path for (path,) in rows)

    def ranked(
        self, query: str, conditions: Conditions, first: int | None = None
    ) -> Iterator[tuple[int, str]]:
        """Yield score, negated, and path of the entities that `query` fits; see `filters`.

        They are sorted by both. `query` is a key. The `first` of them are likely to be enough;
        None where all are asked for.
        """
        candidates = self._candidates(query)
        first = None if first is None or first > MOST_WALKED else first
        done = 0
        if candidates is None and first is not None and self._can_walk(query, conditions):
            for found in self._best(query, conditions):
                yield found
                done += 1
        if candidates is None:
            fits = " OR ".join(f"instr({key}, :query)" for key in KEYS)
        else:
            fits = f"names.key IN ({', '.join(map(str, candidates))})"
        # SQLite sorts a few of many in less time than all.
        for size in (-1,) if first is None else (2 * first, -1):
            before = done
            for found in self._scored(fits, query, conditions, size, done):
                yield found
                done += 1
            if done - before < size:
                return

    def _scored(
        self, fits: str, query: str, conditions: Conditions, size: int = -1, offset: int = 0
    ) -> Rows:
        """Yield a page of what `ranked` yields, of the names that meet `fits`; -1 for the rest."""
        where, values = _where(conditions)
        return self._rows(
            f"SELECT -sum({_SCORE}) AS score, path FROM {_NAMED_ENTITIES} "
            f"WHERE ({fits}) AND {where} GROUP BY names.entity HAVING score < 0 "
            "ORDER BY score, path LIMIT :size OFFSET :offset",
            {**values, "query": query, "size": size, "offset": offset},
        )

    def _can_walk(self, query: str, conditions: Conditions) -> bool:
        """Return whether `_best` can help; tables in memory are as quick without it."""
        return bool(query) and self._has_search and not conditions.is_narrow

    def _best(self, query: str, conditions: Conditions) -> Iterator[tuple[int, str]]:
        """Yield the first of what `ranked` yields, as many as are found without all the names.

        Those that can fit best are looked at first, by `bounds`. One is certain once no other can
        fit better, nor as well and come before it. Where a query is within every name, that is
        soon; where not, this ends after some names. Names that equal the query lie out of bounds.
        """
        equal = " UNION ".join(f"SELECT entity FROM names WHERE {key} = :query" for key in KEYS)
        same = [row for (row,) in self._rows(f"{equal} LIMIT {MANY_ROWS + 1}", {"query": query})]
        if len(same) > MANY_ROWS:
            return
        among = f"names.entity IN ({', '.join(map(str, same))})"
        waiting = list(self._scored(among, query, conditions)) if same else []
        heapq.heapify(waiting)
        known, (low, end) = set(same), _below(conditions.folder)
        bound = "latin" if query.isascii() else "other"
        rows = self._rows(
            f"SELECT entity, -{bound}, path, CASE WHEN path >= :low AND path < :end THEN "
            f"(SELECT -sum({_SCORE}) FROM names WHERE names.entity = bounds.entity) END "
            f"FROM bounds WHERE {bound} > 0 ORDER BY {bound} DESC, path",
            {"query": query, "low": low, "end": end},
        )
        is_certain = False
        for count, (entity, most, path, score) in enumerate(rows):
            while waiting and waiting[0] < (most, path):
                is_certain = True
                yield heapq.heappop(waiting)
            if count == (MOST_WALKED if is_certain else FIRST_WALKED):
                return
            if score and entity not in known:
                heapq.heappush(waiting, (score, path))
        while waiting:
            yield heapq.heappop(waiting)

    def _candidates(self, query: str) -> list[int] | None:
        """Return the rows of names that can have `query` in them, None when all rows can."""
        if not self._has_search or len(query) < TRIGRAM:
            return None
        parts = {query[at : at + TRIGRAM] for at in range(len(query) - TRIGRAM + 1)}
        match = " AND ".join(
            '"{}"'.format(part.replace('"', '""')) for part in sorted(parts)[:MOST_TERMS]
        )
        statement = f"SELECT rowid FROM {SEARCH} WHERE {SEARCH} MATCH ? LIMIT ?"
        rows = [row for (row,) in self._rows(statement, (match, MANY_ROWS + 1))]
        return None if len(rows) > MANY_ROWS else rows

    def tags(self) -> list[str]:
        """Return all tags, each once."""
        return [tag for (tag,) in self._rows("SELECT DISTINCT tag FROM tags")]

    def tagged(self, tag: str) -> Iterator[str]:
        """Yield the paths of the entities with a tag."""
        rows = self._rows(
            "SELECT path FROM tags JOIN entities ON entities.key = tags.entity WHERE tag = ?",
            (tag,),
        )
        return (path for (path,) in rows)

    def related(self, entity_id: str, ends: Collection[str]) -> Iterator[str]:
        """Yield the paths of the relationships of which an entity is one of the `ends`, sorted."""
        parts = (f"SELECT path FROM relationships WHERE {end} = :id" for end in ends)
        rows = self._rows(f"{' UNION '.join(parts)} ORDER BY path", {"id": entity_id})
        return (path for (path,) in rows)


# Names first: what they are looked for by is narrower than most folders.
_NAMED_ENTITIES = "names CROSS JOIN entities ON entities.key = names.entity"
_BONUS = f"CASE kind WHEN 'PRIMARY' THEN {PRIMARY_BONUS} ELSE {OTHER_BONUS} END"
_SCORE = " + ".join(
    f"CASE WHEN {key} = :query THEN {equal} + {_BONUS} "
    f"WHEN instr({key}, :query) THEN {contains} + {_BONUS} ELSE 0 END"
    for key, equal, contains in zip(
        KEYS,
        (WHOLE_EQUAL, PART_EQUAL, PART_EQUAL, PART_EQUAL),
        (WHOLE_CONTAINS, PART_CONTAINS, PART_CONTAINS, PART_CONTAINS),
        strict=True,
    )
)


def _below(folder: str) -> tuple[str, str]:
    """Return the two strings between which the paths below a folder sort."""
    return f"{folder}/", f"{folder}{chr(ord('/') + 1)}"


def _where(conditions: Conditions) -> tuple[str, dict[str, str | None]]:
    """Return the conditions in SQL, and the values of its parameters."""
    first, end = _below(conditions.folder)
    parts = ["path >= :first AND path < :end"]
    values: dict[str, str | None] = {"first": first, "end": end}
    for number, tag in enumerate(conditions.tags):
        parts.append(f"entities.key IN (SELECT entity FROM tags WHERE tag = :tag{number})")
        values[f"tag{number}"] = tag
    for number, (name, value) in enumerate(conditions.attributes):
        same = ""
        if value is not None and len(value) <= MAX_ATTRIBUTE:
            same = f" AND value = :value{number}"
        parts.append(
            f"entities.key IN (SELECT entity FROM attributes WHERE name = :name{number}{same})"
        )
        values |= {f"name{number}": name, f"value{number}": value}
    return " AND ".join(parts), values


class Index:
    """Finds things in the files of `store`, as they are at this moment.

    `open_tables` returns the tables of the tree that the store began with, None when there are
    none; it is called once, when they are worth it. `note` must be called with the id of each
    thing that is written or deleted. With `strict` it does not answer where a file is malformed;
    otherwise such a file is left out, and `warn_of_malformed` calls `warn`.
    """

    def __init__(
        self,
        store: Store,
        open_tables: Opener = lambda: None,
        *,
        strict: bool = True,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._open_tables: Opener | None = open_tables
        self._strict = strict
        self._warn = warn
        self._base: Tables | None = None
        # What is in memory: the tables, the paths that these alone know, and whole folders.
        self._memory: Tables | None = None
        self._writer: TableWriter | None = None
        self._paths: set[str] = set()
        self._folders: set[str] = set()
        self._changed: set[str] = set()

    def note(self, identifier: str) -> None:
        """Take note that the thing with this id was written or deleted."""
        if identifier.startswith((ENTITY, RELATIONSHIP)):
            self._changed.add(path_of(identifier))

    def answers(self, folder: str) -> bool:
        """Get ready for questions about a folder; return whether it can answer them."""
        self._store.exists(folder)  # which another thread or process may not ask
        if self._memory is None:
            connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            # One transaction for all rows: beginning one for each costs more than the row.
            connection.execute("BEGIN")
            self._writer = TableWriter(connection)
            self._writer.create()
            self._writer.finish(search=False)
            self._memory = Tables(connection)
        if self._base is None and not self._has(folder):
            self._cover(folder)
        self._refresh()
        return not any(self._strict or not row.malformed for row in self.unread(folder))

    def unread(self, folder: str) -> list[Unread]:
        """Return the files below a folder that could not be read, sorted by path."""
        found = self._valid(lambda tables: tables.unread(folder), lambda row: row.path)
        return sorted(found)

    def warn_of_malformed(self, folder: str) -> None:
        """Warn of what answers about a folder leave out."""
        for row in self.unread(folder):
            self._warn(f"left out: {row.problem}")

    def _has(self, folder: str) -> bool:
        return any(f"{folder}/".startswith(f"{known}/") for known in self._folders)

    def _cover(self, folder: str) -> None:
        """Open the tables of the tree, or read a folder into memory."""
        room = max(FILES_IN_MEMORY - len(self._paths), 0)
        is_small = len(list(islice(self._store.list(folder), room + 1))) <= room
        if not is_small and self._open_tables is not None:
            connection, self._open_tables = self._open_tables(), None
            if connection is not None:
                self._base = Tables(connection)
                return
        known = self._paths
        self._fill(path for path in self._store.list(folder) if path not in known)
        self._folders.add(folder)

    def _fill(self, paths: Iterable[str]) -> None:
        """Read files into memory that are not there."""
        assert self._writer is not None
        for path, data in self._store.read_many(path for path in paths if path.endswith(SUFFIX)):
            self._paths.add(path)
            if data is not None:
                self._writer.add_file(path, data)
        self._writer.flush()

    def _refresh(self) -> None:
        """Read again what has changed."""
        if not self._changed:
            return
        assert self._writer is not None
        changed, self._changed = sorted(self._changed), set()
        for path in changed:
            if path in self._paths:
                self._writer.remove_file(path)
        self._fill(changed)

    # Answers, for folders for which `answers` has returned True ----------------------------

    def named(self, name: str, folder: str) -> list[Hit]:
        """Return the full names that have the same key as `name`, in the order of the paths."""
        found = self._valid(lambda tables: tables.named(name, folder), lambda hit: hit.path)
        return sorted(found)

    def names(self, folder: str) -> Iterator[str]:
        """Yield the full names; some more than once, and some that nothing has any more."""
        for tables in self._tables():
            yield from tables.names(folder)

    def selected(self, conditions: Conditions) -> Iterator[str]:
        """Yield the paths of the entities that can meet conditions, sorted."""
        return self._merged(lambda tables: tables.selected(conditions), lambda path: path)

    def ranked(self, query: str, conditions: Conditions, first: int | None = None) -> Iterator[str]:
        """Yield the paths of the entities that a key fits, the best first; see `Tables.ranked`."""
        found = self._merged(lambda tables: tables.ranked(query, conditions, first), itemgetter(1))
        return (path for _, path in found)

    def related(self, entity_id: str, ends: Collection[str]) -> Iterator[str]:
        """Yield the paths of the relationships of which an entity is one of the `ends`, sorted."""
        return self._merged(lambda tables: tables.related(entity_id, ends), lambda path: path)

    def tags(self) -> list[str]:
        """Return all tags, sorted."""
        found: set[str] = set()
        for tables in self._tables():
            for tag in tables.tags():
                holders = self._valid_of(tables, tables.tagged(tag), lambda path: path)
                if tag not in found and next(holders, None) is not None:
                    found.add(tag)
        return sorted(found)

    def _tables(self) -> Iterator[Tables]:
        return (tables for tables in (self._base, self._memory) if tables is not None)

    def _valid(
        self, ask: Callable[[Tables], Iterator[Row]], path: Callable[[Row], str]
    ) -> Iterator[Row]:
        """Yield the answers of all tables, without those of files that were written since."""
        for tables in self._tables():
            yield from self._valid_of(tables, ask(tables), path)

    def _merged(
        self, ask: Callable[[Tables], Iterator[Row]], path: Callable[[Row], str]
    ) -> Iterator[Row]:
        """Yield the same, sorted, of answers that are sorted."""
        answers = (self._valid_of(tables, ask(tables), path) for tables in self._tables())
        return heapq.merge(*answers)

    def _valid_of(
        self, tables: Tables, answer: Iterator[Row], path: Callable[[Row], str]
    ) -> Iterator[Row]:
        if tables is self._memory or not self._paths:
            return answer
        return (row for row in answer if path(row) not in self._paths)
