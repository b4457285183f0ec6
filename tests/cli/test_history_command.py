"""`doit history`: what was applied, when, by whom, in which commits."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from workspace import EPOCH, Workspace, create_person


def apply_two(workspace: Workspace) -> None:
    workspace.settings(batch_size=3)
    workspace.migration("001-first")
    workspace.migration("002-second", create_person("asha-rai"))
    assert workspace.doit(SOURCE_DATE_EPOCH=EPOCH).code == 0


@pytest.fixture
def applied(prepared: Callable[..., Workspace]) -> Workspace:
    """A database with two migrations, the second in two batches that a merge closes."""
    return prepared(apply_two)


def test_each_applied_migration_is_a_line(applied: Workspace) -> None:
    ran = applied.doit("history")
    assert (ran.code, ran.err) == (0, "")
    rows = [line.split()[:-1] for line in ran.out.splitlines()[2:]]
    assert rows == [
        ["001-first", "2026-02-03", "04:05", "Mina", "Maintainer", "0", "1"],
        ["002-second", "2026-02-03", "04:05", "Mina", "Maintainer", "3", "3"],
    ]


def test_a_name_tells_everything_of_one(applied: Workspace) -> None:
    out = applied.doit("history", "2").out
    assert "Author        Asha Example <asha@example.org>\n" in out
    assert "Applied       2026-02-03 04:05 UTC\n" in out
    assert "Entities      1 new\n" in out
    for commit in applied.git("rev-list", "--grep=002-second", "HEAD").split():
        assert f"  {commit}  2026-02-03 04:05 UTC  Mina Maintainer\n" in out


def test_json_has_commits_statistics_and_duration(applied: Workspace) -> None:
    first, second = json.loads(applied.doit("history", "--json").out)
    assert (first["name"], second["name"]) == ("001-first", "002-second")
    assert second["applied_at"] == "2026-02-03T04:05:06Z"
    assert second["committer"] == "Mina Maintainer"
    assert second["statistics"]["entities_created"] == 1
    trailer = applied.git("log", "-1", "--format=%(trailers:key=Duration,valueonly)")
    assert f"{second['duration_seconds']:.1f}s" == trailer
    ids = applied.git("rev-list", "--reverse", "--grep=002-second", "HEAD").split()
    assert [commit["id"] for commit in second["commits"]] == ids
    assert json.loads(applied.doit("history", "002-second", "--json").out) == [second]


def test_a_run_that_was_reverted_is_not_part_of_it(applied: Workspace) -> None:
    old = applied.git("rev-list", "--grep=002-second", "HEAD").split()
    assert applied.doit("revert", "2", "--yes").code == 0
    assert [row["name"] for row in json.loads(applied.doit("history", "--json").out)] == [
        "001-first"
    ]
    applied.doit()
    again = json.loads(applied.doit("history", "2", "--json").out)[0]["commits"]
    assert len(again) == 3
    assert not {commit["id"] for commit in again} & set(old)


def test_what_a_shallow_clone_does_not_know_is_left_out(applied: Workspace) -> None:
    whole = applied.root / "whole"
    applied.db.rename(whole)
    applied.git_in(applied.root, "clone", "-q", "--depth=1", whole.as_uri(), "nes-db")
    first, second = json.loads(applied.doit("history", "--json").out)
    assert (first["commits"], first["committer"], first["duration_seconds"]) == ([], None, None)
    assert first["applied_at"] == "2026-02-03T04:05:06Z"
    assert len(second["commits"]) == 1


def test_records_of_the_earlier_system_are_told_as_far_as_they_go(workspace: Workspace) -> None:
    workspace.git_in(workspace.root, "init", "-q", "-b", "main", "nes-db")
    record = workspace.db / "v2/migration-logs/000-early/metadata.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"author": "Damodar", "executed_at": "2025-11-09T08:27:03"}))
    workspace.git("add", ".")
    workspace.git("commit", "-qm", "Data")
    (found,) = json.loads(workspace.doit("history", "--json").out)
    assert (found["name"], found["applied_at"]) == ("000-early", "2025-11-09T08:27:03")
    assert "2025-11-09 08:27" in workspace.doit("history").out


def test_an_empty_history_is_said(workspace: Workspace) -> None:
    ran = workspace.doit("history")
    assert (ran.code, ran.out) == (0, "No migration is applied.\n")
    assert workspace.doit("history", "--json").out == "[]\n"


def test_a_migration_that_is_not_applied_has_none(applied: Workspace) -> None:
    applied.migration("003-third")
    ran = applied.doit("history", "3")
    assert (ran.code, ran.err) == (2, "error: 003-third is not applied; doit pending\n")
