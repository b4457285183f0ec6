"""Implausible values of new data: names without a letter, dates in the future.

Only new values are checked: stored ones, plausible or not, may stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

from ..models.damage import forbidden_characters
from ..models.name_keys import is_blank

MAX_YEARS_AHEAD = 20
"""How far in the future an end may lie without being marked as planned."""

FIELDS_OF_THE_PAST = ("start_date", "registration_date", "birth_date")
"""What has happened already, unless it is marked as planned."""

NEPAL = timezone(timedelta(hours=5, minutes=45))

_DAY = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def implausible(snapshot: Mapping[str, Any], moment: datetime, *, planned: bool) -> list[str]:
    """Return the implausible values of an entity or relationship, each as a sentence.

    `snapshot` is its dump, which may hold anything that a script put into its fields: what is not
    of the right form is left to the models. `planned` allows dates in the future. The moment's day
    is that in Nepal.
    """
    problems = list(_implausible_names(snapshot))
    if not planned:
        problems += _implausible_dates(snapshot, moment.astimezone(NEPAL).date())
    return problems


def _implausible_names(snapshot: Mapping[str, Any]) -> Iterator[str]:
    for name in (*_dicts(snapshot, "names"), *_dicts(snapshot, "misspelled_names")):
        for language in ("en", "ne"):
            parts = name.get(language)
            for field, text in parts.items() if isinstance(parts, Mapping) else ():
                if not isinstance(text, str):
                    continue
                if field == "full" and is_blank(text):
                    yield f"the name {text!r} ({language}) has neither a letter nor a digit"
                elif forbidden := forbidden_characters(text):
                    signs = ", ".join(forbidden)
                    yield f"the name {text!r} ({language}) has {signs}, which no name can have"


def _implausible_dates(snapshot: Mapping[str, Any], today: date) -> Iterator[str]:
    for field, value, written in _dates(snapshot, FIELDS_OF_THE_PAST):
        if value > today:
            advice = _advice(value, today, written)
            yield f"{field} {written} is after {today}, the day of this change{advice}"
    latest = _years_after(today)
    for field, value, written in _dates(snapshot, ("end_date",)):
        if value > latest:
            yield (
                f"{field} {written} is more than {MAX_YEARS_AHEAD} years after {today},"
                f" the day of this change{_advice(value, today, written)}"
            )


def _advice(value: date, today: date, written: str) -> str:
    # The calendar is only needed for messages.
    from ..models.bikram_sambat import suspect

    planned = "pass planned=True if it is planned"
    # What is a part of a date, or not a day of this calendar, has no single day of the other.
    nepali = suspect(value, today) if written == str(value) else None
    if nepali is None:
        return f"; {planned}"
    return (
        f"; if it is Bikram Sambat, it is {nepali.to_gregorian()}:"
        f" convert it with context.calendar.to_gregorian; {planned}"
    )


def _years_after(today: date) -> date:
    year = min(today.year + MAX_YEARS_AHEAD, date.max.year)
    try:
        return today.replace(year=year)
    except ValueError:  # the 29th of February has no such anniversary
        return today.replace(year=year, day=28)


def _dates(snapshot: Mapping[str, Any], fields: Iterable[str]) -> Iterator[tuple[str, date, str]]:
    """Return the dates in these fields: its own, those of the person, and of the positions held.

    Each with the field, the earliest day that it can be, and how it is written.
    """
    details = snapshot.get("personal_details")
    details = details if isinstance(details, Mapping) else {}
    for holder in (snapshot, details, *_dicts(details, "positions")):
        for field in fields:
            value = holder.get(field)
            day = value if isinstance(value, date) else _earliest(value)
            if day is not None:
                yield field, day, str(value).strip()


def _dicts(holder: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    listed = holder.get(field)
    return (
        [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    )


def _earliest(text: object) -> date | None:
    """Return the earliest day of a full or partial date, None for anything else.

    Of what is not a calendar date, such as 2079-02-33, that is the first of its year.
    """
    found = _DAY.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    year = int(found[1])
    try:
        return date(year, int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return date(year, 1, 1) if year else None
