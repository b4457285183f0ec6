"""The marker of a migration and the message of its commits: both say that it is applied."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from repositories import Place, init

from nes_tasks.database.marker import (
    Marker,
    Metadata,
    Statistics,
    Subject,
    commit_message,
    marker_path,
    parse_duration,
    parse_subject,
)

FULL = Marker(
    migration="005-add-ministers",
    metadata=Metadata(
        "Contributor <contributor@example.org>",
        date(2024, 1, 25),
        "Add the cabinet ministers of 2024",
        deterministic=False,
    ),
    applied_at=datetime(2026, 1, 31, 6, 15, 9, 123456, tzinfo=UTC),
    base_tree="3f2c" * 10,
    statistics=Statistics(25, 1, 2, 50, 3, 4, 75, 160),
    inputs={"migrate.py": "ab" * 32, "README.md": "cd" * 32},
)

TEXT = """\
format = 1
migration = "005-add-ministers"
author = "Contributor <contributor@example.org>"
date = 2024-01-25
description = "Add the cabinet ministers of 2024"
applied_at = 2026-01-31T06:15:09.123456Z
base_tree = "3f2c"
"""


def replaced(key: str, row: str) -> bytes:
    """Return the text of a marker with one row replaced, or left out."""
    rows = [row if line.startswith(f"{key} =") else line for line in TEXT.splitlines()]
    return "\n".join(rows).encode()


def test_what_is_written_can_be_read() -> None:
    assert Marker.from_bytes(FULL.to_bytes()) == FULL


def test_the_keys_are_those_of_the_contract_in_its_order() -> None:
    content = tomllib.loads(FULL.to_bytes().decode())
    assert list(content) == [
        "format",
        "migration",
        "author",
        "date",
        "description",
        "applied_at",
        "base_tree",
        "deterministic",
        "statistics",
        "inputs",
    ]
    assert content["format"] == 1
    assert list(content["statistics"]) == [
        "entities_created",
        "entities_updated",
        "entities_deleted",
        "relationships_created",
        "relationships_updated",
        "relationships_deleted",
        "versions_created",
        "files",
    ]


def test_the_same_facts_give_the_same_bytes() -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    other = Marker(
        **{
            **{name: getattr(FULL, name) for name in Marker.__dataclass_fields__},
            "inputs": dict(reversed(FULL.inputs.items())),
            "applied_at": FULL.applied_at.astimezone(kathmandu),
        }
    )
    assert other.to_bytes() == FULL.to_bytes()


@pytest.mark.parametrize(
    "text",
    ['say "namaste"', "back\\slash", "line\nbreak", "tab\tbell\x07", "नेपाल सरकार", "'''", ""],
)
def test_any_text_survives(text: str) -> None:
    marker = Marker(
        "001-a", Metadata(text, date(2024, 1, 1), text), FULL.applied_at, "t", inputs={text: "h"}
    )
    again = Marker.from_bytes(marker.to_bytes())
    assert (again.author, again.description, dict(again.inputs)) == (text, text, {text: "h"})


def test_what_a_marker_may_leave_out_has_a_default() -> None:
    marker = Marker.from_bytes(TEXT.encode())
    assert marker.deterministic is True
    assert marker.statistics == Statistics()
    assert marker.inputs == {}


def test_keys_of_a_later_version_are_ignored() -> None:
    text = TEXT + 'mood = "good"\n[statistics]\nfiles = 3\nsmiles = 4\n'
    assert Marker.from_bytes(text.encode()).statistics == Statistics(files=3)


@pytest.mark.parametrize(
    "key", ["format", "migration", "author", "date", "description", "applied_at", "base_tree"]
)
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(ValueError, match=key):
        Marker.from_bytes(replaced(key, ""))


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("format", "format = 2"),
        ("format", 'format = "1"'),
        ("migration", "migration = 5"),
        ("author", 'author = ["a"]'),
        ("date", 'date = "2024-01-25"'),
        ("date", "date = 2024-01-25T00:00:00Z"),
        ("description", "description = false"),
        ("applied_at", "applied_at = 2026-01-31"),
        ("applied_at", "applied_at = 2026-01-31T06:15:09"),
        ("base_tree", "base_tree = 12"),
        ("deterministic", "deterministic = 1"),
        ("statistics", "statistics = 3"),
        ("files", 'statistics.files = "3"'),
        ("files", "statistics.files = 3.5"),
        ("files", "statistics.files = true"),
        ("inputs", "inputs = []"),
        ("README.md", 'inputs."README.md" = 1'),
    ],
)
def test_a_value_of_a_wrong_type_is_named(key: str, row: str) -> None:
    known = TEXT if f"\n{key} =" not in f"\n{TEXT}" else replaced(key, "").decode()
    with pytest.raises(ValueError, match=key):
        Marker.from_bytes(f"{known}\n{row}\n".encode())


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"format = ", b"[[", b'{"format": 1}', b"\0"])
def test_what_is_no_marker_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are those of the parsers
        Marker.from_bytes(data)


def test_the_path_is_inside_the_data_folder() -> None:
    assert marker_path("v2", "005-add") == "v2/migration-logs/005-add/marker.toml"


# The message of the commits


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
