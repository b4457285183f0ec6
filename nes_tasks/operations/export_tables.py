"""The tables of an export: the whole database at one point of its history in one SQLite file.

Everything comes from git's objects of one commit and its history, so a bare, sparse or shallow
clone gives the same as a full one, apart from which migration wrote a version where the clone
does not reach back to it. A partial clone fetches what it lacks.

The same commit gives the same bytes with the same versions of nes-tasks and SQLite: no clock and
no path of this machine is written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from ..errors import UnavailableError
from ..git.command import Git
from ..git.contents import read_contents
from ..git.diff import changed_files, list_files
from ..git.incomplete_clone import lacks_trees
from ..git.snapshot import missing_object
from ..models.identifiers import SUFFIX
from ..project import Project
from ..services.entity_files import AUTHORS, ENTITIES, RELATIONSHIPS, VERSIONS
from ..services.table_writer import TableWriter
from ..version import __version__
from . import export_schema as schema
from .history import HistoryEntry, applied_history, people_of
from .points import Point

# Progress callback: (label, done, total or None).
Progress = Callable[[str, int, int | None], None]

FOLDERS = (AUTHORS, ENTITIES, RELATIONSHIPS, VERSIONS)
PROGRESS_EVERY = 1000
# SQLite's page cache in KiB, which speeds up creating the indexes.
CACHE = 64 * 1024

MAKER = {"format": str(schema.FORMAT), "made_by": f"nes-tasks {__version__}"}


def is_export_of(path: Path, commit: str) -> bool:
    """Return whether a file is the SQLite export of a commit, made by this version."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            found = dict(connection.execute("SELECT name, value FROM export"))
    except sqlite3.Error:
        return False
    return found.items() >= {**MAKER, "commit": commit}.items()


def write_tables(project: Project, point: Point, path: Path, progress: Progress) -> dict[str, int]:
    """Write the state at `point` as a new SQLite file at `path`; return how many rows tables have.

    Memory does not grow with the number of files. A file that was begun and not finished is left
    to the caller. Raises `UnavailableError` when it cannot be written, `GitError` when the
    repository cannot be read, and `DatabaseError` for an object that is missing.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return _Export(project, point, connection, progress).write()
    except sqlite3.Error as error:
        raise UnavailableError(f"the export cannot be written: {error}") from error


class _Export:
    """The steps of one export into an empty database of SQLite."""

    def __init__(
        self, project: Project, point: Point, connection: sqlite3.Connection, progress: Progress
    ) -> None:
        self._project = project
        self._point = point
        self._git = Git(project.settings.database)
        self._data_dir = project.settings.data_dir
        self._connection = connection
        self._progress = progress

    def write(self) -> dict[str, int]:
        execute = self._connection.execute
        if not schema.has_full_text_search(self._connection):
            raise UnavailableError("the SQLite of this Python has no full text search (FTS5)")
        # The file is not used before it is complete, and an incomplete one is deleted.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE}"):
            execute(f"PRAGMA {pragma}")
        execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        execute(f"PRAGMA user_version = {schema.FORMAT}")
        execute("BEGIN")
        execute(schema.EXPORT)
        self._describe()
        writer = TableWriter(self._connection, details=True)
        writer.create()
        self._add_files(writer)
        self._add_migrations(writer)
        self._progress("making the indexes", 0, None)
        # Trigrams serve our own searches; users get a word index.
        writer.finish(search=False)
        execute(schema.VERSION_MIGRATIONS_INDEX)
        schema.make_parents(self._connection)
        schema.make_search(self._connection)
        schema.make_views(self._connection)
        execute("COMMIT")
        return {name: self._count(name) for name in schema.COUNTED}

    def _describe(self) -> None:
        point = self._point
        rows = {
            **MAKER,
            "commit": point.commit,
            "tree": point.tree,
            "committed_at": point.committed_at.isoformat(),
            "data_dir": self._data_dir,
        }
        self._connection.executemany("INSERT INTO export VALUES (?, ?)", rows.items())

    def _add_files(self, writer: TableWriter) -> None:
        start = len(self._data_dir) + 1
        found = (
            file
            for folder in FOLDERS
            for file in list_files(
                self._git, self._point.tree, f"{self._data_dir}/{folder}", links=True
            )
            if file.path.endswith(SUFFIX)
        )
        contents = read_contents(self._git, found, fetch=True)
        for done, (file, data) in enumerate(contents, 1):
            if data is None:
                raise missing_object(file.path, file.oid)
            writer.add_file(file.path[start:], data)
            if not done % PROGRESS_EVERY:
                self._progress("reading files", done, None)

    def _add_migrations(self, writer: TableWriter) -> None:
        ledger = self._project.ledger(self._point.commit)
        applied = applied_history(self._project, ledger)
        people = people_of(run.record.author for run in applied)
        for run in applied:
            record, moment = run.record, run.applied_in_utc
            counts = asdict(record.statistics)
            writer.add_migration(
                name=record.name,
                author=people[record.author],
                date=record.date.isoformat() if record.date else None,
                description=record.description,
                applied_at=moment.isoformat() if moment else None,
                commit=run.commits[-1].id if run.commits else None,
                **counts,
            )
        self._connection.execute(schema.VERSION_MIGRATIONS)
        if lacks_trees(self._git):
            return  # each tree would be fetched separately
        for number, run in enumerate(applied, 1):
            self._connection.executemany(
                "INSERT OR REPLACE INTO version_migrations VALUES (?, ?)", self._versions_of(run)
            )
            self._progress("following the migrations", number, len(applied))

    def _versions_of(self, run: HistoryEntry) -> Iterator[tuple[str, str]]:
        """Yield the versions that a migration wrote, as far as the history reaches back."""
        execution = run.execution
        if execution is None or execution.is_truncated:
            return
        start, folder = len(self._data_dir) + 1, f"{self._data_dir}/{VERSIONS}"
        for change in changed_files(self._git, execution.base_tree, execution.tree, folder):
            path = change.path[start:]
            if change.old is None and path.isascii():
                yield path, run.record.name

    def _count(self, table: str) -> int:
        (count,) = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)
