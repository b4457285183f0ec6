"""The supervisor: watches the process of one script from the worker, and ends all of it.

The process, and all that it starts, is ended when it leaves its limits, when the caller is gone,
and when the script is over: nothing that a script has started outlives it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..scratch import remove
from .descendants import descendants, use_of
from .script_terms import TASK_LIMIT, Terms

# In seconds: how often is looked what a script uses. One that starts processes can start many.
INTERVAL, INTERVAL_OF_MANY = 0.1, 0.02
CHUNK = 64 * 1024
# Looking through the temporary folder may take so much of the time; in seconds, the first look.
SHARE_OF_LOOKING, FIRST_LOOK = 0.02, 0.5
# In bytes, what getrusage(2) of macOS and of Linux counts in.
MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024
MIB = 1024 * 1024


class End(NamedTuple):
    """How the process ended: its status as wait(2) gives it, its peak memory in bytes.

    `limit` says which limit it had left, in words that follow the script's name; None for none.
    """

    status: int
    peak_memory: int
    limit: str | None


class Supervisor:
    """Watches the process `child`, which was just forked, until it has ended.

    `control` hangs up when the caller is gone. What the script prints is read from `output` and
    written to this process's own. Use it in a ``with`` block: whatever happens in it, nothing that
    the script has started is left behind it, and the folder `temporary` is gone.
    """

    def __init__(
        self, child: int, terms: Terms, control: socket.socket, output: int, temporary: Path
    ) -> None:
        self._child = child
        self._terms = terms
        self._control = control
        self._output = output
        self._temporary = temporary
        self._printed = 0
        now = time.monotonic()
        self._deadline = now + terms.time_limit if terms.time_limit else None
        self._interval = INTERVAL_OF_MANY if terms.processes else INTERVAL
        self._next_sample = now + self._interval
        self._next_look = now + FIRST_LOOK
        self._ended: tuple[int, int] | None = None

    def watch(self, woken: Signals) -> End:
        """Return how the process ended, once it has, and all that it has started is ended."""
        limit: str | None = None
        poll = select.poll()
        poll.register(self._control, 0)  # a hang-up is always reported
        poll.register(woken, select.POLLIN)
        poll.register(self._output, select.POLLIN)
        while self._ended is None and limit is None:
            ready = dict(poll.poll(self._patience() * 1000))
            if self._control.fileno() in ready or woken.ask_to_end():
                break
            if self._output in ready and not self._pass_on():
                poll.unregister(self._output)
            self._reap()
            limit = self._limit_left()
        self.end()
        self._drain()
        assert self._ended, "end waits for it"
        return End(*self._ended, limit or self._output_limit_left())

    def _patience(self) -> float:
        """Return how long to wait for something to happen, in seconds."""
        until = min(self._next_sample, self._deadline or self._next_sample)
        return max(0.0, until - time.monotonic())

    # Limits --------------------------------------------------------------------------------

    def _limit_left(self) -> str | None:
        """Return which limit the script has left, None for none."""
        now = time.monotonic()
        if printed := self._output_limit_left():
            return printed
        if self._ended is None and self._deadline is not None and now >= self._deadline:
            return f"ran longer than {self._terms.time_limit} s (time_limit)"
        if now < self._next_sample:
            return None
        self._next_sample = now + self._interval
        return self._use_left(now) if sys.platform == "linux" else None

    def _output_limit_left(self) -> str | None:
        most = self._terms.output_limit
        if most and self._printed > most:
            return f"printed more than {_bytes(most)} (output_limit)"
        return None

    def _use_left(self, now: float) -> str | None:
        most = self._terms.memory_limit
        use = use_of([*descendants(os.getpid())])
        if most and use.memory > most:
            return f"needed more than {_bytes(most)} of memory (memory_limit)"
        if use.threads > TASK_LIMIT:
            return f"had more than {TASK_LIMIT:,} processes and threads"
        if most and now >= self._next_look:
            held = _size(self._temporary)
            took = time.monotonic() - now
            self._next_look = now + max(FIRST_LOOK, took / SHARE_OF_LOOKING)
            if held > most:
                return f"left more than {_bytes(most)} in temporary files (memory_limit)"
        return None

    # What it prints ------------------------------------------------------------------------

    def _pass_on(self) -> bool:
        """Pass on what was printed; return whether there can be more."""
        data = os.read(self._output, CHUNK)
        self._printed += len(data)
        limit = self._terms.output_limit
        if limit and self._printed > limit:
            data = data[: max(0, len(data) - (self._printed - limit))]
        _write(data)
        return bool(data)

    def _drain(self) -> None:
        os.set_blocking(self._output, False)
        with contextlib.suppress(BlockingIOError):
            while self._pass_on():
                pass

    # The end -------------------------------------------------------------------------------

    def end(self) -> None:
        """Kill the process and all that it has started, and wait until none is left.

        One that starts others all the time is faster than one look around; a process that has
        been killed starts no more.
        """
        while not self._reap():
            if sys.platform == "linux":
                for pid in [*descendants(os.getpid())]:
                    _kill(os.kill, pid)
            elif self._ended is None:
                _kill(os.killpg, self._child)
            time.sleep(0.0005)

    def _reap(self) -> bool:
        """Take note of children that have ended; return whether none is left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return False
            if pid == self._child:
                self._ended = status, usage.ru_maxrss * MEMORY_UNIT

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        os.close(self._output)
        remove(self._temporary)


class Signals:
    """Wakes a poll when a child ends or SIGTERM comes; register it there.

    Use it in a ``with`` block in the main thread; in a forked process call `forget`.
    """

    NUMBERS = (signal.SIGCHLD, signal.SIGTERM)

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._is_to_end = False

    def fileno(self) -> int:
        """Return the file descriptor that is readable when a signal has come."""
        return self._reader.fileno()

    def ask_to_end(self) -> bool:
        """Return whether SIGTERM has come by now."""
        with contextlib.suppress(BlockingIOError):
            while numbers := self._reader.recv(CHUNK):
                self._is_to_end |= signal.SIGTERM in numbers
        return self._is_to_end

    def __enter__(self) -> Signals:
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in self.NUMBERS:
            signal.signal(number, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()

    def forget(self) -> None:
        """Let signals do again what they do by default."""
        for number in self.NUMBERS:
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        self._reader.close()
        self._writer.close()


def _kill(how: Callable[[int, int], None], pid: int) -> None:
    with contextlib.suppress(OSError):  # it has ended, or is another user's
        how(pid, signal.SIGKILL)


def _write(data: bytes) -> None:
    """Write to what this process prints to; a full disk costs the log alone."""
    with contextlib.suppress(OSError):
        while data:
            data = data[os.write(1, data) :]


def _size(folder: Path) -> int:
    """Return the space that the files below a folder take on the disk, in bytes."""
    total, waiting = 0, [str(folder)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                total += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
    return total


def _bytes(count: int) -> str:
    return f"{count // MIB:,} MiB" if count % MIB == 0 else f"{count:,} bytes"
