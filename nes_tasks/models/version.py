"""Authors and versions: who changed what, when, and what it looked like after that."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, computed_field

from .base import ClosedModel, Slug
from .identifiers import build_author_id, build_version_id


class VersionType(str, Enum):  # noqa: UP042
    """What a version is a version of."""

    ENTITY = "ENTITY"
    RELATIONSHIP = "RELATIONSHIP"


class Author(BaseModel):
    """Who makes changes. Unknown keys are dropped, since files repeat the computed id."""

    model_config = ConfigDict(extra="ignore")

    slug: Slug
    name: str | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """The author id, from the slug."""
        return build_author_id(self.slug)


class VersionSummary(ClosedModel):
    """One change: number, author, reason and time."""

    entity_or_relationship_id: str
    type: VersionType
    version_number: int
    author: Author
    change_description: str
    created_at: datetime

    @computed_field  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """The version id, from what changed and the number."""
        return build_version_id(self.entity_or_relationship_id, self.version_number)


class Version(VersionSummary):
    """One change with the whole state after it."""

    snapshot: dict[str, Any] | None = None
