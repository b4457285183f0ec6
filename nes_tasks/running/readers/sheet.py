"""The rows of a sheet of a workbook, whatever program wrote it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .errors import InputFileError
from .layout import Layout, joined_names, refuse_repeated
from .rows import Row, Source, is_blank

# After so many empty rows whatever follows is a slip, up to so many rows of it.
MAX_GAP, MAX_STRAYS = 1000, 3
# More rows than this should not be held in memory; `iter_excel` has no such limit.
MAX_ROWS = 250_000
# Number formats that show digits alone, such as 000 or 00-0000: ECMA-376 part 1, 18.8.31.
DIGITS_ONLY = re.compile(r'(?:0|[-/ ()]|\\.|"[^"]*")+')


class Cell(NamedTuple):
    """A cell: its column from 1, its value, its number format, and what is wrong with it."""

    column: int
    value: Any
    format: str | None = None
    problem: str | None = None


class Merged(NamedTuple):
    """A range of cells that are merged: its first and last column and row, from 1."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class SheetOptions:
    """How a script wants a sheet: cells as text, and what is to be done about merged cells.

    With `fill_merged` each of them gets the value of the first, with False the others stay empty,
    with None a sheet that has some among its rows is refused.
    """

    as_text: bool = False
    fill_merged: bool | None = None
    max_rows: int | None = MAX_ROWS


def sheet_rows(
    grid: Iterable[tuple[int, Sequence[Cell]]],
    merged: Sequence[Merged],
    source: Source,
    layout: Layout,
    options: SheetOptions,
) -> Iterator[Row]:
    """Return the rows of a sheet by the names in its header; `grid` has rows with their numbers.

    Numbers, dates and booleans keep their types, a number without a fraction is an integer, an
    empty cell None. Raises `InputFileError`, with the cell, for what cannot be read: a header
    without names or with one twice, a formula without a saved value, an error such as #N/A, merged
    cells that the script says nothing about, more rows than the options allow.
    """
    table = _Table(merged, source, layout, options)
    for number, cells in grid:
        yield from table.rows(number, cells)
    table.end()


class _Table:
    """Takes the rows of a sheet one by one: first its header, then its data."""

    def __init__(
        self, merged: Sequence[Merged], source: Source, layout: Layout, options: SheetOptions
    ) -> None:
        self._source, self._layout, self._options = source, layout, options
        self._header_rows = layout.header_rows(1)
        self._header: dict[int, dict[int, Any]] = {}
        self._names: dict[int, str] | None = None
        self._merged = sorted(merged, key=lambda area: area.top)
        self._filled: list[tuple[Merged, Cell]] = []
        self._last = max(self._header_rows)
        self._count = 0
        self._strays: list[str] = []
        self._doubts: set[object] = set()

    def rows(self, number: int, cells: Sequence[Cell]) -> Iterator[Row]:
        """Return the row with this number, after the empty ones before it."""
        if number in self._layout.skipped:
            return
        if number <= max(self._header_rows):
            if number in self._header_rows:
                self._header[number] = self._header_cells(number, cells)
            return
        names = self._find_names()
        if number - self._last > MAX_GAP and not any(
            cell.column in names and not is_blank(cell.value) for cell in cells
        ):
            for cell in cells:
                if not is_blank(cell.value):
                    self._strays.append(f"cell {address(cell.column, number)}")
            return
        values = self._values(number, cells, names)
        if all(is_blank(value) for value in values.values()):
            return
        if number - self._last > MAX_GAP:
            self._stray(number, values, names)
            return
        for empty in range(self._last + 1, number):
            if empty not in self._layout.skipped:
                yield self._row(empty, {})
        self._last = number
        yield self._row(number, values)

    def end(self) -> None:
        """Check what can only be known in the end; raises `InputFileError`."""
        self._find_names()
        if self._strays:
            self._source.hints.append(
                f"{self._source.name}: {self._strays[0]} is far below the other rows and was "
                "left out; clear it"
            )

    def _row(self, number: int, values: dict[int, Any]) -> Row:
        names = self._find_names()
        self._count += 1
        limit = self._options.max_rows
        if limit is not None and self._count > limit:
            raise InputFileError(
                f"{self._source.name} has more than {limit:,} rows",
                hint="read it row by row with iter_excel, or save it as CSV",
            )
        nothing = "" if self._options.as_text else None
        cells = {name: values.get(column, nothing) for column, name in names.items()}
        row = Row(cells, self._source, number)
        if values:
            self._layout.check_row(row)
        return row

    # The header

    def _header_cells(self, number: int, cells: Sequence[Cell]) -> dict[int, Any]:
        found = {cell.column: self._sound(number, cell) for cell in cells}
        for area in self._merged:
            if area.top <= number <= area.bottom:
                first = self._header.get(area.top, {}) if area.top < number else found
                if area.top != number and area.top in self._header_rows:
                    continue  # one name over several rows is one name
                for column in range(area.left, area.right + 1):
                    found.setdefault(column, first.get(area.left))
                    if is_blank(found[column]):
                        found[column] = first.get(area.left)
        return found

    def _find_names(self) -> dict[int, str]:
        if self._names is None:
            rows = [self._header.get(number, {}) for number in self._header_rows]
            width = max((max(row, default=0) for row in rows), default=0)
            cells = [[_name_of(row.get(at)) for at in range(1, width + 1)] for row in rows]
            names = joined_names(cells) if width else []
            self._names = {at: name for at, name in enumerate(names, 1) if not is_blank(name)}
            self._check_names()
        return self._names

    def _check_names(self) -> None:
        assert self._names is not None
        where = f"{self._source.name}, row {self._header_rows[0]}"
        if not self._names:
            raise InputFileError(
                f"{where} holds no column names", hint="pass the row that does, such as header=3"
            )
        refuse_repeated(self._names.values(), where)
        self._source.columns = tuple(self._names.values())
        self._layout.check_columns(self._source)

    # The data

    def _values(self, number: int, cells: Sequence[Cell], names: dict[int, str]) -> dict[int, Any]:
        values: dict[int, Any] = {}
        present = {cell.column: cell for cell in cells}
        for cell in self._with_merged(number, present, names):
            if cell.column in names:
                value = self._sound(number, cell)
                values[cell.column] = (
                    text_of(value, cell.format) if self._options.as_text else value
                )
                self._doubt_format(number, cell, value, names)
            elif not is_blank(cell.value):
                self._doubt_nameless(number, cell, names)
        return values

    def _with_merged(
        self, number: int, present: dict[int, Cell], names: dict[int, str]
    ) -> Iterable[Cell]:
        self._filled = [(area, cell) for area, cell in self._filled if area.bottom >= number]
        while self._merged and self._merged[0].top <= number:
            area = self._merged.pop(0)
            first = present.get(area.left)
            concerned = any(area.left <= column <= area.right for column in names)
            if area.top < number or first is None or is_blank(first.value) or not concerned:
                continue
            if self._options.fill_merged is None:
                cells = f"{address(area.left, area.top)}:{address(area.right, area.bottom)}"
                raise InputFileError(
                    f"{self._source.name}: the cells {cells} are merged",
                    hint="pass fill_merged=True to give each of them the value, or "
                    "fill_merged=False to leave the others empty",
                )
            if self._options.fill_merged:
                self._filled.append((area, first))
        for area, first in self._filled:
            for column in range(area.left, area.right + 1):
                present[column] = first._replace(column=column)
        return present.values()

    def _sound(self, number: int, cell: Cell) -> Any:
        if cell.problem:
            raise InputFileError(
                f"{self._source.name}, cell {address(cell.column, number)} {cell.problem}",
                hint="open it in Excel or LibreOffice, correct it, and save it",
            )
        if isinstance(cell.value, float) and cell.value.is_integer():
            return int(cell.value)
        return cell.value

    def _stray(self, number: int, values: dict[int, Any], names: dict[int, str]) -> None:
        column = min(at for at, value in values.items() if not is_blank(value))
        cell = f"cell {address(column, number)} (column {names[column]!r})"
        self._strays.append(cell)
        if len(self._strays) > MAX_STRAYS:
            raise InputFileError(
                f"{self._source.name}: more rows follow at {self._strays[0]} after "
                f"{MAX_GAP:,} empty ones",
                hint="remove the empty rows, or what is below them",
            )

    def _doubt_nameless(self, number: int, cell: Cell, names: dict[int, str]) -> None:
        location = f"{self._source.name}, cell {address(cell.column, number)}"
        if len(names) == 1:
            raise InputFileError(
                f"{location} has no column name above it: row {self._header_rows[0]} looks like a "
                "title",
                hint="pass the row of the column names, such as header=2",
            )
        if cell.column not in self._doubts:
            self._doubts.add(cell.column)
            self._source.hints.append(f"{location} has no column name above it and is not read")

    def _doubt_format(self, number: int, cell: Cell, value: Any, names: dict[int, str]) -> None:
        name = names[cell.column]
        if self._options.as_text or name in self._doubts or not isinstance(value, int):
            return
        shown = padded(value, cell.format)
        if shown is not None and shown.startswith("0") and shown != str(value):
            self._doubts.add(name)
            self._source.hints.append(
                f"{self._source.name}, cell {address(cell.column, number)} shows {shown} and is "
                f"read as {value}; pass as_text=True for what the column {name!r} shows"
            )


def _name_of(value: Any) -> str:
    return "" if is_blank(value) else text_of(value, None)


def address(column: int, row: int) -> str:
    """Return the name of a cell as programs show it, such as B7."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}"


def text_of(value: Any, number_format: str | None) -> str:
    """Return a value as text: a number with the leading zeros that its format shows.

    Dates are as in ISO 8601, without a time of day where it is midnight; an empty cell is "".
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return padded(value, number_format) or str(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return str(value)


def padded(value: int, number_format: str | None) -> str | None:
    """Return a whole number as a format of digits shows it, None for any other format."""
    code = (number_format or "").split(";")[0]
    if isinstance(value, bool) or value < 0 or "00" not in code or not DIGITS_ONLY.fullmatch(code):
        return None
    parts = re.findall(r'0|\\.|"[^"]*"|.', code)
    digits = str(value).zfill(parts.count("0"))
    extra = len(digits) - parts.count("0")
    shown, at = digits[:extra], extra
    for part in parts:
        if part == "0":
            shown += digits[at]
            at += 1
        else:
            shown += part.strip('"') if part.startswith('"') else part.removeprefix("\\")
    return shown
