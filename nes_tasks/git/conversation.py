"""A git process that answers one request after the other, and says on its end what was wrong."""

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
    # What to say of one that ended without a reason.
    ended_early = "it ended early"

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    def starting(self) -> AbstractContextManager[None]:
        """Return the circumstances in which the process is to start."""
        return nullcontext()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            # git explains here what is wrong; a pipe could fill up.
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
            with self.starting():
                self._process = self._git.popen(*self.command, stderr=self._errors)
        return self._process

    def _died(self) -> GitError:
        """End the process, and return the error for what it has said."""
        assert self._process
        assert self._errors
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=PATIENCE)
        self._errors.seek(0)
        message = without_advice(self._errors.read().decode(errors="replace"))
        self.close()
        return failure(self.command, (message or self.ended_early).encode())

    def close(self) -> None:
        """End the process; what it was not asked to confirm, git undoes."""
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
