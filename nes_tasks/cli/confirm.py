"""Questions before something is written; without a terminal only `--yes` answers."""

from __future__ import annotations

import sys

from ..errors import UsageError
from .console import print_stderr

YES = {
    "name": "yes",
    "short": "y",
    "long": "yes",
    "type": bool,
    "default": False,
    "help": "do it without asking",
}


def confirmed(question: str, command: str) -> bool:
    """Ask on the terminal; `command` is the command to use without a terminal.

    Raises `UsageError` without a terminal.
    """
    if sys.stdin is None or not sys.stdin.isatty():  # None when it is closed, as in <&-
        raise UsageError(
            "confirmation required, but stdin is not a terminal",
            hint=command,
        )
    print_stderr(f"{question} [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
