"""The JSON schema of the page holds for what the commands print."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import code, json_pages, rows
from schemas import problems, schema_of


@pytest.fixture(scope="session")
def schema(project: Path) -> dict[str, Any]:
    return schema_of(project / "docs/reference/preview.md")


def test_the_documents_are_as_the_schemas_say(
    project: Path, documents: dict[str, list[Any]]
) -> None:
    """Also those of other pages, each of which has the schema of a command in ``$defs``."""
    told = {name: page for name, (page, _) in json_pages(project).items() if page.name != "json.md"}
    assert told.keys() >= {"preview", "show", "blame"}
    for name, page in told.items():
        defs = schema_of(page)
        for document in documents[name]:
            assert not list(problems(document, {"$ref": f"#/$defs/{name}"}, defs, name))


def test_each_key_of_the_schema_has_its_meaning(project: Path, schema: dict[str, Any]) -> None:
    page = (project / "docs/reference/preview.md").read_text()
    told: dict[str, set[str]] = {}
    name = ""
    for of, key, meaning in rows(page, "Of", "Key", "Meaning"):
        name = code(of)[0] if of else name
        # The keys of small parts are described where they are used.
        told.setdefault(name, set()).update(code(key), code(meaning))
    assert told.keys() == schema.keys()
    for name, rule in schema.items():
        assert set(keys_of(rule)) <= told[name], name


def keys_of(rule: dict[str, Any]) -> Iterator[str]:
    """Return the keys of an object and of the parts that have no name of their own."""
    for key, value in rule.get("properties", {}).items():
        yield key
        yield from keys_of(value)
        yield from keys_of(value.get("items", {}))


def test_the_check_finds_what_does_not_fit(schema: dict[str, Any]) -> None:
    rule = {"$ref": "#/$defs/counts"}
    assert list(problems({"created": "1", "updated": 1, "more": 1}, rule, schema, "x")) == [
        "x: no deleted",
        "x.created: '1' is not ['integer']",
        "x: more is not documented",
    ]
