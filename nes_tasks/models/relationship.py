"""Relationships: typed, directed links between two entities."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import Field, computed_field, field_validator

from .base import SET_BY_SERVICE, ClosedModel
from .dates import OptionalDate
from .identifiers import build_relationship_id, validate_entity_id
from .version import VersionSummary

RelationshipType = Literal[
    "AFFILIATED_WITH",
    "EMPLOYED_BY",
    "MEMBER_OF",
    "PARENT_OF",
    "CHILD_OF",
    "SUPERVISES",
    "LOCATED_IN",
    "FUNDED_BY",
    "IMPLEMENTED_BY",
    "EXECUTED_BY",
    "OVERSEEN_BY",
]

RELATIONSHIP_TYPES: tuple[str, ...] = get_args(RelationshipType)
"""All types, in the order in which messages list them."""


class Relationship(ClosedModel):
    """A link from one entity to another, possibly for a time."""

    source_entity_id: str = Field(
        description="The id of the entity that the relationship starts from: the member, "
        "the employee, the part.",
        examples=["entity:person/asha-rai"],
    )
    target_entity_id: str = Field(
        description="The id of the entity that it leads to: the party, the employer, the whole.",
        examples=["entity:organization/political_party/green-party"],
    )
    type: RelationshipType = Field(
        description="What the source is to the target.", examples=["MEMBER_OF"]
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
    attributes: dict[str, Any] | None = Field(
        default=None,
        description="Anything else, under names of your choice.",
        examples=[{"role": "spokesperson"}],
    )
    version_summary: VersionSummary | None = Field(
        default=None, description="The newest version.", json_schema_extra=SET_BY_SERVICE
    )
    created_at: datetime | None = Field(
        default=None,
        description="When the relationship was created, in UTC.",
        json_schema_extra=SET_BY_SERVICE,
        examples=["2026-01-31T06:15:09.123456Z"],
    )
    attributions: list[str] | None = Field(
        default=None,
        description="The sources of the data, as plain strings.",
        examples=[["Election Commission, list of members, 2026-01-14"]],
    )

    @field_validator("source_entity_id", "target_entity_id")
    @classmethod
    def _is_an_entity_id(cls, value: str) -> str:
        return validate_entity_id(value)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """The relationship id, from both ends and the type."""
        return build_relationship_id(self.source_entity_id, self.target_entity_id, self.type)
