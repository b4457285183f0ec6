"""Differences between what is committed and what came out, as lines of text."""

from __future__ import annotations

from ..errors import NesTasksError
from ..operations.tree_difference import Difference
from ..printable import printable
from .changes_text import excerpts
from .console import escape_lines, format_error
from .session import session


def files_differ(count: int) -> str:
    """Return how many files differ, in words."""
    return f"{count:,} file{' differs' if count == 1 else 's differ'}"


def diff_command(old: str, new: str) -> str:
    """Return the command that shows the difference of two trees, as an indented line."""
    return f"  git -C {session().project.settings.database_label} diff {old[:12]} {new[:12]}"


def failure_lines(error: NesTasksError) -> list[str]:
    """Return the error of a migration as indented lines."""
    return [f"  {line}" for line in escape_lines(format_error(error)).splitlines()]


def difference_lines(difference: Difference) -> list[str]:
    """Return the path, and the field or line with both values, as indented lines."""
    lines = [f"  {printable(difference.path)}"]
    change = difference.change
    if change is None:
        kinds = {
            "mode": "has another file mode",
            "only_committed": "is committed, but was not replayed",
            "only_replayed": "was replayed, but is not committed",
        }
        return [f"{lines[0]} {kinds[difference.kind.value]}"]
    committed, replayed = excerpts(change)
    lines.append(f"    {printable(change.path) or f'line {difference.line}'}")
    lines.append(f"      committed  {'(not there)' if committed is None else committed}")
    lines.append(f"      replayed   {'(not there)' if replayed is None else replayed}")
    return lines
