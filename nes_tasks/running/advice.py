"""What to do about exceptions that scripts often end with and that do not say it themselves.

The messages of the exceptions stay as they are: scripts may compare them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from difflib import get_close_matches
from enum import Enum
from pathlib import Path

from ..errors import NesTasksError
from ..models.entity_types import ENTITY_TYPE_MAP, EntitySubType, EntityType
from .readers import similar_file

# The words of the `enum` module for a value that no member has.
NO_MEMBER = re.compile(r"^'?(.*?)'? is not a valid (EntityType|EntitySubType)$")
NOT_OF_TYPE = re.compile(r"Entity subtype \S+ not supported for entity type EntityType\.(\w+)")
NO_RELATIONSHIP = re.compile(r"Invalid relationship type: (\S+)\. Must be one of")
# Python's words, and pydantic's for a field that is assigned.
NO_ATTRIBUTE = re.compile(
    r"""^'(\w+)' object has no attribute '(\w+)'$|^"(\w+)" object has no field "(\w+)"$"""
)
UNEXPECTED = re.compile(r"([\w.]+)\(\) got an unexpected keyword argument '(\w+)'")
COROUTINE = re.compile(r"'coroutine' object|object of type 'coroutine'|not 'coroutine'")
AWAIT = (
    "await is missing before the call: write async def migrate(context): and await in front of "
    "what context.publication, context.search and context.db do"
)


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
    if isinstance(error, AttributeError | TypeError) and COROUTINE.search(text):
        return AWAIT
    if found := NO_ATTRIBUTE.search(text):
        owner, name = found[1] or found[3], found[2] or found[4]
        return _meant(name, _attributes(getattr(error, "obj", None), owner))
    if isinstance(error, TypeError) and (found := UNEXPECTED.search(text)):
        return _meant(found[2], _parameters(found[1]))
    return _of_a_value(text) if isinstance(error, ValueError) else None


def _of_a_value(text: str) -> str | None:
    if found := NO_MEMBER.search(text):
        members = EntityType if found[2] == "EntityType" else EntitySubType
        return _meant(found[1], [one.value for one in members]) or _one_of(members)
    if found := NOT_OF_TYPE.search(text):
        kinds = ENTITY_TYPE_MAP[EntityType[found[1]]] - {None}
        return _one_of(kind for kind in EntitySubType if kind in kinds)
    if found := NO_RELATIONSHIP.search(text):
        from ..models.relationship import RELATIONSHIP_TYPES

        return _meant(found[1], RELATIONSHIP_TYPES)
    return None


def _meant(word: str, choices: Iterable[str]) -> str | None:
    by_form = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(word.casefold(), by_form, n=1, cutoff=0.7)
    return f"did you mean {by_form[found[0]]}?" if found else None


def _attributes(owner: object, name: str) -> list[str]:
    """Return the public attributes of an object, or of our class of this name."""
    if owner is None:
        from ..models.plain_errors import class_named

        owner = class_named(name)
    try:
        found = [] if owner is None else dir(owner)
        found += getattr(owner, "model_fields", ())
    except Exception:  # an object of the script can do anything when it is asked
        return []
    return [one for one in found if not one.startswith("_")]


def _parameters(function: str) -> list[str]:
    """Return the parameters of a method of the context or of its services."""
    from ..services.database import EntityDatabase
    from ..services.publication import PublicationService
    from ..services.search import SearchService
    from .context import MigrationContext

    owner, _, name = function.rpartition(".")
    for service in (MigrationContext, PublicationService, SearchService, EntityDatabase):
        method = getattr(service, name, None)
        if service.__name__ == owner and inspect.isfunction(method):
            return list(inspect.signature(method).parameters)
    return []


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
