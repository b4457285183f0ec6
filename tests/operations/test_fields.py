"""How two JSON documents differ, field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nes_tasks.operations.fields import ABSENT, FieldChange, field_changes, leaves, parse

CASES: dict[str, tuple[Any, Any, list[tuple[str, Any, Any]]]] = {
    "nothing": ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, []),
    "a value deep inside": (
        {"names": [{"en": {"full": "A"}}]},
        {"names": [{"en": {"full": "B"}}]},
        [("names[0].en.full", "A", "B")],
    ),
    "a key that comes": ({}, {"tags": None}, [("tags", ABSENT, None)]),
    "a key that goes": ({"tags": None}, {}, [("tags", None, ABSENT)]),
    "null that becomes an object": ({"a": None}, {"a": {"b": 1}}, [("a", None, {"b": 1})]),
    "an item in front": (["b", "c"], ["a", "b", "c"], [("[0]", ABSENT, "a")]),
    "an item at the end": (["a"], ["a", "b"], [("[1]", ABSENT, "b")]),
    "an item out of the middle": (["a", "b", "c"], ["a", "c"], [("[1]", "b", ABSENT)]),
    "the same item twice": (["a"], ["a", "a"], [("[1]", ABSENT, "a")]),
    "a list that empties": (["a"], [], [("[0]", "a", ABSENT)]),
    "true is not 1": ({"a": 1}, {"a": True}, [("a", 1, True)]),
    "1 is not 1.0": ([1], [1.0], [("[0]", 1, 1.0)]),
    "false is not 0 inside a list": ([[0], "x"], [[False], "x"], [("[0][0]", 0, False)]),
    "keys that are no names": ({"a.b": {"": 1}}, {"a.b": {"": 2}}, [('["a.b"][""]', 1, 2)]),
    "other kinds of document": ([], {}, [("", [], {})]),
}


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=CASES)
def test_documents_differ_in_just_these_fields(
    old: Any, new: Any, expected: list[tuple[str, Any, Any]]
) -> None:
    found = field_changes(old, new)
    # repr tells 1, 1.0 and True apart, which == does not.
    assert repr([tuple(change) for change in found]) == repr(expected)


def test_what_is_too_deep_to_look_into_is_one_change() -> None:
    old: Any = 1
    new: Any = 2
    for _ in range(5000):
        old, new = [old], [new]
    assert [change.path for change in field_changes(old, new)] == [""]


def test_an_absent_value_has_no_key_in_json() -> None:
    assert FieldChange("a", ABSENT, None).to_dict() == {"path": "a", "new": None}
    assert FieldChange("a", None, ABSENT).to_dict() == {"path": "a", "old": None}


def test_what_is_no_json_is_a_text() -> None:
    assert parse(b"{ half") == "{ half"
    assert parse(b"\xff") == "\ufffd"
    deep = b"[" * 200_000
    assert parse(deep) == deep.decode()


def test_leaves_are_the_fields_without_fields_of_their_own() -> None:
    document = {"a": {"b": [1, {"c": None}]}, "empty": {}, "none": []}
    assert dict(leaves(document)) == {"a.b[0]": 1, "a.b[1].c": None, "empty": {}, "none": []}
    assert dict(leaves(json.loads('"alone"'))) == {"": "alone"}
