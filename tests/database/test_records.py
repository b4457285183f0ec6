"""What was committed together with a record of the earlier system was made by that migration."""

from __future__ import annotations

from pathlib import Path

import pytest
from workspace import Workspace

from nes_tasks.database.records import recorded_with
from nes_tasks.git.command import Git


@pytest.fixture
def database(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "project")
    workspace.git_in(workspace.root, "init", "-q", "-b", "main", "nes-db")
    return workspace


def committed(database: Workspace, *paths: str) -> str:
    """Commit files with new contents, and return the commit."""
    for path in paths:
        file = database.db / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as stream:
            stream.write("{}")
    database.git("add", ".")
    database.git("commit", "-q", "--allow-empty", "-m", "By hand")
    return database.git("rev-parse", "HEAD")


def record(name: str) -> str:
    return f"v2/migration-logs/{name}/metadata.json"


def test_a_commit_belongs_to_the_one_migration_whose_record_it_brought(database: Workspace) -> None:
    data = "v2/entity/person/asha-rai.json"
    first = committed(database, data, record("001-first"), "v2/migration-logs/001-first/logs.txt")
    edited = committed(database, data, record("001-first"))
    both = committed(database, data, record("002-second"), record("003-third"))
    alone = committed(database, data)
    empty = committed(database)
    elsewhere = committed(database, "v3/migration-logs/004-other/metadata.json")
    found = recorded_with(Git(database.db), [empty, both, first, edited, alone, elsewhere], "v2")
    assert found == {first: "001-first"}
    assert recorded_with(Git(database.db), [], "v2") == {}
