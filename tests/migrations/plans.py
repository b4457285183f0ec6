"""Helpers that build plans and describe them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from migrations_directory import Directory

from nes_tasks.database.marker import Metadata
from nes_tasks.errors import InvalidMigrationError
from nes_tasks.migrations import Plan

EARLIER = Metadata(
    "Damodar Dahal", dt.date(2025, 11, 11), "[TODO: Describe what this migration does]"
)


@dataclass(frozen=True)
class EarlierRecord:
    """A record of the legacy system's log: everything but the inputs."""

    metadata: Metadata = EARLIER
    inputs: None = None


def states(plan: Plan) -> dict[str, str]:
    return {entry.name: str(entry.state) for entry in plan}


def chain(plan: Plan) -> dict[str, str | None]:
    return {entry.name: entry.predecessor for entry in plan}


def told(plan: Plan, name: str) -> InvalidMigrationError:
    problem = plan[name].problem
    assert problem is not None
    assert problem.hint
    return problem


def three(migrations: Directory) -> None:
    for name in ("001-a", "002-b", "003-c"):
        migrations.add(name)
