"""A long-running git process that answers requests, and reports errors when it ends."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Self

from ..errors import GitError
from .command import Git, failure, without_advice

# How many seconds a process that has closed its output may take to end.
PATIENCE = 5


class Conversation:
    """The process of `command`; it starts when it is first needed, and `close` ends it."""

    command: tuple[str, ...]
    # The message for a process that ended without a reason.
    ended_early = "it ended early"

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    def starting(self) -> AbstractContextManager[None]:
        """Return the context in which the process starts."""
        return nullcontext()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            # git's error output; a pipe could fill up.
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
            with self.starting():
                self._process = self._git.popen(*self.command, stderr=self._errors)
        return self._process

    def _died(self) -> GitError:
        """End the process, and return the error for its messages."""
        assert self._process
        assert self._errors
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=PATIENCE)
        self._errors.seek(0)
        message = without_advice(self._errors.read().decode(errors="replace"))
        self.close()
        return failure(self.command, (message or self.ended_early).encode())

    def close(self) -> None:
        """End the process; git rolls back unconfirmed changes."""
        process, self._process = self._process, None
        if process is not None:
            files, self._errors = (process.stdin, process.stdout, self._errors), None
            for file in filter(None, files):
                with contextlib.suppress(OSError):
                    file.close()
            process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
