"""In which folder the files of a kind of entity are."""

from __future__ import annotations

import re
from enum import Enum

from ..models.entity_types import ENTITY_TYPE_MAP

ENTITIES = "entity"
RELATIONSHIPS = "relationship"
VERSIONS = "version"
AUTHORS = "author"

_TYPE_OF = {
    sub_type.value: entity_type.value
    for entity_type, sub_types in ENTITY_TYPE_MAP.items()
    for sub_type in sub_types
    if sub_type is not None
}
_SEGMENT = re.compile(r"[a-z0-9_-]+")


def entity_folder(entity_type: str | None = None, sub_type: str | None = None) -> str | None:
    """Return the folder of the entities of this type and sub type, enum members or strings.

    A sub type without a type is looked up, since it belongs to one type only. None when no
    entity can be meant.
    """
    kind, sub = plain(entity_type), plain(sub_type)
    if kind is None and sub is not None:
        kind = _TYPE_OF.get(sub)
        if kind is None:
            return None
    return _below_entities([part for part in (kind, sub) if part is not None])


def prefix_folder(prefix: str) -> str | None:
    """Return the folder of the entities whose prefix is this one or starts with it.

    A file's path is its id, so an entity that has no prefix of its own is filed as if its type
    and sub type were one. None when no entity can be meant.
    """
    return _below_entities(prefix.split("/"))


def _below_entities(segments: list[str]) -> str | None:
    """Join the segments, unless one could be part of no path, such as ``..``."""
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return None
    return "/".join((ENTITIES, *segments))


def plain(text: str | None) -> str | None:
    """Return the value of an enum member, and any other text as it is."""
    return text.value if isinstance(text, Enum) else text
