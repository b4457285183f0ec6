"""Text of data files that looks damaged: found so that somebody looks, never refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ..models.legacy_fonts import looks_legacy
from ..printable import HOSTILE, abridged
from ..running.readers import Row

# UTF-8 read as Latin-1 or cp1252: a lead byte shown as a letter, and what follows it. Devanagari
# begins with E0 A4 and E0 A5, other Latin letters with C3.
MOJIBAKE = re.compile("à[¤¥]|Ã[\x80-\xbf€-™]|â€[\x90-\xbf™œ“”˜]")
QUESTION_MARKS = re.compile(r"[?\s.,-]*\?\?[?\s.,-]*")
MARKUP = re.compile(
    r"&(?:nbsp|amp|lt|gt|quot|#\d+);|</?(?:b|i|u|br|p|div|span|font|td|tr|a)\b[^<>]*>"
)

KINDS = (
    ("holds control characters or changes the direction of writing", HOSTILE.search),
    (
        "has question marks in the place of letters",
        QUESTION_MARKS.fullmatch,
    ),
    ("has letters that were lost (U+FFFD)", re.compile("\ufffd").search),
    ("looks like UTF-8 that was read in another encoding", MOJIBAKE.search),
    ("holds markup of a web page", MARKUP.search),
    ("seems to be typed for the font Preeti or Kantipur", looks_legacy),
)


def doubts(rows: Iterable[object]) -> Iterator[tuple[int, str]]:
    """Yield one doubt of each kind, with the number of its row; `rows` are read to their end."""
    seen: set[str] = set()
    for row in rows:
        if not isinstance(row, Row):
            continue
        for column, value in _texts(dict(row).items()):
            # A text of one kind is often of a later kind as well, which is then no other doubt.
            why = next((why for why, matches in KINDS if matches(value)), None)
            if why is not None and why not in seen:
                seen.add(why)
                place = f"{row.place}, column {column!r}"
                yield row.number, f"{place}: {abridged(value)} {why}"


def _texts(cells: Iterable[tuple[object, object]]) -> Iterator[tuple[object, str]]:
    """Yield the strings in cells that could be wrong, with the column; also inside of objects."""
    for column, value in cells:
        if isinstance(value, str):
            if not (value.isascii() and value.isalnum()):
                # Line ends and tabulators are at home in longer texts.
                yield column, value.translate({9: " ", 10: " ", 13: " "})
        elif isinstance(value, Mapping):
            yield from ((column, text) for _, text in _texts(value.items()))
        elif isinstance(value, list):
            yield from ((column, text) for _, text in _texts(enumerate(value)))
