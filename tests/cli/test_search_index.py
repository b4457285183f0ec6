"""The search index in whole runs: built on demand, confined, never part of the database."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from workspace import Workspace

# More files than are read into memory before an index is worth it.
PERSONS = 620
CREATE = f"""\
for number in range({PERSONS}):
    await context.publication.create_entity(
        "person",
        {{
            "slug": f"person-{{number:03}}",
            "names": [{{"kind": "PRIMARY", "en": {{"full": f"Person {{number}}"}}}}],
            "tags": ["odd"] if number % 2 else [],
        }},
    )
"""
FIND = """\
for name in ("Person 7", "person  {last}", "Nobody"):
    found = await context.search.find_entity_by_name(name, "person")
    context.log(found and found.id)
found.tags if found else None
odd = await context.search.search_entities("person 1", tags=["odd"], limit=3)
context.log([entity.slug for entity in odd])
seven = await context.search.get_entity("entity:person/person-007")
seven.names[0].en.full = "Person Seven {number}"
await context.publication.update_entity(seven, change_description="Rename")
context.log([e.slug for e in await context.search.search_entities("person seven")])
"""


def many_persons(workspace: Workspace) -> None:
    """A project whose first migration has created many persons."""
    workspace.migration("001-create", CREATE)
    done = workspace.doit()
    assert done.code == 0, done.err
    assert not list(index_of(workspace).glob("*"))


def index_of(workspace: Workspace) -> Path:
    return workspace.root / ".nes-tasks" / "index"


def tree_of_index(workspace: Workspace) -> str:
    with closing(sqlite3.connect(index_of(workspace) / "entities.db")) as connection:
        rows = connection.execute("SELECT value FROM meta WHERE name = 'tree'")
        return str(rows.fetchone()[0])


@pytest.fixture
def workspace(prepared: Callable[..., Workspace]) -> Workspace:
    return prepared(many_persons)


def add(workspace: Workspace, name: str, number: int) -> None:
    workspace.migration(name, FIND.format(number=number, last=PERSONS - 1))


EXPECTED = [
    f"entity:person/person-{PERSONS - 1}",
    "None",
    "['person-001', 'person-011', 'person-013']",
    "['person-007']",
]


def log_of(workspace: Workspace, name: str) -> list[str]:
    return workspace.git("show", f"HEAD:v2/migration-logs/{name}/log.txt").splitlines()


@pytest.mark.parametrize("sandbox", ["require", "off"])
def test_searches_of_a_run_are_answered_by_the_index(workspace: Workspace, sandbox: str) -> None:
    workspace.settings(sandbox=sandbox)
    trees = [workspace.tree]
    for number, name in enumerate(("002-find", "003-find")):
        add(workspace, name, number)
        done = workspace.doit()
        assert done.code == 0, done.err
        # It is brought up to what a migration runs on.
        assert tree_of_index(workspace) == trees[-1]
        trees.append(workspace.tree)
        assert log_of(workspace, name)[1:] == EXPECTED
    first = [log_of(workspace, name)[0] for name in ("002-find", "003-find")]
    assert first == ["entity:person/person-007", "None"]


def test_a_preview_and_a_replay_leave_the_index_at_the_branch(workspace: Workspace) -> None:
    add(workspace, "002-find", 2)
    add(workspace, "003-find", 3)
    previewed = json.loads(workspace.doit("preview", "--json").out)
    logs = [one["logs"] for one in previewed["migrations"]]
    assert [lines[1:] for lines in logs] == [EXPECTED, EXPECTED]
    assert [lines[0] for lines in logs] == ["entity:person/person-007", "None"]
    assert tree_of_index(workspace) == workspace.tree
    applied = workspace.doit()
    assert applied.code == 0, applied.err
    branch = tree_of_index(workspace)
    replayed = workspace.doit("replay")
    assert replayed.code == 0, replayed.out + replayed.err
    assert tree_of_index(workspace) == branch
    assert sorted(path.name for path in index_of(workspace).iterdir()) == [
        "entities.db",
        "entities.json",
    ]


def test_a_run_without_a_place_for_the_index_says_so_once_and_finds_the_same(
    workspace: Workspace,
) -> None:
    shutil.rmtree(index_of(workspace))
    index_of(workspace).write_text("in the way")
    for number, name in enumerate(("002-find", "003-find")):
        add(workspace, name, number)
    done = workspace.doit()
    assert done.code == 0, done.err
    assert done.err.count("searches read the whole database") == 1
    for name in ("002-find", "003-find"):
        assert log_of(workspace, name)[1:] == EXPECTED


def test_a_script_can_read_the_index_and_not_change_it(workspace: Workspace) -> None:
    workspace.settings(sandbox="require")
    folder = str(index_of(workspace))
    workspace.migration(
        "002-write",
        'await context.search.search_entities("person 1", limit=1)\n'
        "from pathlib import Path\n"
        f'for name in ("entities.db", "entities.json", "new"):\n'
        f"    try:\n"
        f'        Path("{folder}", name).open("r+b" if name != "new" else "wb")\n'
        f"    except OSError as error:\n"
        f"        context.log(error.strerror)\n",
    )
    done = workspace.doit()
    assert done.code == 0, done.err
    assert log_of(workspace, "002-write") == ["Permission denied"] * 3
