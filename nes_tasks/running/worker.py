"""The worker: a prepared interpreter that forks one process for each migration.

Importing the services once takes longer than many a migration; forking afterwards takes a
few milliseconds. The worker's environment holds no secrets: only the variables named here.

Run as ``python -m nes_tasks.running.worker FD`` by `Worker`, never by hand.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import MigrationFailedError
from .job import Channel, Job, execute
from .loading import Loading, load

# Where programs and their configuration are found, and nothing that authenticates anyone.
PASSED_ON = (
    "PATH",
    "HOME",
    "TMPDIR",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "NES_TASKS_PASS_ENV",
    "NES_TASKS_RECORD",
)
FIXED = {
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "TZ": "UTC",
}


class Worker:
    """The caller's side: starts the worker process, gives it jobs, ends it.

    `log` is the file that takes whatever a script prints. Not thread-safe: one job at a time,
    as migrations are applied one at a time.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def run(self, job: Job | Loading) -> Iterator[dict[str, Any]]:
        """Execute `job`, or only load a script, and yield the events; the last is ``{"done": …}``.

        Raises `MigrationFailedError` when the script failed or its process died. Whoever stops
        iterating early, by an exception such as Ctrl-C, ends the execution at once.
        """
        stream = self._start()
        finished = False
        outcome: dict[str, Any] | None = None
        try:
            with stream.makefile("r", encoding="utf-8", errors="replace") as events:
                stream.sendall(job.to_json().encode() + b"\n")
                for line in events:
                    event = _parse(line)
                    if "exited" in event:
                        finished = True
                        break
                    if "done" in event or "failed" in event:
                        outcome = event
                    else:
                        yield event
            if outcome is None:
                died = _how_it_died(event.get("exited") if finished else None)
                raise MigrationFailedError(f"{job.name} failed: {died}")
            if "failed" in outcome:
                failure = outcome["failed"]
                failure["message"] = f"{job.name} failed: {failure['message']}"
                raise MigrationFailedError(**failure)
            yield outcome
        finally:
            if not finished:
                self.close()

    def _start(self) -> socket.socket:
        if self._socket is not None:
            return self._socket
        ours, theirs = socket.socketpair()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with theirs, self._log.open("ab") as log:
            self._process = subprocess.Popen(
                # -P: a json.py in the current folder must not stand in for Python's own.
                [sys.executable, "-P", "-m", "nes_tasks.running.worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=worker_environment(),
                pass_fds=[theirs.fileno()],
                # A session of its own: Ctrl-C reaches us alone, and one signal ends them all.
                start_new_session=True,
            )
        self._socket = ours
        return ours

    def close(self) -> None:
        """End the worker and everything it started."""
        process, self._process = self._process, None
        stream, self._socket = self._socket, None
        if stream is not None:
            stream.close()
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def worker_environment() -> dict[str, str]:
    """Return the whole environment of the worker."""
    asked_for = os.environ.get("NES_TASKS_PASS_ENV", "").replace(",", " ").split()
    env = {key: os.environ[key] for key in (*PASSED_ON, *asked_for) if key in os.environ}
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


def serve(stream: socket.socket) -> None:
    """Fork a process for each job that is read from `stream`, until its other end closes."""
    _preload()
    with stream.makefile("r", encoding="utf-8") as jobs:
        for line in jobs:
            child = os.fork()
            if child == 0:
                _work(line, stream)
            _, status = os.waitpid(child, 0)
            # The first line end closes what a killed child may have left half written.
            stream.sendall(b"\n" + json.dumps({"exited": status}).encode() + b"\n")


def _work(line: str, stream: socket.socket) -> None:
    """Be the child: execute the job and end, whatever happens."""
    code = 1
    try:
        _die_with_caller(stream)
        order = json.loads(line)
        if "load" in order:
            load(Loading(**order["load"]), Channel(stream))
        else:
            execute(Job.from_json(line), Channel(stream))
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

    del sys.modules["pytest"]
    from ..services import database, publication, search  # noqa: F401
    from ..services.scraping import recording, service  # noqa: F401
    from . import context  # noqa: F401

    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
