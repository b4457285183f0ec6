"""What to do about exceptions that scripts often end with and that do not say it themselves.

The texts of the exceptions stay as they are: scripts may compare them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from ..errors import NesTasksError
from ..models.entity_types import ENTITY_TYPE_MAP, EntitySubType, EntityType
from .readers import similar_file

# The words of the `enum` module for a value that no member has.
NO_MEMBER = re.compile(r"is not a valid (EntityType|EntitySubType)$")
NOT_OF_TYPE = re.compile(r"Entity subtype \S+ not supported for entity type EntityType\.(\w+)")
BAD_SLUG = re.compile(r"^slug\s+String should match pattern", re.MULTILINE)


def advice(error: BaseException, text: str, folder: Path | None) -> str | None:
    """Return what to do about the exception `error`, whose text is `text`; None if unknown.

    `folder` is that of the migration; it is only looked at.
    """
    if isinstance(error, NesTasksError):
        return None  # it has a hint of its own
    if notes := getattr(error, "__notes__", None):
        return "; ".join(map(str, notes))
    if isinstance(error, FileNotFoundError):
        return _of_the_folder(error.filename, folder)
    if not isinstance(error, ValueError):
        return None
    if found := NO_MEMBER.search(text):
        return _one_of(EntityType if found[1] == "EntityType" else EntitySubType)
    if found := NOT_OF_TYPE.search(text):
        kinds = ENTITY_TYPE_MAP[EntityType[found[1]]] - {None}
        return _one_of(kind for kind in EntitySubType if kind in kinds)
    if BAD_SLUG.search(text):
        return "a slug is like asha-rai; context.names.slug_for makes one of a name"
    return None


def _of_the_folder(name: object, folder: Path | None) -> str | None:
    if folder is None or not isinstance(name, str) or ".." in Path(name).parts:
        return None
    if Path(name).is_absolute():
        inside = Path(name).is_relative_to(folder)
        meant = similar_file(folder, str(Path(name).relative_to(folder))) if inside else None
        return f"did you mean {meant}?" if meant else None
    if not (folder / name).is_file():
        return None
    return (
        "it is in the migration's folder: context.read_csv and the like find it there, "
        f"and so does open(context.migration_dir / {name!r})"
    )


def _one_of(members: Iterable[Enum]) -> str:
    values = [member.value for member in members]
    return f"it can be {', '.join(values)}" if values else "leave it out"
