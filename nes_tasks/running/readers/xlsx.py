"""Excel's .xlsx, parsed by openpyxl; each row is made as it is asked for.

openpyxl's own rows do not distinguish a formula without a value from an empty cell, nor do they
have merged cells when they are read one by one. Its parser of a sheet, which these come from, has
both: it is taken from there, and tests hold what is used of it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any, BinaryIO

import openpyxl
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.utils import range_boundaries
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from .errors import InputFileError
from .sheet import Cell, Merged

# ECMA-376 part 1, 18.3.1.55: they follow the rows.
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:]+)"')
CHUNK = 1 << 20
ROWS_AT_ONCE = 500
# A zip archive of a few kilobytes can hold many gigabytes.
MAX_UNPACKED = 1_000_000_000


class _Parser(WorkSheetParser):
    """Marks a formula without a saved value: its type is "f", which no other cell then has."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        # An empty text is a value, too; its cell says so by its type.
        is_empty = cell["value"] is None and element.get("t") != "str"
        if is_empty and element.find(FORMULA_TAG) is not None:
            cell["data_type"] = "f"
        return cell


class Xlsx:
    """A workbook in an open file. Whatever openpyxl makes of a damaged one is raised."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        import zipfile

        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MAX_UNPACKED:
            raise InputFileError(
                f"{name} holds {size / 1e9:.1f} GB when it is unpacked, too much to be read",
                hint="save the sheet that is needed as CSV",
            )
        # Without the types of its stubs, which know nothing of what a parser needs.
        with _quiet():
            self._book: Any = openpyxl.load_workbook(file, read_only=True, data_only=True)
        self._sheets: dict[str, Any] = {sheet.title: sheet for sheet in self._book.worksheets}

    @property
    def titles(self) -> list[str]:
        """The names of its sheets of cells."""
        return list(self._sheets)

    @property
    def shown(self) -> str | None:
        """The sheet that is shown when it is opened."""
        active = self._book.active
        if active is not None and active.title in self._sheets:
            return str(active.title)
        return next(iter(self._sheets), None)

    def grid(self, title: str) -> Iterator[tuple[int, list[Cell]]]:
        """Return the rows of a sheet that are there, each with its number."""
        book, sheet = self._book, self._sheets[title]
        with sheet._get_source() as source:
            parser = _Parser(
                source,
                sheet._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            rows = parser.parse()
            while part := _taken(rows):
                for number, cells in part:
                    yield number, [self._cell(cell) for cell in cells if _holds_anything(cell)]

    def _cell(self, cell: dict[str, Any]) -> Cell:
        value, kind = cell["value"], cell["data_type"]
        problem = None
        if kind == "f":
            problem = "holds a formula without a saved value"
        elif kind == "e":
            problem = f"holds the error {value}"
        shown_as = self._formats.get(cell["style_id"]) if kind == "n" else None
        return Cell(cell["column"], value, shown_as, problem)

    @cached_property
    def _formats(self) -> dict[int, str]:
        """The number format of each style."""
        own = self._book._number_formats
        found = {}
        for at, style in enumerate(self._book._cell_styles):
            number = style.numFmtId
            found[at] = (
                BUILTIN_FORMATS.get(number, "General")
                if number < BUILTIN_FORMATS_MAX_SIZE
                else own[number - BUILTIN_FORMATS_MAX_SIZE]
            )
        return found

    def merged(self, title: str) -> list[Merged]:
        """Return the merged cells of a sheet."""
        found: list[Merged] = []
        rest = b""
        with self._sheets[title]._get_source() as source:
            while chunk := source.read(CHUNK):
                data = rest + chunk
                end = 0
                for match in MERGED.finditer(data):
                    found.append(Merged(*range_boundaries(match[1].decode())))
                    end = match.end()
                rest = data[max(end, len(data) - 200) :]
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()


def _taken(rows: Iterator[Any]) -> list[Any]:
    """Return the next rows: some at a time, because between them a script has its own warnings."""
    with _quiet():
        return list(islice(rows, ROWS_AT_ONCE))


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide openpyxl's warnings about charts and validation rules, which are not read anyway."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _holds_anything(cell: dict[str, Any]) -> bool:
    return cell["value"] is not None or cell["data_type"] == "f"
