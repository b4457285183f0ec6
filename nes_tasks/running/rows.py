"""A row of a table that somebody wrote, which says so when it is asked for a wrong column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from ..errors import NesTasksError
from ..printable import abridged

# What spreadsheet programs write between cells where the comma is the decimal sign, and others.
OTHER_DELIMITERS = (";", "\t", "|")
# How many columns a message lists.
MAX_COLUMNS = 12


class MissingColumnError(NesTasksError, KeyError):
    """A row has no such column; the hint says which ones its file has."""


class Row(dict[str, Any]):
    """The cells of a row by the names of their columns.

    ``row["no such column"]`` raises `MissingColumnError`; otherwise it is a dict. `file` is how
    messages name what the row is from.
    """

    __slots__ = ("file",)

    def __init__(self, cells: Mapping[Any, Any], file: str) -> None:
        super().__init__(cells)
        self.file = file

    def __reduce__(self) -> tuple[type[Row], tuple[dict[str, Any], str]]:
        """Tell `copy` and `pickle` how to make another one."""
        return Row, (dict(self), self.file)

    def __missing__(self, column: object) -> NoReturn:
        """Name the columns that are there, or the delimiter if that is what is wrong."""
        names = [name for name in self if isinstance(name, str)]
        wrong = f"{self.file} has no column {column!r}"
        delimiter = likely_delimiter(names)
        if delimiter:
            raise MissingColumnError(wrong, hint=f"read it with delimiter={delimiter!r}")
        listed = [abridged(name) for name in names[:MAX_COLUMNS]]
        if len(names) > MAX_COLUMNS:
            listed.append(f"{len(names) - MAX_COLUMNS:,} more")
        raise MissingColumnError(wrong, hint=f"it has {', '.join(listed) or 'none'}")


def likely_delimiter(names: list[str]) -> str | None:
    """Return what separates columns that were read as a single one, None if nothing seems to."""
    if len(names) != 1:
        return None
    return next((sign for sign in OTHER_DELIMITERS if sign in names[0]), None)
