"""The process of one script as its caller sees it: what it sends, and how it ended.

Nothing of it is trusted but how it is confined and how it ended, which the worker says on a line of
its own.
"""

from __future__ import annotations

import json
import math
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..database.data_path import RefusedPathError
from ..errors import MigrationFailedError, UnavailableError
from ..scratch import remove
from ..text import escape_control
from . import protocol
from .protocol import ProtocolError

# Before what the worker says, which is JSON: its length in bytes.
LENGTH = struct.Struct(">I")
CHUNK = 256 * 1024
# More than the two buffers of a socket hold: what a process has sent before it ended. A process
# that it left behind could go on for ever.
LEFT_BEHIND = 16 * 1024 * 1024
# How many seconds beyond the time limit the worker has to end a script before its caller helps.
GRACE = 2


class Confinement(NamedTuple):
    """What the worker says of a process before its script is loaded.

    `problem` says why the kernel does not confine it, None when it does. `temporary` is the
    folder for its temporary files.
    """

    problem: str | None
    temporary: str


class Ended(NamedTuple):
    """How a process ended: its status as wait(2) gives it, and its peak memory in bytes.

    `limit` says which limit it had left, in words that follow its name; None for none.
    """

    status: int
    peak_memory: int
    limit: str | None = None


class ScriptProcess:
    """The process of a script, connected by `stream`; the worker reports about it on `control`.

    `kill` ends it, together with its worker, and `wake` lets a worker go on that was stopped: a
    script that is not confined can do that to it, so that its `time_limit` is not enforced (in
    seconds, 0 for none). Use it in a ``with`` block: leaving it before the process has ended kills
    it.
    """

    def __init__(
        self,
        stream: socket.socket,
        control: socket.socket,
        *,
        kill: Callable[[], None],
        wake: Callable[[], None],
        time_limit: int = 0,
    ) -> None:
        self._stream = stream
        self._control = control
        self._kill = kill
        self._wake = wake
        self._time_limit = time_limit
        self._overdue: float | None = None
        self._due: tuple[float, Callable[[], None]] | None = None
        self._has_woken = False
        self._ended: Ended | None = None
        self._is_lost = False
        self._confinement: Confinement | None = None

    def meanwhile(self, moment: float, action: Callable[[], None]) -> None:
        """Call `action` once while waiting for the process, at `moment` of the monotonic clock.

        What it raises, the method that waits raises.
        """
        self._due = moment, action

    def confinement(self) -> Confinement | None:
        """Wait for the process to be ready and return how it is confined.

        None when it or its worker has died; how, `wait` returns. Raises `UnavailableError` when
        the script has no folder for temporary files.
        """
        while self._confinement is None and not self._is_over:
            self._await_control()
        return self._confinement

    def messages(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield kind and payload of each message until the process has ended.

        An incomplete message at the end is dropped. Raises `ProtocolError` for a malformed message.
        """
        incoming = protocol.Messages()
        left = LEFT_BEHIND
        while left > 0 and self._wait(select.POLLIN):
            try:
                chunk = self._stream.recv(CHUNK)
            except ConnectionError:
                chunk = b""
            if not chunk:
                break
            if self._is_over:
                left -= len(chunk)
            yield from incoming.feed(chunk)

    def reply(self, data: bytes) -> None:
        """Send a reply; one to a process that has ended is lost."""
        rest = memoryview(data)
        while rest:
            try:  # there is room for most replies, so asking first would cost more than trying
                rest = rest[self._stream.send(rest, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                if not self._wait(select.POLLOUT):
                    return
            except ConnectionError:
                return

    def wait(self) -> Ended | None:
        """Wait for the process to end and return how it did, None when the worker died."""
        while not self._is_over:
            self._await_control()
        return self._ended

    @property
    def _is_over(self) -> bool:
        return self._ended is not None or self._is_lost

    def _wait(self, event: int) -> bool:
        """Wait until the stream is ready; return whether it is, False once the process ended."""
        poll = select.poll()
        poll.register(self._stream, event)
        if not self._is_over:
            poll.register(self._control, select.POLLIN)
        while True:
            ready = self._happened(poll)
            if self._stream.fileno() in ready:
                return True
            if self._is_over:
                return False
            if self._control.fileno() in ready:
                self._read_control()
                if self._is_over:
                    poll.unregister(self._control)

    def _await_control(self) -> None:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if self._happened(poll):
            self._read_control()

    def _happened(self, poll: select.poll) -> dict[int, int]:
        """Wait for something to happen, and see to what is due by then.

        So a script cannot run for ever.
        """
        if self._is_over:
            return dict(poll.poll(0))
        if self._overdue is None and self._due is None:
            return dict(poll.poll())
        until = min(self._overdue or math.inf, self._due[0] if self._due else math.inf)
        ready = dict(poll.poll(max(0.0, until - time.monotonic()) * 1000))
        now = time.monotonic()
        if self._due is not None and now >= self._due[0]:
            (_, action), self._due = self._due, None
            action()
        if self._overdue is not None and now >= self._overdue:
            self._end_overdue()
        return ready

    def _end_overdue(self) -> None:
        """Wake the worker, which then ends the script; when it does not, end both."""
        self._overdue = time.monotonic() + GRACE
        if not self._has_woken:
            self._has_woken = True
            self._wake()
            return
        self._end_all()
        limit = f"ran longer than {self._time_limit} s (time_limit)"
        self._ended = Ended(signal.SIGKILL, 0, limit)

    def _end_all(self) -> None:
        self._kill()
        if self._confinement is not None:  # the worker may have been killed before
            remove(Path(self._confinement.temporary))

    def _read_control(self) -> None:
        said = receive(self._control)
        if said is None:
            self._is_lost = True
        elif "unavailable" in said:
            raise UnavailableError(said["unavailable"], hint="make room there, or set TMPDIR")
        elif "status" in said:
            self._ended = Ended(**said)
        else:
            self._confinement = Confinement(**said)
            if self._time_limit:
                self._overdue = time.monotonic() + self._time_limit + GRACE

    def __enter__(self) -> ScriptProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self._ended is None:
            self._end_all()
        self._stream.close()


def send(control: socket.socket, said: Mapping[str, Any]) -> None:
    """Say something on the connection between a worker and its caller."""
    data = json.dumps(said).encode()
    control.sendall(LENGTH.pack(len(data)) + data)


def receive(control: socket.socket) -> dict[str, Any] | None:
    """Return the next message, None when the other side has closed."""
    try:
        head = control.recv(LENGTH.size, socket.MSG_WAITALL)
        if len(head) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack(head)
        data = control.recv(length, socket.MSG_WAITALL)
        said: dict[str, Any] = json.loads(data)
    except (ConnectionError, ValueError):
        return None
    return said


class LastWord(NamedTuple):
    """What the process of a script that ended well has said last, and how it ended."""

    payload: bytes
    ended: Ended


def object_handlers(
    process: ScriptProcess,
    digits: int,
    *,
    trees: Callable[[Sequence[str]], Sequence[bytes | None]],
    files: Callable[[Sequence[str]], Sequence[bytes | None]],
    pair: Callable[[str, str], Sequence[bytes | None]],
) -> dict[bytes, Callable[[bytes], None]]:
    """Return the handlers of all requests for objects: a script may send each of them.

    `digits` is the length of an id; the others are called with ids and return the contents.
    """

    def reply(contents: Iterable[bytes | None]) -> None:
        process.reply(protocol.encode_reply(contents))

    return {
        protocol.TREES: lambda payload: reply(trees(protocol.decode_ids(payload, digits))),
        protocol.FILES: lambda payload: reply(files(protocol.decode_ids(payload, digits))),
        protocol.PAIR: lambda payload: reply(pair(*protocol.decode_pair(payload, digits))),
    }


def listen(
    process: ScriptProcess,
    name: str,
    asked: Mapping[bytes, Callable[[bytes], None]],
    explain: Callable[[str], str | None] = lambda _: None,
    *,
    end: bytes = protocol.DONE,
) -> LastWord:
    """Answer what the process of the migration `name` asks for until it has ended.

    `asked` has a function for the payload of each kind of message that it may send. Its last
    word is of the kind `end`; what comes after it is not listened to. `explain` returns what is
    known about a malformed file, given by its path. Raises `MigrationFailedError` when the script
    has failed, when the process ended in another way, and when it asked for what it may not have.
    """
    last: tuple[bytes, bytes] | None = None
    try:
        for kind, payload in process.messages():
            if last is not None:
                continue
            if kind in (end, protocol.FAILED):
                last = kind, payload
            elif answer := asked.get(kind):
                answer(payload)
            else:
                raise ProtocolError("an unexpected message")
        ended = process.wait()
        if ended is not None and ended.limit is not None:
            raise MigrationFailedError(f"{name} failed: it {ended.limit}")
        if last is not None and last[0] == protocol.FAILED:
            raise _failure(name, protocol.decode_failure(last[1]), explain)
    except RefusedPathError as error:
        raise MigrationFailedError(f"{name} failed: {error}") from error
    except ProtocolError as error:
        raise MigrationFailedError(f"{name} failed: its process sent {error}") from error
    if last is None or ended is None or ended.status:
        raise MigrationFailedError(f"{name} failed: {_how_it_ended(ended)}")
    return LastWord(last[1], ended)


def _failure(
    name: str, report: protocol.Failure, explain: Callable[[str], str | None]
) -> MigrationFailedError:
    message = f"{name} failed: {escape_control(report.message)}"
    if report.source is not None and (known := explain(report.source)):
        message = f"{message}; {known}"
    where = None if report.where is None else escape_control(report.where)
    return MigrationFailedError(message, where=where, traceback=report.traceback)


def _how_it_ended(ended: Ended | None) -> str:
    """Return in words how a process ended that has not said how its script did."""
    if ended is None:
        return "the worker process ended unexpectedly"
    code = os.waitstatus_to_exitcode(ended.status)
    if code >= 0:
        return f"the script ended its process with exit code {code}"
    name = signal.Signals(-code).name
    memory = " (out of memory?)" if name == "SIGKILL" else ""
    return f"the script's process was killed by {name}{memory}"
