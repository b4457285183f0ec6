"""The positions of a table's names and rows, for CSV files and workbooks alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from .errors import InputFileError
from .rows import Row, Source, closest, is_blank, listed


@dataclass(frozen=True, slots=True)
class Layout:
    """How a script says that a table is laid out; rows count from 1, as programs show them.

    `header` is the row of the names, or several that make them up from top to bottom; None is the
    first row that is not skipped. `skip_rows` is how many rows at the top are left out, or which
    ones, wherever they stand. `required` are columns that must have a value in each row, `ignore`
    those that the script leaves alone on purpose.
    """

    header: int | Sequence[int] | None = None
    skip_rows: int | Collection[int] = 0
    required: Collection[str] = ()
    ignore: Collection[str] = ()
    skipped: frozenset[int] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        """Check the values; raises `TypeError` or `ValueError` for what cannot be a row."""
        rows = range(1, self.skip_rows + 1) if isinstance(self.skip_rows, int) else self.skip_rows
        object.__setattr__(self, "skipped", frozenset(rows))
        for name in ("required", "ignore"):
            if isinstance(getattr(self, name), str):
                raise TypeError(f"{name} is a list of columns, such as {name}=['slug']")
        wrong = [row for row in (*self.header_rows(1), *self.skipped) if row < 1]
        if wrong:
            raise ValueError(f"rows count from 1, so there is no row {wrong[0]}")
        if self.header is not None and self.skipped.intersection(self.header_rows(1)):
            raise ValueError("skip_rows leaves out the row of header")

    def header_rows(self, first: int) -> tuple[int, ...]:
        """Return the rows of the names, when `first` is the first row of the table."""
        if self.header is None:
            while first in self.skipped:
                first += 1
            return (first,)
        return (self.header,) if isinstance(self.header, int) else tuple(self.header)

    def check_columns(self, source: Source) -> None:
        """Check that the columns that the script names are there; raises `InputFileError`."""
        names = list(source.columns)
        for name in (*self.required, *self.ignore):
            if name not in names:
                meant = closest(name, names)
                guess = f"did you mean {meant!r}? " if meant else ""
                raise InputFileError(
                    f"{source.name} has no column {name!r}", hint=f"{guess}it has {listed(names)}"
                )

    def check_row(self, row: Row) -> None:
        """Check that a row has the required values; raises `InputFileError`."""
        for name in self.required:
            if is_blank(dict.get(row, name)):
                raise InputFileError(f"{row.place}: the column {name!r} has no value")


def joined_names(rows: Sequence[Sequence[object]]) -> list[str]:
    """Return the name of each column from the cells of the header's rows, top first.

    What stands over several columns is written in the first of them: it holds for those to the
    right, up to the next one, which have a name of their own below.
    """
    width = max((len(row) for row in rows), default=0)
    above: list[list[str]] = []
    for row in rows:
        cells = ["" if is_blank(cell) else str(cell) for cell in row]
        above.append(cells + [""] * (width - len(cells)))
    if len(above) == 1:
        return above[0]
    *upper, last = above
    for cells in upper:
        for at in range(1, width):
            if not cells[at] and last[at]:
                cells[at] = cells[at - 1]
    return [" ".join(filter(None, (cells[at].strip() for cells in above))) for at in range(width)]


def refuse_repeated(names: Iterable[str], where: str) -> None:
    """Refuse a table with a name twice: one of the two columns would be lost, or taken for another.

    Names that differ in blanks or in how letters are composed look the same.
    """
    seen: set[str] = set()
    for name in names:
        looks = unicodedata.normalize("NFC", " ".join(name.split()))
        if looks in seen:
            raise InputFileError(
                f"{where}: two columns are called '{looks}'",
                hint="rename one of them, in the file or with a header that spans rows",
            )
        seen.add(looks)
