"""`doit pending`: what is not applied yet."""

from __future__ import annotations

import json

from workspace import Workspace, create_person


def test_pending_migrations_are_listed_in_order(workspace: Workspace) -> None:
    workspace.migration("002-second")
    folder = workspace.migration("001-first")
    size = sum(file.stat().st_size for file in folder.iterdir())
    ran = workspace.doit("pending")
    assert (ran.code, ran.err) == (0, "")
    rows = [line.split() for line in ran.out.splitlines()[2:]]
    assert rows == [
        ["001-first", "2026-01-15", "2", str(size), "B", "Asha", "Example", "Do", "001-first"],
        [
            *("002-second", "2026-01-15", "2", str(size + 2), "B"),
            *("Asha", "Example", "Do", "002-second"),
        ],
    ]
    assert not workspace.db.exists()


def test_json_is_a_list_and_nothing_else(workspace: Workspace) -> None:
    folder = workspace.migration("001-first")
    sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
    ran = workspace.doit("pending", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == [
        {
            "name": "001-first",
            "state": "pending",
            "author": "Asha Example <asha@example.org>",
            "date": "2026-01-15",
            "description": "Do 001-first",
            "problem": None,
            "difference": None,
            "files": [{"path": name, "bytes": sizes[name]} for name in ("README.md", "migrate.py")],
            "bytes": sum(sizes.values()),
        }
    ]


def test_only_with_check_the_exit_code_tells(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit("pending").code == 0
    assert workspace.doit("pending", "--check").code == 1
    workspace.doit()
    ran = workspace.doit("pending", "--check")
    assert (ran.code, ran.out) == (0, "No migration is pending.\n")
    assert json.loads(workspace.doit("pending", "--json").out) == []


def test_a_folder_that_is_not_valid_is_warned_of_and_counts(workspace: Workspace) -> None:
    folder = workspace.migration("001-first")
    (folder / "migrate.py").unlink()
    ran = workspace.doit("pending", "--json", "--check")
    assert ran.code == 1
    assert ran.err.startswith("warning: migrations/001-first")
    assert [row["state"] for row in json.loads(ran.out)] == ["invalid"]


def test_a_name_is_wrong_use(workspace: Workspace) -> None:
    assert workspace.doit("pending", "001").code == 2


def test_a_count_is_a_number_and_nothing_else(workspace: Workspace) -> None:
    workspace.migration("001-first")
    (workspace.migration("002-broken") / "migrate.py").unlink()
    ran = workspace.doit("pending", "--count")
    assert (ran.code, ran.out) == (0, "2\n")
    assert workspace.doit("pending", "--count", "--json").code == 2
