"""The JSON schema of the page holds for what the commands print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from schemas import problems, schema_of
from workspace import Workspace, create_person


@pytest.fixture(scope="session")
def schema(project: Path) -> dict[str, Any]:
    return schema_of(project / "docs/reference/preview.md")


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
