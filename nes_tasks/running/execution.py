"""One execution of one migration, in a process of its own.

The process is forked for it and ends with it, so nothing a script does to the interpreter can
affect another migration. All requests and output go over one connection; the other side (`writer`)
decides about them.
"""

from __future__ import annotations

import glob
import os
import random
import socket
import sqlite3
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from .. import compat
from ..database.store import SingleThreadStore
from ..errors import NesTasksError
from ..models.codec import MalformedFileError
from . import protocol
from .client import Connection, RemoteStore, to_json
from .environment import imported_modules
from .failure import failure
from .files_read import FilesRead
from .loading import examine
from .own_modules import make_importable
from .readers import Inputs, Source, doubts
from .refusal import refusal
from .script import load_script, module_name, run_migrate, run_verify
from .script_terms import Terms
from .task import Task


def perform(stream: socket.socket, terms: Terms) -> None:
    """Execute the task that arrives on `stream` under the active `terms`.

    Errors of a script are sent, not raised.
    """
    connection = Connection(stream)
    task = Task(**connection.receive_task())
    stage = Stage()
    try:
        if task.tree is None:
            connection.send(protocol.LOADED, to_json(_load(task)).encode())
        else:
            _run(task, task.tree, connection, stage)
            modules = imported_modules(module_name(task.name))
            connection.send(protocol.DONE, to_json(modules).encode())
    except BaseException as error:
        # sys.exit, KeyboardInterrupt and any other exception of a script are failures too.
        report = failure(error, task.folder, task.display_path)
        if stage.is_verifying:
            report["message"] = f"verify: {report['message'].removeprefix('AssertionError: ')}"
        if (refused := refusal(error, terms)) is not None:
            report["message"] = f"{report['message']}; {refused}"
        if isinstance(error, MalformedFileError):
            report["source"] = error.source
        connection.send(protocol.FAILED, to_json(report).encode())


def _load(task: Task) -> dict[str, Any]:
    make_deterministic(task.name, datetime.fromisoformat(task.clock))
    compat.choose(task.nes_package)
    compat.install_moved()
    make_importable(task.folder, lambda _: None)
    return examine(task)


class Stage:
    """The stage of a script: whether a failure is in `verify`."""

    is_verifying = False


def _run(task: Task, tree: str, connection: Connection, stage: Stage) -> None:
    """Run the script of a migration with a context that uses `connection`."""
    from ..scraping.recording import Recording

    clock = datetime.fromisoformat(task.clock)
    make_deterministic(task.name, clock)
    opened = FilesRead(task.folder)
    with Recording.of_migration(Path(task.folder), deterministic=task.deterministic).in_force():
        store = RemoteStore(connection, tree, task.data_dir)
        inputs = Inputs(frozenset(task.inputs), frozenset(task.ignored), task.display_path)
        sources: list[Source] = []
        context = _context(task, store, clock, connection, inputs, sources)
        note = compat.choose(task.nes_package)
        if note is not None:
            connection.send(protocol.NOTE, note.encode())
        compat.install_moved()
        make_importable(task.folder, inputs.refusal)
        if task.only_verify:
            module = load_script(task.name, task.script)
        else:
            module = run_migrate(task.name, task.script, context)
        for doubt in doubts(sources):
            connection.send(protocol.HINT, doubt.encode(errors="backslashreplace"))
        stage.is_verifying = True
        store.freeze()
        # With separate services: objects cached in those of migrate are not the result.
        if run_verify(module, lambda: _context(task, store, clock, connection, inputs, [])):
            connection.send(protocol.VERIFIED)
    connection.send(protocol.READ, to_json(sorted(opened.paths)).encode(errors="replace"))


def _context(
    task: Task,
    store: RemoteStore,
    clock: datetime,
    connection: Connection,
    inputs: Inputs,
    sources: list[Source],
) -> Any:
    from ..scraping.service import ScrapingService
    from ..services.database import EntityDatabase
    from ..services.publication import PublicationService
    from ..services.search import SearchService
    from .context import MigrationContext

    def log(message: str) -> None:
        # A lone surrogate, which a Python string may contain, cannot be encoded in UTF-8.
        connection.send(protocol.LOG, message.encode(errors="backslashreplace"))

    def note(text: str) -> None:
        connection.send(protocol.HINT, text.encode(errors="backslashreplace"))

    def progress(label: str | None, done: int, total: int | None) -> None:
        text = None if label is None else str(label)
        row = [text, int(done), None if total is None else int(total)]
        connection.send(protocol.PROGRESS, to_json(row).encode())

    database = EntityDatabase(
        SingleThreadStore(store),
        strict=task.strict,
        warn=lambda text: log(f"warning: {text}"),
        open_tables=lambda: _open_index(task, connection),
    )
    author = f"author:migration-{task.name}"
    return MigrationContext(
        publication=PublicationService(database, lambda: clock, default_author=author),
        search=SearchService(database),
        db=database,
        migration_dir=Path(task.folder),
        author_id=author,
        scraping=ScrapingService(),
        on_log=log,
        on_progress=progress,
        on_note=note,
        inputs=inputs,
        sources=sources,
    )


def _open_index(task: Task, connection: Connection) -> sqlite3.Connection | None:
    """Return the index tables of the script's base tree, None without an index."""
    from ..services.index_connection import open_tables

    path = connection.ask(protocol.INDEX, b"", 1)[0]
    if path is None or task.tree is None:
        return None
    try:
        return open_tables(Path(os.fsdecode(path)), task.tree, task.data_dir)
    except (sqlite3.Error, NesTasksError) as error:
        connection.send(protocol.NOTE, f"searches read the whole database: {error}".encode())
        return None


def make_deterministic(name: str, clock: datetime) -> None:
    """Freeze the clock, seed `random`, and sort directory listings.

    The network and the kernel's entropy (`secrets`, `uuid4`) still differ; a script must not use
    them unless it sets DETERMINISTIC = False.
    """
    import time_machine

    time_machine.travel(clock, tick=False).start()
    random.seed(name)
    sys.dont_write_bytecode = True  # __pycache__ folders do not belong beside the data files
    listdir, scandir = os.listdir, os.scandir

    def sorted_listdir(path: Any = ".") -> list[Any]:
        return sorted(listdir(path))

    def sorted_scandir(path: Any = ".") -> _SortedEntries:
        return _SortedEntries(scandir(path))

    os.listdir = sorted_listdir
    os.scandir = sorted_scandir  # type: ignore[assignment]
    # Path.glob and rglob of Python 3.13 have bound it when they were imported.
    globber = getattr(glob, "_StringGlobber", None)
    if getattr(globber, "scandir", None) is scandir:
        globber.scandir = staticmethod(sorted_scandir)  # type: ignore[union-attr]


class _SortedEntries:
    """What `os.scandir` returns, sorted by name."""

    def __init__(self, entries: Any) -> None:
        self._entries = entries
        self._sorted = iter(sorted(entries, key=lambda entry: entry.name))

    def __iter__(self) -> _SortedEntries:
        return self

    def __next__(self) -> Any:
        return next(self._sorted)

    def __enter__(self) -> _SortedEntries:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the folder."""
        self._entries.close()
