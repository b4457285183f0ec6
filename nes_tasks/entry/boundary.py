"""Where errors become text and exit codes.

Exit codes are a contract: 0 done or nothing to do, 1 a migration or a check failed, 2 wrong
use, 3 the environment.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable

from ..errors import MigrationFailedError, NesTasksError

INTERRUPTED = 130


def say(text: str) -> None:
    """Write a line for people to stderr."""
    sys.stderr.write(f"{text}\n")


def warn(text: str) -> None:
    """Write a warning."""
    say(f"warning: {text}")


def words(error: NesTasksError) -> str:
    """Return an error as people read it: one line, and two more for a failed script."""
    lines = [f"error: {error}"]
    if isinstance(error, MigrationFailedError):
        if error.where:
            lines.append(f"  {error.where}")
        if error.log_path:
            lines.append(f"  full log: {error.log_path}")
    return "\n".join(lines)


def guarded(action: Callable[[], int]) -> int:
    """Run a command; return its exit code, with expected errors said on stderr."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name in Devanagari must not end a command in a terminal that cannot show it.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return action()
    except NesTasksError as error:
        say(words(error))
        return error.exit_code
    except BrokenPipeError:
        # The reader, such as head, has seen enough. Python would complain at exit otherwise.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        say("interrupted; the database is as it was")
        return INTERRUPTED
