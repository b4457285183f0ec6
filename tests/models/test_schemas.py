"""The JSON Schemas accept the files of the database, and refuse what the models refuse."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from nes_tasks.models import codec
from nes_tasks.models.schemas import ENTITY_KINDS, file_schemas

SCHEMAS = file_schemas()
VALIDATORS = {kind: Draft202012Validator(schema) for kind, schema in SCHEMAS.items()}
SUMMARY = {
    "entity_or_relationship_id": "entity:person/asha-rai",
    "type": "ENTITY",
    "version_number": 1,
    "author": {"slug": "asha-rai", "id": "author:asha-rai"},
    "change_description": "Add her",
    "created_at": "2026-01-31T06:15:09Z",
}
NAMES = [{"kind": "PRIMARY", "en": {"full": "Asha Rai"}}]
PERSON: dict[str, Any] = {
    "type": "person",
    "slug": "asha-rai",
    "names": NAMES,
    "version_summary": SUMMARY,
    "created_at": "2026-01-31T06:15:09Z",
}
PARTY = PERSON | {"type": "organization", "sub_type": "political_party"}
VERSION = SUMMARY | {"snapshot": PERSON | {"id": "entity:person/asha-rai"}}


def problem(kind: str, content: Any) -> str:
    found = best_match(VALIDATORS[kind].iter_errors(content))
    return f"{found.json_path}: {found.message}" if found else ""


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_is_one_of_draft_2020_12(kind: str) -> None:
    assert SCHEMAS[kind]["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(SCHEMAS[kind])


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_field_has_a_meaning_and_enums_have_each_value_once(kind: str) -> None:
    for name, rule in SCHEMAS[kind]["$defs"].items():
        assert rule["description"], name
        assert len(rule.get("enum", ())) == len(set(rule.get("enum", ())))
        if name != "AnyEntity":
            for field, meaning in rule.get("properties", {}).items():
                assert meaning["description"].endswith("."), f"{name}.{field}"


@pytest.mark.parametrize("kind", ["entity", "version", "author"])
def test_files_of_the_published_database_are_valid(shared_data: Path, kind: str) -> None:
    files = sorted((shared_data / "database-sample/v2" / kind).rglob("*.json"))
    assert files
    assert {str(f): p for f in files if (p := problem(kind, json.loads(f.read_bytes())))} == {}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("entity", PERSON),
        ("entity", PARTY | {"registration_date": "2024-01-25", "symbol": None}),
        ("entity", PARTY | {"sub_type": "ngo"}),
        ("entity", PERSON | {"type": "location", "sub_type": "ward", "area": 5}),
        ("version", VERSION),
        ("version", SUMMARY | {"snapshot": None}),
        ("author", {"slug": "asha-rai", "name": None}),
    ],
)
def test_what_is_right_is_accepted(kind: str, content: dict[str, Any]) -> None:
    assert problem(kind, content) == ""
    load: Callable[[bytes], Any] = getattr(codec, f"load_{kind}")
    load(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("entity", PERSON | {"name": "Asha"}, "'name' was unexpected"),
        ("entity", PERSON | {"type": "event"}, "$.type: 'event' is not one of"),
        ("entity", PERSON | {"names": [{"kind": "MAIN", "en": {"full": "A"}}]}, "$.names[0].kind"),
        ("entity", PERSON | {"slug": "Asha Rai"}, "$.slug: 'Asha Rai' does not match"),
        ("entity", PERSON | {"sub_type": "ward"}, "$.sub_type"),
        ("entity", PARTY | {"beds": 5}, "'beds' was unexpected"),
        ("entity", PARTY | {"sub_type": "hospital", "ownership": "public"}, "$.ownership"),
        ("entity", PARTY | {"sub_type": "ngo", "symbol": None}, "'symbol' was unexpected"),
        ("relationship", {"source_entity_id": "entity:person/asha-rai"}, "is a required property"),
        ("version", VERSION | {"snapshot": {"type": "person"}}, "$.snapshot: 'slug' is a required"),
        ("version", VERSION | {"type": "RELATIONSHIP"}, "$.snapshot"),
        ("author", {"slug": "a"}, "$.slug: 'a' is too short"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(
    kind: str, content: dict[str, Any], said: str
) -> None:
    assert said in problem(kind, content)
    load: Callable[[bytes], Any] = getattr(codec, f"load_{kind}")
    if kind != "version":  # reading a version does not look at its snapshot
        with pytest.raises(codec.MalformedFileError):
            load(json.dumps(content).encode())


def test_each_kind_of_entity_has_a_rule_of_its_own() -> None:
    rules = SCHEMAS["entity"]["$defs"]["AnyEntity"]["allOf"]
    assert [rule["then"]["$ref"].rpartition("/")[2] for rule in rules] == [
        model.__name__ for model in ENTITY_KINDS.values()
    ]


def test_the_schemas_are_made_anew_each_time() -> None:
    kept = copy.deepcopy(SCHEMAS)
    file_schemas()["entity"]["$defs"].clear()
    assert file_schemas() == kept
