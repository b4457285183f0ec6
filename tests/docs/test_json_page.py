"""The keys and types on the page are those of the documents, no more and no fewer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from our_commands import our_commands, own_options
from pages import anchor, code, json_pages, rows, run_shell, sections
from story import surroundings
from transcripts import blocks, commands
from workspace import Workspace

KINDS = {
    "boolean": (bool,),
    "integer": (int,),
    "list of strings": (list,),
    "number": (int, float),
    "string": (str,),
    "value": (str, int, float, list, dict, type(None)),
}
LINK = re.compile(r"\[(\w+)\]\(#(\w+)\)")

Tables = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def page(project: Path) -> str:
    """The text of the page."""
    return (project / "docs/reference/json.md").read_text("utf-8")


@pytest.fixture(scope="module")
def tables(page: str) -> Tables:
    """The type of each key, by the heading of its table."""
    found = {}
    for heading, text in sections(page).items():
        keys = {code(key)[0]: kind for key, kind, _ in rows(text, "Key", "Type", "Meaning")}
        if keys:
            found[heading] = keys
    return found


def problems(value: Any, kind: str, tables: Tables, at: str) -> Iterator[str]:
    """Compare a value with the words of a cell: "string or null", "list of [entry](#entry)"."""
    if value is None:
        if not kind.endswith(" or null"):
            yield f"{at}: null, but the page says {kind}"
        return
    kind = kind.removesuffix(" or null")
    link = LINK.search(kind)
    if link is None:
        if type(value) not in KINDS[kind]:
            yield f"{at}: {value!r} is not {kind}"
    elif kind.startswith("list of "):
        for number, item in enumerate(value):
            yield from problems(item, link[0], tables, f"{at}[{number}]")
    else:
        assert link[1] == link[2], f"the link of {link[1]} leads to {link[2]}"
        yield from of_table(value, link[1], tables, at)


def of_table(value: dict[str, Any], name: str, tables: Tables, at: str) -> Iterator[str]:
    """Compare an object with a table."""
    keys = tables[name]
    yield from (f"{at}.{key} is not on the page" for key in value if key not in keys)
    yield from (f"{at}.{key} is on the page only" for key in keys if key not in value)
    for key in keys.keys() & value.keys():
        yield from problems(value[key], keys[key], tables, f"{at}.{key}")


def test_the_documents_are_as_the_page_says(
    project: Path, page: str, tables: Tables, documents: dict[str, list[Any]]
) -> None:
    told = {name for name, (place, _) in json_pages(project).items() if place.name == "json.md"}
    assert told >= {"list", "status", "pending", "history"}
    for name in told:
        heading = f"`doit {name} --json`"
        listed = re.match(r"\s*A (list of \[\w+\]\(#\w+\))", sections(page)[heading])
        for document in documents[name]:
            assert document
            if listed:
                assert not list(problems(document, listed[1], tables, name))
            else:
                assert not list(of_table(document, heading, tables, name))


def test_everything_on_the_page_was_seen(tables: Tables, documents: dict[str, list[Any]]) -> None:
    """A key that is null in all runs would be compared with nothing."""
    unseen = {"in_use_by"}
    first, second, empty = documents["status"]
    assert first["remote"]["ahead"] == 0
    assert all(second[state] for state in ("pending", "drift", "missing", "invalid"))
    assert (empty["remote"], empty["next"], empty["database"]["exists"]) == (None, None, False)
    values = {
        key
        for command in (
            *("check", "list", "status", "pending", "history", "export", "release", "accept"),
            "verify",
        )
        for document in documents[command]
        for key in _not_null(document)
    }
    assert {key for keys in tables.values() for key in keys} - values <= unseen


def _not_null(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _not_null(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if item is not None:
                yield key
                yield from _not_null(item)


def test_the_check_finds_what_does_not_fit() -> None:
    tables = {"step": {"command": "string", "count": "integer"}}
    assert list(problems([{"command": None, "more": 1}], "list of [step](#step)", tables, "x")) == [
        "x[0].more is not on the page",
        "x[0].count is on the page only",
        "x[0].command: null, but the page says string",
    ]


def test_each_command_that_prints_json_is_listed_run_and_described(
    project: Path, documents: dict[str, list[Any]]
) -> None:
    printing = {
        name
        for name, command in our_commands().items()
        if any(option.long == "json" for option in own_options(command))
    }
    pages = json_pages(project)
    printing |= {"check"}  # a task, whose options the command `run` understands
    assert set(pages) == printing, "the table at the top of docs/reference/json.md"
    assert set(documents) == printing, "tests/docs/conftest.py runs each of them"
    for place, target in pages.values():
        assert target in map(anchor, sections(place.read_text("utf-8")))


def test_the_example_happens_as_shown(page: str, story: tuple[Workspace, Path]) -> None:
    workspace, _ = story
    [(command, shown)] = [pair for block in blocks(page, "console") for pair in commands(block)]
    assert run_shell(command, workspace.root, surroundings(workspace)) == shown
