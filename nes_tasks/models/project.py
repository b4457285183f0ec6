"""Development projects: stages, money, dates and sectors."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

from pydantic import AnyUrl, ConfigDict

from .base import ClosedModel
from .dates import Date, OptionalDate
from .entity import Entity, EntitySubType


class ProjectStage(str, Enum):  # noqa: UP042
    """How far a project is."""

    PIPELINE = "pipeline"
    PLANNING = "planning"
    APPROVED = "approved"
    ONGOING = "ongoing"
    COMPLETED = "completed"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class AssistanceType(str, Enum):  # noqa: UP042
    """On what terms money or help is given."""

    GRANT = "grant"
    LOAN = "loan"
    TECHNICAL_ASSISTANCE = "technical_assistance"
    IN_KIND = "in_kind"
    MIXED = "mixed"
    OTHER = "other"
    UNKNOWN = "unknown"


class BudgetType(str, Enum):  # noqa: UP042
    """Whether money goes through the state budget."""

    ON_BUDGET = "on_budget"
    OFF_BUDGET = "off_budget"
    UNKNOWN = "unknown"


class FinancingTerms(ClosedModel):
    """The terms of a loan; the rate is in per cent."""

    interest_rate: float | None = None
    repayment_period_years: int | None = None
    grace_period_years: int | None = None
    tying_status: str | None = None


class FinancingCommitment(ClosedModel):
    """Money promised or paid by a donor; `donor_id` is an id of the database, if known."""

    donor: str
    donor_id: str | None = None
    amount: float | None = None
    currency: str | None = None
    assistance_type: AssistanceType = AssistanceType.UNKNOWN
    financing_instrument: str | None = None
    budget_type: BudgetType | None = None
    terms: FinancingTerms | None = None
    transaction_date: OptionalDate = None
    transaction_type: str | None = None
    is_actual: bool = True
    source: str | None = None


class ProjectDateEvent(ClosedModel):
    """A date in the life of a project, such as its approval."""

    date: Date
    type: str
    source: str | None = None


class SectorMapping(ClosedModel):
    """A sector in the donor's words and in common ones, with its share in per cent."""

    normalized_sector: str | None = None
    donor_sector: str | None = None
    donor_subsector: str | None = None
    donor: str | None = None
    percentage: float | None = None


class CrossCuttingTag(ClosedModel):
    """A theme, such as gender or climate, in the donor's words and in common ones."""

    category: str
    normalized_tag: str | None = None
    donor_tag: str | None = None
    donor: str | None = None


class DonorExtension(ClosedModel):
    """What only one donor's records have; unknown keys are kept."""

    model_config = ConfigDict(extra="allow")

    donor: str
    donor_project_id: str | None = None
    raw_payload: dict[str, Any] | None = None


class Project(Entity):
    """A development project; sums are in the currency of its financing."""

    type: Literal["project"] = "project"
    sub_type: EntitySubType | None = EntitySubType.DEVELOPMENT_PROJECT
    stage: ProjectStage = ProjectStage.UNKNOWN
    implementing_agency: str | None = None
    executing_agency: str | None = None
    financing: list[FinancingCommitment] | None = None
    total_commitment: float | None = None
    total_disbursement: float | None = None
    dates: list[ProjectDateEvent] | None = None
    sectors: list[SectorMapping] | None = None
    # Of another type than the tags of the other entities: the published format has it so.
    tags: list[CrossCuttingTag] | None = None  # type: ignore[assignment]
    donor_extensions: list[DonorExtension] | None = None
    project_url: AnyUrl | None = None
