"""Dates of the models: ambiguous values are refused with a clear message.

pydantic itself reads numbers and digit strings as seconds since 1970.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated

from pydantic import BeforeValidator

_ISO = re.compile(
    r"\s*(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?)?\s*", re.IGNORECASE
)
_PARTIAL = re.compile(r"\s*\d{4}(?:-\d{2})?\s*")
_EXAMPLE = "write it as in 2024-01-25"


def read_date(value: object) -> date:
    """Return `value` as a date: from a date, a datetime at midnight, or an ISO 8601 string.

    Raises `ValueError` for everything else, with what to write instead.
    """
    if isinstance(value, datetime):
        if value.time() != time.min:
            raise ValueError(f"{value} is a time of day, not a date; {_EXAMPLE}")
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return _from_text(value)
    raise ValueError(
        f"{value!r} is a number, not a date; {_EXAMPLE}"
        if _is_number(value)
        else f"{value!r} is not a date; {_EXAMPLE}"
    )


def read_optional_date(value: object) -> date | None:
    """Return the day that `value` is, None for None, a blank text and a missing value of pandas."""
    if value is None or (isinstance(value, str) and not value.strip()) or _is_missing(value):
        return None
    return read_date(value)


def _is_missing(value: object) -> bool:
    try:
        return bool(value != value)  # NaN and NaT are not equal to themselves
    except TypeError:
        return True  # whether pandas.NA is equal to anything is not known


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _from_text(text: str) -> date:
    found = _ISO.fullmatch(text)
    if found:
        try:
            return date.fromisoformat(found[1])
        except ValueError:
            raise ValueError(_not_a_day(text)) from None
    if _PARTIAL.fullmatch(text):
        raise ValueError(f"{text!r} is only a part of a date; {_EXAMPLE}, or omit it")
    # The calendar is needed for messages alone.
    from .bikram_sambat import find_dates

    if find_dates(text):
        raise ValueError(_bikram_sambat(text))
    raise ValueError(f"{text!r} is not a date; {_EXAMPLE}")


def _not_a_day(text: str) -> str:
    """Return the message for digits in the form of a date: 2079-03-32 is one in Bikram Sambat."""
    from .bikram_sambat import find_dates

    if find_dates(f"BS {text.strip()}"):
        return _bikram_sambat(text)
    return f"{text!r} is not a calendar date"


def _bikram_sambat(text: str) -> str:
    return f"{text!r} is a Bikram Sambat date; convert it with context.calendar.to_gregorian"


Date = Annotated[date, BeforeValidator(read_date)]
"""A day; see `read_date`."""

OptionalDate = Annotated[date | None, BeforeValidator(read_optional_date)]
"""A day or none; see `read_optional_date`."""
