"""Bikram Sambat, the calendar of Nepal: dates from 1970 to 2100 BS, and conversions.

A date in digits whose year is last (``05-06-2079``) is refused, since it can mean two days.
The table of month lengths, and what is uncertain about it: `bikram_sambat_months`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

from .bikram_sambat_months import (
    FIRST_DAY,
    FIRST_YEAR,
    LAST_PUBLISHED_YEAR,
    LAST_YEAR,
    MONTH_LENGTHS,
)

__all__ = [
    "FIRST_YEAR",
    "LAST_PUBLISHED_YEAR",
    "LAST_YEAR",
    "BikramSambatDate",
    "FoundDate",
    "days_in_month",
    "find_dates",
    "from_gregorian",
    "parse_date",
    "suspect",
    "to_gregorian",
]

# The first spelling in each script is used for output.
_MONTHS = (
    "Baisakh Baishakh Vaisakh Vaishakh Baisakha Baishak वैशाख बैशाख वैसाख बैसाख",
    "Jestha Jeth Jeshtha Jyestha Jesth जेठ ज्येष्ठ जेष्ठ",
    "Asar Ashadh Asadh Ashar Asad Ashad Asadha Ashadha असार आषाढ अषाढ असाढ आषाढ़",
    "Shrawan Saun Sawan Shravan Srawan Sravan साउन श्रावण सावन श्रावन",
    "Bhadra Bhadau Bhadaw Bhado भदौ भाद्र भदाै भाद्रपद",
    "Asoj Ashwin Ashoj Aswin Asojh Ashwayuj असोज आश्विन अश्विन आसोज",
    "Kartik Kattik Karthik Kartick कार्तिक कात्तिक",
    "Mangsir Mangshir Marga Mansir Margashirsha मंसिर मङ्सिर मार्ग मार्गशीर्ष मङसिर",
    "Poush Pus Paush Pausa पुस पौष पुष पूस",
    "Magh Maagh माघ",
    "Falgun Phalgun Fagun Phagun Fagan फागुन फाल्गुन फाल्गुण",
    "Chaitra Chait Chaita Chaitya चैत चैत्र",
)
_MONTH_OF = {
    unicodedata.normalize("NFC", spelling.casefold()): number
    for number, spellings in enumerate(_MONTHS, 1)
    for spelling in spellings.split()
}
ENGLISH_MONTHS = tuple(spellings.split()[0] for spellings in _MONTHS)
NEPALI_MONTHS = tuple(
    next(word for word in spellings.split() if not word.isascii()) for spellings in _MONTHS
)

_YEAR_STARTS = tuple(accumulate((sum(year) for year in MONTH_LENGTHS), initial=0))
_TO_DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")

# The era, and the words for year and day, may be written or not.
_ERA = r"(?:वि\s*\.?\s*सं\s*\.?|B\s*\.?\s*S\s*\.?|Bikram\s+Sambat|Vikram\s+Samvat)"
_NAME = "|".join(sorted((re.escape(name) for name in _MONTH_OF), key=len, reverse=True))
_YEAR = r"(?P<year>\d{4})(?:\s*साल)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:\s*गते)?"
# A vowel sign after a name makes it a different word, and `\w` does not match these signs.
_LETTER = r"[\w\u0900-\u0963\u0971-\u097f]"
_MONTH = rf"(?<!{_LETTER})(?P<month>{_NAME})(?!{_LETTER})"
_FORMS = tuple(
    re.compile(
        rf"(?:(?P<era>{_ERA})[\s:,-]*)?{form}(?:[\s,]*(?P<era_after>{_ERA}))?", re.IGNORECASE
    )
    for form in (
        r"(?<!\d)(?P<year>\d{4})\s*(?P<mark>[-/.।])\s*(?P<month>\d{1,2})\s*(?P=mark)\s*(?P<day>\d{1,2})(?!\d)"
        r"(?:\s*गते)?",
        rf"(?<!\d){_YEAR}[\s,./-]*{_MONTH}[\s,./-]*{_DAY}(?!\d)",
        rf"(?<!\d){_DAY}[\s,./-]*{_MONTH}[\s,./-]*{_YEAR}(?!\d)",
        rf"{_MONTH}[\s,./-]*{_DAY}[\s,./-]+{_YEAR}(?!\d)",
    )
)


@dataclass(frozen=True, order=True, slots=True)
class BikramSambatDate:
    """A day of Bikram Sambat; its text is ``YYYY-MM-DD``, and dates compare in their order.

    Raises `ValueError` for a day that does not exist, such as 2079-02-33.
    """

    year: int
    month: int
    day: int

    def __post_init__(self) -> None:
        length = days_in_month(self.year, self.month)
        if not 1 <= self.day <= length:
            raise ValueError(
                f"{self} is not a date: {ENGLISH_MONTHS[self.month - 1]} {self.year} BS has"
                f" {length} days"
            )

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}-{self.day:02}"

    def to_gregorian(self) -> date:
        """Return the same day in the Gregorian calendar."""
        before = sum(MONTH_LENGTHS[self.year - FIRST_YEAR][: self.month - 1]) + self.day - 1
        return FIRST_DAY + timedelta(days=_YEAR_STARTS[self.year - FIRST_YEAR] + before)

    def in_english(self) -> str:
        """Return the date as in ``1 Kartik 2083``."""
        return f"{self.day} {ENGLISH_MONTHS[self.month - 1]} {self.year}"

    def in_nepali(self) -> str:
        """Return the date as in ``२०८३ कार्तिक १``."""
        text = f"{self.year} {NEPALI_MONTHS[self.month - 1]} {self.day}"
        return text.translate(_TO_DEVANAGARI)


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date in a text: the date, its spelling, and the index of its first character."""

    date: BikramSambatDate
    text: str
    start: int


def days_in_month(year: int, month: int) -> int:
    """Return how many days a month of Bikram Sambat has, 29 to 32; raises `ValueError`."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"the year {year} BS is outside the table, {FIRST_YEAR} to {LAST_YEAR}")
    if not 1 <= month <= 12:
        raise ValueError(f"the month {month} is not between 1 and 12")
    return MONTH_LENGTHS[year - FIRST_YEAR][month - 1]


def from_gregorian(day: date) -> BikramSambatDate:
    """Return the Bikram Sambat of a Gregorian day; raises `ValueError` outside the table."""
    if isinstance(day, datetime):
        day = day.date()
    number = (day - FIRST_DAY).days
    if not 0 <= number < _YEAR_STARTS[-1]:
        last = FIRST_DAY + timedelta(days=_YEAR_STARTS[-1] - 1)
        raise ValueError(f"{day} is outside the table, {FIRST_DAY} to {last}")
    index = bisect_right(_YEAR_STARTS, number) - 1
    left = number - _YEAR_STARTS[index]
    for month, length in enumerate(MONTH_LENGTHS[index], 1):
        if left < length:
            return BikramSambatDate(FIRST_YEAR + index, month, left + 1)
        left -= length
    raise AssertionError("the lengths of the months add up to the year")


def to_gregorian(value: BikramSambatDate | date | str) -> date:
    """Return the Gregorian day of a date of Bikram Sambat; raises `ValueError`.

    `value` is such a date, its text (see `parse_date`), or what a spreadsheet made of it: typed
    into a cell, 2079-11-20 becomes a Gregorian date with these digits, which are read again.
    """
    if isinstance(value, date):
        value = BikramSambatDate(value.year, value.month, value.day)
    elif isinstance(value, str):
        value = parse_date(value)
    elif not isinstance(value, BikramSambatDate):
        raise ValueError(f"{value!r} is not a Bikram Sambat date; write it as 2079-11-20")
    return value.to_gregorian()


def parse_date(text: str) -> BikramSambatDate:
    """Parse a date in Nepali or ASCII digits; raises `ValueError`.

    Understood are ``2079-11-20`` (or with ``/``, ``.``, ``।``), ``२०७९ फागुन २०``,
    ``20 Falgun 2079`` and ``Falgun 20, 2079``, each with or without the era (``वि.सं.``, ``BS``)
    and the words ``साल`` and ``गते``.
    """
    plain = _plain(text).strip()
    for form in _FORMS:
        found = form.fullmatch(plain)
        if found:
            return _date_of(found)
    if re.fullmatch(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", plain):
        raise ValueError(f"{text!r} can be two dates; write the year first, as in 2079-11-20")
    raise ValueError(f"{text!r} is not a Bikram Sambat date; write it as 2079-11-20")


def find_dates(text: str) -> list[FoundDate]:
    """Return the dates of Bikram Sambat in a text, in their order.

    A date in digits alone counts when they are Nepali or the era stands beside it: 2047-03-12 can
    be a Gregorian date as well. What is not a calendar date is left out.
    """
    found: dict[int, FoundDate] = {}
    plain = _plain(text)
    for form in _FORMS:
        for match in form.finditer(plain):
            written = text[match.start() : match.end()]
            named = not match["month"].isdigit()
            if not named and written.isascii() and not (match["era"] or match["era_after"]):
                continue
            for day in _valid(match):
                found.setdefault(match.start(), FoundDate(day, written.strip(), match.start()))
    return [found[start] for start in sorted(found)]


def suspect(value: date, today: date) -> BikramSambatDate | None:
    """Return the date of Bikram Sambat that a Gregorian date may be by mistake, else None.

    It is suspected when `value` lies after `today` and its digits, read as Bikram Sambat, do not.
    """
    if value <= today or not FIRST_YEAR <= value.year <= LAST_YEAR:
        return None
    if value.day > days_in_month(value.year, value.month):
        return None
    read = BikramSambatDate(value.year, value.month, value.day)
    return read if read.to_gregorian() <= today else None


def _plain(text: str) -> str:
    """Return `text` with Nepali digits as ASCII ones; each character keeps its place."""
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in text
    )


def _date_of(match: re.Match[str]) -> BikramSambatDate:
    month = match["month"]
    number = int(month) if month.isdigit() else _MONTH_OF[month.casefold()]
    return BikramSambatDate(int(match["year"]), number, int(match["day"]))


def _valid(match: re.Match[str]) -> Iterator[BikramSambatDate]:
    try:
        yield _date_of(match)
    except ValueError:
        return
