"""Filters and scores: what a listing leaves out, and how well a name answers a query."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from pydantic import TypeAdapter

from ..models.base import Name, NameKind, NameParts
from ..models.dates import read_optional_date
from ..models.entity import Entity
from ..models.name_keys import name_key
from ..models.relationship import Relationship
from ..models.version import Version

WHOLE_EQUAL, WHOLE_CONTAINS = 100, 50
PART_EQUAL, PART_CONTAINS = 75, 25
PRIMARY_BONUS, OTHER_BONUS = 20, 10


def name_score(names: Iterable[Name], query: str) -> int:
    """Return how well `names` fit `query`, which is a key; 0 when they do not at all."""
    score = 0
    for name in names:
        bonus = PRIMARY_BONUS if name.kind is NameKind.PRIMARY else OTHER_BONUS
        for parts in (name.en, name.ne):
            if parts is not None:
                hits = _hits(parts, query)
                score += sum(hits) + bonus * len(hits)
    return score


def _hits(parts: NameParts, query: str) -> list[int]:
    """Return the points of each part that fits, without the bonus."""
    candidates = (
        (parts.full, WHOLE_EQUAL, WHOLE_CONTAINS),
        (parts.given, PART_EQUAL, PART_CONTAINS),
        (parts.middle, PART_EQUAL, PART_CONTAINS),
        (parts.family, PART_EQUAL, PART_CONTAINS),
    )
    return [
        equal if query == key else contains
        for key, equal, contains in (
            (name_key(text), equal, contains) for text, equal, contains in candidates if text
        )
        if query in key
    ]


EntityTest = Callable[[Entity], bool]
RelationshipTest = Callable[[Relationship], bool]
VersionTest = Callable[[Version], bool]

_MOMENT: TypeAdapter[datetime | None] = TypeAdapter(datetime | None)


def parse_date(value: date | str | None) -> date | None:
    """Return a date from a date or a text such as ``2024-01-25``; raises `ValueError`."""
    return read_optional_date(value)


def parse_datetime(value: datetime | str | None) -> datetime | None:
    """Return a moment; one without a zone is taken as UTC. Raises `ValueError`."""
    moment = _MOMENT.validate_python(value)
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def entity_test(
    attributes: Mapping[str, Any] | None = None,
    tags: Collection[str] | None = None,
    entity_type: str | None = None,
    sub_type: str | None = None,
) -> EntityTest | None:
    """Accept entities with all these attributes and values, all these tags, and these types."""
    if not attributes and not tags and entity_type is None and sub_type is None:
        return None
    wanted_attributes = dict(attributes or {})
    wanted_tags = list(tags or ())

    def accepts(entity: Entity) -> bool:
        has = entity.attributes or {}
        tagged: Collection[object] = entity.tags or ()
        return (
            entity_type in (None, entity.type)
            and sub_type in (None, entity.sub_type)
            and all(tag in tagged for tag in wanted_tags)
            and all(key in has and has[key] == value for key, value in wanted_attributes.items())
        )

    return accepts


def relationship_test(
    *,
    source_entity_id: str | None = None,
    target_entity_id: str | None = None,
    relationship_type: str | None = None,
    active_on: date | str | None = None,
    start_date_from: date | str | None = None,
    start_date_to: date | str | None = None,
    currently_active: bool | None = None,
) -> RelationshipTest:
    """Accept relationships that meet every condition that is not None.

    Active on a date is what has started (or has no start) and has not ended before it (or has
    no end); currently active is what has no end. The two limits of the start are inclusive and
    leave out what has no start.
    """
    day, first, last = parse_date(active_on), parse_date(start_date_from), parse_date(start_date_to)

    def accepts(item: Relationship) -> bool:
        start, end = item.start_date, item.end_date
        return (
            source_entity_id in (None, item.source_entity_id)
            and target_entity_id in (None, item.target_entity_id)
            and relationship_type in (None, item.type)
            and (day is None or ((start is None or start <= day) and (end is None or end >= day)))
            and (first is None or (start is not None and start >= first))
            and (last is None or (start is not None and start <= last))
            and (currently_active is None or currently_active == (end is None))
        )

    return accepts


def version_test(
    author_slug: str | None = None,
    created_after: datetime | str | None = None,
    created_before: datetime | str | None = None,
) -> VersionTest:
    """Accept versions of that author, made at or after one moment and before the other."""
    first, end = parse_datetime(created_after), parse_datetime(created_before)

    def accepts(version: Version) -> bool:
        return (
            author_slug in (None, version.author.slug)
            and (first is None or version.created_at >= first)
            and (end is None or version.created_at < end)
        )

    return accepts
