"""Migrations and their results as values."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from nes_tasks.database.marker import Metadata, Statistics
from nes_tasks.migrations import Migration, MigrationResult, MigrationStatus


@pytest.mark.parametrize(
    ("prefix", "full_name"),
    [(0, "000-add"), (7, "007-add"), (120, "120-add"), (1000, "1000-add")],
)
def test_the_full_name_is_that_of_the_folder(prefix: int, full_name: str) -> None:
    path = Path("migrations", full_name)
    migration = Migration(
        prefix, "add", path, path / "migrate.py", None, Metadata("A", dt.date(2024, 1, 1), "D")
    )
    assert migration.full_name == full_name
    assert migration.deterministic


def result(**changes: Any) -> MigrationResult:
    values: dict[str, Any] = {
        "migration": "005-add-ministers",
        "status": MigrationStatus.COMPLETED,
        "statistics": Statistics(entities_created=25, versions_created=25, files=51),
        "duration_seconds": 5.25,
        "logs": ["थपियो 25", "half a character \udce0"],
        "commit_ids": ["a" * 40, "b" * 40],
        "tree": "c" * 40,
    }
    return MigrationResult(**{**values, **changes})


@pytest.mark.parametrize(
    "given",
    [
        result(),
        result(
            status=MigrationStatus.FAILED,
            error="ValueError: no name",
            where="migrate.py:12  raise ValueError",
            log_path="/x/log.txt",
        ),
        MigrationResult("001-a", MigrationStatus.SKIPPED, reason="already applied"),
    ],
)
def test_a_result_survives_the_way_through_json(given: MigrationResult) -> None:
    assert MigrationResult.from_dict(json.loads(json.dumps(given.to_dict()))) == given


def test_results_do_not_share_their_lists() -> None:
    first = MigrationResult("001-a", MigrationStatus.RUNNING)
    second = MigrationResult("002-b", MigrationStatus.RUNNING)
    first.logs.append("line")
    assert second.logs == []


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"migration": "001-a", "status": "done", "statistics": {}},
        {"migration": "001-a", "status": "failed"},
        {"migration": "001-a", "status": "failed", "statistics": {"entities": 1}},
        {"migration": "001-a", "status": "failed", "statistics": {}, "colour": "red"},
        {"migration": "001-a", "status": "failed", "statistics": None},
    ],
)
def test_what_is_no_result_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not"):
        MigrationResult.from_dict(broken)


def test_the_statuses_are_those_of_the_earlier_system() -> None:
    assert [str(status) for status in MigrationStatus] == [
        "running",
        "completed",
        "failed",
        "skipped",
    ]
