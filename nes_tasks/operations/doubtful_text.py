"""Text of data files that looks damaged: reported for review, never refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ..models.legacy_fonts import looks_legacy
from ..running.readers import Row
from ..text import CONTROL_CHARS, quote

# UTF-8 read as Latin-1 or cp1252: a lead byte shown as a letter, and what follows it. Devanagari
# begins with E0 A4 and E0 A5, other Latin letters with C3.
MOJIBAKE = re.compile("à[¤¥]|Ã[\x80-\xbf€-™]|â€[\x90-\xbf™œ“”˜]")
QUESTION_MARKS = re.compile(r"[?\s.,-]*\?\?[?\s.,-]*")
MARKUP = re.compile(
    r"&(?:nbsp|amp|lt|gt|quot|#\d+);|</?(?:b|i|u|br|p|div|span|font|td|tr|a)\b[^<>]*>"
)

# Shorter texts are not conclusive.
FEWEST_LETTERS = 4

KINDS = (
    ("holds control characters or changes the direction of writing", CONTROL_CHARS.search),
    (
        "has question marks in place of letters",
        QUESTION_MARKS.fullmatch,
    ),
    ("has letters that were lost (U+FFFD)", re.compile("\ufffd").search),
    ("looks like UTF-8 that was read in another encoding", MOJIBAKE.search),
    ("contains HTML markup", MARKUP.search),
)


def doubts(rows: Iterable[object]) -> Iterator[tuple[int, str]]:
    """Yield one doubt of each kind, with the number of its row; `rows` are read to their end."""
    seen: set[str] = set()
    fonts = _OldFonts()
    for row in rows:
        if not isinstance(row, Row):
            continue
        fonts.look(row)
        for column, value in _texts(dict(row).items()):
            for why, matches in KINDS:
                if why not in seen and matches(value):
                    seen.add(why)
                    location = f"{row.place}, column {column!r}"
                    yield row.number, f"{location}: {quote(value)} {why}"
    yield from fonts.doubts()


class _OldFonts:
    """Finds columns that are typed for the fonts Preeti or Kantipur.

    A single cell, such as ``x;y``, can look so by chance; half of a column does not.
    """

    def __init__(self) -> None:
        self._cells: Counter[str] = Counter()
        self._typed_so: Counter[str] = Counter()
        self._first: dict[str, tuple[Row, str]] = {}

    def look(self, row: Row) -> None:
        for column, value in dict(row).items():
            if not isinstance(value, str) or not value.strip():
                continue
            self._cells[column] += 1
            is_other = any(matches(value) for _, matches in KINDS)
            if len(value) >= FEWEST_LETTERS and not is_other and looks_legacy(value):
                self._typed_so[column] += 1
                self._first.setdefault(column, (row, value))

    def doubts(self) -> Iterator[tuple[int, str]]:
        for column, (row, value) in self._first.items():
            if self._typed_so[column] * 2 >= self._cells[column]:
                location = f"{row.place}, column {column!r}"
                yield (
                    row.number,
                    f"{location}: {quote(value)} seems to be typed for the font Preeti or Kantipur",
                )


def _texts(cells: Iterable[tuple[object, object]]) -> Iterator[tuple[object, str]]:
    """Yield the strings in cells that could be wrong, with the column; also inside of objects."""
    for column, value in cells:
        if isinstance(value, str):
            if not (value.isascii() and value.isalnum()):
                # Line ends and tabs are normal in longer texts.
                yield column, value.translate({9: " ", 10: " ", 13: " "})
        elif isinstance(value, Mapping):
            yield from ((column, text) for _, text in _texts(value.items()))
        elif isinstance(value, list):
            yield from ((column, text) for _, text in _texts(enumerate(value)))
