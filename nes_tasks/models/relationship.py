"""Relationships: typed, directed links between two entities."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import computed_field, field_validator

from .base import ClosedModel
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

    source_entity_id: str
    target_entity_id: str
    type: RelationshipType
    start_date: OptionalDate = None
    end_date: OptionalDate = None
    attributes: dict[str, Any] | None = None
    version_summary: VersionSummary | None = None
    created_at: datetime | None = None
    attributions: list[str] | None = None

    @field_validator("source_entity_id", "target_entity_id")
    @classmethod
    def _is_an_entity_id(cls, value: str) -> str:
        return validate_entity_id(value)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """The relationship id, from both ends and the type."""
        return build_relationship_id(self.source_entity_id, self.target_entity_id, self.type)
