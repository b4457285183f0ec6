"""Organizations: parties, government bodies, hospitals and others."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar, Literal

from pydantic import Field

from .base import Address, ClosedModel, LangText
from .dates import OptionalDate
from .entity import Entity, EntitySubType


class GovernmentType(str, Enum):  # noqa: UP042
    """The level of government that a body belongs to."""

    FEDERAL = "federal"
    PROVINCIAL = "provincial"
    LOCAL = "local"
    OTHER = "other"
    UNKNOWN = "unknown"


class OwnershipType(str, Enum):  # noqa: UP042
    """Who owns a hospital."""

    PRIVATE = "Private"
    PUBLIC = "Public"
    GOVERNMENT = "Government"


class PartySymbol(ClosedModel):
    """The election symbol of a party."""

    name: LangText = Field(
        description="The name of the symbol.",
        examples=[{"en": {"value": "Tree"}, "ne": {"value": "रूख"}}],
    )


class Organization(Entity):
    """A group of people with a name."""

    fields_added_later: ClassVar[frozenset[str]] = Entity.fields_added_later | {"address"}

    type: Literal["organization"] = Field(
        default="organization", description="`organization`.", examples=["organization"]
    )
    address: Address | None = Field(
        default=None, description="Where the organization has its seat."
    )


class PoliticalParty(Organization):
    """A registered political party."""

    # Parties had an address from the start.
    fields_added_later: ClassVar[frozenset[str]] = Entity.fields_added_later

    sub_type: Literal[EntitySubType.POLITICAL_PARTY] = Field(
        default=EntitySubType.POLITICAL_PARTY,
        description="`political_party`.",
        examples=["political_party"],
    )
    party_chief: LangText | None = Field(
        default=None,
        description="The name of the head of the party.",
        examples=[{"en": {"value": "Asha Rai"}}],
    )
    registration_date: OptionalDate = Field(
        default=None,
        description="The day on which the party was registered, in the Gregorian calendar.",
        examples=["2024-01-25"],
    )
    symbol: PartySymbol | None = Field(default=None, description="The election symbol.")


class GovernmentBody(Organization):
    """A ministry, office, commission or other body of the state."""

    sub_type: Literal[EntitySubType.GOVERNMENT_BODY] = Field(
        default=EntitySubType.GOVERNMENT_BODY,
        description="`government_body`.",
        examples=["government_body"],
    )
    government_type: GovernmentType | None = Field(
        default=None, description="The level of government that the body belongs to."
    )


class Hospital(Organization):
    """A hospital or other place of treatment."""

    # Hospitals had an address from the start.
    fields_added_later: ClassVar[frozenset[str]] = Entity.fields_added_later

    sub_type: Literal[EntitySubType.HOSPITAL] = Field(
        default=EntitySubType.HOSPITAL, description="`hospital`.", examples=["hospital"]
    )
    beds: int | None = Field(default=None, description="The number of beds.", examples=[120])
    services: list[str] | None = Field(
        default=None,
        description="The departments and services.",
        examples=[["emergency", "maternity"]],
    )
    ownership: OwnershipType | None = Field(default=None, description="Who owns the hospital.")
