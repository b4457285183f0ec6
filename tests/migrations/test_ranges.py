"""Several migrations named at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from nes_tasks.database.marker import Marker, Metadata
from nes_tasks.errors import UsageError
from nes_tasks.migrations.plan import Entry, Plan, State
from nes_tasks.migrations.ranges import is_range, resolve_all

NAMES = ("001-rivers", "003-lakes", "004-a", "004-b", "007-peaks")


@pytest.fixture
def plan() -> Plan:
    """Five migrations, two with one number, the last one pending."""
    record = Marker("x", Metadata("A", date(2026, 1, 1), "d"), None, "0" * 40)  # type: ignore[arg-type]
    entries = [Entry(name, State.APPLIED, record=record) for name in NAMES]
    return Plan([*entries[:-1], replace(entries[-1], state=State.PENDING, record=None)])


def names(plan: Plan, *words: str) -> list[str]:
    return [one.name for one in resolve_all(plan, words, lambda e: e.is_applied, "applied")]


def test_names_come_in_the_order_of_the_words_and_once(plan: Plan) -> None:
    assert names(plan, "3", "rivers", "003-lakes") == ["003-lakes", "001-rivers"]
    assert names(plan, "7") == ["007-peaks"]


def test_a_range_has_both_ends_and_what_counts(plan: Plan) -> None:
    assert names(plan, "1..3") == ["001-rivers", "003-lakes"]
    assert names(plan, "lakes..") == ["003-lakes", "004-a", "004-b"]
    assert names(plan, "..lakes") == ["001-rivers", "003-lakes"]
    assert names(plan, "..peaks") == list(NAMES[:-1])
    assert names(plan, "3..3", "..1") == ["003-lakes", "001-rivers"]
    # A number that two migrations share is not ambiguous: a range has both.
    assert names(plan, "4..7") == ["004-a", "004-b"]
    assert names(plan, "1..4") == list(NAMES[:-1])


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("3..1", "'3..1' goes backwards; write it as 1..3"),
        ("..", "'..' is not a range"),
        ("1...3", "'1...3' is not a range"),
        ("1..3..7", "'1..3..7' is not a range"),
        ("1..9", "there is no migration '9'"),
        ("7..", "no migration of '7..' is applied; doit list"),
        ("4", "'4' can mean 004-a or 004-b"),
    ],
)
def test_what_is_no_range_is_refused(plan: Plan, word: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        names(plan, word)
    assert said in str(caught.value)


def test_a_path_is_no_range() -> None:
    assert is_range("5..9")
    assert not is_range("../project/migrations/005-x")
