"""A finding of a check, with its location."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from ..errors import NesTasksError


class Severity(StrEnum):
    """The severity of a finding: an error fails the check, a hint does not."""

    ERROR = "error"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    `path` is the file or folder as users type it, `line` counts from 1 and is None
    where no single line is meant. `advice` is what to do about it.
    """

    severity: Severity
    path: str
    message: str
    line: int | None = None
    advice: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether it fails the check."""
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        """Return it as one line: ``error: path:line: what is wrong; what to do``."""
        text = f"{self.message}; {self.advice}" if self.advice else self.message
        # Messages about a whole folder already begin with its name.
        if self.line is None and self.message.startswith(self.path):
            return f"{self.severity}: {text}"
        location = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{self.severity}: {location}: {text}"


def error(
    path: str, message: str, *, line: int | None = None, advice: str | None = None
) -> Finding:
    """Return a finding that fails the check."""
    return Finding(Severity.ERROR, path, message, line, advice)


def hint(path: str, message: str, *, line: int | None = None, advice: str | None = None) -> Finding:
    """Return a finding that does not fail the check."""
    return Finding(Severity.HINT, path, message, line, advice)


def from_problem(problem: NesTasksError, display_path: str) -> Finding:
    """Return the finding for an error about the folder `display_path`, with its message.

    The place that its message begins with, ``path:line:`` or ``path:``, becomes the finding's.
    """
    found = re.match(rf"({re.escape(display_path)}(?:/[^:]+)?)(?::(\d+))?: (.+)", problem.message)
    if found is None:
        return error(display_path, problem.message, advice=problem.hint)
    line = int(found[2]) if found[2] else None
    return error(found[1], found[3], line=line, advice=problem.hint)
