"""The marker file: what a migration leaves in the database to say that it is applied."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from nes_tasks.database.marker import Marker, Metadata, Statistics, marker_path

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
