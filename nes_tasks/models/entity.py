"""The base class of all entities."""

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

from .base import (
    SET_BY_SERVICE,
    Attribution,
    ClosedModel,
    Contact,
    EntityPicture,
    LangText,
    Name,
    NameKind,
    Slug,
)
from .entity_types import ENTITY_TYPE_MAP as ENTITY_TYPE_MAP
from .entity_types import EntitySubType as EntitySubType
from .entity_types import EntityType as EntityType
from .identifiers import build_entity_id, build_entity_id_from_prefix, check_prefix_shape
from .version import VersionSummary


class IdentifierScheme(str, Enum):  # noqa: UP042
    """The scheme of an identifier."""

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
    """An external identifier of an entity.

    Unknown keys are dropped: existing migrations pass some. `url` is normalised, `value` is
    kept as given.
    """

    model_config = ConfigDict(extra="ignore")

    scheme: IdentifierScheme = Field(
        description="The site or register that the identifier belongs to.",
        examples=["wikidata"],
    )
    name: LangText | None = Field(
        default=None,
        description="What a reader sees instead of the identifier.",
        examples=[{"en": {"value": "Wikidata"}}],
    )
    value: str = Field(
        min_length=1, description="The identifier there, kept as given.", examples=["Q12345"]
    )
    url: AnyUrl | None = Field(
        default=None,
        description="The page about the entity there; it is normalised.",
        examples=["https://www.wikidata.org/wiki/Q12345"],
    )


class Entity(ClosedModel):
    """A person, organization, location or project; only the classes of those can be made.

    `entity_prefix` is where the entity is filed when that is not its type and sub type.
    """

    fields_added_later: ClassVar[frozenset[str]] = frozenset({"entity_prefix"})
    """Fields that files have only where they were set: see `nes_tasks.models.codec`."""

    slug: Slug = Field(
        description="The end of the id: 3 to 100 lower-case Latin letters, digits and hyphens. "
        "It never changes.",
        examples=["asha-rai"],
    )
    entity_prefix: str | None = Field(
        default=None,
        description="Where the entity is filed, when that is not its type and sub type.",
        examples=["organization/government/federal"],
    )
    type: str = Field(
        description="What the entity is: the `entity_type` of `create_entity`.", examples=["person"]
    )
    sub_type: EntitySubType | None = Field(
        default=None,
        description="What kind of its type it is: the `entity_subtype` of `create_entity`.",
        examples=["district"],
    )
    names: list[Name] = Field(
        description="All names; at least one has the kind `PRIMARY`.",
        examples=[
            [{"kind": "PRIMARY", "en": {"full": "Asha Rai"}, "ne": {"full": "आशा राई"}}],
        ],
    )
    misspelled_names: list[Name] | None = Field(
        default=None,
        description="Wrong spellings that people look for.",
        examples=[[{"kind": "ALIAS", "en": {"full": "Asa Rai"}}]],
    )
    version_summary: VersionSummary = Field(
        description="The newest version.", json_schema_extra=SET_BY_SERVICE
    )
    created_at: datetime = Field(
        description="When the entity was created, in UTC.",
        json_schema_extra=SET_BY_SERVICE,
        examples=["2026-01-31T06:15:09.123456Z"],
    )
    identifiers: list[ExternalIdentifier] | None = Field(
        default=None, description="What the entity is called elsewhere."
    )
    tags: list[str] | None = Field(
        default=None,
        description="Words to find groups of entities by.",
        examples=[["member-of-parliament"]],
    )
    attributes: dict[str, Any] | None = Field(
        default=None,
        description="Anything else, under names of your choice: look for a field of its own first.",
        examples=[{"seat_number": 17}],
    )
    contacts: list[Contact] | None = Field(
        default=None, description="How the entity can be reached."
    )
    short_description: LangText | None = Field(
        default=None,
        description="One sentence about the entity.",
        examples=[{"en": {"value": "Member of parliament"}, "ne": {"value": "संसद सदस्य"}}],
    )
    description: LangText | None = Field(default=None, description="A text about the entity.")
    attributions: list[Attribution] | None = Field(
        default=None, description="The sources of the data. Every new entity should name one."
    )
    pictures: list[EntityPicture] | None = Field(
        default=None, description="Pictures, by their addresses."
    )

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
