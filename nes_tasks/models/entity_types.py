"""The types and sub types of entities, the prefixes of their ids, and the limits of both.

Apart from the models, so that ids can be checked without loading pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


# `str, Enum` and not StrEnum, here and in other modules: messages that migrations match on contain
# `EntityType.PERSON`, which is what str() of such a member gives.
class EntityType(str, Enum):  # noqa: UP042
    """The type of an entity; the first segment of its id."""

    PERSON = "person"
    ORGANIZATION = "organization"
    LOCATION = "location"
    PROJECT = "project"


class EntitySubType(str, Enum):  # noqa: UP042
    """The sub type of an entity."""

    POLITICAL_PARTY = "political_party"
    GOVERNMENT_BODY = "government_body"
    NGO = "ngo"
    INTERNATIONAL_ORG = "international_org"
    HOSPITAL = "hospital"

    PROVINCE = "province"
    DISTRICT = "district"
    METROPOLITAN_CITY = "metropolitan_city"
    SUB_METROPOLITAN_CITY = "sub_metropolitan_city"
    MUNICIPALITY = "municipality"
    RURAL_MUNICIPALITY = "rural_municipality"
    WARD = "ward"
    CONSTITUENCY = "constituency"

    DEVELOPMENT_PROJECT = "development_project"


ENTITY_TYPE_MAP: dict[EntityType, frozenset[EntitySubType | None]] = {
    EntityType.PERSON: frozenset({None}),
    EntityType.ORGANIZATION: frozenset(
        {
            None,
            EntitySubType.POLITICAL_PARTY,
            EntitySubType.GOVERNMENT_BODY,
            EntitySubType.HOSPITAL,
            EntitySubType.NGO,
            EntitySubType.INTERNATIONAL_ORG,
        }
    ),
    EntityType.LOCATION: frozenset(
        {
            None,
            EntitySubType.PROVINCE,
            EntitySubType.DISTRICT,
            EntitySubType.METROPOLITAN_CITY,
            EntitySubType.SUB_METROPOLITAN_CITY,
            EntitySubType.MUNICIPALITY,
            EntitySubType.RURAL_MUNICIPALITY,
            EntitySubType.WARD,
            EntitySubType.CONSTITUENCY,
        }
    ),
    EntityType.PROJECT: frozenset({None, EntitySubType.DEVELOPMENT_PROJECT}),
}
"""The sub types that ids of each type may have; None stands for an id without one."""


def check_map(sub_types: Mapping[EntityType, frozenset[EntitySubType | None]]) -> None:
    """Raise `TypeError` unless each type has a row and each sub type belongs to one type."""
    for entity_type in EntityType:
        if entity_type not in sub_types:
            raise TypeError(f"{entity_type} is not in ENTITY_TYPE_MAP of {__name__}")
    for sub_type in EntitySubType:
        if sum(sub_type in row for row in sub_types.values()) != 1:
            raise TypeError(f"{sub_type} is not in one row of ENTITY_TYPE_MAP of {__name__}")


check_map(ENTITY_TYPE_MAP)

GOVERNMENT_PREFIXES = frozenset(
    {
        "organization/government",
        "organization/government/federal",
        "organization/government/commission/federal",
        "organization/government/commission/province",
        "organization/government/commission/regional",
        "organization/government/commission/district",
    }
)
"""Prefixes of government bodies that are no pair of type and sub type."""

ALLOWED_ENTITY_PREFIXES = GOVERNMENT_PREFIXES | {
    entity_type.value if sub_type is None else f"{entity_type.value}/{sub_type.value}"
    for entity_type, sub_types in ENTITY_TYPE_MAP.items()
    for sub_type in sub_types
}
"""Everything that may stand between ``entity:`` and the slug of an entity id."""


MIN_SLUG_LENGTH = 3
MAX_SLUG_LENGTH = 100
# A leading, trailing or doubled hyphen is allowed: published slugs have them.
SLUG_PATTERN = "^[a-z0-9-]+$"

MAX_TYPE_LENGTH = 16
MAX_SUBTYPE_LENGTH = 25
MAX_ID_LENGTH = 32
MAX_PREFIX_DEPTH = 4

MAX_SHORT_DESCRIPTION_LENGTH = 300
MAX_DESCRIPTION_LENGTH = 5000
