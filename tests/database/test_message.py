"""The message of a migration's commits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from repositories import Place, init

from nes_tasks.database.marker import (
    Marker,
    Metadata,
    Statistics,
    Subject,
    commit_message,
    parse_duration,
    parse_subject,
)


def marker(**counts: int) -> Marker:
    return Marker(
        migration="005-add-ministers",
        metadata=Metadata(
            "Contributor <contributor@example.org>",
            date(2024, 1, 25),
            "Add the cabinet ministers of 2024",
        ),
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


@pytest.mark.parametrize(
    ("subject", "parsed"),
    [
        ("Migration: 007-ours", Subject("007-ours", 1, 1)),
        ("Migration: 007-ours (Batch 2/3)", Subject("007-ours", 2, 3)),
        ("Migration 006-by-hand", Subject("006-by-hand", 1, 1)),
        ("Run migration 006-by-hand", Subject("006-by-hand", 1, 1)),
        ("Run 006-by-hand", Subject("006-by-hand", 1, 1)),
        ('Revert "Migration: 001-first"', None),
        ("Migration: 1-first", None),
        ("Run tests", None),
        ("Running 001-first", None),
        ("migration: 001-first", None),
        ("Migration: 001-first and more", None),
    ],
)
def test_subjects_of_ours_and_those_written_by_hand_are_understood(
    subject: str, parsed: Subject | None
) -> None:
    assert parse_subject(subject) == parsed


def test_subjects_of_the_published_database_are_understood(shared_data: Path) -> None:
    subjects = (shared_data / "database-sample/commit-subjects.txt").read_text().splitlines()
    names = [found.migration for one in subjects if (found := parse_subject(one))]
    assert list(dict.fromkeys(names)) == [
        "000-example-migration",
        "001-source-locations",
        "004-source-election-constituencies",
        "005-seed-2079-election-candidates",
    ]


def test_a_duration_is_read_from_its_trailer_alone() -> None:
    assert parse_duration("Migration: 001-a\n\nIt took long\n\nDuration: 5.2s\n") == 5.2
    assert parse_duration("Migration: 001-a\n\nDuration: long\n") is None
