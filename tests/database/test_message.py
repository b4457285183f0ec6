"""The message of a migration's commits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from repositories import Place, init

from nes_tasks.database.marker import Marker, Statistics
from nes_tasks.database.message import commit_message


def marker(**counts: int) -> Marker:
    return Marker(
        migration="005-add-ministers",
        author="Contributor <contributor@example.org>",
        date=date(2024, 1, 25),
        description="Add the cabinet ministers of 2024",
        applied_at=datetime(2026, 1, 31, tzinfo=UTC),
        base_tree="t",
        statistics=Statistics(**counts),
    )


def test_one_of_several_batches_says_which_and_no_more() -> None:
    text = commit_message(marker(files=151), duration=5.24, batch=2, batches=3)
    assert text == (
        "Migration: 005-add-ministers (Batch 2/3)\n\nBatch: 2/3\nMigration: 005-add-ministers\n"
    )


def test_the_last_of_batches_in_a_line_says_all() -> None:
    texts = [
        commit_message(marker(files=151), duration=5.24, batch=batch, batches=3, linear=True)
        for batch in (1, 2, 3)
    ]
    assert ["Files: 151" in text for text in texts] == [False, False, True]
    assert texts[2].startswith("Migration: 005-add-ministers (Batch 3/3)\n")
    assert texts[2].endswith("Duration: 5.2s\nBatch: 3/3\n")


def test_the_merge_of_all_batches_says_all() -> None:
    counts = {"entities_created": 25, "relationships_created": 50, "versions_created": 75}
    text = commit_message(marker(**counts, files=151), duration=5.24, batch=None, batches=3)
    assert text == (
        "Migration: 005-add-ministers\n"
        "\n"
        "Add the cabinet ministers of 2024\n"
        "\n"
        "Author: Contributor <contributor@example.org>\n"
        "Date: 2024-01-25\n"
        "Entities-Created: 25\n"
        "Entities-Updated: 0\n"
        "Relationships-Created: 50\n"
        "Versions-Created: 75\n"
        "Files: 151\n"
        "Duration: 5.2s\n"
        "Batches: 3\n"
    )


def test_the_only_commit_has_no_batch_in_its_subject() -> None:
    lines = commit_message(marker(), duration=0.04, batch=1, batches=1).splitlines()
    assert lines[0] == "Migration: 005-add-ministers"
    assert lines[-2:] == ["Duration: 0.0s", "Batch: 1/1"]


@pytest.mark.parametrize(
    ("count", "key"),
    [
        ("entities_deleted", "Entities-Deleted"),
        ("relationships_updated", "Relationships-Updated"),
        ("relationships_deleted", "Relationships-Deleted"),
    ],
)
def test_rare_counts_appear_when_there_is_something_to_count(count: str, key: str) -> None:
    assert key not in commit_message(marker(), duration=1, batch=1, batches=1)
    text = commit_message(marker(**{count: 7}), duration=1, batch=1, batches=1)
    assert f"\n{key}: 7\n" in text


def test_git_reads_the_end_as_trailers(tmp_path: Path) -> None:
    database: Place = init(tmp_path / "db")
    text = commit_message(marker(files=3), duration=1, batch=1, batches=1)
    database.commit(message=text)
    trailers = database.git("log", "-1", "--format=%(trailers:only,unfold)").strip().splitlines()
    assert trailers == text.strip().splitlines()[4:]
    assert database.git("log", "-1", "--format=%(trailers:key=Files,valueonly)").strip() == "3"
