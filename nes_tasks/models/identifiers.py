"""Ids of entities, relationships, versions and authors: build, break, check, and file paths.

====================  ====================================================================
entity                ``entity:<prefix>/<slug>``, the prefix being a type, a type and a sub
                      type, or another of `ALLOWED_ENTITY_PREFIXES`
relationship          ``relationship:<source>:<target>:<TYPE>``, both without ``entity:``
version               ``version:<entity or relationship id>:<number>``
author                ``author:<slug>``
====================  ====================================================================

Only the standard library is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from ..database.marker import FOLDER as MIGRATION_LOGS
from .entity_types import (
    ALLOWED_ENTITY_PREFIXES,
    ENTITY_TYPE_MAP,
    MAX_PREFIX_DEPTH,
    MAX_SLUG_LENGTH,
    MAX_TYPE_LENGTH,
    MIN_SLUG_LENGTH,
    SLUG_PATTERN,
    EntitySubType,
    EntityType,
)

ENTITY = "entity:"
RELATIONSHIP = "relationship:"
VERSION = "version:"
AUTHOR = "author:"

SUFFIX = ".json"
# Length limit of a name on ext4, APFS and NTFS.
MAX_SEGMENT_BYTES = 255

_SLUG = re.compile(SLUG_PATTERN)
_BLANK = re.compile(r"\s")
_NOT_PRINTABLE_ASCII = re.compile(r"[^\x20-\x7e]")
# Git refuses to check out trees with these names: "git~1" is what Windows makes of ".git".
_GIT_FOLDER_ALIAS = "git~1"


class InvalidIdentifierError(ValueError):
    """An invalid or hostile id or path, such as one that leaves the folder."""


class EntityIdParts(NamedTuple):
    """The parts of an entity id.

    `subtype` is all that stands between type and slug, so that `build_entity_id` of the parts
    gives the id again; with a longer prefix it has slashes (``government/commission/federal``).
    """

    type: str
    subtype: str | None
    slug: str

    @property
    def prefix(self) -> str:
        """Everything before the slug."""
        return self.type if self.subtype is None else f"{self.type}/{self.subtype}"


class RelationshipIdParts(NamedTuple):
    """The parts of a relationship id; source and target are whole entity ids."""

    source: str
    target: str
    type: str


class VersionIdParts(NamedTuple):
    """The parts of a version id."""

    entity_or_relationship_id: str
    version_number: int


class AuthorIdParts(NamedTuple):
    """The parts of an author id."""

    slug: str


# --- build -------------------------------------------------------------------------------


def build_entity_id(type: str, subtype: str | None, slug: str) -> str:  # noqa: A002
    """Return the id of an entity; enum members are fine. Nothing is checked."""
    # join() and not an f-string: formatting an enum member would give its name.
    return ENTITY + "/".join((type, slug) if subtype is None else (type, subtype, slug))


def build_entity_id_from_prefix(prefix: str, slug: str) -> str:
    """Return the id of an entity filed under `prefix`. Nothing is checked."""
    return f"{ENTITY}{prefix}/{slug}"


def build_relationship_id(source: str, target: str, type: str) -> str:  # noqa: A002
    """Return the id of the relationship of that type between two entity ids."""
    return RELATIONSHIP + ":".join((source.removeprefix(ENTITY), target.removeprefix(ENTITY), type))


def build_version_id(entity_or_relationship_id: str, version_number: int) -> str:
    """Return the id of a version of an entity or relationship."""
    return f"{VERSION}{entity_or_relationship_id}:{version_number}"


def build_author_id(slug: str) -> str:
    """Return the id of an author."""
    return f"{AUTHOR}{slug}"


# --- break -------------------------------------------------------------------------------


def break_entity_id(entity_id: str) -> EntityIdParts:
    """Split an entity id into type, sub type and slug.

    Raises `ValueError` when it does not start with ``entity:`` or has too few or many parts.
    """
    parts = entity_id.removeprefix(ENTITY).split("/")
    if not entity_id.startswith(ENTITY) or not 2 <= len(parts) <= MAX_PREFIX_DEPTH + 1:
        raise ValueError("Invalid entity ID format")
    return EntityIdParts(parts[0], "/".join(parts[1:-1]) or None, parts[-1])


def break_relationship_id(relationship_id: str) -> RelationshipIdParts:
    """Split a relationship id into the two entity ids and its type; raises `ValueError`."""
    parts = relationship_id.removeprefix(RELATIONSHIP).split(":")
    if not relationship_id.startswith(RELATIONSHIP) or len(parts) != 3:
        raise ValueError("Invalid relationship ID format")
    return RelationshipIdParts(ENTITY + parts[0], ENTITY + parts[1], parts[2])


def break_version_id(version_id: str) -> VersionIdParts:
    """Split a version id into what it is a version of and its number; raises `ValueError`."""
    if not version_id.startswith(VERSION):
        raise ValueError("Invalid version ID format")
    subject, colon, number = version_id.removeprefix(VERSION).rpartition(":")
    if not colon or not subject.startswith((ENTITY, RELATIONSHIP)):
        raise ValueError("Version ID must contain entity or relationship ID")
    if not (number.isascii() and number.isdigit()):
        raise ValueError("Invalid version number format")
    return VersionIdParts(subject, int(number))


def break_author_id(author_id: str) -> AuthorIdParts:
    """Return the slug in an author id, as a tuple of one; raises `ValueError`."""
    if not author_id.startswith(AUTHOR):
        raise ValueError("Invalid author ID format")
    return AuthorIdParts(author_id.removeprefix(AUTHOR))


# --- check -------------------------------------------------------------------------------


def validate_entity_prefix(prefix: str) -> str:
    """Return `prefix`, or raise `ValueError` when no entity may be filed under it."""
    check_prefix_shape(prefix)
    EntityType(prefix.partition("/")[0])
    if prefix not in ALLOWED_ENTITY_PREFIXES:
        raise ValueError(
            f"Entity prefix '{prefix}' is not allowed."
            " Add it to ALLOWED_ENTITY_PREFIXES in nes_tasks.models.entity_types"
        )
    return prefix


def check_prefix_shape(prefix: str) -> None:
    """Raise `ValueError` when `prefix` is not one to four non-empty segments without blanks."""
    if not prefix:
        raise ValueError("Entity prefix must not be empty")
    if _BLANK.search(prefix):
        raise ValueError(f"Entity prefix must not contain blanks: '{prefix}'")
    segments = prefix.split("/")
    if len(segments) > MAX_PREFIX_DEPTH:
        raise ValueError(f"Entity prefix has more than {MAX_PREFIX_DEPTH} segments: '{prefix}'")
    if not all(segments):
        raise ValueError(f"Entity prefix has an empty segment: '{prefix}'")


def validate_entity_id(entity_id: str) -> str:
    """Return the id, or raise `ValueError` that says what is wrong with it.

    The sub type must go with the type; longer prefixes must be allowed ones.
    """
    _check_entity_id(entity_id)
    return entity_id


@lru_cache(maxsize=8192)  # relationships name the same few entities over and over
def _check_entity_id(entity_id: str) -> None:
    try:
        parts = break_entity_id(entity_id)
    except ValueError:
        raise ValueError(f"Invalid entity ID format: {entity_id}") from None
    if len(parts.type) > MAX_TYPE_LENGTH:
        raise ValueError(f"Entity type too long: {parts.type}")
    try:
        entity_type = EntityType(parts.type)
    except ValueError:
        raise ValueError(f"Unsupported entity type {parts.type}.") from None
    if parts.prefix not in ALLOWED_ENTITY_PREFIXES:
        _refuse_prefix(entity_type, parts)
    _validate_slug(parts.slug, "entity")


def _refuse_prefix(entity_type: EntityType, parts: EntityIdParts) -> None:
    """Raise the error that fits a prefix that is not allowed."""
    if parts.subtype is not None and "/" in parts.subtype:
        validate_entity_prefix(parts.prefix)
    try:
        known = EntitySubType(parts.subtype) in ENTITY_TYPE_MAP[EntityType(parts.type)]
    except ValueError:
        raise ValueError(f"Unsupported entity sub type {parts.subtype}.") from None
    if not known:
        raise ValueError(
            f"Entity subtype {parts.subtype} not supported for entity type {entity_type!s}."
        )


def _validate_slug(slug: str, owner: str) -> None:
    """Raise `ValueError` when `slug` is none; `owner` is the kind of thing that it names."""
    if not MIN_SLUG_LENGTH <= len(slug) <= MAX_SLUG_LENGTH:
        raise ValueError(f"{owner.capitalize()} slug length invalid: {slug}")
    if not _SLUG.fullmatch(slug):
        raise ValueError(f"Invalid {owner} slug format: {slug}")


def validate_relationship_id(relationship_id: str) -> str:
    """Return the id, or raise `ValueError`; both entity ids in it are checked."""
    try:
        parts = break_relationship_id(relationship_id)
    except ValueError:
        raise ValueError(f"Invalid relationship ID format: {relationship_id}") from None
    validate_entity_id(parts.source)
    validate_entity_id(parts.target)
    if not parts.type:
        raise ValueError(f"Invalid relationship ID format: {relationship_id}")
    return relationship_id


def validate_version_id(version_id: str) -> str:
    """Return the id, or raise `ValueError`; the entity or relationship id in it is checked."""
    if not version_id.startswith(VERSION):
        raise ValueError(f"Invalid version ID format: {version_id}")
    subject = break_version_id(version_id).entity_or_relationship_id
    if subject.startswith(ENTITY):
        validate_entity_id(subject)
    else:
        validate_relationship_id(subject)
    return version_id


def validate_author_id(author_id: str) -> str:
    """Return the id, or raise `ValueError`."""
    try:
        slug = break_author_id(author_id).slug
    except ValueError:
        raise ValueError(f"Invalid author ID format: {author_id}") from None
    _validate_slug(slug, "author")
    return author_id


def _passes(validate: Callable[[str], str], identifier: str) -> bool:
    try:
        validate(identifier)
    except ValueError:
        return False
    return True


def is_valid_entity_id(entity_id: str) -> bool:
    """Say whether `validate_entity_id` accepts the id."""
    return _passes(validate_entity_id, entity_id)


def is_valid_relationship_id(relationship_id: str) -> bool:
    """Say whether `validate_relationship_id` accepts the id."""
    return _passes(validate_relationship_id, relationship_id)


def is_valid_version_id(version_id: str) -> bool:
    """Say whether `validate_version_id` accepts the id."""
    return _passes(validate_version_id, version_id)


def is_valid_author_id(author_id: str) -> bool:
    """Say whether `validate_author_id` accepts the id."""
    return _passes(validate_author_id, author_id)


# --- file paths --------------------------------------------------------------------------


@lru_cache(maxsize=1024)  # one change of an object asks for the same few paths over and over
def path_of(identifier: str) -> str:
    """Return the path of the file of an id, relative to the data folder.

    Every ``:`` becomes ``/``, and ``.json`` is added. Ids that only do not exist get a path
    like any other. Raises `InvalidIdentifierError` for one that would leave the data folder,
    that names a file of git or of the migration logs, or that a file system or another
    Unicode form could turn into a second name of a file.
    """
    segments = identifier.replace(":", "/").split("/")
    _check_segments(identifier, segments)
    return "/".join(segments) + SUFFIX


def id_of(path: str) -> str:
    """Return the id whose file `path` (relative to the data folder) is: the inverse of `path_of`.

    Raises `InvalidIdentifierError` when it is the file of no entity, relationship, version or
    author.
    """
    if not path.endswith(SUFFIX) or ":" in path:
        raise InvalidIdentifierError(f"{path!r} is not the path of an id")
    segments = path.removesuffix(SUFFIX).split("/")
    _check_segments(path, segments)
    identifier = _join(segments)
    if identifier is None:
        raise InvalidIdentifierError(f"{path!r} is not the path of an id")
    return identifier


def _join(segments: list[str]) -> str | None:
    """Return the id whose path has these segments, or None when there is no such id."""
    kind, *rest = segments
    if kind == "version" and len(rest) > 2:
        subject = _join(rest[:-1])
        known = subject is not None and subject.startswith((ENTITY, RELATIONSHIP))
        return f"{VERSION}{subject}:{rest[-1]}" if known else None
    if kind == "relationship":
        return _join_relationship(rest)
    if (kind == "entity" and len(rest) > 1) or (kind == "author" and len(rest) == 1):
        return f"{kind}:" + "/".join(rest)
    return None


def _join_relationship(segments: list[str]) -> str | None:
    """Find where the source ends: both ends must be valid ids, which only one cut can give.

    A second cut would need a prefix with the name of a type inside it, and no prefix has one.
    """
    *ends, relationship_type = segments
    for cut in range(2, len(ends) - 1):
        source, target = (ENTITY + "/".join(end) for end in (ends[:cut], ends[cut:]))
        if is_valid_entity_id(source) and is_valid_entity_id(target):
            return build_relationship_id(source, target, relationship_type)
    return None


def _check_segments(text: str, segments: list[str]) -> None:
    """Raise `InvalidIdentifierError` when a file with these path segments must not be touched."""
    if _NOT_PRINTABLE_ASCII.search(text) or "\\" in text:
        raise InvalidIdentifierError(f"{text!r} has characters that no id has")
    if segments[0].lower() == MIGRATION_LOGS:
        raise InvalidIdentifierError(f"{text!r} is in the migration logs")
    for segment in segments:
        if not segment:
            raise InvalidIdentifierError(f"{text!r} has an empty part")
        if segment.startswith(".") or segment.lower() == _GIT_FOLDER_ALIAS:
            raise InvalidIdentifierError(f"{text!r} has the part {segment!r}, which no id has")
        if len(segment) > MAX_SEGMENT_BYTES - len(SUFFIX):
            raise InvalidIdentifierError(f"{text[:80]!r}… has a part that is too long for a file")
