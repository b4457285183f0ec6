"""The worker: a prepared interpreter that forks one process for each migration.

Importing the services once takes longer than many a migration; forking afterwards takes a
few milliseconds. The worker's environment holds no secrets: only the variables named here.

Run as ``python -m nes_tasks.running.worker FD`` by `Worker`, never by hand.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from ..errors import MigrationFailedError
from .job import Channel, Job, Loading

RECORD = "NES_TASKS_RECORD"
LONGEST_LINE = 4096
DRAIN_SECONDS = 1.0
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

    def run(self, job: Job | Loading) -> Iterator[dict[str, Any]]:
        """Execute `job`, or only load a script, and yield the events; the last is ``{"done": …}``.

        Raises `MigrationFailedError` when the script failed or its process died. Whoever stops
        iterating early, by an exception such as Ctrl-C, ends the execution at once.
        """
        status: int | None = None
        outcome: dict[str, Any] | None = None
        try:
            for event in self._events(job):
                if "exited" in event:
                    status = event["exited"]
                elif "done" in event or "failed" in event:
                    outcome = event
                else:
                    yield event
        finally:
            if status is None:
                self.close()
            elif self._output is not None:
                self._output.drain()
        if outcome is None:
            raise MigrationFailedError(f"{job.name} failed: {_how_it_died(status)}")
        if "failed" in outcome:
            failure = outcome["failed"]
            failure["message"] = f"{job.name} failed: {failure['message']}"
            raise MigrationFailedError(**failure)
        yield outcome

    def _events(self, job: Job | Loading) -> Iterator[dict[str, Any]]:
        """Hand over `job` and yield what comes back, up to the exit of its process.

        Each job has a stream of its own, so that a process which outlives its script cannot
        speak for a later one. When the worker itself dies, the events simply end.
        """
        control = self._start()
        stream, theirs = socket.socketpair()
        with stream, stream.makefile("r", encoding="utf-8", errors="replace") as events:
            with theirs, contextlib.suppress(ConnectionError):
                socket.send_fds(control, [b"\n"], [theirs.fileno()])
            with contextlib.suppress(ConnectionError):
                stream.sendall(f"{job.to_json()}\n".encode())
                for line in events:
                    event = _parse(line)
                    yield event
                    if "exited" in event:
                        return

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
        output, self._output = self._output, None
        if output is not None:
            output.drain()


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
        """Tell whether the pipe holds something that was not read yet."""
        try:
            return any(fcntl.ioctl(self._reader, termios.FIONREAD, bytes(4)))
        except (OSError, ValueError):  # closed: the copying has come to its end
            return False

    def _copy(self) -> None:
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        with self._log:
            while True:
                poll.poll()
                with self._lock:
                    data = os.read(self._reader, 65536)
                    if not data:
                        os.close(self._reader)
                        self._reader = -1
                        return
                    with contextlib.suppress(OSError):  # a full disk costs the log alone
                        self._log.write(data)
                        self._log.flush()
                    self._pass_on(data)

    def _pass_on(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        while len(self._rest) > LONGEST_LINE:
            lines.append(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]
        for line in lines:
            self._on_print(line.decode(errors="replace").removesuffix("\r"))


def worker_environment(*, may_record: bool = True) -> dict[str, str]:
    """Return the whole environment of the worker."""
    asked_for = os.environ.get("NES_TASKS_PASS_ENV", "").replace(",", " ").split()
    env = {key: os.environ[key] for key in (*PASSED_ON, *asked_for) if key in os.environ}
    if not may_record:
        env.pop(RECORD, None)
    return {**env, **FIXED}


def _parse(line: str) -> dict[str, Any]:
    """Read one event; half a line, which a killed process leaves, is none."""
    with contextlib.suppress(ValueError):
        event = json.loads(line)
        if isinstance(event, dict):
            return event
    return {}


def _how_it_died(status: int | None) -> str:
    if status is None:
        return "the worker process ended unexpectedly"
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"the script ended its process with exit code {code}"
    name = signal.Signals(-code).name
    memory = " (out of memory?)" if name == "SIGKILL" else ""
    return f"the script's process was killed by {name}{memory}"


def serve(control: socket.socket) -> None:
    """Fork a process for each job that comes over `control`, until its other end closes."""
    _preload()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what a script prints is seen at once
    while (stream := _next_stream(control)) is not None:
        with stream:
            child = os.fork()
            if child == 0:
                _work(control, stream)
            _, status = os.waitpid(child, 0)
            # The first line end closes what a killed child may have left half written.
            stream.sendall(f"\n{json.dumps({'exited': status})}\n".encode())


def _next_stream(control: socket.socket) -> socket.socket | None:
    _, fds, _, _ = socket.recv_fds(control, 1, 1)
    if not fds:
        return None
    os.set_inheritable(fds[0], False)
    return socket.socket(fileno=fds[0])


def _work(control: socket.socket, stream: socket.socket) -> None:
    """Be the child: execute the job and end, whatever happens."""
    code = 1
    try:
        _die_with_caller(control)
        with stream.makefile("r", encoding="utf-8") as lines:
            line = lines.readline()
        order = json.loads(line)
        if "load" in order:
            from .loading import load

            load(Loading(**order["load"]), Channel(stream))
        else:
            from .execution import execute

            execute(Job.from_json(line), Channel(stream))
        code = 0
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        # Not sys.exit: nothing of the worker's own may run in the child any more.
        os._exit(code)


def _die_with_caller(control: socket.socket) -> None:
    """End all processes of the worker when the caller is gone, even if it was killed."""

    def watch() -> None:
        poll = select.poll()
        poll.register(control, 0)  # a hang-up is always reported
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
