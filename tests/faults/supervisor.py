"""Run a command and let the Nth change of the file system fail or be the last one.

``python supervisor.py REPORT ROOT POINT ACTION COMMAND...``: changes below the folder ROOT are
counted, those of the command and of everything that it starts. ACTION is ``kill`` (the POINTth
change is not made, and all processes are killed at that moment), or the name of an error number.
``ENOSPC`` and ``EROFS`` last from there on, as a full or read-only disk does; of a full disk
files can still be removed and renamed. Any other happens once. POINT 0 only counts. What happened
is written to the file REPORT as JSON.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import seccomp

LASTING = {"ENOSPC", "EROFS"}
NEEDS_ROOM = {"write", "create", "mkdir", "link", "fsync"}
LAUNCH = """\
import os, socket, sys
sys.path.insert(0, sys.argv[1])
import seccomp
channel = socket.socket(fileno=int(sys.argv[2]))
listener = seccomp.install()
socket.send_fds(channel, [b"x"], [listener])
os.close(listener)
channel.close()
os.execvp(sys.argv[3], sys.argv[3:])
"""


class Supervisor:
    """Answers each change of the file system below `root` that a command makes."""

    def __init__(self, root: str, point: int, action: str) -> None:
        self.root = f"{root}/"
        self.point = point
        self.action = action
        self.changes: list[tuple[str, str]] = []
        self.is_over = False

    def run(self, command: list[str]) -> int | None:
        """Run a command to its end; return its exit code, None when it was killed."""
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans come to us
        ours, theirs = socket.socketpair()
        here = str(Path(__file__).parent)
        with theirs:
            main = subprocess.Popen(
                [sys.executable, "-S", "-c", LAUNCH, here, str(theirs.fileno()), *command],
                pass_fds=[theirs.fileno()],
            )
        with ours:
            listener = socket.recv_fds(ours, 1, 1)[1][0]
        return self._serve(listener, main.pid)

    def _serve(self, listener: int, main: int) -> int | None:
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        code: int | None = None
        while reaped(main, codes := []):
            code = codes[0] if codes else code
            if self.is_over:
                kill_below(self.root)
            for _, event in poll.poll(5 if self.is_over else 20):
                if event & select.POLLIN:
                    self._answer(listener)
        return None if self.is_over else codes[0] if codes else code

    def _answer(self, listener: int) -> None:
        """Answer one call; leave it without an answer when its process is to be killed."""
        call = seccomp.receive(listener)
        if call is None:
            return
        if self.is_over:
            if not is_below(call.pid, self.root):
                seccomp.answer(listener, call)
            return
        change = seccomp.changed_file(call)
        if change is None or not change[1].startswith(self.root):
            seccomp.answer(listener, call)
            return
        self.changes.append((change[0], change[1].removeprefix(self.root)))
        if not self._is_hit(change[0]):
            seccomp.answer(listener, call)
        elif self.action == "kill":
            self.is_over = True
        else:
            seccomp.answer(listener, call, getattr(errno, self.action))

    def _is_hit(self, kind: str) -> bool:
        if not self.point or len(self.changes) < self.point:
            return False
        if self.action == "ENOSPC" and kind not in NEEDS_ROOM:
            return False
        return self.action in LASTING or len(self.changes) == self.point


def reaped(main: int, codes: list[int]) -> bool:
    """Take note of processes that have ended, and of the exit code of `main`.

    Returns whether there is any left.
    """
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == main:
                codes.append(os.waitstatus_to_exitcode(ended[1]))
    except ChildProcessError:
        return False
    return True


def kill_below(root: str) -> None:
    """Kill what works below a folder; the other end of a remote is another machine."""
    for pid in descendants():
        if is_below(pid, root):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def is_below(pid: int, root: str) -> bool:
    """Return whether the working folder of a process is below `root`."""
    try:
        return f"{Path(f'/proc/{pid}/cwd').readlink()}/".startswith(root)
    except OSError:
        return True  # it has ended


def descendants() -> set[int]:
    """Return the processes that we started, and those that they started."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            found.add(child)
            waiting.append(child)
    return found


def main(report: str, root: str, point: str, action: str, *command: str) -> int:
    """Run the command under supervision and write the report."""
    supervisor = Supervisor(root, int(point), action)
    code = supervisor.run(list(command))
    # Only now: what is written here must not be counted.
    Path(report).write_text(json.dumps({"code": code, "changes": supervisor.changes}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
