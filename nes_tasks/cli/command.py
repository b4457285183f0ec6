"""The base class of the commands, and what they share: names, output files, confirmation."""

from __future__ import annotations

import getopt
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.cmd_base import DoitCmdBase

from ..errors import UnavailableError, UsageError
from ..migrations import Entry
from ..migrations.ranges import is_range, resolve_all
from .console import print_stderr
from .doit_commands import BaseCommand
from .session import migration_name, session

if TYPE_CHECKING:
    from ..operations.points import Point


class Command(BaseCommand, DoitCmdBase):  # type: ignore[misc]
    """A command whose options may come after its names, as people type them.

    doit parses options only up to the first name, because tasks have options of their own.
    """

    is_about_migrations = True

    cmdparser: Any
    outstream: Any

    def parse_execute(self, in_args: list[str]) -> int:
        """Parse the command line and run the command; return its exit code."""
        return super().parse_execute(options_first(self.cmdparser, in_args))

    def write_document(self, content: object) -> None:
        """Print the one JSON document."""
        self.outstream.write(document_text(content))


def options_first(parser: Any, words: list[str]) -> list[str]:
    """Return the words of a command line with the options before the names."""
    try:
        options, names = getopt.gnu_getopt(words, parser.get_short(), parser.get_long())
    except getopt.GetoptError:
        return words  # doit words the error
    # Options and their values cannot be distinguished here; only names can.
    flags = [part for pair in options for part in _typed(*pair, parser.get_long())]
    return [*flags, "--", *names]


def document_text(content: object) -> str:
    """Return a JSON document as text."""
    return f"{json.dumps(content, indent=2)}\n"


def _typed(option: str, value: str, takes_value: list[str]) -> list[str]:
    if not option.startswith("--"):
        return [option, value] if value else [option]
    return [f"{option}={value}"] if f"{option[2:]}=" in takes_value else [option]


def no_names(words: list[str], command: str) -> None:
    """Raise `UsageError` if a command that takes no names got any."""
    if words:
        raise UsageError(f"doit {command} takes no name", hint=f"doit help {command}")


def one_name(words: list[str], command: str) -> Entry:
    """Return the named migration; raises `UsageError` unless it is exactly one."""
    if len(words) != 1:
        raise UsageError(
            f"doit {command} takes the name of one migration", hint=f"doit {command} NNN-name"
        )
    return session().known_plan().resolve(migration_name(words[0]) or words[0])


def earlier_point(text: str) -> Point:
    """Return the point that is meant, for the data to go back to; raises as `find_below` does."""
    from ..operations.points import Points

    session().known_plan()
    return Points(session().project).find_below(text)


def several(words: list[str], counts: Callable[[Entry], bool], what: str) -> list[Entry]:
    """Return the migrations of names and ranges such as ``5..9``.

    A range holds those that `counts` admits, which `what` describes ("applied"). Raises
    `UsageError` for what is not there.
    """
    # The task prefix is accepted too: migrate:5, migrate:5..9.
    plain = [migration_name(word) or word for word in words]
    return resolve_all(session().known_plan(), plain, counts, what)


def is_applied(entry: Entry) -> bool:
    """Return whether a migration is applied: the members of a range for most commands."""
    return entry.is_applied


def is_one_name(words: list[str]) -> bool:
    """Return whether a command line names one migration, and no range of them."""
    return len(words) == 1 and not is_range(words[0])


def check_writable(path: Path) -> None:
    """Fail early if the output file is not writable.

    Raises `UsageError` that says why.
    """
    folder = path.parent
    if path.is_dir() or not folder.is_dir():
        problem = "it is a folder" if path.is_dir() else f"there is no folder {folder}"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        problem = "permission denied"
    else:
        return
    raise UsageError(f"{path} cannot be written: {problem}", hint="give another file with -o")


def write_file(path: Path, data: bytes) -> None:
    """Write a result; raises `UnavailableError` if it cannot, as on a full disk."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written: {error.strerror}") from error


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
