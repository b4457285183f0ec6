"""People: their details, positions and candidacies."""

from __future__ import annotations

from enum import Enum
from typing import Literal

from pydantic import AnyUrl, Field, field_validator

from .base import Address, ClosedModel, LangText
from .dates import OptionalDate
from .entity import Entity
from .identifiers import is_valid_entity_id

MAX_POSITION_DESCRIPTION_LENGTH = 200


class Gender(str, Enum):  # noqa: UP042
    """The gender of a person."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"


class ElectionType(str, Enum):  # noqa: UP042
    """The level that an election is about."""

    FEDERAL = "federal"
    PROVINCIAL = "provincial"
    LOCAL = "local"
    WARD = "ward"


class ElectionPosition(str, Enum):  # noqa: UP042
    """The seat that a candidate stands for."""

    FEDERAL_PARLIAMENT = "federal_parliament"
    PROVINCIAL_ASSEMBLY = "provincial_assembly"
    MAYOR = "mayor"
    DEPUTY_MAYOR = "deputy_mayor"
    WARD_CHAIRPERSON = "ward_chairperson"
    WARD_MEMBER = "ward_member"
    DALIT_FEMALE_MEMBER = "dalit_female_member"
    FEMALE_MEMBER = "female_member"


class Education(ClosedModel):
    """A person's education."""

    institution: LangText = Field(
        description="The school or university.",
        examples=[{"en": {"value": "Tribhuvan University"}}],
    )
    degree: LangText | None = Field(
        default=None, description="The degree.", examples=[{"en": {"value": "Bachelor"}}]
    )
    field: LangText | None = Field(
        default=None, description="The subject.", examples=[{"en": {"value": "Law"}}]
    )
    start_year: int | None = Field(
        default=None, description="The first year, in the Gregorian calendar.", examples=[1998]
    )
    end_year: int | None = Field(
        default=None, description="The last year, in the Gregorian calendar.", examples=[2002]
    )


class Position(ClosedModel):
    """A position that a person holds or held."""

    title: LangText = Field(
        description="The title of the position.", examples=[{"en": {"value": "Minister"}}]
    )
    organization: LangText | None = Field(
        default=None,
        description="The name of the organization.",
        examples=[{"en": {"value": "Ministry of Health"}}],
    )
    start_date: OptionalDate = Field(
        default=None,
        description="The first day, in the Gregorian calendar.",
        examples=["2024-01-25"],
    )
    end_date: OptionalDate = Field(
        default=None,
        description="The last day, in the Gregorian calendar.",
        examples=["2026-01-14"],
    )
    description: str | None = Field(
        default=None,
        max_length=MAX_POSITION_DESCRIPTION_LENGTH,
        description="Up to 200 characters about the position.",
        examples=["Without portfolio until March"],
    )


class PersonDetails(ClosedModel):
    """Facts about a person; the birth date is free text, since sources give parts of it."""

    birth_date: str | None = Field(
        default=None,
        description="The birth date as the source has it, which may be a part of a date.",
        examples=["1975-04"],
    )
    birth_place: Address | None = Field(default=None, description="Where the person was born.")
    citizenship_place: Address | None = Field(
        default=None, description="Where the citizenship certificate was issued."
    )
    gender: Gender | None = Field(default=None, description="The gender.")
    address: Address | None = Field(
        default=None, description="Where the person lives, as far as that is public."
    )
    father_name: LangText | None = Field(
        default=None,
        description="The name of the father.",
        examples=[{"en": {"value": "Hari Rai"}}],
    )
    mother_name: LangText | None = Field(
        default=None,
        description="The name of the mother.",
        examples=[{"en": {"value": "Maya Rai"}}],
    )
    spouse_name: LangText | None = Field(
        default=None,
        description="The name of the spouse.",
        examples=[{"en": {"value": "Bikash Rai"}}],
    )
    education: list[Education] | None = Field(
        default=None, description="What the person studied, and where."
    )
    positions: list[Position] | None = Field(
        default=None, description="What the person does and did."
    )


class ElectionSymbol(ClosedModel):
    """The symbol on the ballot; its number at the Election Commission must be given or null."""

    symbol_name: LangText = Field(
        description="The name of the symbol.",
        examples=[{"en": {"value": "Tree"}, "ne": {"value": "रूख"}}],
    )
    nec_id: int | None = Field(
        description="The number of the symbol at the Election Commission. The key must be given, "
        "if only as null.",
        examples=[12],
    )
    url: AnyUrl | None = Field(
        default=None,
        description="A picture of the symbol.",
        examples=["https://example.org/tree.png"],
    )


class Candidacy(ClosedModel):
    """One person standing in one election; years are Bikram Sambat.

    Party and constituency must be ids of entities, which need not exist.
    """

    election_year: int = Field(
        description="The year of the election in Bikram Sambat.", examples=[2079]
    )
    election_type: ElectionType = Field(description="The level that the election is about.")
    constituency_id: str = Field(
        description="The id of the constituency.", examples=["entity:location/constituency/kaski-2"]
    )
    pa_subdivision: str | None = Field(
        default=None,
        description="The part of the constituency that elects a member of the provincial assembly.",
        examples=["1"],
    )
    position: ElectionPosition | None = Field(
        default=None, description="The seat that the person stands for."
    )
    candidate_id: int = Field(
        description="The number of the candidate at the Election Commission.", examples=[340123]
    )
    party_id: str | None = Field(
        default=None,
        description="The id of the party; null for independents.",
        examples=["entity:organization/political_party/green-party"],
    )
    votes_received: int | None = Field(
        default=None, description="The number of votes.", examples=[14213]
    )
    elected: bool | None = Field(
        default=None, description="Whether the candidate won.", examples=[True]
    )
    symbol: ElectionSymbol | None = Field(default=None, description="The symbol on the ballot.")

    @field_validator("constituency_id", "party_id")
    @classmethod
    def _is_an_entity_id(cls, value: str | None) -> str | None:
        if value is not None and not is_valid_entity_id(value):
            raise ValueError("Must be a valid entity ID")
        return value


class ElectoralDetails(ClosedModel):
    """The elections that a person stood in."""

    candidacies: list[Candidacy] | None = Field(
        default=None, description="The elections that the person stood in."
    )


class Person(Entity):
    """A human being; there are no sub types."""

    type: Literal["person"] = Field(default="person", description="`person`.", examples=["person"])
    sub_type: None = Field(default=None, description="Always null: people have no sub types.")
    personal_details: PersonDetails | None = Field(
        default=None, description="Birth, family, education and positions."
    )
    electoral_details: ElectoralDetails | None = Field(
        default=None, description="The elections that the person stood in."
    )
