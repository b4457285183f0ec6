"""Which class an entity has, and entities from plain dicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from .entity import Entity
from .entity_types import ALLOWED_ENTITY_PREFIXES, GOVERNMENT_PREFIXES, EntityType
from .location import Location
from .organization import GovernmentBody, Hospital, Organization, PoliticalParty
from .person import Person
from .project import Project

ENTITY_CLASSES: dict[str, type[Entity]] = {
    "person": Person,
    "organization": Organization,
    "organization/political_party": PoliticalParty,
    "organization/government_body": GovernmentBody,
    "organization/hospital": Hospital,
    "location": Location,
    "project": Project,
    **dict.fromkeys(GOVERNMENT_PREFIXES, GovernmentBody),
}
"""The class of entities by their type, type and sub type, or another prefix of their ids."""


def check_classes(types: Iterable[str], classes: Mapping[str, type[Entity]]) -> None:
    """Raise `TypeError` for a type that has no class, and a class whose ``type`` is another.

    Whoever adds a type learns so from the first import, not from the first entity of it.
    """
    for name in types:
        if name not in classes:
            raise TypeError(
                f"the entity type {name!r} has no class in ENTITY_CLASSES of {__name__}"
            )
    for prefix, cls in classes.items():
        if cls.model_fields["type"].default != prefix.partition("/")[0]:
            raise TypeError(f"{prefix!r} has the class {cls.__name__}, which is of another type")


check_classes([entity_type.value for entity_type in EntityType], ENTITY_CLASSES)


def entity_class_of(data: Mapping[str, Any]) -> type[Entity]:
    """Return the class that the entity with these fields has.

    An allowed ``entity_prefix`` decides; without one, type and sub type do. A sub type without
    a class of its own gives the class of its type. Raises `ValueError` when there is no type
    or it is none of `EntityType`.
    """
    prefix = data.get("entity_prefix")
    if isinstance(prefix, str) and prefix in ALLOWED_ENTITY_PREFIXES:
        return ENTITY_CLASSES.get(prefix) or ENTITY_CLASSES[prefix.partition("/")[0]]
    entity_type, sub_type = data.get("type"), data.get("sub_type")
    if isinstance(entity_type, str):
        return _class_of(entity_type, sub_type if isinstance(sub_type, str) else None)
    return _class_of(EntityType(entity_type), None)


@lru_cache(maxsize=256)
def _class_of(entity_type: str, sub_type: str | None) -> type[Entity]:
    name = EntityType(entity_type).value
    # join() and not an f-string: formatting an enum member would give its name.
    return ENTITY_CLASSES.get("/".join((name, sub_type or "")), ENTITY_CLASSES[name])


def entity_from_dict(data: Mapping[str, Any]) -> Entity:
    """Return the entity with these fields, of the class that fits.

    Raises pydantic's `ValidationError`, or `ValueError` as `entity_class_of` does.
    """
    return entity_class_of(data).model_validate(data)
