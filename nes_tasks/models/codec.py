"""Models as the bytes of their files, and back; and which class an entity has.

Files are UTF-8 JSON with two blanks of indent, keys sorted at every level and no newline at
the end: exactly what ``json.dumps(…, indent=2, sort_keys=True, ensure_ascii=False)`` gives.

Every field of a model is written, null where it is unset, with one exception: fields that the
format got later (`Entity.fields_added_later`) are written where they were set, where the file
had them, or where the entity is filed under a prefix. With ``only_set=True`` the dump functions
write just the fields that were given, which makes reading and writing a file the identity, even
for files of older formats.

Computed fields are left out of the files, but for the ``id`` of an author inside another
object; a version's snapshot has them all.

Fields that were assigned something else than their type (assignments are not validated) are
written as they are. NaN and infinite numbers, which JSON does not have, become null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NoReturn, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from ..errors import NesTasksError
from .entity import Entity
from .entity_types import ALLOWED_ENTITY_PREFIXES, GOVERNMENT_PREFIXES, EntityType
from .location import Location
from .organization import GovernmentBody, Hospital, Organization, PoliticalParty
from .person import Person
from .plain_errors import plain_problems, shown
from .plain_values import first_unwritable, plain_copy
from .project import Project
from .relationship import Relationship
from .version import Author, Version, VersionSummary

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

    So a type without a class is an error of the first import, not of the first entity of it.
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


_Made = TypeVar("_Made")
_Dumped = Entity | Relationship | VersionSummary | Author
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)

_FORMAT = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
# Where orjson writes numbers in another way than Python's repr: with an exponent (1e16, 1e-7
# for Python's 1e+16, 1e-07), and 0.00001 for 1e-05. A text that looks so costs only time.
_EXPONENT = re.compile(rb"e(?<=[0-9]e)[+-]?[0-9]")
_SMALL_NUMBER = b"0.0000"


class MalformedFileError(NesTasksError, ValueError):
    """The bytes of a file are not what the format says.

    `source` is what the reader called the file, usually its path in the data folder.
    """

    def __init__(self, message: str, *, source: str | None = None) -> None:
        super().__init__(message)
        self.source = source


class UnwritableError(NesTasksError, ValueError):
    """A model contains something that JSON cannot express."""


# --- writing -----------------------------------------------------------------------------


def snapshot_of(model: Entity | Relationship, *, only_set: bool = False) -> dict[str, Any]:
    """Return all fields of an entity or relationship, computed ones included, as plain values.

    This is what a version keeps. `dump_entity` and `dump_relationship` accept it, so that a
    model is taken apart only once for its own file and its version's.

    Raises `UnwritableError` when there is something in it that JSON cannot express.
    """
    options: dict[str, Any] = {"exclude": _left_out(model), "exclude_unset": only_set}
    try:
        return model.model_dump(mode="json", warnings=False, **options)
    except (ValueError, TypeError, RecursionError) as error:
        # Perhaps a value of a data frame; looking for them each time would cost too much.
        try:
            return plain_copy(model).model_dump(mode="json", warnings=False, **options)
        except (ValueError, TypeError, RecursionError):
            raise UnwritableError(f"{model.id} cannot be written: {_why(model)}") from error


def _why(model: Entity | Relationship) -> str:
    found = first_unwritable(model, _jsonable)
    if found is None:
        return "it holds itself, or it is nested too deeply"
    return f"{found[0]} is {shown(found[1])}, which JSON cannot hold"


def _left_out(model: BaseModel) -> set[str]:
    """Return the later fields that must not appear in the dump of `model`."""
    given = model.model_fields_set
    if not isinstance(model, Entity) or "entity_prefix" in given:
        return set()
    return set(model.fields_added_later - given)


def dump_entity(
    entity: Entity, snapshot: Mapping[str, Any] | None = None, *, only_set: bool = False
) -> bytes:
    """Return the bytes of an entity's file; `snapshot` is its `snapshot_of`, if at hand."""
    return _dump_subject(entity, snapshot, only_set)


def dump_relationship(
    relationship: Relationship, snapshot: Mapping[str, Any] | None = None, *, only_set: bool = False
) -> bytes:
    """Return the bytes of a relationship's file; `snapshot` is its `snapshot_of`, if at hand."""
    return _dump_subject(relationship, snapshot, only_set)


def _dump_subject(
    model: Entity | Relationship, snapshot: Mapping[str, Any] | None, only_set: bool
) -> bytes:
    content = dict(snapshot_of(model, only_set=only_set) if snapshot is None else snapshot)
    for name in _computed_fields(type(model)):
        content.pop(name, None)
    summary = content.get("version_summary")
    if isinstance(summary, dict):
        content["version_summary"] = _without_id(summary)
    return _encode(content, model)


@lru_cache(maxsize=64)
def _computed_fields(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(model.model_computed_fields)


def _without_id(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in summary.items() if key != "id"}


def dump_version(version: Version, *, only_set: bool = False) -> bytes:
    """Return the bytes of a version's file.

    The snapshot is not taken apart again: what `snapshot_of` gave is plain already.
    """
    content = _plain(version, exclude={"id", "snapshot"}, only_set=only_set)
    if not only_set or "snapshot" in version.model_fields_set:
        content["snapshot"] = version.snapshot
    return _encode(content, version)


def dump_new_version(summary: VersionSummary, snapshot: Mapping[str, Any] | None) -> bytes:
    """Return the bytes of the file of a version, given by its summary and snapshot.

    The snapshot is the `snapshot_of` what has this very summary, None after a deletion.
    """
    if snapshot is None:
        content = _plain(summary, exclude={"id"}, only_set=False)
    else:  # in it the summary is plain already
        content = _without_id(snapshot["version_summary"])
    content["snapshot"] = snapshot
    return _encode(content, summary)


def dump_author(author: Author, *, only_set: bool = False) -> bytes:
    """Return the bytes of an author's file."""
    return _encode(_plain(author, exclude={"id"}, only_set=only_set), author)


def _plain(model: BaseModel, *, exclude: set[str], only_set: bool) -> dict[str, Any]:
    return model.model_dump(mode="json", warnings=False, exclude=exclude, exclude_unset=only_set)


def _encode(content: dict[str, Any], owner: _Dumped) -> bytes:
    """Return `content` as JSON text in the format of the files; `owner` is for errors."""
    try:
        text = orjson.dumps(content, default=_jsonable, option=_FORMAT)
    except orjson.JSONEncodeError:
        return _encode_slowly(content, owner)
    if _SMALL_NUMBER in text or _EXPONENT.search(text):
        return _encode_slowly(content, owner)
    return text


def _encode_slowly(content: dict[str, Any], owner: _Dumped) -> bytes:
    """Do the same for what orjson refuses (long integers, keys that are no texts) or words else."""
    try:
        text = json.dumps(_jsonable(content), indent=2, sort_keys=True, ensure_ascii=False)
        return text.encode()
    except (ValueError, RecursionError) as error:
        raise UnwritableError(f"{owner.id} cannot be written: {error}") from error


def _jsonable(value: Any) -> Any:
    """Return what JSON can express of `value`: models as dicts, times as texts, no NaN."""
    return _ANYTHING.dump_python(value, mode="json", warnings=False)


# --- reading -----------------------------------------------------------------------------


def load_entity(data: bytes, source: str = "entity file") -> Entity:
    """Return the entity in a file; `source` names the file in errors.

    Raises `MalformedFileError`, as all the load functions do.
    """
    return _load(data, source, entity_from_dict)


def load_relationship(data: bytes, source: str = "relationship file") -> Relationship:
    """Return the relationship in a file."""
    return _load(data, source, Relationship.model_validate)


def load_version(data: bytes, source: str = "version file") -> Version:
    """Return the version in a file."""
    return _load(data, source, Version.model_validate)


def load_author(data: bytes, source: str = "author file") -> Author:
    """Return the author in a file."""
    return _load(data, source, Author.model_validate)


def version_number_in(data: bytes, source: str) -> int:
    """Return the version number in the file of an entity or relationship, 0 without one.

    Nothing else of it is checked: whoever changes a broken object may put it right.
    """
    return _load(data, source, _version_number)


def _version_number(content: dict[str, Any]) -> int:
    match content:
        case {"version_summary": {"version_number": int(number)}} if number > 0:
            return number
    return 0


def _load(data: bytes, source: str, make: Callable[[dict[str, Any]], _Made]) -> _Made:
    try:
        return make(_parse(data))
    except ValidationError as error:
        raise MalformedFileError(f"{source}: {plain_problems(error)}", source=source) from error
    except ValueError as error:
        raise MalformedFileError(f"{source}: {error}", source=source) from error


def _parse(data: bytes) -> dict[str, Any]:
    # Not orjson: it reads integers of more than 64 bits as floats.
    try:
        content = from_json(data, allow_inf_nan=False)
    except ValueError:
        content = _parse_slowly(data)
    if not isinstance(content, dict):
        raise ValueError(f"not a JSON object, but a {type(content).__name__}")
    return content


def _parse_slowly(data: bytes) -> Any:
    """Read what is nested too deep for the fast way, or say what is wrong with it."""
    try:
        return json.loads(data.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start})") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({error})") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
