"""The writer: takes what a script asks for, and makes of it what is committed.

The script's process only asks. Everything that decides is here, in the process of the caller:
which files may be written, what has changed, the marker, the log, the commits and who made them.
Nothing that the script sends is believed about any of these.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from ..database.data_path import RefusedPathError, check_data_path
from ..database.marker import (
    FILE_NAME,
    FOLDER,
    LOG_NAME,
    Marker,
    Statistics,
    commit_message,
    parse_subject,
)
from ..database.transaction import Transaction
from ..errors import MigrationFailedError
from ..git.command import Git
from ..git.commit import Signature
from ..git.diff import Change
from ..git.file_history import read_file_history
from ..migrations import author_identity
from ..migrations.expected_counts import Deeds, differences, fitting
from ..text import escape_control
from . import protocol
from .environment import decode_modules, environment_of
from .process import ScriptProcess, listen, object_handlers
from .protocol import ProtocolError
from .task import ExecuteRequest


class ScriptOutcome(NamedTuple):
    """What came of an execution: its commits, what they changed, and what the script said.

    `changes` are the files that differ. `duration` is that of the script, in seconds, as the commit
    message has it; `peak_memory` is
    what its process needed at most, in bytes, and `environment` what `environment_of` returns.
    `verified` says that its function verify has passed, `hints` are what seemed wrong with the data
    that it read, and `read` the paths of the files of its folder that it opened.
    """

    commits: Sequence[str]
    statistics: Statistics
    logs: list[str]
    duration: float
    peak_memory: int
    environment: dict[str, str]
    changes: Sequence[Change]
    verified: bool
    hints: list[str]
    read: frozenset[str]


class ScriptEvents(NamedTuple):
    """Receives what a script reports while it runs: messages, progress, notes for the log.

    `hint` gets what seems wrong with the data that it has read.
    """

    log: Callable[[str], None]
    progress: Callable[[str | None, int, int | None], None]
    note: Callable[[str], None]
    hint: Callable[[str], None]


class Writer:
    """Serves the script of `request` and commits what it has written.

    `transaction` is on the base of `request`; `process` has got its task. `index` returns the file
    with the index of the base.
    """

    def __init__(
        self,
        request: ExecuteRequest,
        transaction: Transaction,
        process: ScriptProcess,
        events: ScriptEvents,
        index: Callable[[], Path | None],
    ) -> None:
        self._request = request
        self._transaction = transaction
        self._process = process
        self._events = events
        self._index = index
        self._logs: list[str] = []
        self._rewritten: set[str] = set()
        self._hints: list[str] = []
        self._verified = False
        self._read: frozenset[str] = frozenset()
        self._asked: dict[bytes, Callable[[bytes], None]] = {
            protocol.WRITE: self._write,
            protocol.REWRITE: self._rewrite,
            protocol.DELETE: self._delete,
            protocol.ERASE: self._erase,
            protocol.CONTENTS: self._send_contents,
            **object_handlers(
                process,
                len(transaction.base_tree),
                trees=transaction.raw_trees,
                files=transaction.source.files,
                pair=transaction.raw_pair,
            ),
            protocol.INDEX: self._send_index,
            protocol.LOG: self._log,
            protocol.NOTE: self._note,
            protocol.HINT: self._hint,
            protocol.PROGRESS: self._progress,
            protocol.READ: self._note_files,
            protocol.VERIFIED: self._note_verified,
        }

    def run(self, git: Git) -> ScriptOutcome:
        """Serve the script until its process ends, commit, and return what came of it.

        Raises `MigrationFailedError` when it did not end well or asked for what it may not have,
        and what `Transaction.commit` raises.
        """
        started = perf_counter()
        last = listen(
            self._process,
            self._request.name,
            self._asked,
            lambda path: self._who_wrote(git, path),
        )
        duration = perf_counter() - started
        if self._rewritten:
            changed = ", ".join(sorted(self._rewritten))
            self._events.note(f"stored versions were changed: {changed}")
        self._check_expected()
        statistics = self._transaction.statistics()
        environment = self._environment(last.payload)
        commits = self._commit(statistics, duration, environment)
        memory = last.ended.peak_memory
        return ScriptOutcome(
            commits,
            statistics,
            self._logs,
            duration,
            memory,
            environment,
            self._transaction.changes,
            self._verified,
            self._hints,
            self._read,
        )

    def _check_expected(self) -> None:
        """Raise `MigrationFailedError` when the script says EXPECT and it is another number."""
        if self._request.metadata.expect is None:
            return
        found = self._transaction.counts_by_type()
        counts = {name: Deeds(*deeds) for name, deeds in sorted(found.items())}
        if wrong := differences(self._request.metadata.expect, counts):
            raise MigrationFailedError(
                f"{self._request.name} failed: EXPECT is not met: {'; '.join(wrong)}; nothing was "
                f"applied; what it does now is {fitting(counts)}"
            )

    def _environment(self, payload: bytes) -> dict[str, str]:
        try:
            modules = decode_modules(payload)
        except ProtocolError as error:
            raise MigrationFailedError(
                f"{self._request.name} failed: its process sent {error}"
            ) from error
        environment = environment_of(self._request.terms, self._process.confinement(), modules)
        self._events.note("; ".join(f"{key}: {value}" for key, value in environment.items()))
        return environment

    def _commit(
        self, statistics: Statistics, duration: float, environment: dict[str, str]
    ) -> Sequence[str]:
        request = self._request
        marker = Marker(
            migration=request.name,
            metadata=request.metadata,
            applied_at=request.clock,
            base_tree=self._transaction.base_tree,
            statistics=statistics,
            inputs=request.inputs,
        )
        records = f"{FOLDER}/{request.name}"
        # Commits carry moments, migrations carry days.
        day = datetime.combine(marker.date, datetime.min.time(), request.clock.tzinfo)
        return self._transaction.commit(
            [
                (f"{records}/{LOG_NAME}", "".join(f"{line}\n" for line in self._logs).encode()),
                (f"{records}/{FILE_NAME}", marker.to_bytes()),
            ],
            message=lambda batch, batches: commit_message(
                marker,
                duration=duration,
                environment=environment.items(),
                batch=batch,
                batches=batches,
                linear=request.linear,
            ),
            author=Signature(*author_identity(request.metadata.author), day),
            committer=Signature(*request.committer, request.clock),
            batch_size=request.batch_size,
            linear=request.linear,
            sign=request.sign,
        )

    def _who_wrote(self, git: Git, path: str) -> str | None:
        """Return who has left the malformed file at `path`, below the data folder, as it is."""
        if self._request.base is None:
            return None
        try:
            check_data_path(path)
        except RefusedPathError:
            return None
        whole = f"{self._request.task.data_dir}/{path}"
        for commit in read_file_history(git, self._request.base, whole)[-1:]:
            named = parse_subject(commit.subject)
            by_hand = f"commit {commit.id[:12]}, {escape_control(commit.subject)}"
            writer = named.migration if named else by_hand
            return f"it was written by {writer}"
        return None

    # What a script asks for ----------------------------------------------------------------

    def _write(self, payload: bytes, *, rewrite: bool = False) -> None:
        path, data = protocol.decode_write(payload)
        self._transaction.write(path, data, rewrite=rewrite)

    def _rewrite(self, payload: bytes) -> None:
        path, _ = protocol.decode_write(payload)
        self._note_rewriting(path)
        self._write(payload, rewrite=True)

    def _delete(self, payload: bytes) -> None:
        self._transaction.delete(protocol.decode_text(payload))

    def _erase(self, payload: bytes) -> None:
        path = protocol.decode_text(payload)
        self._note_rewriting(path)
        self._transaction.delete(path, rewrite=True)

    def _note_rewriting(self, path: str) -> None:
        if self._transaction.is_stored_version(path):
            self._rewritten.add(path)

    def _send_contents(self, payload: bytes) -> None:
        paths = protocol.decode_text(payload).split("\0")
        protocol.check_count(len(paths))
        self._reply(data for _, data in self._transaction.read_many(paths))

    def _send_index(self, _: bytes) -> None:
        path = self._index()
        self._reply([None if path is None else os.fsencode(path)])

    def _reply(self, contents: Iterable[bytes | None]) -> None:
        self._process.reply(protocol.encode_reply(contents))

    def _log(self, payload: bytes) -> None:
        message = protocol.decode_text(payload)
        self._logs.append(message)
        self._events.log(message)

    def _note(self, payload: bytes) -> None:
        self._events.note(protocol.decode_text(payload))

    def _hint(self, payload: bytes) -> None:
        text = protocol.decode_text(payload)
        self._hints.append(text)
        self._events.hint(text)

    def _note_files(self, payload: bytes) -> None:
        self._read = frozenset(protocol.decode_paths(payload))

    def _note_verified(self, payload: bytes) -> None:
        del payload
        self._verified = True

    def _progress(self, payload: bytes) -> None:
        self._events.progress(*protocol.decode_progress(payload))
