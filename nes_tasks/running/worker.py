"""The worker: a prepared interpreter that forks one process for each migration.

Importing the services once takes longer than many a migration; forking afterwards takes a
few milliseconds. The worker's environment holds no secrets: only the variables named here.

Run as ``python -m nes_tasks.running.worker FD`` by `Worker`, never by hand.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from .job import Task
from .output import Output
from .process import ENDED, ScriptProcess
from .protocol import encode_reply

RECORD = "NES_TASKS_RECORD"
# Where programs and their configuration are found, and nothing that authenticates anyone.
PASSED_ON = (
    "PATH",
    "PYTHONPATH",
    "HOME",
    "TMPDIR",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "NES_TASKS_PASS_ENV",
    RECORD,
)
# In bytes, what getrusage(2) of macOS and of Linux counts in.
MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024
FIXED = {
    "LC_ALL": "C.UTF-8",
    # A plugin of some other package must not change what is valid, and looking for them takes time.
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "TZ": "UTC",
}


class Worker:
    """The caller's side: starts the worker process, gives it jobs, ends it.

    `log` is the file that takes whatever a script prints, and `on_print` is called with each line
    of it, from another thread. Without `may_record` a script records
    no answers of the network, whatever the caller's environment asks for. Not thread-safe: one
    job at a time, as migrations are applied one at a time.
    """

    def __init__(
        self,
        log: Path,
        *,
        may_record: bool = True,
        on_print: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._log = log
        self._may_record = may_record
        self._on_print = on_print
        self._output: Output | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self, task: Task) -> ScriptProcess:
        """Start the process of a script, and hand the task over to it.

        Each has a stream of its own, so that a process which outlives its script cannot speak
        for a later one. Leaving the process before it has ended ends the worker, too.
        """
        control = self._start()
        stream, theirs = socket.socketpair()
        with theirs, contextlib.suppress(ConnectionError):
            socket.send_fds(control, [b"\n"], [theirs.fileno()])
        process = ScriptProcess(stream, control, self.close)
        process.reply(encode_reply([task.to_json().encode()]))
        return process

    def _start(self) -> socket.socket:
        if self._control is not None:
            return self._control
        ours, theirs = socket.socketpair()
        self._output = Output(self._open_log(), self._on_print)
        with theirs, self._output.writer() as output:
            self._process = subprocess.Popen(
                # -P: a json.py in the current folder must not stand in for Python's own.
                [sys.executable, "-P", "-m", "nes_tasks.running.worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=worker_environment(may_record=self._may_record),
                pass_fds=[theirs.fileno()],
                # A session of its own: Ctrl-C reaches us alone, and one signal ends them all.
                start_new_session=True,
            )
        self._control = ours
        return ours

    def _open_log(self) -> IO[bytes]:
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            return self._log.open("ab")
        except OSError:  # a disk that is full or read-only costs the log, not the migration
            return Path(os.devnull).open("ab")

    def close(self) -> None:
        """End the worker and everything it started."""
        process, self._process = self._process, None
        control, self._control = self._control, None
        if control is not None:
            control.close()
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.drain()
        self._output = None

    def drain(self) -> None:
        """Wait until all that scripts have printed by now is passed on."""
        if self._output is not None:
            self._output.drain()


def worker_environment(*, may_record: bool = True) -> dict[str, str]:
    """Return the whole environment of the worker."""
    asked_for = os.environ.get("NES_TASKS_PASS_ENV", "").replace(",", " ").split()
    env = {key: os.environ[key] for key in (*PASSED_ON, *asked_for) if key in os.environ}
    if not may_record:
        env.pop(RECORD, None)
    return {**env, **FIXED}


def serve(control: socket.socket) -> None:
    """Fork a process for each stream that comes over `control`, until its other end closes."""
    _preload()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what a script prints is seen at once
    while (stream := _next_stream(control)) is not None:
        child = os.fork()
        if child == 0:
            # The script has one socket, its own: it cannot say how it ended, nor take the next.
            control.close()
            _work(stream)
        stream.close()
        _, status, usage = os.wait4(child, 0)
        control.sendall(ENDED.pack(status, usage.ru_maxrss * MEMORY_UNIT))


def _next_stream(control: socket.socket) -> socket.socket | None:
    _, fds, _, _ = socket.recv_fds(control, 1, 1)
    if not fds:
        return None
    os.set_inheritable(fds[0], False)
    return socket.socket(fileno=fds[0])


def _work(stream: socket.socket) -> None:
    """Be the process of a script: do the task that comes over `stream` and end."""
    code = 1
    try:
        _die_with_caller(stream)
        from .execution import perform

        perform(stream)
        code = 0
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        # Not sys.exit: nothing of the worker's own may run in the child any more.
        os._exit(code)


def _die_with_caller(stream: socket.socket) -> None:
    """End all processes of the worker when the caller is gone, even if it was killed."""

    def watch() -> None:
        poll = select.poll()
        poll.register(stream, 0)  # a hang-up is always reported
        poll.poll()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _preload() -> None:
    """Import what every migration needs, and set the collector up for many small objects.

    What is imported stays for good. What a migration makes is mostly kept too, so looking
    through it after each 700 new objects, as Python does, would cost a third of a listing.
    """
    # time_machine brings a plugin for pytest and imports all of pytest for it, if it is there.
    sys.modules["pytest"] = None  # type: ignore[assignment]
    import time_machine  # noqa: F401
    import tomli_w  # noqa: F401

    del sys.modules["pytest"]
    from ..scraping import recording, service  # noqa: F401
    from ..services import database, publication, search  # noqa: F401
    from . import context, execution, loading  # noqa: F401

    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
