"""Authors and versions: who changed what and when, and the state afterwards."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from .base import ClosedModel, Slug
from .identifiers import build_author_id, build_version_id


class VersionType(str, Enum):  # noqa: UP042
    """The kind of object that a version belongs to."""

    ENTITY = "ENTITY"
    RELATIONSHIP = "RELATIONSHIP"


class Author(BaseModel):
    """Who makes changes. Unknown keys are dropped, since files repeat the computed id."""

    model_config = ConfigDict(extra="ignore")

    slug: Slug = Field(description="The end of the id.", examples=["asha-rai"])
    name: str | None = Field(
        default=None, description="The name, as it is shown.", examples=["Asha Rai"]
    )

    @computed_field(examples=["author:asha-rai"])  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """The author id, from the slug."""
        return build_author_id(self.slug)


class VersionSummary(ClosedModel):
    """One change: number, author, reason and time."""

    entity_or_relationship_id: str = Field(
        description="The id of what was changed.", examples=["entity:person/asha-rai"]
    )
    type: VersionType = Field(description="Whether an entity or a relationship was changed.")
    version_number: int = Field(
        description="1 for the first version, one more for each change.", examples=[1]
    )
    author: Author = Field(description="Who made the change.")
    change_description: str = Field(
        description="Why it was made.", examples=["Add the members of parliament"]
    )
    created_at: datetime = Field(
        description="When it was made, in UTC.", examples=["2026-01-31T06:15:09.123456Z"]
    )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """The version id, from what changed and the number."""
        return build_version_id(self.entity_or_relationship_id, self.version_number)


class Version(VersionSummary):
    """One change with the whole state after it."""

    snapshot: dict[str, Any] | None = Field(
        default=None,
        description="The whole entity or relationship after the change, with its id.",
        examples=[{"slug": "asha-rai"}],
    )
