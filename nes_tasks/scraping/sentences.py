"""Split English prose into sentences, and parse dates in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
ABBREVIATIONS = {
    "Mr", "Mrs", "Ms", "Dr", "Er", "Prof", "Hon", "Col", "Gen", "Lt", "Jr", "St", "No",
}  # fmt: skip
_END = re.compile(r"(?<=[.!?।])\s+(?=[\"“'(]?[A-Z\u0900-\u097f])|\n+")
_LAST_WORD = re.compile(r"\b(\w+)\.$")
_LONGEST_LAST_WORD = 20
_MONTH = "|".join(MONTHS)

DATE = (
    rf"(?:\d{{1,2}} (?:{_MONTH}),? \d{{4}}|(?:{_MONTH}) \d{{1,2}},? \d{{4}}"
    rf"|\d{{4}}-\d{{2}}-\d{{2}}|(?:{_MONTH}) \d{{4}}|\d{{4}})(?!\d)(?: (?:BS|B\.S\.))?"
)
"""A day, month or year, as `read_date` recognises it."""

_DAY_FIRST = re.compile(rf"(\d{{1,2}}) ({_MONTH}),? (\d{{4}})")
_MONTH_FIRST = re.compile(rf"({_MONTH}) (\d{{1,2}}),? (\d{{4}})")

# "is not a member of", "never worked for", "denied being": what such a sentence says of anyone
# is that it is not so.
NEGATION = re.compile(
    r"\b(?:(?i:not|never|no longer|nor|neither|without|denie[sd]|denying|refused|rejected|declined"
    r"|if|would|could|might|allegedly|reportedly|rumou?red)|may)\b|n['’]t\b"
)


class Moment(NamedTuple):
    """A date with the precision of the text: `day` only when it is complete."""

    text: str
    day: date | None
    year: int | None


def sentences(text: str) -> Iterator[str]:
    """Return the sentences of `text` with single spaces; titles ("Dr. X") do not end one."""
    start = 0
    for end in _END.finditer(text):
        last = _LAST_WORD.search(text, max(start, end.start() - _LONGEST_LAST_WORD), end.start())
        if last and "\n" not in end[0] and (last[1] in ABBREVIATIONS or len(last[1]) == 1):
            continue
        sentence = " ".join(text[start : end.start()].split())
        if sentence:
            yield sentence
        start = end.end()
    rest = " ".join(text[start:].split())
    if rest:
        yield rest


def read_date(text: str) -> Moment:
    """Parse a text that matches `DATE`; a date that does not exist stays a string.

    A year of the Bikram Sambat calendar ("2001 BS") stays a text as well: without the day it
    has no counterpart.
    """
    if text.endswith(("BS", "B.S.")):
        return Moment(text, None, None)
    parts = _parts(text)
    try:
        day = date(*parts) if parts else None
    except ValueError:
        return Moment(text, None, None)
    year = re.search(r"\d{4}", text)
    return Moment(text, day, int(year[0]) if year else None)


def _parts(text: str) -> tuple[int, int, int] | None:
    found = _DAY_FIRST.fullmatch(text)
    if found:
        return int(found[3]), MONTHS.index(found[2]) + 1, int(found[1])
    found = _MONTH_FIRST.fullmatch(text)
    if found:
        return int(found[3]), MONTHS.index(found[1]) + 1, int(found[2])
    if text.count("-") == 2:
        year, month, day = map(int, text.split("-"))
        return year, month, day
    return None
