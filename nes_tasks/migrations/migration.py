"""A migration and the result of running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..database.marker import Described, Metadata, Statistics


@dataclass(frozen=True, slots=True)
class Migration(Described):
    """A folder that can be applied.

    `prefix` and `name` are the two parts of the folder's name, `metadata` the constants of its
    script.
    """

    prefix: int
    name: str
    folder_path: Path
    script_path: Path
    readme_path: Path | None
    metadata: Metadata

    @property
    def full_name(self) -> str:
        """The name of the folder, such as 005-add-ministers."""
        return f"{self.prefix:03d}-{self.name}"


class MigrationStatus(StrEnum):
    """The status of a migration in a run."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(slots=True)
class MigrationResult:
    """The result of one migration in one run.

    `migration` is the full name. `logs` are the lines of ``context.log``. A failure has
    `error`, the message in one line, and, when the script itself failed, `where` as
    ``path:line  source text``; `log_path` is the complete log. A success has
    `commit_ids`, oldest first, and `tree`, the id of the tree that the last one records.
    `reason` says why a migration was skipped. `environment` are trailers of its commit about the
    run: its confinement, the versions of Python and packages. `verified` says that its function
    verify has passed; `hints` are doubts about the data that it read.
    """

    migration: str
    status: MigrationStatus
    statistics: Statistics = field(default_factory=Statistics)
    duration_seconds: float = 0.0
    logs: list[str] = field(default_factory=list)
    error: str | None = None
    where: str | None = None
    log_path: str | None = None
    commit_ids: list[str] = field(default_factory=list)
    tree: str | None = None
    reason: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    verified: bool = False
    hints: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-compatible values: doit passes it between processes."""
        return {**asdict(self), "status": self.status.value}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MigrationResult:
        """Read what `to_dict` gave.

        Raises `ValueError` for a missing or unknown key, or an unknown status.
        """
        try:
            return cls(
                **{
                    **data,
                    "status": MigrationStatus(data["status"]),
                    "statistics": Statistics(**data["statistics"]),
                }
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the result of a migration: {error}") from error
