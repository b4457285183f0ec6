"""One execution of one migration, in a process of its own.

The process was forked for it and ends with it, so nothing that a script does to the
interpreter reaches anything else. What it reports goes through the `Channel`; what it changes
goes through a transaction that the caller may publish or throw away.
"""

from __future__ import annotations

import glob
import os
import random
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from .. import compat
from ..database.marker import FILE_NAME, FOLDER, LOG_NAME, Marker
from ..database.message import commit_message
from ..database.owned_store import OwnedStore
from ..database.transaction import Signature, Transaction
from ..git.command import Git
from ..git.file_history import read_file_history
from ..models.codec import MalformedFileError
from .failure import failure
from .job import Channel, Job
from .script import run_script


def execute(job: Job, channel: Channel) -> None:
    """Run the script of a migration and commit its changes on the private ref.

    Reports ``log``, ``progress``, ``note`` (for the run's log alone) and in the end either
    ``done`` or ``failed``; raises nothing that a script can cause.
    """
    try:
        channel.send(done=_run(job, channel))
    except BaseException as error:
        # sys.exit, KeyboardInterrupt and whatever else a script can think of are failures too.
        _name_the_writer(error, job)
        channel.send(failed=failure(error, job.folder, job.shown))


def _name_the_writer(error: BaseException, job: Job) -> None:
    """Add to the error of a malformed file which migration, or commit, has left it so."""
    source = getattr(error, "source", None)
    if not (isinstance(error, MalformedFileError) and source and job.base):
        return
    git, path = Git(Path(job.database)), f"{job.data_dir}/{source}"
    for commit in read_file_history(git, job.base, path)[-1:]:
        writer = commit.migration or f"commit {commit.id[:12]}, {commit.subject}"
        error.hint = f"it was written by {writer}"


def _run(job: Job, channel: Channel) -> dict[str, Any]:
    from ..scraping.recording import Recording

    started = perf_counter()
    clock = datetime.fromisoformat(job.clock)
    make_deterministic(job.name, clock)
    logs: list[str] = []

    def log(message: str) -> None:
        logs.append(message)
        channel.send(log=message)

    def progress(label: str | None, done: int, total: int | None) -> None:
        text = None if label is None else str(label)
        channel.send(progress=[text, int(done), None if total is None else int(total)])

    git = Git(Path(job.database))
    with (
        Recording.of_migration(Path(job.folder), deterministic=job.deterministic).in_force(),
        Transaction(git, base=job.base, ref=job.ref, data_dir=job.data_dir) as transaction,
    ):
        context = _context(job, transaction, clock, log, progress)
        note = compat.choose(job.nes_package)
        if note is not None:
            channel.send(note=note)
        run_script(job.name, job.script, context)
        statistics = transaction.statistics()
        duration = perf_counter() - started
        marker = Marker(
            migration=job.name,
            author=job.author_text,
            date=date.fromisoformat(job.date),
            description=job.description,
            applied_at=clock,
            base_tree=transaction.base_tree,
            deterministic=job.deterministic,
            statistics=statistics,
            inputs=job.inputs,
        )
        records = f"{FOLDER}/{job.name}"
        # A lone surrogate, which Python lets a text hold, has no place in UTF-8.
        log_text = "".join(f"{line}\n" for line in logs).encode(errors="backslashreplace")
        commits = transaction.commit(
            [
                (f"{records}/{LOG_NAME}", log_text),
                (f"{records}/{FILE_NAME}", marker.to_bytes()),
            ],
            message=lambda batch, batches: commit_message(
                marker, duration=duration, batch=batch, batches=batches
            ),
            author=Signature(*job.author, _midnight(job.date, clock)),
            committer=Signature(*job.committer, clock),
            batch_size=job.batch_size,
        )
    return {
        "commits": list(commits),
        "duration": duration,
        "statistics": asdict(statistics),
        "logs": logs,
        "peak_memory": _peak_memory(),
    }


def _peak_memory() -> int:
    """Return the most memory that this process has had so far, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2) of macOS and of Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _midnight(day: str, clock: datetime) -> datetime:
    """Return the first moment of `day` in UTC; commits carry moments, migrations carry days."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), clock.tzinfo)


def _context(
    job: Job,
    transaction: Transaction,
    clock: datetime,
    log: Callable[[str], None],
    progress: Callable[[str | None, int, int | None], None],
) -> Any:
    from ..scraping.service import ScrapingService
    from ..services.database import EntityDatabase
    from ..services.publication import PublicationService
    from ..services.search import SearchService
    from .context import MigrationContext

    database = EntityDatabase(
        OwnedStore(transaction),
        strict=job.strict,
        warn=lambda text: log(f"warning: {text}"),
    )
    author = f"author:migration-{job.name}"
    return MigrationContext(
        publication=PublicationService(database, lambda: clock, default_author=author),
        search=SearchService(database),
        db=database,
        migration_dir=Path(job.folder),
        author_id=author,
        scraping=ScrapingService(),
        on_log=log,
        on_progress=progress,
    )


def make_deterministic(name: str, clock: datetime) -> None:
    """Stop the clock, seed `random`, and list folders in one order.

    What remains different between two machines is the network and the kernel's entropy
    (`secrets`, `uuid4`), which a script must not use unless it says DETERMINISTIC = False.
    """
    import time_machine

    time_machine.travel(clock, tick=False).start()
    random.seed(name)
    sys.dont_write_bytecode = True  # __pycache__ folders beside the data files help nobody
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
        """Let go of the folder."""
        self._entries.close()
