"""The index as a file: tables of one committed tree, brought up to date from tree to tree.

The file of a project is derived from the branch. Executions on other commits, as those of a preview
and a replay, get a copy of their own that goes away after them. Nothing depends on these files:
one that is missing, damaged, of another format or changed by another program is rebuilt, and where
none can be written the services scan.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..cache import is_abandoned, load_cache, save_cache
from ..git.command import Git
from ..git.diff import Change, changed_files, list_files
from ..git.incomplete_clone import fetch_files, has_tree
from ..git.objects import REQUEST_BATCH, ObjectReader
from ..git.snapshot import GITLINK_MODE, missing_object
from ..models.identifiers import SUFFIX
from ..settings import STATE_FOLDER
from ..state_folder import make_folder
from .entity_files import ENTITIES, RELATIONSHIPS
from .index_connection import MAKER, connect, tree_in
from .sqlite_tables import FORMAT
from .table_writer import TableWriter

NAME = "entities.db"
STAMP = "entities.json"
PRIVATE = "private-"
# In seconds: progress of what takes less is not worth a line, and how often it is reported.
QUIET, INTERVAL = 2.0, 0.1
# So many files are removed one by one from an index of any size.
FEW_REMOVED = 1000
Progress = Callable[[str, int, int | None], None]


class _File(NamedTuple):
    """A file of the data folder that has to be read: its path there, and its blob id."""

    path: str
    oid: str


class IndexFile:
    """The files of tables in `folder`, made for one process from the files below `data_dir`.

    `warn` is called once when no tables can be written, `progress` with what is read, the number of
    files done and how many there are, when it takes long.
    """

    def __init__(
        self, folder: Path, data_dir: str, *, warn: Callable[[str], None], progress: Progress
    ) -> None:
        self._folder = folder
        self._data_dir = data_dir
        self._warn = warn
        self._has_warned = False
        self._progress = progress
        self._private = folder / f"{PRIVATE}{os.getpid()}.db"
        self._private_tree: str | None = None

    def at(self, git: Git, tree: str, *, is_published: bool) -> Path | None:
        """Return a file with the tables of a tree, None when none can be written.

        That of the project is brought to a tree only if it `is_published`: that of the branch.
        Raises `GitError` and `DatabaseError` when the repository cannot be read.
        """
        try:
            make_folder(self._folder)
            shared = self._folder / NAME
            if is_published and self._bring(shared, git, tree):
                return shared
            return self._bring_private(shared, git, tree)
        except (OSError, sqlite3.Error) as error:
            if not self._has_warned:
                self._has_warned = True
                place = f"{STATE_FOLDER}/{self._folder.name}"
                self._warn(
                    "searches read the whole database, "
                    f"because the index cannot be written to {place}: {error}"
                )
            return None

    def _bring(self, shared: Path, git: Git, tree: str) -> bool:
        """Bring the project's file to a tree; return whether another process let us."""
        known = self._known_tree(shared)
        if known == tree:
            return True
        try:
            if known is None or not self._update(shared, git, known, tree):
                self._rebuild(shared, git, tree)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                return False
            raise
        except sqlite3.DatabaseError:  # damaged, and nothing has shown it so far
            self._rebuild(shared, git, tree)
        self._stamp(shared)
        return True

    def _rebuild(self, shared: Path, git: Git, tree: str) -> None:
        aside = self._folder / f"{NAME}.{os.getpid()}"
        try:
            self._build(aside, git, tree)
            # What was begun and not finished belongs to the old file.
            _remove(shared)
            aside.replace(shared)
        finally:
            _remove(aside)
        _remove_abandoned(self._folder)

    def _bring_private(self, shared: Path, git: Git, tree: str) -> Path:
        """Bring a file of our own to a tree, which begins as a copy of the project's."""
        path = self._private
        if self._private_tree is None:
            _remove_abandoned(self._folder)
            self._private_tree = self._known_tree(shared)
            if self._private_tree is not None:
                _remove(path)
                with closing(connect(shared, "ro")) as old, closing(connect(path, "rwc")) as new:
                    old.backup(new)
        known, self._private_tree = self._private_tree, None
        if known != tree and (known is None or not self._update(path, git, known, tree)):
            self._build(path, git, tree)
        self._private_tree = tree
        return path

    def close(self) -> None:
        """Remove the file of our own."""
        with contextlib.suppress(OSError):
            _remove(self._private)
        self._private_tree = None

    # What is in a file ---------------------------------------------------------------------

    def _known_tree(self, path: Path) -> str | None:
        """Return the tree that a file is derived from, None when it cannot be relied on."""
        stamp = load_cache(self._folder / STAMP, FORMAT)
        if path.is_symlink() or stamp.get("file") != _signature(path):
            return None
        try:
            with closing(connect(path, "ro")) as connection:
                return tree_in(connection, self._data_dir)
        except sqlite3.Error:
            return None

    def _stamp(self, path: Path) -> None:
        """Note how the file looks, so that a change by anybody else is noticed."""
        save_cache(self._folder / STAMP, FORMAT, {"file": _signature(path)})

    def _build(self, path: Path, git: Git, tree: str) -> None:
        folders = self._folders()
        found = (
            _File(file.path, file.oid)
            for folder in folders
            for file in list_files(git, tree, folder, links=True)
        )
        _remove(path)
        with closing(connect(path, "rwc")) as connection:
            # It belongs to no tree until it is complete.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            writer = TableWriter(connection)
            writer.create()
            connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
            self._add(writer, git, found, None)
            writer.finish()
            self._describe(connection, tree)
        with path.open("rb") as file:
            os.fsync(file.fileno())

    def _update(self, path: Path, git: Git, old: str, new: str) -> bool:
        """Bring a file from tree to tree; return False, with nothing done, if that is not worth it.

        It is not when the old tree is gone, or most of what was in it: then a new file is quicker.
        """
        if not has_tree(git, old):
            return False
        with closing(connect(path, "rw")) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if tree_in(connection, self._data_dir) != old:
                raise sqlite3.DatabaseError("another process has changed it")
            changes: list[Change] = []
            room = max(FEW_REMOVED, _count(connection) // 2)
            for change in changed_files(git, old, new, *self._folders()):
                changes.append(change)
                room -= change.new is None
                if room < 0:
                    return False
            writer = TableWriter(connection)
            writer.open()
            for change in changes:
                writer.remove_file(self._relative(change.path))
            added = [
                _File(change.path, change.new)
                for change in changes
                if change.new is not None and change.new_mode != GITLINK_MODE.decode()
            ]
            self._add(writer, git, added, len(added))
            writer.flush()
            self._describe(connection, new)
        return True

    def _describe(self, connection: sqlite3.Connection, tree: str) -> None:
        rows = {"maker": MAKER, "data_dir": self._data_dir, "tree": tree}
        connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows.items())
        connection.execute("COMMIT")

    def _folders(self) -> list[str]:
        return [f"{self._data_dir}/{folder}" for folder in (ENTITIES, RELATIONSHIPS)]

    def _relative(self, path: str) -> str:
        return path.removeprefix(f"{self._data_dir}/")

    def _add(
        self, writer: TableWriter, git: Git, files: Iterable[_File], total: int | None
    ) -> None:
        """Read files of the repository into tables, a few hundred at a time."""
        if git.is_partial:
            files = list(files)
            fetch_files(git, (file.oid for file in files))
        began = reported_at = time.monotonic()
        done = 0
        with ObjectReader(git) as reader:
            for some in _rounds(file for file in files if file.path.endswith(SUFFIX)):
                found = reader.get_many(file.oid for file in some)
                for file, blob in zip(some, found, strict=True):
                    if blob is None:
                        raise missing_object(file.path, file.oid)
                    writer.add_file(self._relative(file.path), blob.data)
                done += len(some)
                now = time.monotonic()
                if now - began > QUIET and now - reported_at > INTERVAL:
                    reported_at = now
                    self._progress("reading names for searches", done, total)


def _count(connection: sqlite3.Connection) -> int:
    """Return how many entities and relationships there are."""
    tables = ("entities", "relationships")
    counts = (connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables)
    return sum(count for (count,) in counts)


def _signature(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    # The last of them cannot be chosen, not even by the author of an archive.
    return [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]


def _rounds(files: Iterator[_File]) -> Iterator[list[_File]]:
    while some := list(islice(files, REQUEST_BATCH)):
        yield some


def _remove(path: Path) -> None:
    """Remove a file of SQLite, and what a process that was killed has left beside it."""
    for one in (path, path.with_name(f"{path.name}-journal")):
        one.unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
    """Remove what processes have left that were killed."""
    names = {path: path.stem.removeprefix(PRIVATE) for path in folder.glob(f"{PRIVATE}*.db")}
    names |= {path: path.suffix.removeprefix(".") for path in folder.glob(f"{NAME}.*")}
    for path, pid in names.items():
        if is_abandoned(pid):
            with contextlib.suppress(OSError):
                _remove(path)
