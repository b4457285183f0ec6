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
    """Where and what a person studied."""

    institution: LangText
    degree: LangText | None = None
    field: LangText | None = None
    start_year: int | None = None
    end_year: int | None = None


class Position(ClosedModel):
    """What a person does or did."""

    title: LangText
    organization: LangText | None = None
    start_date: OptionalDate = None
    end_date: OptionalDate = None
    description: str | None = Field(default=None, max_length=MAX_POSITION_DESCRIPTION_LENGTH)


class PersonDetails(ClosedModel):
    """Facts about a person; the birth date is free text, since sources give parts of it."""

    birth_date: str | None = None
    birth_place: Address | None = None
    citizenship_place: Address | None = None
    gender: Gender | None = None
    address: Address | None = None
    father_name: LangText | None = None
    mother_name: LangText | None = None
    spouse_name: LangText | None = None
    education: list[Education] | None = None
    positions: list[Position] | None = None


class ElectionSymbol(ClosedModel):
    """The symbol on the ballot; its number at the Election Commission must be given or null."""

    symbol_name: LangText
    nec_id: int | None
    url: AnyUrl | None = None


class Candidacy(ClosedModel):
    """One person standing in one election; years are Bikram Sambat.

    Party and constituency must be ids of entities, which need not exist.
    """

    election_year: int
    election_type: ElectionType
    constituency_id: str
    pa_subdivision: str | None = None
    position: ElectionPosition | None = None
    candidate_id: int
    party_id: str | None = None
    votes_received: int | None = None
    elected: bool | None = None
    symbol: ElectionSymbol | None = None

    @field_validator("constituency_id", "party_id")
    @classmethod
    def _is_an_entity_id(cls, value: str | None) -> str | None:
        if value is not None and not is_valid_entity_id(value):
            raise ValueError("Must be a valid entity ID")
        return value


class ElectoralDetails(ClosedModel):
    """The elections that a person stood in."""

    candidacies: list[Candidacy] | None = None


class Person(Entity):
    """A human being; there are no sub types."""

    type: Literal["person"] = "person"
    sub_type: None = None
    personal_details: PersonDetails | None = None
    electoral_details: ElectoralDetails | None = None
