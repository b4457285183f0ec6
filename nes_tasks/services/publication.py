"""The publication service: changes with checks, an author and a version for each.

The order of checks and the messages of errors are those that existing migrations know; all are
`ValueError`. Where the service of the legacy system lost or broke something, this one keeps
it, and no known migration can tell the difference:

* History is never overwritten. What is deleted and created again, or whose version file was
  left behind, goes on with the next free number.
* A deletion is a version too, without a snapshot, so that its author and reason are recorded.
* A relationship that exists already is not set back to version 1 when it is created again:
  it is updated, or left alone when nothing about it is new.
* Nothing is written before everything is checked: no author of a refused change, no content
  that cannot be read back, and no version of a change that failed half way.
* What is filed under one id has its versions under the same one (projects without sub type).
* A sub type that does not go with the type is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from ..clock import now
from ..models.base import NameKind
from ..models.codec import MalformedFileError, entity_class_of, entity_from_dict, snapshot_of
from ..models.entity import Entity
from ..models.entity_types import ENTITY_TYPE_MAP, EntitySubType, EntityType
from ..models.identifiers import (
    build_entity_id,
    build_entity_id_from_prefix,
    build_relationship_id,
    validate_entity_prefix,
)
from ..models.plain_values import holds_model
from ..models.relationship import RELATIONSHIP_TYPES, Relationship
from ..models.version import Author, Version, VersionSummary, VersionType
from .authors import Authors
from .database import Direction, EntityDatabase
from .name_index import labelled
from .plausibility import implausible
from .relationship_values import (
    UNSET,
    Omissible,
    Unset,
    checked_dates,
    completed,
    refuse_another_term,
    relationship_arguments,
    says_the_same,
)

CREATED = "Initial entity creation"


class PublicationService:
    """Changes to `database` at the time of `clock`, a migration's own or the present.

    `default_author` is the id of the author of changes that name none; without it they are
    refused. It is written when it is first needed, with no name, unless it is there.
    """

    def __init__(
        self,
        database: EntityDatabase,
        clock: Callable[[], datetime] = now,
        default_author: str | None = None,
    ) -> None:
        self.database = database
        self._clock = clock
        self._default_author = default_author
        self._authors = Authors(database)

    # Entities ------------------------------------------------------------------------------

    async def create_entity(
        self,
        entity_type: str | None = None,
        entity_data: dict[str, Any] | None = None,
        author_id: str | None = None,
        change_description: str = CREATED,
        entity_subtype: str | None = None,
        *,
        entity_prefix: str | None = None,
        planned: bool = False,
    ) -> Entity:
        """Write a new entity with its next version, usually 1, and return it.

        Type and sub type are arguments or keys of `entity_data`. With `entity_prefix` they are
        neither: the entity is filed under the prefix, and its class comes from it. Names may
        be dicts or `Name` objects.

        `entity_data` is changed: type, sub type, prefix, version summary and creation time are
        set in it. Raises `ValueError`, as pydantic's `ValidationError` for wrong fields, also
        for names without a letter and, unless they are `planned`, for births, registrations and
        beginnings after the clock and ends of more than 20 years after it.
        """
        if entity_data is None:
            raise ValueError("entity_data is required")
        author_id = self._author_id(author_id)
        identity_fields = _identity_fields(entity_type, entity_subtype, entity_prefix, entity_data)
        _check_slug(entity_data, may_be_empty="entity_prefix" not in identity_fields)
        _check_names(entity_data)
        author = await self._authors.resolve(author_id)
        entity_id = _entity_id(identity_fields, entity_data["slug"])
        await self._refuse_duplicate(entity_id, entity_data["slug"], identity_fields["type"])
        summary = self._summary(entity_id, VersionType.ENTITY, author, change_description)
        # The prefix says it all; and a null prefix is none, which files do not mention.
        entity_data.pop("sub_type" if "entity_prefix" in identity_fields else "entity_prefix", None)
        entity_data.update(identity_fields, version_summary=summary, created_at=self._clock())
        entity = entity_from_dict(entity_data)
        checked = not _holds_models(entity_data)
        await self._publish(entity, summary, checked=checked, planned=planned)
        return entity

    async def update_entity(
        self,
        entity: Entity,
        author_id: str | None = None,
        change_description: str | None = None,
        *,
        planned: bool = False,
    ) -> Entity:
        """Write a changed entity with its next version and return the same object.

        The version follows that of the stored entity, whatever the object says. Raises
        `ValueError` when the entity does not exist, such as after a change of its slug, and
        when it could not be read back; it is then as before. Names and dates that are new are
        checked as `create_entity` does.
        """
        author_id = self._author_id(author_id)
        description = _required(change_description)
        last = self.database.version_number(entity.id)
        if last is None:
            raise ValueError(f"Entity {entity.id} does not exist")
        await self._update(entity, last, author_id, description, planned=planned)
        return entity

    async def get_entity(self, entity_id: str) -> Entity | None:
        """Return an entity, None when there is none."""
        return await self.database.get_entity(entity_id)

    async def delete_entity(
        self,
        entity_id: str,
        author_id: str | None = None,
        change_description: str | None = None,
    ) -> bool:
        """Remove an entity and return whether there was one; its relationships stay.

        A version without a snapshot records who did it and why.
        """
        return await self._delete(entity_id, VersionType.ENTITY, author_id, change_description)

    async def batch_create_entities(
        self,
        entities_data: Sequence[dict[str, Any]],
        author_id: str | None = None,
        change_description: str = CREATED,
    ) -> list[Entity]:
        """Create one entity after the other; those before one that is refused stay."""
        return [
            await self.create_entity(
                entity_data=data, author_id=author_id, change_description=change_description
            )
            for data in entities_data
        ]

    async def get_entity_versions(self, entity_id: str) -> list[Version]:
        """Return all versions of an entity, the oldest first."""
        return await self.database.list_versions_by_entity(entity_id, limit=None)

    # Relationships -------------------------------------------------------------------------

    async def create_relationship(
        self,
        source_entity_id: str,
        target_entity_id: str,
        relationship_type: str,
        author_id: str | None = None,
        change_description: str | None = None,
        start_date: Omissible = UNSET,
        end_date: Omissible = UNSET,
        attributes: dict[str, Any] | Literal[Unset.UNSET] | None = UNSET,
        *,
        planned: bool = False,
        replace: bool = False,
    ) -> Relationship:
        """Write a relationship between two existing entities with its next version.

        One that exists already is updated, or left alone when dates, attributes, author and
        description are the same. Of it stays what is left out here; None takes it away. Raises
        `ValueError` when an end does not exist, when it would end before it starts, for a type
        that there is none of, and for dates as `create_entity` does. Another term than the
        stored one is refused, too, unless it is to `replace` it.
        """
        for role, entity_id in (("Source", source_entity_id), ("Target", target_entity_id)):
            if not self.database.exists(entity_id):
                raise ValueError(f"{role} entity {entity_id} does not exist")
        checked_dates(*(None if day is UNSET else day for day in (start_date, end_date)))
        if relationship_type not in RELATIONSHIP_TYPES:
            raise ValueError(
                f"Invalid relationship type: {relationship_type}."
                f" Must be one of {list(RELATIONSHIP_TYPES)}"
            )
        author_id = self._author_id(author_id)
        description = _required(change_description)
        identifier = build_relationship_id(source_entity_id, target_entity_id, relationship_type)
        stored = await self.database.get_relationship(identifier)
        start, end, attributes = completed(stored, start_date, end_date, attributes)
        if stored is not None and not replace:
            refuse_another_term(stored, start, end)
        created_at = stored.created_at if stored and stored.created_at else self._clock()
        relationship = Relationship.model_validate(
            {
                "source_entity_id": source_entity_id,
                "target_entity_id": target_entity_id,
                "type": relationship_type,
                "start_date": start,
                "end_date": end,
                "attributes": attributes,
                "attributions": stored.attributions if stored else None,
                "created_at": created_at,
            }
        )
        author = await self._authors.resolve(author_id)
        if stored is not None and says_the_same(stored, relationship, author, description):
            return stored
        last = self.database.version_number(identifier) or 0
        await self._update(relationship, last, author_id, description, planned=planned)
        return relationship

    async def update_relationship(
        self,
        relationship: Relationship,
        author_id: str | None = None,
        change_description: str | None = None,
        *,
        planned: bool = False,
    ) -> Relationship:
        """Write a changed relationship with its next version and return the same object.

        Raises `ValueError` as `update_entity` and `create_relationship` do.
        """
        author_id = self._author_id(author_id)
        description = _required(change_description)
        last = self.database.version_number(relationship.id)
        if last is None:
            raise ValueError(f"Relationship {relationship.id} does not exist")
        checked_dates(relationship.start_date, relationship.end_date)
        await self._update(relationship, last, author_id, description, planned=planned)
        return relationship

    async def delete_relationship(
        self,
        relationship_id: str,
        author_id: str | None = None,
        change_description: str | None = None,
    ) -> bool:
        """Remove a relationship and return whether there was one; recorded as a version."""
        kind = VersionType.RELATIONSHIP
        return await self._delete(relationship_id, kind, author_id, change_description)

    async def get_relationships_by_entity(
        self, entity_id: str, direction: Direction = "both"
    ) -> list[Relationship]:
        """Return all relationships that an entity is the source, the target or an end of."""
        return await self.database.list_relationships_by_entity(entity_id, direction, limit=None)

    async def get_relationship_versions(self, relationship_id: str) -> list[Version]:
        """Return all versions of a relationship, the oldest first."""
        return await self.database.list_versions_by_entity(relationship_id, limit=None)

    async def update_entity_with_relationships(
        self,
        entity: Entity,
        new_relationships: Sequence[Mapping[str, Any]],
        author_id: str | None = None,
        change_description: str | None = None,
    ) -> dict[str, Any]:
        """Update an entity and create relationships, all or nothing.

        Each relationship is a dict of arguments of `create_relationship`. Returns them under
        "relationships" and the entity under "entity". Raises `ValueError` with the cause; every
        file and the entity's version summary are then as before.
        """
        before = entity.version_summary
        try:
            with self.database.undone_on_error():
                await self.update_entity(entity, author_id, change_description)
                relationships = [
                    await self.create_relationship(
                        **relationship_arguments(data),
                        author_id=author_id,
                        change_description=change_description,
                    )
                    for data in new_relationships
                ]
        except Exception as error:
            entity.version_summary = before
            raise ValueError(f"Coordinated operation failed: {error}") from error
        return {"entity": entity, "relationships": relationships}

    # What they have in common --------------------------------------------------------------

    def _author_id(self, author_id: str | None) -> str:
        chosen = self._default_author if author_id is None else author_id
        if chosen is None:
            raise ValueError("author_id is required")
        return chosen

    async def _refuse_duplicate(self, entity_id: str, slug: object, entity_type: str) -> None:
        if self.database.exists(entity_id):
            # Migrations match on this text, in which the type is shown as a member.
            kind = str(EntityType(entity_type))
            error = ValueError(f"Entity with slug '{slug}' and type '{kind}' already exists")
            error.add_note(
                f"{await labelled(self.database, entity_id)} is stored: if this is the same one,"
                " get it and call update_entity; a namesake needs another slug, from await"
                " context.search.free_slug(…)"
            )
            raise error

    def _summary(
        self,
        identifier: str,
        kind: VersionType,
        author: Author,
        description: str,
        *,
        at_least: int = 1,
    ) -> VersionSummary:
        """Return the summary of the next version of an entity or relationship, made now."""
        return VersionSummary(
            entity_or_relationship_id=identifier,
            type=kind,
            version_number=self.database.next_version_number(identifier, at_least),
            author=author,
            change_description=description,
            created_at=self._clock(),
        )

    async def _update(
        self,
        thing: Entity | Relationship,
        last: int,
        author_id: str,
        description: str,
        *,
        planned: bool,
    ) -> None:
        """Publish `thing` as the version after the stored one, whose number is `last`."""
        before = thing.version_summary
        kind = VersionType.ENTITY if isinstance(thing, Entity) else VersionType.RELATIONSHIP
        author = await self._authors.resolve(author_id)
        summary = self._summary(thing.id, kind, author, description, at_least=last + 1)
        thing.version_summary = summary
        try:
            await self._publish(thing, summary, planned=planned)
        except BaseException:
            thing.version_summary = before
            raise

    async def _publish(
        self,
        thing: Entity | Relationship,
        summary: VersionSummary,
        *,
        planned: bool,
        checked: bool = False,
    ) -> None:
        """Write the file of `thing`, its version and, if it is new, the author."""
        snapshot = snapshot_of(thing)
        if problems := implausible(snapshot, summary.created_at, planned=planned):
            await self._refuse_new(thing, problems)
        if isinstance(thing, Entity):
            await self.database.put_entity(thing, snapshot=snapshot, checked=checked)
        else:
            await self.database.put_relationship(thing, snapshot=snapshot)
        await self._record(summary, snapshot)

    async def _refuse_new(self, thing: Entity | Relationship, problems: Sequence[str]) -> None:
        """Raise `ValueError` for a problem that the stored entity or relationship does not have."""
        stored: Entity | Relationship | None
        if isinstance(thing, Entity):
            stored = await self.database.get_entity(thing.id)
        else:
            stored = await self.database.get_relationship(thing.id)
        known = (
            [] if stored is None else implausible(snapshot_of(stored), self._clock(), planned=False)
        )
        for problem in problems:
            if problem not in known:
                raise ValueError(problem)

    async def _record(self, summary: VersionSummary, snapshot: dict[str, Any] | None) -> None:
        await self.database.add_version(summary, snapshot)
        await self._authors.save(summary.author)

    async def _delete(
        self,
        identifier: str,
        kind: VersionType,
        author_id: str | None,
        change_description: str | None,
    ) -> bool:
        author_id = self._author_id(author_id)
        description = _required(change_description)
        author = await self._authors.resolve(author_id)
        last = self._last_version(identifier)
        is_entity = kind is VersionType.ENTITY
        delete = self.database.delete_entity if is_entity else self.database.delete_relationship
        if not await delete(identifier):
            return False
        summary = self._summary(identifier, kind, author, description, at_least=last + 1)
        await self._record(summary, None)
        return True

    def _last_version(self, identifier: str) -> int:
        """Return the number of the stored version; 0 where the file is broken or absent."""
        try:
            return self.database.version_number(identifier) or 0
        except MalformedFileError:
            return 0


def _identity_fields(
    entity_type: str | None,
    entity_subtype: str | None,
    entity_prefix: str | None,
    data: Mapping[str, Any],
) -> dict[str, str]:
    """Return the fields that say what an entity is and where it is filed; raises `ValueError`."""
    prefix = data.get("entity_prefix") if entity_prefix is None else entity_prefix
    if prefix is not None:
        if entity_type or entity_subtype:
            raise ValueError("entity_prefix cannot be given together with a type or sub type")
        kind = EntityType(prefix.partition("/")[0])
        return {"entity_prefix": validate_entity_prefix(prefix), "type": kind.value}
    given_type = entity_type or data.get("type")
    if not given_type:
        raise ValueError("Entity must have a 'type' field or entity_type parameter")
    kind = EntityType(given_type)
    given_sub_type = entity_subtype or data.get("sub_type")
    if not given_sub_type:
        return {"type": kind.value}
    sub_type = EntitySubType(given_sub_type)
    if sub_type not in ENTITY_TYPE_MAP[kind]:
        raise ValueError(f"Entity subtype {sub_type.value} not supported for entity type {kind!s}.")
    return {"type": kind.value, "sub_type": sub_type.value}


def _check_slug(data: Mapping[str, Any], *, may_be_empty: bool) -> None:
    """Raise `ValueError` without a slug; the model finds out about the other bad ones."""
    if "slug" not in data or not (data["slug"] or may_be_empty):
        raise ValueError("Entity must have a 'slug' field")


def _check_names(data: Mapping[str, Any]) -> None:
    names = data.get("names")
    if not names:
        raise ValueError("Entity must have at least one name")
    if not any(_kind_of(name) == NameKind.PRIMARY for name in names):
        raise ValueError("Entity must have at least one name with kind='PRIMARY'")


def _holds_models(data: Mapping[str, Any]) -> bool:
    """Say whether a caller's model is in the data: those are not checked when they are used."""
    return any(holds_model(value) for key, value in data.items() if key != "version_summary")


def _kind_of(name: object) -> object:
    if type(name) is dict or isinstance(name, Mapping):
        return name.get("kind")
    return getattr(name, "kind", None)


def _entity_id(identity_fields: Mapping[str, str], slug: str) -> str:
    """Return the id that an entity filed there will have; the slug may be none."""
    if "entity_prefix" in identity_fields:
        return build_entity_id_from_prefix(identity_fields["entity_prefix"], str(slug))
    sub_type = identity_fields.get("sub_type")
    if sub_type is None:
        sub_type = entity_class_of(identity_fields).model_fields["sub_type"].default
    return build_entity_id(identity_fields["type"], sub_type, str(slug))


def _required(change_description: str | None) -> str:
    if change_description is None:
        raise ValueError("change_description is required")
    return change_description
