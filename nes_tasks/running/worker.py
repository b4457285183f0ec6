"""The worker: a prepared interpreter that forks one process for each migration.

Importing the services once takes longer than many a migration; forking afterwards takes a
few milliseconds. The worker's environment holds no secrets: only the variables named here.

Run as ``python -m nes_tasks.running.worker FD`` by `Worker`, never by hand.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, NoReturn

from ..errors import UnavailableError
from ..scratch import held_folder, remove_leftovers
from . import sandbox, seccomp
from .collector import collect_rarely
from .output import Output
from .process import ScriptProcess, receive, send
from .protocol import encode_reply
from .script_terms import AUTO, OFF, RECORD, REQUIRE, Terms
from .supervisor import Signals, Supervisor
from .task import Task

# How long a worker may take to end everything when it is asked to, in seconds.
PATIENCE = 10
# More open files than a worker has.
MANY = 65536
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
    of it, from another thread. `warn` is called once, with the reason, when scripts cannot be
    confined and run all the same. Without `may_record` a script records
    no answers of the network, whatever the caller's environment asks for. Not thread-safe: one
    job at a time, as migrations are applied one at a time.
    """

    def __init__(
        self,
        log: Path,
        *,
        may_record: bool = True,
        on_print: Callable[[str], None] = lambda _: None,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._log = log
        self._warn = warn
        self._has_warned = False
        self._may_record = may_record
        self._on_print = on_print
        self._output: Output | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self, task: Task, terms: Terms) -> ScriptProcess:
        """Start the process of a script on its terms, and hand the task over to it.

        Each has a stream of its own, so that a process which outlives its script cannot speak
        for a later one. Leaving the process before it has ended ends the worker, too. Raises
        `UnavailableError` when the process has to be confined and cannot be.
        """
        control = self._start()
        stream, theirs = socket.socketpair()
        process = ScriptProcess(
            stream, control, kill=self.close, wake=self._wake, time_limit=terms.time_limit
        )
        with theirs, contextlib.suppress(ConnectionError):
            send(control, terms.to_dict())
            socket.send_fds(control, [b"\n"], [theirs.fileno()])
        self._check(process, terms)
        process.reply(encode_reply([task.to_json().encode()]))
        return process

    def _check(self, process: ScriptProcess, terms: Terms) -> None:
        """See to it that the process is confined before it gets its task."""
        confinement = process.confinement()
        if confinement is None or confinement.problem is None or terms.sandbox == OFF:
            return
        if terms.sandbox == REQUIRE:
            with process:  # which ends it
                raise UnavailableError(
                    f"migrations cannot be confined here: {confinement.problem}",
                    hint='set sandbox = "auto" in [tool.nes_tasks] to run them anyway',
                )
        if not self._has_warned:
            self._has_warned = True
            self._warn(
                f"migrations run without the sandbox: {confinement.problem}; "
                "see docs/security.md before you run another person's"
            )

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

    def _wake(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End the worker and everything it started."""
        process, self._process = self._process, None
        control, self._control = self._control, None
        if control is not None:
            control.close()
        if process is not None:
            # It is asked first, as it alone knows what a script has started and where it wrote.
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                process.terminate()
                process.send_signal(signal.SIGCONT)  # one that was stopped hears nothing
                process.wait(PATIENCE)
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
    if sys.platform == "linux":
        seccomp.adopt_orphans()
    remove_leftovers(*_temporary_folders())
    while (said := receive(control)) is not None:
        terms = Terms.from_dict(said)
        with Signals() as signals, _next_stream(control) as stream:
            if not _serve_one(control, terms, stream, signals):
                return


def _temporary_folders() -> tuple[Path, str]:
    """Return where scripts have their temporary folders, and how the names of these begin."""
    return Path(tempfile.gettempdir()), f"nes-tasks-{os.getuid()}-"


def _serve_one(
    control: socket.socket, terms: Terms, stream: socket.socket, signals: Signals
) -> bool:
    """Run one script in a process of its own; return whether there may be another."""
    parent, prefix = _temporary_folders()
    with contextlib.ExitStack() as stack:
        try:
            temporary = stack.enter_context(held_folder(parent, prefix))
        except OSError as error:
            send(control, {"unavailable": f"no folder can be made in {parent}: {error.strerror}"})
            return True
        return _run_one(control, terms, stream, signals, temporary)


def _run_one(
    control: socket.socket,
    terms: Terms,
    stream: socket.socket,
    signals: Signals,
    temporary: Path,
) -> bool:
    output, printed = os.pipe()
    gate, theirs = socket.socketpair()
    with sandbox.Rules(terms, temporary) as rules:
        child = os.fork()
        if child == 0:
            signals.forget()
            os.dup2(printed, 1)
            os.dup2(printed, 2)
            _work(stream, theirs, terms, temporary, rules)
    os.close(printed)
    stream.close()
    theirs.close()
    with gate, Supervisor(child, terms, control, output, temporary) as supervisor:
        try:
            problem = _confined(gate, child)
            send(control, {"problem": problem, "temporary": str(temporary)})
            ended = supervisor.watch(signals)
        except ConnectionError:
            return False
    if signals.ask_to_end():
        return False
    send(control, ended._asdict())
    return True


def _confined(gate: socket.socket, child: int) -> str | None:
    """Wait until a process has given up its rights; return why it has not, None when it has."""
    said = receive(gate)
    if said is None:
        return "its process has ended"
    if said["problem"] is None and not sandbox.is_confined(child):
        return "the kernel does not know of it"
    problem: str | None = said["problem"]
    return problem


def _next_stream(control: socket.socket) -> socket.socket:
    _, fds, _, _ = socket.recv_fds(control, 1, 1)
    os.set_inheritable(fds[0], False)
    return socket.socket(fileno=fds[0])


def _work(
    stream: socket.socket,
    gate: socket.socket,
    terms: Terms,
    temporary: Path,
    rules: sandbox.Rules,
) -> NoReturn:
    """Be the process of a script: give up rights, do the task that comes over `stream`, and end."""
    code = 1
    try:
        _leave_the_worker(stream.fileno(), gate.fileno(), *rules.files)
        _give_up_rights(gate, terms, temporary, rules)
        from .execution import perform

        perform(stream, terms)
        code = 0
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        # Not sys.exit: nothing of the worker's own may run in the child any more.
        os._exit(code)


def _leave_the_worker(*kept: int) -> None:
    """Close the worker's own resources but for the files that are `kept`, and end with it.

    The script has one socket, its own: it cannot say how it ended, nor take the next.
    """
    if sys.platform == "linux":
        seccomp.die_with_parent(signal.SIGKILL)
    else:
        os.setpgid(0, 0)  # by which the worker ends what the script has started
    last = 2
    for number in sorted(kept):
        os.closerange(last + 1, number)
        last = number
    os.closerange(last + 1, MANY)


def _give_up_rights(
    gate: socket.socket, terms: Terms, temporary: Path, rules: sandbox.Rules
) -> None:
    """Confine this process, and say on `gate` why that is not possible."""
    problem: str | None = sandbox.SWITCHED_OFF
    sandbox.move_in(temporary, is_home=terms.sandbox != OFF)
    if terms.sandbox != OFF:
        try:
            rules.enforce()
            problem = None
        except sandbox.UnconfinedError as error:
            problem = str(error)
    with gate:
        send(gate, {"problem": problem})
    if terms.sandbox == AUTO and problem is not None:
        sandbox.imitate(terms, temporary)


def _preload() -> None:
    """Import what every migration needs, which stays for good."""
    # time_machine brings a plugin for pytest and imports all of pytest for it, if it is there.
    sys.modules["pytest"] = None  # type: ignore[assignment]
    import asyncio

    import time_machine  # noqa: F401
    import tomli_w  # noqa: F401

    del sys.modules["pytest"]
    from .. import compat
    from ..git.trees import Tree
    from ..scraping import (
        recording,  # noqa: F401
        service,  # noqa: F401
    )
    from ..services import (
        database,  # noqa: F401
        index_connection,  # noqa: F401
        publication,  # noqa: F401
        search,  # noqa: F401
    )
    from . import (
        context,  # noqa: F401
        environment,
        execution,  # noqa: F401
        loading,  # noqa: F401
    )

    sandbox.prepare()
    compat.installed_package()
    Tree.parse(b"")  # which compiles the expressions for trees
    asyncio.run(asyncio.sleep(0))  # what a loop makes only once
    environment.imported_before()
    collect_rarely()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
