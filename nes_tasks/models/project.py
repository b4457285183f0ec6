"""Development projects: stages, money, dates and sectors."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

from pydantic import AnyUrl, ConfigDict, Field

from .base import ClosedModel
from .dates import Date, OptionalDate
from .entity import Entity, EntitySubType


class ProjectStage(str, Enum):  # noqa: UP042
    """The stage of a project."""

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

    interest_rate: float | None = Field(
        default=None, description="The interest rate in per cent.", examples=[1.5]
    )
    repayment_period_years: int | None = Field(
        default=None, description="The years until all is paid back.", examples=[25]
    )
    grace_period_years: int | None = Field(
        default=None, description="The years before the first repayment.", examples=[5]
    )
    tying_status: str | None = Field(
        default=None,
        description="Whether goods must come from the donor's country, in the donor's words.",
        examples=["untied"],
    )


class FinancingCommitment(ClosedModel):
    """Money promised or paid by a donor; `donor_id` is an id of the database, if known."""

    donor: str = Field(description="The name of the donor.", examples=["World Bank"])
    donor_id: str | None = Field(
        default=None,
        description="The id of the donor in the database, if it is there.",
        examples=["entity:organization/international_org/world-bank"],
    )
    amount: float | None = Field(
        default=None, description="The sum, in `currency`.", examples=[1500000.0]
    )
    currency: str | None = Field(
        default=None, description="The currency, as its code of ISO 4217.", examples=["USD"]
    )
    assistance_type: AssistanceType = Field(
        default=AssistanceType.UNKNOWN, description="On what terms the money is given."
    )
    financing_instrument: str | None = Field(
        default=None,
        description="The instrument in the donor's words.",
        examples=["Investment Project Financing"],
    )
    budget_type: BudgetType | None = Field(
        default=None, description="Whether the money goes through the state budget."
    )
    terms: FinancingTerms | None = Field(default=None, description="The terms of a loan.")
    transaction_date: OptionalDate = Field(
        default=None, description="The day of the promise or payment.", examples=["2024-01-25"]
    )
    transaction_type: str | None = Field(
        default=None, description="What happened, in the donor's words.", examples=["commitment"]
    )
    is_actual: bool = Field(
        default=True, description="Whether it happened; false for what is planned.", examples=[True]
    )
    source: str | None = Field(
        default=None,
        description="Where this is from.",
        examples=["https://example.org/projects/P123456"],
    )


class ProjectDateEvent(ClosedModel):
    """A date in the life of a project, such as its approval."""

    date: Date = Field(description="The day.", examples=["2024-01-25"])
    type: str = Field(description="What happened or should happen then.", examples=["approval"])
    source: str | None = Field(
        default=None,
        description="Where this is from.",
        examples=["https://example.org/projects/P123456"],
    )


class SectorMapping(ClosedModel):
    """A sector in the donor's words and in common ones, with its share in per cent."""

    normalized_sector: str | None = Field(
        default=None, description="The sector in words common to all donors.", examples=["Health"]
    )
    donor_sector: str | None = Field(
        default=None, description="The sector in the donor's words.", examples=["Health Services"]
    )
    donor_subsector: str | None = Field(
        default=None,
        description="The part of the sector in the donor's words.",
        examples=["Rural clinics"],
    )
    donor: str | None = Field(
        default=None, description="The name of the donor.", examples=["World Bank"]
    )
    percentage: float | None = Field(
        default=None, description="The share of the project in per cent.", examples=[40.0]
    )


class CrossCuttingTag(ClosedModel):
    """A theme, such as gender or climate, in the donor's words and in common ones."""

    category: str = Field(description="What the theme is about.", examples=["gender"])
    normalized_tag: str | None = Field(
        default=None,
        description="The theme in words common to all donors.",
        examples=["Gender equality"],
    )
    donor_tag: str | None = Field(
        default=None,
        description="The theme in the donor's words.",
        examples=["Women's participation"],
    )
    donor: str | None = Field(
        default=None, description="The name of the donor.", examples=["World Bank"]
    )


class DonorExtension(ClosedModel):
    """What only one donor's records have; unknown keys are kept."""

    model_config = ConfigDict(extra="allow")

    donor: str = Field(description="The name of the donor.", examples=["World Bank"])
    donor_project_id: str | None = Field(
        default=None, description="The number of the project at the donor.", examples=["P123456"]
    )
    raw_payload: dict[str, Any] | None = Field(
        default=None, description="The donor's record as it came.", examples=[{"status": "Active"}]
    )


class Project(Entity):
    """A development project; sums are in the currency of its financing."""

    type: Literal["project"] = Field(
        default="project", description="`project`.", examples=["project"]
    )
    sub_type: EntitySubType | None = Field(
        default=EntitySubType.DEVELOPMENT_PROJECT,
        description="`development_project`, unless something else is given.",
        examples=["development_project"],
    )
    stage: ProjectStage = Field(default=ProjectStage.UNKNOWN, description="How far the project is.")
    implementing_agency: str | None = Field(
        default=None,
        description="The name of the body that carries the project out.",
        examples=["Department of Roads"],
    )
    executing_agency: str | None = Field(
        default=None,
        description="The name of the body that answers for the project.",
        examples=["Ministry of Health"],
    )
    financing: list[FinancingCommitment] | None = Field(
        default=None, description="Who gives how much, on what terms."
    )
    total_commitment: float | None = Field(
        default=None,
        description="The sum of what was promised, in the currency of the financing.",
        examples=[1500000.0],
    )
    total_disbursement: float | None = Field(
        default=None,
        description="The sum of what was paid, in the currency of the financing.",
        examples=[400000.0],
    )
    dates: list[ProjectDateEvent] | None = Field(
        default=None, description="Dates in the life of the project."
    )
    sectors: list[SectorMapping] | None = Field(
        default=None, description="The sectors, with their shares."
    )
    # Of another type than the tags of the other entities: the published format has it so.
    tags: list[CrossCuttingTag] | None = Field(
        default=None, description="The themes of the project."
    )  # type: ignore[assignment]
    donor_extensions: list[DonorExtension] | None = Field(
        default=None, description="What only one donor's records have."
    )
    project_url: AnyUrl | None = Field(
        default=None,
        description="The page of the project.",
        examples=["https://example.org/projects/P123456"],
    )
