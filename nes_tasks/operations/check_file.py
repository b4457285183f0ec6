"""The result of a check as JSON: written, and read with validation, as it is untrusted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import UsageError
from ..migrations.finding import Finding, Severity
from ..models.plain_errors import first_problem
from .check import Checked

Number = Annotated[int, Field(strict=True, ge=0, le=2**31)]


class _Finding(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    migration: str
    severity: Literal["error", "hint"]
    path: str
    line: Number | None
    message: str
    advice: str | None


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal[1]
    checked: Number
    findings: list[_Finding]


def to_dict(checked: Checked) -> dict[str, Any]:
    """Return the document of docs/reference/json.md."""
    found = [
        {
            "migration": name,
            "severity": finding.severity.value,
            "path": finding.path,
            "line": finding.line,
            "message": finding.message,
            "advice": finding.advice,
        }
        for name, finding in checked.findings
    ]
    return {"format": 1, "checked": checked.count, "findings": found}


def read_check(data: bytes, display_path: str) -> Checked:
    """Read the document; raises `UsageError` that names `display_path` if it is invalid."""
    try:
        document = _Document.model_validate_json(data)
    except ValidationError as error:
        raise UsageError(
            f"{display_path} is not the result of a check: {first_problem(error)}",
            hint="make one with doit check --json -o FILE",
        ) from None
    return Checked(
        document.checked,
        tuple(
            (
                finding.migration,
                Finding(
                    Severity(finding.severity),
                    finding.path,
                    finding.message,
                    finding.line,
                    finding.advice,
                ),
            )
            for finding in document.findings
        ),
    )
