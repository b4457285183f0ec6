"""The term and the attributes of a relationship: arguments of a call, and stored values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any, Final, Literal

from ..models.relationship import Relationship
from ..models.version import Author
from .filters import parse_date


class Unset(Enum):
    """The default of an omitted argument, where None has a meaning."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return self.value


UNSET: Final = Unset.UNSET

Omissible = date | str | None | Literal[Unset.UNSET]


def checked_dates(
    start: date | str | None, end: date | str | None
) -> tuple[date | None, date | None]:
    """Return start and end as dates; raises `ValueError` that names the argument."""
    first, last = _named("start_date", start), _named("end_date", end)
    if first is not None and last is not None and last < first:
        raise ValueError("Relationship end_date cannot be before start_date")
    return first, last


def _named(argument: str, value: date | str | None) -> date | None:
    try:
        return parse_date(value)
    except ValueError as error:
        raise ValueError(f"{argument}: {error}") from None


def completed(
    stored: Relationship | None, start: Omissible, end: Omissible, attributes: Any
) -> tuple[date | None, date | None, dict[str, Any] | None]:
    """Return dates and attributes of a relationship; omitted ones are as stored, else None.

    A start after the stored end is not completed with that end: it is the start of another term.
    """
    if (
        stored is not None
        and end is UNSET
        and _by(stored.end_date, _named("start_date", _given(start)))
    ):
        end = None
    first, last = checked_dates(
        (stored.start_date if stored else None) if start is UNSET else start,
        (stored.end_date if stored else None) if end is UNSET else end,
    )
    if attributes is UNSET:
        attributes = stored.attributes if stored else None
    return first, last, attributes


def refuse_another_term(stored: Relationship, start: date | None, end: date | None) -> None:
    """Raise `ValueError` when start and end differ from the stored term.

    There is one relationship of a type between two entities; a second term would replace the first.
    """
    first, last = stored.start_date, stored.end_date
    if start == first:
        return
    if _by(first, start) or _by(last, start) or _by(end, first):
        raise ValueError(
            f"{stored.id} is stored with the term {_term(first, last)},"
            f" and {_term(start, end)} is another one; pass replace=True to put it in its place, or"
            ' keep both in attributes={"terms": […]}'
        )


def _given(day: Omissible) -> date | str | None:
    return None if day is UNSET else day


def _by(day: date | None, other: date | None) -> bool:
    """Return whether a day is on or before another; False if either is unknown."""
    return day is not None and other is not None and day <= other


def _term(start: date | None, end: date | None) -> str:
    return f"{start or 'unknown'} to {end or 'today'}"


def says_the_same(
    stored: Relationship, new: Relationship, author: Author, description: str
) -> bool:
    """Return whether the stored relationship is equal, with the same author."""
    summary = stored.version_summary
    return (
        summary is not None
        and summary.author.slug == author.slug
        and summary.change_description == description
        and (stored.start_date, stored.end_date) == (new.start_date, new.end_date)
        and (stored.attributes or None) == (new.attributes or None)
    )


def relationship_arguments(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `create_relationship` in a dict; raises `ValueError`."""
    if not data.get("source_entity_id") or not data.get("target_entity_id"):
        raise ValueError("Relationship must have source_entity_id and target_entity_id")
    if not data.get("relationship_type"):
        raise ValueError("Relationship must have relationship_type")
    known = (
        "source_entity_id",
        "target_entity_id",
        "relationship_type",
        "start_date",
        "end_date",
        "attributes",
        "planned",
        "replace",
    )
    return {key: data[key] for key in known if key in data}
