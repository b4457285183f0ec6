"""A long series of pending migrations, previewed in parts, none executed twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from workspace import EPOCH, Workspace, create_person

ON_THE_LAST = """\
found = await context.db.get_entity("entity:person/asha-rai")
found.tags = ["found"]
await context.publication.update_entity(found, change_description="Tag her")
"""


def begin(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("first-rai"))
    assert workspace.doit(SOURCE_DATE_EPOCH=EPOCH).code == 0
    workspace.migration("002-create", create_person("asha-rai"))
    workspace.migration("003-tag", ON_THE_LAST)
    workspace.migration("004-more", create_person("more-rai"))


@pytest.fixture
def pending(prepared: Callable[..., Workspace]) -> Workspace:
    """One applied migration and three pending ones, the second of which builds on the first."""
    return prepared(begin)


def preview(workspace: Workspace, *words: str) -> tuple[dict[str, Any], str]:
    ran = workspace.doit("preview", *words, "--json", SOURCE_DATE_EPOCH=EPOCH)
    assert ran.code == 0, ran.err
    return json.loads(ran.out), ran.err


def names(document: dict[str, Any]) -> list[str]:
    return [one["name"] for one in document["migrations"]]


def test_parts_together_are_what_one_preview_is(pending: Workspace) -> None:
    whole, _ = preview(pending)
    before = pending.state()
    file = pending.root / "p.json"
    first = pending.doit("preview", "--limit=1", "--json", "-o", "p.json", SOURCE_DATE_EPOCH=EPOCH)
    assert first.err.endswith("left: 003-tag, 004-more; doit preview --continue p.json continues\n")
    part = json.loads(file.read_text())
    assert (names(part), part["left_out"]) == (["002-create"], ["003-tag", "004-more"])
    second, said = preview(pending, "--continue", "p.json", "--limit", "1")
    assert "Previewing 003-tag" in said
    assert "002-create" not in said
    file.write_text(json.dumps(second))
    third, _ = preview(pending, "--continue", "p.json")
    assert third["left_out"] == []
    for one in (*whole["migrations"], *third["migrations"]):
        for measured in ("duration_seconds", "peak_memory_bytes"):
            del one[measured]
    assert third == whole
    assert pending.state() == before


def test_what_was_made_in_parts_can_be_expected(pending: Workspace) -> None:
    assert pending.doit("preview", "--limit", "2", "--json", "-o", "p.json").code == 0
    ran = pending.doit("run", "--expect", "p.json")
    assert ran.code == 1
    assert "pending: 002-create, 003-tag, 004-more" in ran.err
    again = pending.doit("preview", "--continue", "p.json", "--json", "-o", "p.json")
    assert again.code == 0
    assert pending.doit("run", "--expect", "p.json").code == 0
    assert len(pending.applied()) == 4


def test_text_shows_the_next_ones_only(pending: Workspace) -> None:
    ran = pending.doit("preview", "--limit", "1")
    assert ran.err.endswith("left: 003-tag, 004-more; doit preview 003-tag.. continues\n")
    assert pending.doit("preview", "--limit", "1", "--json", "-o", "p.json").code == 0
    ran = pending.doit("preview", "--continue", "p.json", "--limit", "1")
    assert ran.out.startswith("003-tag: ")
    assert "002-create:" not in ran.out
    assert pending.doit("preview", "--json", "-o", "all.json").code == 0
    ran = pending.doit("preview", "--continue", "all.json")
    assert (ran.code, ran.out, ran.err) == (0, "", "all.json has all that is pending\n")


def test_a_limit_counts_what_is_named(pending: Workspace) -> None:
    found, _ = preview(pending, "3..", "--limit", "1")
    assert (names(found), found["beneath"]) == (["003-tag"], ["002-create"])
    assert found["left_out"] == ["004-more"]


def test_only_a_preview_of_the_present_state_is_continued(pending: Workspace) -> None:
    assert pending.doit("preview", "--limit", "1", "--json", "-o", "p.json").code == 0
    content = json.loads((pending.root / "p.json").read_text())
    wrong: list[tuple[Callable[[], object], str]] = [
        (
            lambda: content["migrations"][0].update(tree="1" * 40),
            "left is no longer in the database",
        ),
        (lambda: content.update(base_commit="1" * 40), "it was made on 111111111111, and the"),
        (
            lambda: content["migrations"][0].update(name="003-tag"),
            "it covers 003-tag; pending: 002",
        ),
        (lambda: content.update(beneath=["002-create"]), "it covers 003-tag; pending: 002"),
        (
            lambda: content.update(failure={"message": "m", "hint": None, "where": None}),
            "a migration fails in it",
        ),
    ]
    for change, said in wrong:
        change()
        (pending.root / "wrong.json").write_text(json.dumps(content))
        ran = pending.doit("preview", "--continue", "wrong.json")
        assert (ran.code, ran.out) == (2, ""), said
        assert said in ran.err
        assert ran.err.endswith("doit preview starts over\n")
    assert pending.doit("migrate:2").code == 0
    ran = pending.doit("preview", "--continue", "p.json")
    assert "p.json cannot be continued: it covers 002-create; pending: 003-tag" in ran.err
    assert "refs/nes-tasks/" not in pending.git("for-each-ref")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--limit", "0"], "--limit needs a positive number"),
        (["--limit", "1", "--from", "p.json"], "--limit needs a positive number, and no --from"),
        (["--continue", "p.json", "3"], "--continue works on all pending migrations"),
        (["--continue", "nothing.json"], "nothing.json"),
    ],
)
def test_wrong_use_is_one_line(pending: Workspace, words: list[str], said: str) -> None:
    ran = pending.doit("preview", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_pending_shows_files_and_sizes(pending: Workspace, tmp_path: Path) -> None:
    folder = pending.migrations / "004-more"
    (folder / "data").mkdir()
    (folder / "data" / "rivers.csv").write_bytes(b"x" * 1_234_500)
    (folder / ".hidden").write_text("not an input")
    row = next(line for line in pending.doit("pending").out.splitlines() if "004" in line).split()
    assert row[2:5] == ["3", "1.2", "MB"]
    lines = pending.doit("pending", "--files").out.splitlines()
    assert "  1.2 MB  data/rivers.csv" in lines
    assert next(line for line in lines if "004" in line) == "004-more: 3 files, 1.2 MB"
    pending.migration("005-bad", script="AUTHOR = 1\n")
    found = json.loads(pending.doit("pending", "--json").out)
    first, *_, last = found
    assert (first["name"], first["state"]) == ("005-bad", "invalid")
    assert {file["path"]: file["bytes"] for file in last["files"]} == {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in folder.rglob("*.*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert last["bytes"] == sum(file["bytes"] for file in last["files"])
    ran = pending.doit("pending", "--files", "--json")
    assert (ran.code, ran.out) == (2, "")
