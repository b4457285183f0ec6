"""`doit schema`: files for editors and programs, or a line that says why not."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from workspace import Workspace


def test_it_writes_schemas_and_prints_their_paths(workspace: Workspace) -> None:
    ran = workspace.doit("schema", "-o", "made/schemas")
    assert (ran.code, ran.err) == (0, "")
    written = ran.out.split()
    assert written == [
        f"made/schemas/{kind}.schema.json"
        for kind in ("entity", "relationship", "version", "author", "marker")
    ]
    before = [(workspace.root / path).read_bytes() for path in written]
    for data in before:
        Draft202012Validator.check_schema(json.loads(data))
    assert workspace.doit("schema", "-o", "made/schemas").code == 0
    assert [(workspace.root / path).read_bytes() for path in written] == before


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["schema"], "doit schema needs a folder; doit schema -o schemas"),
        (["schema", "-o", "dodo.py"], "dodo.py is not a folder"),
        (["schema", "-o", "s", "person"], "doit schema takes no name"),
    ],
)
def test_wrong_use_is_one_line(workspace: Workspace, args: list[str], said: str) -> None:
    ran = workspace.doit(*args)
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_folder_that_cannot_be_made_is_the_environment(workspace: Workspace) -> None:
    ran = workspace.doit("schema", "-o", "dodo.py/schemas")
    assert ran.code == 3
    assert "dodo.py/schemas/entity.schema.json cannot be written: Not a directory" in ran.err
