"""Organizations: parties, government bodies, hospitals and others."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar, Literal

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

    name: LangText


class Organization(Entity):
    """A group of people with a name."""

    fields_added_later: ClassVar[frozenset[str]] = Entity.fields_added_later | {"address"}

    type: Literal["organization"] = "organization"
    address: Address | None = None


class PoliticalParty(Organization):
    """A registered political party."""

    # Parties had an address from the start.
    fields_added_later: ClassVar[frozenset[str]] = Entity.fields_added_later

    sub_type: Literal[EntitySubType.POLITICAL_PARTY] = EntitySubType.POLITICAL_PARTY
    party_chief: LangText | None = None
    registration_date: OptionalDate = None
    symbol: PartySymbol | None = None


class GovernmentBody(Organization):
    """A ministry, office, commission or other body of the state."""

    sub_type: Literal[EntitySubType.GOVERNMENT_BODY] = EntitySubType.GOVERNMENT_BODY
    government_type: GovernmentType | None = None


class Hospital(Organization):
    """A hospital or other place of treatment."""

    # Hospitals had an address from the start.
    fields_added_later: ClassVar[frozenset[str]] = Entity.fields_added_later

    sub_type: Literal[EntitySubType.HOSPITAL] = EntitySubType.HOSPITAL
    beds: int | None = None
    services: list[str] | None = None
    ownership: OwnershipType | None = None
