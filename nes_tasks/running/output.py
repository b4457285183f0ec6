"""What scripts print: copied to the log of the run, and passed on while they run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import termios
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO

LONGEST_LINE = 4096
DRAIN_SECONDS = 1.0


class Output:
    """What scripts print: copied from a pipe to the log, and passed on line by line.

    A thread of this process copies it, so that the last words of a process that crashes are not
    lost. A line of more than `LONGEST_LINE` bytes is passed on in pieces.
    """

    def __init__(self, log: IO[bytes], on_print: Callable[[str], None]) -> None:
        self._log = log
        self._on_print = on_print
        self._reader, self._writer = os.pipe()
        self._rest = b""
        self._lock = threading.Lock()
        threading.Thread(target=self._copy, daemon=True).start()

    @contextlib.contextmanager
    def writer(self) -> Iterator[int]:
        """Give the end of the pipe to start a process with; it is closed here afterwards."""
        try:
            yield self._writer
        finally:
            os.close(self._writer)

    def drain(self) -> None:
        """Wait until all that was printed is passed on; not for ever, if it never stops."""
        end = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < end:
            with self._lock:
                if not self._is_waiting():
                    self._pass_on(b"\n" if self._rest else b"")
                    return
            time.sleep(0.001)

    def _is_waiting(self) -> bool:
        """Return whether the pipe holds something that was not read yet."""
        try:
            return any(fcntl.ioctl(self._reader, termios.FIONREAD, bytes(4)))
        except (OSError, ValueError):  # closed: the copying has come to its end
            return False

    def _copy(self) -> None:
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        while True:
            poll.poll()
            with self._lock:
                data = os.read(self._reader, 65536)
                if not data:
                    os.close(self._reader)
                    self._reader = -1
                    break
                with contextlib.suppress(OSError):  # a full disk costs the log alone
                    self._log.write(data)
                    self._log.flush()
                self._pass_on(data)
        with contextlib.suppress(OSError):  # closing writes what could not be written before
            self._log.close()

    def _pass_on(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        while len(self._rest) > LONGEST_LINE:
            lines.append(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]
        for line in lines:
            self._on_print(line.decode(errors="replace").removesuffix("\r"))
