"""The log of one run: migrations, base commits, output, and full tracebacks."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TextIO

from ..clock import now, timestamp
from ..state_folder import make_folder

MAX_LOGS = 50


class RunLog:
    """A text file below the state folder, created with the first line.

    A script's own output goes to the same file, so it also has a crash of the interpreter. A full
    or read-only disk only loses the log.
    """

    def __init__(self, folder: Path) -> None:
        started = now().strftime("%Y%m%dT%H%M%SZ")
        self.path = folder / f"{started}-{os.getpid()}.log"
        self._file: TextIO | None = None

    def write(self, text: str) -> None:
        """Add a line, with the time before it."""
        with contextlib.suppress(OSError):
            if self._file is None:
                self._file = self._open()
            self._file.write(f"{timestamp(now())} {text}\n")

    def _open(self) -> TextIO:
        """Open the file and keep it open: a script may log a hundred thousand lines."""
        make_folder(self.path.parent)
        _prune(self.path.parent)
        # Line buffered, so that a killed run loses no lines.
        return self.path.open("a", buffering=1, encoding="utf-8", errors="backslashreplace")

    def close(self) -> None:
        """Close the file; writing opens it again."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()


def _prune(folder: Path) -> None:
    """Delete old logs so that, including the new one, `MAX_LOGS` remain."""
    for old in sorted(folder.glob("*.log"))[: -(MAX_LOGS - 1)]:
        with contextlib.suppress(OSError):
            old.unlink()
