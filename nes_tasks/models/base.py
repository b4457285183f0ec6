"""Building blocks of the models: texts in two languages, names, contacts, addresses, pictures.

All models convert strings to enum members, dates and numbers where possible, and do not validate
assignments: migrations rely on both.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic.config import JsonDict

from .entity_types import MAX_SLUG_LENGTH, MIN_SLUG_LENGTH, SLUG_PATTERN, EntityType
from .identifiers import break_entity_id, is_valid_entity_id

Slug = Annotated[
    str,
    StringConstraints(min_length=MIN_SLUG_LENGTH, max_length=MAX_SLUG_LENGTH, pattern=SLUG_PATTERN),
]
"""A text that can end an id."""


SET_BY_SERVICE: JsonDict = {"readOnly": True}
"""What the schema says of a field that the publication service fills in."""


class ClosedModel(BaseModel):
    """A model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid")


class NameKind(str, Enum):  # noqa: UP042
    """The kind of an entity's name."""

    PRIMARY = "PRIMARY"
    ALIAS = "ALIAS"
    ALTERNATE = "ALTERNATE"
    BIRTH = "BIRTH_NAME"
    # The same value, so the same member: existing migrations may name it, and the published
    # format knows no value "OFFICIAL".
    OFFICIAL = "BIRTH_NAME"  # noqa: PIE796


class NamePart(str, Enum):  # noqa: UP042
    """A part of a name."""

    FULL = "full"
    GIVEN = "given"
    MIDDLE = "middle"
    FAMILY = "family"
    PREFIX = "prefix"
    SUFFIX = "suffix"


class Language(str, Enum):  # noqa: UP042
    """A language of texts."""

    EN = "en"
    NE = "ne"


class ProvenanceMethod(str, Enum):  # noqa: UP042
    """The origin of a text."""

    HUMAN = "human"
    LLM = "llm"
    TRANSLATION_SERVICE = "translation_service"
    IMPORTED = "imported"


class ContactType(str, Enum):  # noqa: UP042
    """A way of reaching someone."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    URL = "URL"
    TWITTER = "TWITTER"
    FACEBOOK = "FACEBOOK"
    INSTAGRAM = "INSTAGRAM"
    LINKEDIN = "LINKEDIN"
    WHATSAPP = "WHATSAPP"
    TELEGRAM = "TELEGRAM"
    WECHAT = "WECHAT"
    OTHER = "OTHER"


class EntityPictureType(str, Enum):  # noqa: UP042
    """The format of a picture."""

    THUMB = "thumb"
    FULL = "full"
    WIDE = "wide"


class LangTextValue(ClosedModel):
    """A text in one language (possibly empty) and its origin."""

    value: str = Field(
        description="The text; it may be empty.", examples=["Lawyer and social worker"]
    )
    provenance: ProvenanceMethod | None = Field(
        default=None, description="How the text came to be; a machine translation should say so."
    )


class LangText(ClosedModel):
    """A text in English, Nepali or both."""

    en: LangTextValue | None = Field(default=None, description="The text in English.")
    ne: LangTextValue | None = Field(
        default=None,
        description="The text in Nepali, in Devanagari.",
        examples=[{"value": "अधिवक्ता"}],
    )


class NameParts(ClosedModel):
    """A name in one language, whole and, where known, in parts."""

    full: str = Field(description="The whole name, as it is shown.", examples=["Asha Rai"])
    given: str | None = Field(default=None, description="The given name.", examples=["Asha"])
    middle: str | None = Field(default=None, description="The middle name.", examples=["Kumari"])
    family: str | None = Field(default=None, description="The family name.", examples=["Rai"])
    prefix: str | None = Field(
        default=None, description="A title before the name.", examples=["Dr."]
    )
    suffix: str | None = Field(default=None, description="What follows the name.", examples=["PhD"])


class Name(ClosedModel):
    """A name in English, Nepali or both."""

    kind: NameKind = Field(
        description="Which name it is; an entity has at least one of the kind `PRIMARY`."
    )
    en: NameParts | None = Field(default=None, description="The name in Latin letters.")
    ne: NameParts | None = Field(
        default=None, description="The name in Devanagari.", examples=[{"full": "आशा राई"}]
    )

    @model_validator(mode="after")
    def _has_a_language(self) -> Name:
        if self.en is None and self.ne is None:
            raise ValueError("Name must have at least one of en or ne")
        return self


_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_LINKS = {
    ContactType.URL,
    ContactType.TWITTER,
    ContactType.FACEBOOK,
    ContactType.INSTAGRAM,
    ContactType.LINKEDIN,
}
_NUMBERS = {ContactType.PHONE, ContactType.WHATSAPP}


class Contact(ClosedModel):
    """A way of reaching someone; addresses, links and numbers must look like ones."""

    type: ContactType = Field(description="What `value` is.", examples=["PHONE"])
    value: str = Field(
        description="An e-mail address for `EMAIL`; a number with the country code for `PHONE` "
        "and `WHATSAPP`; an address starting with `https://` or `http://` for `URL`, `TWITTER`, "
        "`FACEBOOK`, `INSTAGRAM` and `LINKEDIN`; anything for the others.",
        examples=["+97714200000"],
    )

    @model_validator(mode="after")
    def _value_fits_type(self) -> Contact:
        if self.type is ContactType.EMAIL and not _EMAIL.fullmatch(self.value):
            raise ValueError(f"Invalid email format: {self.value}")
        if self.type in _LINKS and not self.value.startswith(("http://", "https://")):
            raise ValueError(f"URL must start with http:// or https://: {self.value}")
        if self.type in _NUMBERS and not _E164.fullmatch(self.value):
            raise ValueError("PHONE/WHATSAPP must be E.164 (e.g., +977123456789)")
        return self


class Address(ClosedModel):
    """A place: a location of the database, a text, or both."""

    location_id: str | None = Field(
        default=None,
        description="The id of a location of the database.",
        examples=["entity:location/district/kaski"],
    )
    description2: LangText | None = Field(
        default=None,
        description="The address as a string.",
        examples=[{"en": {"value": "Pokhara-5, Kaski"}, "ne": {"value": "पोखरा-५, कास्की"}}],
    )
    description: str | None = Field(
        default=None,
        deprecated="use description2",
        description="Deprecated: use `description2`.",
        examples=["Pokhara-5, Kaski"],
    )

    @field_validator("location_id")
    @classmethod
    def _is_a_location(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not is_valid_entity_id(value):
            raise ValueError("location_id must be a valid entity ID")
        if break_entity_id(value).type != EntityType.LOCATION:
            raise ValueError("location_id must reference a location entity")
        return value


class EntityPicture(ClosedModel):
    """A picture by its address (kept as given), with its size in pixels."""

    type: EntityPictureType = Field(description="The format of the picture.")
    url: str = Field(
        description="The address of the picture, kept as given.",
        examples=["https://example.org/asha-rai.jpg"],
    )
    width: int | None = Field(default=None, description="The width in pixels.", examples=[400])
    height: int | None = Field(default=None, description="The height in pixels.", examples=[300])
    description: str | None = Field(
        default=None, description="What the picture shows.", examples=["Asha Rai in 2024"]
    )


class Attribution(ClosedModel):
    """The source of data; the details are required, but may be null."""

    title: LangText = Field(
        description="The name of the source: who published what.",
        examples=[{"en": {"value": "Election Commission, list of members"}}],
    )
    details: LangText | None = Field(
        description="Where and when the source was read. The key must be given, if only as null.",
        examples=[{"en": {"value": "https://example.org/list, 2026-01-14"}}],
    )


class CursorPage(ClosedModel):
    """The position of a page in a listing."""

    has_more: bool = Field(description="Whether more follows this page.", examples=[True])
    offset: int = Field(
        default=0, description="How many results stand before this page.", examples=[0]
    )
    count: int = Field(description="How many results this page has.", examples=[100])
