"""The JSON schema of the page holds for what the commands print."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from workspace import Workspace, create_person

KINDS = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": float,
    "object": dict,
    "string": str,
}


@pytest.fixture(scope="session")
def schema(project: Path) -> dict[str, Any]:
    page = (project / "docs/reference/preview.md").read_text()
    found = re.search(r"^```json\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert found
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded["$defs"]


def problems(value: Any, rule: dict[str, Any], defs: dict[str, Any], at: str) -> Iterator[str]:
    """Check what the page uses of JSON schema, and that no key is undocumented."""
    if "$ref" in rule:
        rule = defs[rule["$ref"].rpartition("/")[2]]
    if "anyOf" in rule:
        if all(list(problems(value, choice, defs, at)) for choice in rule["anyOf"]):
            yield f"{at}: no choice fits"
        return
    kinds = rule.get("type", list(KINDS))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if type(value) not in [KINDS[kind] for kind in kinds]:
        yield f"{at}: {value!r} is not {kinds}"
    elif isinstance(value, dict) and "type" in rule:
        known = rule.get("properties", {})
        yield from (f"{at}: no {key}" for key in rule.get("required", ()) if key not in value)
        for key, item in value.items():
            if key in known:
                yield from problems(item, known[key], defs, f"{at}.{key}")
            elif "additionalProperties" in rule:
                yield from problems(item, rule["additionalProperties"], defs, f"{at}.{key}")
            else:
                yield f"{at}: {key} is not documented"
    elif isinstance(value, list) and "items" in rule:
        for number, item in enumerate(value):
            yield from problems(item, rule["items"], defs, f"{at}[{number}]")


def test_the_documents_are_as_the_page_says(workspace: Workspace, schema: dict[str, Any]) -> None:
    workspace.migration("001-create", create_person("asha-rai"))
    assert workspace.doit().code == 0
    workspace.migration(
        "002-tag",
        'person = await context.db.get_entity("entity:person/asha-rai")\n'
        'person.tags = ["found"]\n'
        'await context.publication.update_entity(person, context.author_id, "Tag her")\n'
        'context.log("done")',
    )
    workspace.migration("003-bad", "raise ValueError")
    for command, code in (
        (["preview"], 1),
        (["show", "1"], 0),
        (["blame", "entity:person/asha-rai"], 0),
    ):
        ran = workspace.doit(*command, "--json")
        assert ran.code == code, ran.err
        rule = {"$ref": f"#/$defs/{command[0]}"}
        assert not list(problems(json.loads(ran.out), rule, schema, command[0]))


def test_the_check_finds_what_does_not_fit(schema: dict[str, Any]) -> None:
    rule = {"$ref": "#/$defs/counts"}
    assert list(problems({"created": "1", "updated": 1, "more": 1}, rule, schema, "x")) == [
        "x: no deleted",
        "x.created: '1' is not ['integer']",
        "x: more is not documented",
    ]
