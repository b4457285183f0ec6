"""Inspect an unknown table: the position of its header, and the kinds of its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import partial
from itertools import islice, product
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..migrations.data_kinds import READER_BY_ENDING
from ..models.amounts import read_number
from ..models.bikram_sambat import parse_date
from ..models.devanagari import contains_devanagari
from ..models.entity_types import SLUG_PATTERN
from ..models.phone_numbers import read_phone_numbers
from ..running import readers
from ..running.readers.rows import OTHER_DELIMITERS, is_blank

# Printed lists have a few title rows above the header.
MAX_HEADER_ROW = 12
# Number of rows to inspect.
MAX_ROWS = 5000
# Up to this many different values are categories, if each has several rows.
MAX_CATEGORIES = 25
# Years of Bikram Sambat dates in current lists; Gregorian years are lower.
BIKRAM_SAMBAT_YEARS = range(2040, 2100)

_NAME = re.compile(r"\bname\b|नाम", re.IGNORECASE)
# Columns with the names of other people.
_OTHER_NAME = re.compile(
    r"party|district|province|constituency|father|mother|spouse|user|file|दल|जिल्ला|प्रदेश|बाबु|आमा|पति|पत्नी",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"^\W*(s\.?\s?no?|sr|serial( no| number)?|no|number|#|क्र\.?\s*सं|सि\.?\s*नं)\W*$", re.I
)
# Eight digits alone may be a sum or a population.
_PHONE = re.compile(r"phone|mobile|\btel|contact|फोन|मोबाइल|सम्पर्क", re.IGNORECASE)
# The digits of a code are not a number: it would lose its zeros.
_CODE = re.compile(r"[0०]\d+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LINK = re.compile(r"https?://\S+")
_SLUG = re.compile(SLUG_PATTERN)


class Kind(Enum):
    """The kind of a column's values."""

    EMPTY = "empty"
    COUNTER = "counter"
    SLUG = "slug"
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    LINK = "link"
    NUMBER = "number"
    NUMBER_TEXT = "number as text"
    BIKRAM_SAMBAT = "date of Bikram Sambat"
    CATEGORY = "category"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, the kind of its values, and those that are not blank."""

    name: str
    kind: Kind
    values: tuple[Any, ...]
    is_full: bool

    @property
    def is_nepali(self) -> bool:
        """Whether most of the values are in Devanagari."""
        nepali = sum(contains_devanagari(str(value)) for value in self.values)
        return nepali * 2 > len(self.values)


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the context method and the options that read it, and its columns.

    `other_sheets` are the sheets of a workbook that were not inspected.
    """

    method: str
    options: dict[str, Any]
    columns: tuple[Column, ...]
    other_sheets: tuple[str, ...] = ()


def inspect_table(path: Path) -> Table:
    """Inspect a CSV file or workbook.

    Header row and delimiter are the first with which the table is readable and has several columns.
    Raises `UsageError` for another kind of file, and `InputFileError` when there is no way to read
    it.
    """
    method = READER_BY_ENDING.get(path.suffix.lower())
    if method not in ("read_csv", "read_excel"):
        raise UsageError(
            f"{path.name} is neither CSV nor a workbook (.csv, .tsv, .xlsx, .ods)",
            hint="save it as one of these, or create the migration without --from",
        )
    sheets = readers.sheet_names(path, path.name) if method == "read_excel" else []
    options, rows = _best(_csv_ways(path) if method == "read_csv" else _workbook_ways(path, sheets))
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name]
    columns = tuple(_column(name, rows) for name in names)
    read = options.get("sheet_name", *sheets[:1])
    others = tuple(sheet for sheet in sheets if sheet != read)
    return Table(method, options, columns, others)


Way = tuple[dict[str, Any], Callable[[], Iterator[readers.Row]]]
"""Options of the method that reads a table, and a call that does so with them."""


def _csv_ways(path: Path) -> Iterator[Way]:
    for row, delimiter in product(_header_rows(), (None, *OTHER_DELIMITERS)):
        options = {k: v for k, v in (("delimiter", delimiter), ("header", row)) if v is not None}
        known: dict[str, Any] = {"delimiter": delimiter, "layout": readers.Layout(row)}
        yield options, partial(readers.iter_csv, path, path.name, **known)


def _workbook_ways(path: Path, sheets: Sequence[str]) -> Iterator[Way]:
    for sheet, row, fill in product(sheets, _header_rows(), (None, True)):
        options: dict[str, Any] = {"sheet_name": sheet} if len(sheets) > 1 else {}
        options |= {k: v for k, v in (("header", row), ("fill_merged", fill)) if v is not None}
        known: dict[str, Any] = {
            "sheet_name": sheet,
            "layout": readers.Layout(row),
            "options": readers.SheetOptions(fill_merged=fill),
        }
        yield options, partial(readers.iter_excel, path, path.name, **known)


def _header_rows() -> Iterator[int | None]:
    yield None
    yield from range(2, MAX_HEADER_ROW + 1)


def _best(ways: Iterator[Way]) -> tuple[dict[str, Any], list[readers.Row]]:
    """Return the first way that gives several columns, else one; raises the first error if none."""
    single: tuple[dict[str, Any], list[readers.Row]] | None = None
    problem: readers.InputFileError | UsageError | None = None
    for options, read in ways:
        try:
            looked = islice(read(), MAX_ROWS)
            rows = [row for row in looked if not all(map(is_blank, row.values()))]
        except readers.InputFileError as error:
            problem = problem or error
            continue
        if not rows:
            no_rows = UsageError("the file has no rows", hint="doit create without --from")
            problem = problem or no_rows
        elif sum(bool(name) for name in rows[0]) > 1:
            return options, rows
        else:
            single = single or (options, rows)
    if single is None:
        assert problem, "there is at least one way to read a file"
        raise problem
    return single


def _column(name: str, rows: Sequence[readers.Row]) -> Column:
    cells = [row[name] for row in rows]
    values = tuple(cell for cell in cells if not is_blank(cell))
    return Column(name, _kind(name, values), values, len(values) == len(cells))


def _kind(name: str, values: Sequence[Any]) -> Kind:
    texts = [str(value).strip() for value in values]
    if not texts:
        return Kind.EMPTY
    if _NUMBER.match(name):
        return Kind.COUNTER
    if name.strip().casefold() in ("slug", "id") and all(map(_SLUG.fullmatch, texts)):
        return Kind.SLUG
    if _NAME.search(name) and not _OTHER_NAME.search(name):
        return Kind.NAME
    for kind, accepts in _KINDS.items():
        if kind is Kind.PHONE and not _PHONE.search(name):
            continue
        if all(accepts(value) for value in values):
            return kind
    different = len(set(texts))
    return Kind.CATEGORY if different <= min(MAX_CATEGORIES, len(texts) // 2) else Kind.OTHER


def _accepted(read: Callable[[str], object]) -> Callable[[Any], bool]:
    def accepts(value: Any) -> bool:
        try:
            return bool(read(str(value).strip()))
        except ValueError:
            return False

    return accepts


def _can_be_dialled(text: str) -> bool:
    return all(number.number.startswith("+") for number in read_phone_numbers(text))


def _is_bikram_sambat(value: Any) -> bool:
    if isinstance(value, date):
        return value.year in BIKRAM_SAMBAT_YEARS
    return _accepted(lambda text: parse_date(text).year in BIKRAM_SAMBAT_YEARS)(value)


def _is_number_text(text: str) -> bool:
    read_number(text)
    return not _CODE.fullmatch(text)


# In this order: a phone number is a number, too.
_KINDS: dict[Kind, Callable[[Any], bool]] = {
    Kind.EMAIL: lambda value: bool(_EMAIL.fullmatch(str(value).strip())),
    Kind.LINK: lambda value: bool(_LINK.fullmatch(str(value).strip())),
    Kind.BIKRAM_SAMBAT: _is_bikram_sambat,
    Kind.PHONE: _accepted(_can_be_dialled),
    Kind.NUMBER: lambda value: isinstance(value, int | float),
    Kind.NUMBER_TEXT: _accepted(_is_number_text),
}
