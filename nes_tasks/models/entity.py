"""What every entity has, whatever its kind."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    computed_field,
    field_validator,
    model_validator,
)

from .base import Attribution, ClosedModel, Contact, EntityPicture, LangText, Name, NameKind, Slug
from .entity_types import ENTITY_TYPE_MAP as ENTITY_TYPE_MAP
from .entity_types import EntitySubType as EntitySubType
from .entity_types import EntityType as EntityType
from .identifiers import build_entity_id, build_entity_id_from_prefix, check_prefix_shape
from .version import VersionSummary


class IdentifierScheme(str, Enum):  # noqa: UP042
    """Where an identifier means something."""

    WIKIPEDIA = "wikipedia"
    WIKIDATA = "wikidata"
    TWITTER = "twitter"
    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    LINKEDIN = "linkedin"
    YOUTUBE = "youtube"
    TIKTOK = "tiktok"
    WEBSITE = "website"
    OTHER = "other"


class ExternalIdentifier(BaseModel):
    """What an entity is called elsewhere.

    Unknown keys are dropped: existing migrations pass some. `url` is normalised, `value` is
    kept as given.
    """

    model_config = ConfigDict(extra="ignore")

    scheme: IdentifierScheme
    name: LangText | None = None
    value: str = Field(min_length=1)
    url: AnyUrl | None = None


class Entity(ClosedModel):
    """A person, organization, location or project; only the classes of those can be made.

    `entity_prefix` is where the entity is filed when that is not its type and sub type.
    """

    fields_added_later: ClassVar[frozenset[str]] = frozenset({"entity_prefix"})
    """Fields that files have only where they were set: see `nes_tasks.models.codec`."""

    slug: Slug
    entity_prefix: str | None = None
    type: str
    sub_type: EntitySubType | None = None
    names: list[Name]
    misspelled_names: list[Name] | None = None
    version_summary: VersionSummary
    created_at: datetime
    identifiers: list[ExternalIdentifier] | None = None
    tags: list[str] | None = None
    attributes: dict[str, Any] | None = None
    contacts: list[Contact] | None = None
    short_description: LangText | None = None
    description: LangText | None = None
    attributions: list[Attribution] | None = None
    pictures: list[EntityPicture] | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_of_a_kind(cls, data: Any) -> Any:
        if cls is Entity:
            raise ValueError(
                "Cannot instantiate Entity directly. Use Person, Organization, or Location instead."
            )
        return data

    @field_validator("names")
    @classmethod
    def _has_a_primary_name(cls, names: list[Name]) -> list[Name]:
        if not any(name.kind is NameKind.PRIMARY for name in names):
            raise ValueError("Entity must have at least one name with kind='PRIMARY'")
        return names

    @field_validator("entity_prefix")
    @classmethod
    def _prefix_has_the_shape(cls, prefix: str | None) -> str | None:
        if prefix is not None:
            check_prefix_shape(prefix)
        return prefix

    @model_validator(mode="after")
    def _prefix_fits_type(self) -> Entity:
        prefix = self.entity_prefix
        if prefix is not None and prefix.partition("/")[0] != self.type:
            raise ValueError(f"Entity prefix '{prefix}' must start with the type '{self.type}'")
        return self

    @computed_field  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """The entity id, from the prefix if there is one, else from type and sub type."""
        if self.entity_prefix is not None:
            return build_entity_id_from_prefix(self.entity_prefix, self.slug)
        return build_entity_id(self.type, self.sub_type, self.slug)
