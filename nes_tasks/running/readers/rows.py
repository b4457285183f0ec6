"""A row of a table, which knows its place in the file and which of its columns were read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from ...text import quote
from .errors import MissingColumnError

# What spreadsheet programs write between cells where the comma is the decimal sign, and others.
OTHER_DELIMITERS = (";", "\t", "|")
# How many columns a message lists.
MAX_COLUMNS = 12


class Source:
    """The table that rows come from.

    `name` is how messages name it, such as ``a.csv`` or ``a.xlsx, sheet 'S'``; `unit` is what its
    rows are counted in, such as "line". `columns` are their names. `read` are the columns that a
    script has taken a value from, `ignored` those that it leaves alone on purpose. `hints` are
    doubts that readers had. `last` is the row that a value was taken from last.
    """

    __slots__ = ("columns", "hints", "ignored", "last", "name", "read", "unit")

    def __init__(self, name: str, unit: str, ignored: Iterable[str] = ()) -> None:
        self.name = name
        self.unit = unit
        self.columns: tuple[str, ...] = ()
        self.read: set[object] = set()
        self.ignored = frozenset(ignored)
        self.hints: list[str] = []
        self.last: Row | None = None

    def place(self, number: int) -> str:
        """Return how messages name one of its rows: "a.csv line 17"."""
        return f"{self.name} {self.unit} {number}"

    @property
    def unread(self) -> list[str]:
        """The columns that no row had read, though others were; nothing before the first."""
        if not self.read:
            return []
        return [
            name
            for name in self.columns
            if name and name not in self.read and name not in self.ignored
        ]

    def __deepcopy__(self, memo: object) -> Source:
        """Return itself: a copied row is still from here."""
        return self


def doubts(sources: Iterable[Source]) -> list[str]:
    """Return what seems wrong with tables that a script has read, in lines for people."""
    found: dict[str, None] = {}
    for source in sources:
        found.update(dict.fromkeys(source.hints))
        if unread := source.unread:
            found[f"{source.name}: {unread_columns(unread)}"] = None
    return list(found)


def unread_columns(names: list[str]) -> str:
    """Return what a message says of columns that a script does not use."""
    columns = ", ".join(map(repr, names))
    one = len(names) == 1
    noun, pronoun = ("column", "it") if one else ("columns", "them")
    return f"nothing read the {noun} {columns}; use {pronoun}, or pass ignore={names!r}"


class Row(dict[str, Any]):
    """The cells of a row by the names of their columns.

    ``row["no such column"]`` raises `MissingColumnError`; otherwise it is a dict. `source` is the
    table that it is from, `number` its place there, counted from 1.
    """

    __slots__ = ("number", "source")

    def __init__(self, cells: Mapping[Any, Any] | Iterable[Any], source: Source, number: int):
        super().__init__(cells)
        self.source = source
        self.number = number

    @property
    def place(self) -> str:
        """Where it is from, such as "members.csv line 17"."""
        return self.source.place(self.number)

    def __reduce__(self) -> tuple[type[Row], tuple[dict[str, Any], Source, int]]:
        """Tell `copy` and `pickle` how to make another one."""
        return Row, (dict(super().items()), self.source, self.number)

    def __getitem__(self, column: str) -> Any:
        """Return a cell."""
        self._note(column)
        return super().__getitem__(column)

    def get(self, column: str, default: Any = None) -> Any:
        """Return a cell, or the default where there is no such column."""
        self._note(column)
        return super().get(column, default)

    def pop(self, column: str, *default: Any) -> Any:
        """Take a cell out of the row."""
        self._note(column)
        return super().pop(column, *default)

    def __iter__(self) -> Iterator[str]:
        """Return the columns; who goes through them reads them all."""
        self._note(*super().keys())
        return super().__iter__()

    def items(self) -> Any:
        """Return columns and cells."""
        self._note(*super().keys())
        return super().items()

    def values(self) -> Any:
        """Return the cells."""
        self._note(*super().keys())
        return super().values()

    def _note(self, *columns: object) -> None:
        self.source.last = self
        self.source.read.update(columns)

    def __missing__(self, column: object) -> NoReturn:
        """Name the present columns, or the delimiter if it is wrong."""
        names = [name for name in dict.keys(self) if isinstance(name, str)]
        wrong = f"{self.source.name} has no column {column!r}"
        if delimiter := likely_delimiter(names):
            raise MissingColumnError(wrong, hint=f"read it with delimiter={delimiter!r}")
        if (meant := closest(column, names)) is not None:
            raise MissingColumnError(wrong, hint=f"did you mean {meant!r}? it has {listed(names)}")
        raise MissingColumnError(wrong, hint=f"it has {listed(names)}")


def listed(names: list[str]) -> str:
    """Return the names of columns as a message lists them."""
    shown = [quote(name) for name in names[:MAX_COLUMNS]]
    if len(names) > MAX_COLUMNS:
        shown.append(f"{len(names) - MAX_COLUMNS:,} more")
    return ", ".join(shown) or "none"


def closest(word: object, names: Iterable[str]) -> str | None:
    """Return the name that is most like `word`, None when none is.

    Case, blanks around and between words, and how letters are composed do not count.
    """
    import difflib

    if not isinstance(word, str):
        return None
    by_form = {_form(name): name for name in names}
    found = difflib.get_close_matches(_form(word), by_form, n=1, cutoff=0.75)
    return by_form[found[0]] if found else None


def _form(name: str) -> str:
    words = name.casefold().replace("_", " ").replace("-", " ").split()
    return unicodedata.normalize("NFC", " ".join(words))


def likely_delimiter(names: list[str]) -> str | None:
    """Return what separates columns that were read as a single one, None if nothing seems to."""
    if len(names) != 1:
        return None
    return next((sign for sign in OTHER_DELIMITERS if sign in names[0]), None)


def is_blank(cell: object) -> bool:
    """Return whether a cell holds nothing that one could see."""
    return cell is None or (isinstance(cell, str) and not cell.strip())
