"""The client in the script's process, which sends all requests over one socket.

Writes are sent in batches of a few dozen files; reads come from the repository through the writer,
with read-ahead and a cache.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from collections.abc import Sequence
from typing import Any

from ..database.data_path import check_data_path
from ..database.overlay import Overlay
from ..errors import NesTasksError
from ..git.read_ahead import RecentFiles
from ..git.snapshot import Snapshot
from . import protocol

# How many writes are sent together, and how many bytes at most; more saves nothing measurable.
WRITE_BATCH = 64
WRITE_BATCH_BYTES = 256 * 1024
# Cache size for recently written files, in bytes: scripts often read them again.
RECENT_BYTES = 8 * 1024 * 1024
# Bound at import time: a script may monkeypatch `json.dumps`.
to_json = json.JSONEncoder().encode


class Connection:
    """Messages to the writer, and its replies. Threads may share it, forked processes may not."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._replies = stream.makefile("rb")
        self._turn = threading.Lock()
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._is_forked = False
        os.register_at_fork(after_in_child=self._disown)

    def receive_task(self) -> dict[str, Any]:
        """Return the task of the process, which is the first message."""
        task: dict[str, Any] = json.loads(self._receive() or b"")
        return task

    def post(self, message: bytes) -> None:
        """Queue a message, to be sent with others."""
        with self._turn:
            self._check_owner()
            self._waiting.append(message)
            self._waiting_bytes += len(message)
            if len(self._waiting) >= WRITE_BATCH or self._waiting_bytes >= WRITE_BATCH_BYTES:
                self._flush()

    def send(self, kind: bytes, payload: bytes = b"") -> None:
        """Send a message at once, after the queued ones."""
        if len(payload) > protocol.MAX_PAYLOAD:
            raise too_large("a message", len(payload))
        with self._turn:
            self._check_owner()
            self._waiting.append(protocol.encode(kind, payload))
            self._flush()

    def ask(self, kind: bytes, payload: bytes, count: int) -> list[bytes | None]:
        """Send a request and return the contents of its reply, `count` of them."""
        with self._turn:
            self._check_owner()
            self._waiting.append(protocol.encode(kind, payload))
            self._flush()
            return [self._receive() for _ in range(count)]

    def _receive(self) -> bytes | None:
        header = self._replies.read(protocol.LENGTH.size)
        try:
            (length,) = protocol.LENGTH.unpack(header)
        except struct.error:
            raise ConnectionError("the run has ended") from None
        return None if length == protocol.MISSING else self._replies.read(length)

    def _flush(self) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        self._stream.sendall(b"".join(waiting))

    def _disown(self) -> None:
        # The thread that held the lock does not exist in the forked process.
        self._turn = threading.Lock()
        self._waiting, self._waiting_bytes = [], 0
        self._is_forked = True

    def _check_owner(self) -> None:
        if self._is_forked:
            raise NesTasksError(
                "the context was used by a process that the script has started",
                hint="let it return what it found, and log and write in migrate itself",
            )


class RemoteSource:
    """Objects of the repository, read through the writer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def trees(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        """Return trees in git's own format."""
        return self._connection.ask(protocol.TREES, bytes.fromhex("".join(ids)), len(ids))

    def files(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        """Return the contents of files."""
        return self._connection.ask(protocol.FILES, bytes.fromhex("".join(ids)), len(ids))

    def pair(self, tree: str, file: str) -> Sequence[bytes | None]:
        """Return a tree and the content of a file, in one go."""
        return self._connection.ask(protocol.PAIR, bytes.fromhex(tree + file), 2)

    def close(self) -> None:
        """Do nothing: the reading process belongs to the writer."""


class RemoteStore(Overlay):
    """The files of the data folder as the script sees them; writes are sent to the writer.

    `tree` is that of the commit that the script runs on. It implements
    `nes_tasks.database.store.Store`. The writer repeats all checks and decides; checks here make
    the script fail on the responsible line.
    """

    def __init__(self, connection: Connection, tree: str, data_dir: str) -> None:
        super().__init__(Snapshot(RemoteSource(connection), tree), data_dir)
        self._connection = connection
        self._marks = 0
        self._recent = RecentFiles(RECENT_BYTES)
        self._is_frozen = False

    def freeze(self) -> None:
        """Refuse further writes: verify checks the result."""
        self._is_frozen = True

    def _refuse_when_frozen(self, path: str) -> None:
        if self._is_frozen:
            raise NesTasksError(
                f"verify only reads, and would change {path}", hint="change the data in migrate"
            )

    def _contents(self, written: Sequence[tuple[str, int]]) -> Sequence[bytes]:
        found = {path: self._recent.get(str(mark)) for path, mark in written}
        wanted = [path for path, data in found.items() if data is None]
        if wanted:
            names = "\0".join(path.removeprefix(self._prefix) for path in wanted).encode()
            contents = self._connection.ask(protocol.CONTENTS, names, len(wanted))
            found.update(zip(wanted, contents, strict=True))
        return [found[path] or b"" for path, _ in written]

    def write(self, path: str, data: bytes, *, rewrite: bool = False) -> None:
        """Set the content of the file at `path`; raises `ValueError` where none may be."""
        self._refuse_when_frozen(path)
        check_data_path(path)
        encoded = path.encode()
        if len(data) > protocol.MAX_PAYLOAD - protocol.PATH_LENGTH.size - len(encoded):
            raise too_large(path, len(data))
        kind = protocol.REWRITE if rewrite else protocol.WRITE
        self._connection.post(protocol.encode_write(kind, encoded, data))
        self._marks += 1
        self._touched[self._prefix + path] = self._marks
        self._recent.keep(str(self._marks), data)

    def delete(self, path: str, *, rewrite: bool = False) -> bool:
        """Remove the file at `path`; return whether there was one."""
        self._refuse_when_frozen(path)
        check_data_path(path)
        existed = self.exists(path)
        if existed:
            kind = protocol.ERASE if rewrite else protocol.DELETE
            self._connection.post(protocol.encode(kind, path.encode()))
            self._note_deletion(self._prefix + path)
        return existed


def too_large(what: str, size: int) -> ValueError:
    """Return the error for content that exceeds the size of a message."""
    most = protocol.MAX_PAYLOAD // 1024**2
    return ValueError(f"{what} has {size:,} bytes, more than the {most} MiB that are possible")
