"""A terminal for a program: what somebody sees who sits in front of it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|9[0-7])(?:;\d+)*m")


class Terminal:
    """A program on a terminal of 80 columns; use it in a `with` block."""

    def __init__(
        self, argv: list[str], cwd: Path, env: Mapping[str, str], *, columns: int = 80
    ) -> None:
        variables = {k: v for k, v in env.items() if k not in ("COLUMNS", "LINES")}
        self._fd, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._process = subprocess.Popen(
            argv,
            cwd=cwd,
            env={"TERM": "xterm-256color", **variables},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            # Shells read the keyboard only of a terminal that they control.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)
        self._process.wait(30)

    def type(self, text: str) -> None:
        """Type on the keyboard."""
        os.write(self._fd, text.encode())

    def wait_for(self, text: str, seconds: float = 30) -> str:
        """Read until `text` is shown and return all that came; fails when it does not come."""
        seen, end = "", time.monotonic() + seconds
        while text not in CONTROL.sub("", seen):
            left = end - time.monotonic()
            assert left > 0, f"{text!r} did not come, but {seen!r}"
            if select.select([self._fd], [], [], left)[0]:
                seen += self._read()
        return CONTROL.sub("", seen)

    def to_the_end(self) -> str:
        """Read until the program ends; return all that it wrote, control characters too."""
        seen = ""
        while piece := self._read():
            seen += piece
        return seen

    def _read(self) -> str:
        try:
            return os.read(self._fd, 65536).decode(errors="replace")
        except OSError:  # how Linux says that the other end is closed
            return ""
