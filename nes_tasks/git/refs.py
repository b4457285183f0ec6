"""Changing refs: several in one step, all of them or none.

See https://git-scm.com/docs/git-update-ref#_description for what a step says.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from .command import Git, failure

# What the logs of refs say of each change.
COMMAND = ("update-ref", "-m", "nes-tasks: migration", "--stdin")


class RefWriter:
    """Changes refs through one git process, one transaction after the other.

    It starts at the first change, and is ended by `close`: an idle one looks like a git at work to
    those who look for such, so it must not outlive the lock.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    def change(self, *steps: str) -> None:
        """Make these changes, all of them or none; raises `GitError`."""
        process = self._process or self._start()
        assert process.stdin and process.stdout
        try:
            process.stdin.write("\n".join(("start", *steps, "prepare", "commit", "")).encode())
            process.stdin.flush()
            while (said := process.stdout.readline()) != b"commit: ok\n":
                if not said:
                    raise BrokenPipeError
        except BrokenPipeError:
            self._fail()
        except BaseException:
            self.close()  # an answer that is left would be taken for that to the next change
            raise

    def _start(self) -> subprocess.Popen[bytes]:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        # Ctrl-C goes to all processes of a terminal; this one may be moving the branch just then.
        with _interrupts_blocked():
            self._process = self._git.popen(*COMMAND, stderr=self._errors)
        return self._process

    def _fail(self) -> None:
        """End the process, and raise the `GitError` for what it has said."""
        assert self._process
        assert self._errors
        self._process.wait()
        self._errors.seek(0)
        said = self._errors.read() or b"it ended early"
        self.close()
        raise failure(COMMAND, said)

    def close(self) -> None:
        """End the process; a change that was not confirmed is undone by git."""
        process, self._process = self._process, None
        if process is not None:
            files, self._errors = (process.stdin, process.stdout, self._errors), None
            for file in filter(None, files):
                with contextlib.suppress(OSError):
                    file.close()
            process.wait()

    def __enter__(self) -> RefWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def change_refs(git: Git, steps: Sequence[str]) -> None:
    """Make these changes, all of them or none; raises `GitError`."""
    with RefWriter(git) as writer:
        writer.change(*steps)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Let a process that is started in the block take no notice of Ctrl-C."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
