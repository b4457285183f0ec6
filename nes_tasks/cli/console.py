"""Turn errors into text and exit codes.

Exit codes are a contract: 0 done or nothing to do, 1 a migration or a check failed, 2 wrong
use, 3 the environment.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from ..errors import MigrationFailedError, NesTasksError, UnavailableError, environment_errors
from ..text import escape_control

INTERRUPTED = 130
# Text between line ends and tabs, which are layout.
WITHIN_LINE = re.compile(r"[^\n\t]+")


def escape_lines(text: str) -> str:
    """Return `text` with control characters other than line ends escaped."""
    return "\n".join(escape_control(line.expandtabs(4)) for line in text.splitlines())


class EscapedStream:
    """A text stream on which names and values from outside cannot control the terminal.

    Commands write to it instead of stdout. Their own text has no escape sequences, so whatever
    looks like one comes from the name of a folder, a commit or a file. Line ends and tabs stay.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream: TextIO = stream.stream if isinstance(stream, EscapedStream) else stream

    def write(self, text: str) -> int:
        """Write `text` with hostile characters escaped."""
        return self.stream.write(WITHIN_LINE.sub(lambda found: escape_control(found.group()), text))

    def __getattr__(self, name: str) -> Any:
        """Delegate everything else, such as `flush` and `isatty`, to the stream."""
        return getattr(self.stream, name)


def print_stderr(text: str) -> None:
    """Write a line for people to stderr; a closed stderr is not an error."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{escape_lines(text)}\n")


def bold(text: str) -> str:
    """Return `text` in bold if stdout is a terminal."""
    is_plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
    return text if is_plain else f"\x1b[1m{text}\x1b[0m"


def warn(text: str) -> None:
    """Write a warning."""
    print_stderr(f"warning: {text}")


def format_error(error: NesTasksError) -> str:
    """Return an error as text: one line, and two more for a failed script."""
    lines = [f"error: {error}"]
    if isinstance(error, MigrationFailedError):
        if error.where:
            lines.append(f"  {error.where}")
        if error.log_path:
            lines.append(f"  full log: {error.log_path}")
    return "\n".join(lines)


def guarded(action: Callable[[], int]) -> int:
    """Run a command; return its exit code, with expected errors said on stderr."""
    open_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A Devanagari name must not crash a command on a terminal that cannot encode it.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with environment_errors():
            code = action()
    except NesTasksError as error:
        print_stderr(format_error(error))
        code = error.exit_code
    except BrokenPipeError:
        drop(sys.stdout)  # the reader, such as head, has seen enough
        return 0
    except KeyboardInterrupt:
        print_stderr("interrupted")
        code = INTERRUPTED
    return _flushed(code)


def _flushed(code: int) -> int:
    """Flush the output; return the exit code, which a full disk changes."""
    try:
        sys.stdout.flush()
    except OSError as error:
        drop(sys.stdout)
        if not isinstance(error, BrokenPipeError) and not code:
            print_stderr(f"error: the output cannot be written: {error.strerror}")
            return UnavailableError.exit_code
    return code


def open_closed_streams() -> None:
    """Replace standard streams that the caller has closed, as in ``doit >&-``."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end
            setattr(sys, name, nowhere)


def drop(stream: TextIO) -> None:
    """Discard unwritten output; Python would report an error for it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
