"""OpenDocument spreadsheets (.ods), as LibreOffice writes them: OASIS OpenDocument 1.3, part 3."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, iterparse

from .errors import InputFileError
from .sheet import Cell, Merged

MIME_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_ROOT = "{urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TABLE, TEXT = (f"{_ROOT}{part}:1.0}}" for part in ("office", "table", "text"))
# LibreOffice's own name space, where it says that a cell holds an error.
ERROR_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
ACTIVE = re.compile(r'config:name="ActiveTable"[^>]*>([^<]*)<')
MAX_UNPACKED = 1_000_000_000


def is_ods(file: BinaryIO) -> bool:
    """Return whether an open file is such a workbook; reads its first bytes again."""
    file.seek(0)
    # 3.3 of part 2: the type is the first member of the archive, and is not compressed.
    found = MIME_TYPE in file.read(200)
    file.seek(0)
    return found


class Ods:
    """A workbook in an open file; the errors of a damaged one are those of zip and XML."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._archive = zipfile.ZipFile(file)
        size = sum(member.file_size for member in self._archive.infolist())
        if size > MAX_UNPACKED:
            raise InputFileError(
                f"{name} holds {size / 1e9:.1f} GB when it is unpacked, too much to be read",
                hint="save the sheet that is needed as CSV",
            )
        self._merged: dict[str, list[Merged]] = {}
        self.titles = [title for title, _ in self._tables()]

    @property
    def shown(self) -> str | None:
        """The sheet that is shown when it is opened."""
        if "settings.xml" in self._archive.namelist():
            found = ACTIVE.search(self._archive.read("settings.xml").decode(errors="replace"))
            if found and found[1] in self.titles:
                return found[1]
        return next(iter(self.titles), None)

    def _tables(self) -> Iterator[tuple[str, Iterator[Element]]]:
        """Yield each sheet with its rows as elements; a row is cleared when the next is asked."""
        with self._archive.open("content.xml") as file:
            # What entities can expand to is limited by expat itself since 2.4.1.
            events = iterparse(file, ("start", "end"))  # noqa: S314
            for event, element in events:
                if event == "start" and element.tag == f"{TABLE}table":
                    rows = _row_elements(events, element)
                    yield element.get(f"{TABLE}name") or "", rows
                    for _ in rows:
                        pass

    def grid(self, title: str) -> Iterator[tuple[int, list[Cell]]]:
        """Return the rows of a sheet that hold anything, each with its number."""
        for name, rows in self._tables():
            if name != title:
                continue
            number = 1
            for row in rows:
                repeated = int(row.get(f"{TABLE}number-rows-repeated", 1))
                cells = list(_cells(row))
                for at in range(number, number + repeated if cells else number):
                    yield at, cells
                number += repeated
            return

    def merged(self, title: str) -> list[Merged]:
        """Return the merged cells of a sheet."""
        found = []
        for name, rows in self._tables():
            number = 1
            for row in rows if name == title else ():
                for column, _, cell in _positions(row):
                    right = column + int(cell.get(f"{TABLE}number-columns-spanned", 1)) - 1
                    bottom = number + int(cell.get(f"{TABLE}number-rows-spanned", 1)) - 1
                    if (right, bottom) != (column, number):
                        found.append(Merged(column, number, right, bottom))
                number += int(row.get(f"{TABLE}number-rows-repeated", 1))
        return found

    def close(self) -> None:
        """Let go of the archive."""
        self._archive.close()


def _row_elements(events: Iterator[tuple[str, Element]], table: Element) -> Iterator[Element]:
    for event, element in events:
        if event == "end" and element.tag == f"{TABLE}table-row":
            yield element
            element.clear()
        elif event == "end" and element is table:
            element.clear()
            return


def _positions(row: Element) -> Iterator[tuple[int, int, Element]]:
    """Yield the cells of a row with their columns and how often each is repeated."""
    column = 1
    for cell in row:
        if cell.tag in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            repeated = int(cell.get(f"{TABLE}number-columns-repeated", 1))
            yield column, repeated, cell
            column += repeated


def _cells(row: Element) -> Iterator[Cell]:
    for column, repeated, element in _positions(row):
        value, problem = _value(element)
        if value is None and problem is None:
            continue
        for at in range(column, column + repeated):
            yield Cell(at, value, None, problem)


def _value(cell: Element) -> tuple[Any, str | None]:
    """Return the value of a cell, None when it is empty, and what is wrong with it."""
    kind = cell.get(f"{OFFICE}value-type")
    formula = cell.get(f"{TABLE}formula")
    if cell.get(ERROR_TYPE) == "error":
        return None, f"holds the error {_text(cell)}"
    if kind is None:
        return (None, "holds a formula without a saved value") if formula else (None, None)
    if kind in ("float", "percentage", "currency"):
        return float(cell.get(f"{OFFICE}value", "nan")), None
    if kind == "boolean":
        return cell.get(f"{OFFICE}boolean-value") == "true", None
    if kind == "date":
        return dt.datetime.fromisoformat(cell.get(f"{OFFICE}date-value", "")), None
    if kind == "time":
        return _time(cell.get(f"{OFFICE}time-value", "")), None
    text = cell.get(f"{OFFICE}string-value")
    return (_text(cell) if text is None else text), None


def _time(text: str) -> Any:
    found = DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a time")
    hours, minutes, seconds = map(int, found.groups())
    if hours < 24:
        return dt.time(hours, minutes, seconds)
    return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _text(cell: Element) -> str:
    """Return what the paragraphs of a cell say; a comment in it is not a part of it."""
    return "\n".join("".join(_pieces(part)) for part in cell if part.tag == f"{TEXT}p")


def _pieces(element: Element) -> Iterator[str]:
    yield element.text or ""
    for part in element:
        if part.tag == f"{TEXT}s":
            yield " " * int(part.get(f"{TEXT}c", 1))
        elif part.tag == f"{TEXT}tab":
            yield "\t"
        elif part.tag == f"{TEXT}line-break":
            yield "\n"
        elif part.tag != f"{OFFICE}annotation":
            yield from _pieces(part)
        yield part.tail or ""
