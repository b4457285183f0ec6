"""`doit submodule`: the service repository records which database belongs to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from workspace import Workspace, create_person


def begin(workspace: Workspace, top: Path) -> Workspace:
    """Make the repository `top` around a project, with a migration applied to its submodule."""
    around = workspace.root.parent
    remote, seed = around / "remote.git", around / "seed"
    workspace.git_in(around, "init", "-q", "--bare", "-b", "main", str(remote))
    workspace.git_in(around, "clone", "-q", remote.as_uri(), "seed")
    workspace.git_in(seed, "commit", "-q", "--allow-empty", "-m", "Begin")
    workspace.git_in(seed, "push", "-q", "origin", "HEAD:main")
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.git_in(top, "init", "-q", "-b", "main")
    (top / ".gitignore").write_text(".nes-tasks/\n__pycache__/\n")
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    workspace.git_in(top, *add, remote.as_uri(), str(workspace.db.relative_to(top)))
    workspace.git_in(top, "add", ".")
    workspace.git_in(top, "commit", "-qm", "Begin")
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    return workspace


@pytest.fixture
def service(workspace: Workspace) -> Workspace:
    """A service repository with the database as a submodule, and a migration applied since."""
    return begin(workspace, workspace.root)


def test_one_commit_of_only_the_submodule_is_made(service: Workspace) -> None:
    (service.root / "staged.txt").write_text("x")
    service.git_in(service.root, "add", "staged.txt")
    (service.root / "dodo.py").write_text((service.root / "dodo.py").read_text() + "\n# mine\n")
    assert service.doit("push").code == 0
    ran = service.doit("submodule")
    head = service.git("rev-parse", "HEAD")
    commit = service.git_in(service.root, "rev-parse", "HEAD")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"Recorded nes-db at {head[:12]}: git show {commit}\n"
    message = service.git_in(service.root, "log", "-1", "--format=%B")
    assert message == f"Record nes-db at {head[:12]}\n\n- 001-first"
    assert service.git_in(service.root, "show", "--format=", "--name-only") == "nes-db"
    assert service.git_in(service.root, "rev-parse", "HEAD:nes-db") == head
    status = service.git_in(service.root, "status", "--porcelain")
    assert status.split("\n") == ["M dodo.py", "A  staged.txt"]


def test_a_second_time_there_is_nothing_to_record(service: Workspace) -> None:
    service.doit("submodule")
    before = service.git_in(service.root, "rev-parse", "HEAD")
    ran = service.doit("submodule")
    assert ran.code == 0
    assert "is already recorded at" in ran.out
    assert service.git_in(service.root, "rev-parse", "HEAD") == before


def test_what_was_taken_back_is_named(service: Workspace) -> None:
    service.doit("submodule")
    assert service.doit("revert", "1", "--yes").code == 0
    assert service.doit("submodule").code == 0
    body = service.git_in(service.root, "log", "-1", "--format=%b")
    assert body == "- 001-first (no longer applied)"


def test_a_database_that_others_cannot_get_is_warned_of(service: Workspace) -> None:
    ran = service.doit("submodule")
    assert ran.code == 0
    assert ran.err == "warning: 1 commit of nes-db not pushed yet; doit push\n"


def test_it_works_in_a_part_of_the_service_repository(tmp_path: Path) -> None:
    top = tmp_path / "service"
    service = begin(Workspace(top / "part" / "project"), top)
    ran = service.doit("submodule")
    assert ran.code == 0, ran.err
    head = service.git("rev-parse", "HEAD")
    assert service.git_in(top, "rev-parse", "HEAD:part/project/nes-db") == head


def test_a_database_that_is_no_submodule_is_refused(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.git_in(workspace.root, "init", "-q")
    workspace.doit()
    ran = workspace.doit("submodule")
    assert ran.code == 3
    assert ran.err == (
        "error: nes-db is not a submodule of a repository around it; "
        "git submodule add URL nes-db makes it one\n"
    )


def test_a_merge_under_way_is_not_mixed_up_with_it(service: Workspace) -> None:
    root = service.root
    service.git_in(root, "switch", "-qc", "other")
    service.git_in(root, "commit", "-q", "--allow-empty", "-m", "Other")
    service.git_in(root, "switch", "-q", "main")
    service.git_in(root, "commit", "-q", "--allow-empty", "-m", "Ours")
    service.git_in(root, "merge", "-q", "--no-commit", "other")
    before = service.git_in(root, "rev-parse", "HEAD")
    ran = service.doit("submodule")
    assert ran.code == 3
    assert "cannot do a partial commit during a merge" in ran.err
    assert service.git_in(root, "rev-parse", "HEAD") == before


def test_nobody_claims_to_know_what_is_applied_in_a_submodule_that_was_not_fetched(
    service: Workspace,
) -> None:
    service.git_in(service.root, "submodule", "deinit", "--force", "--quiet", "nes-db")
    said = (
        "the submodule nes-db is not fetched yet; "
        "git submodule update --init nes-db && git -C nes-db switch main"
    )
    for words in (
        *(["pending"], ["pending", "--check"], ["pending", "--count"], ["pending", "--json"]),
        *(["history"], ["history", "1"], ["history", "--json"], ["show", "1"], ["report"]),
        *(["blame", "entity:person/asha-rai"], ["preview"], ["run", "--dry-run"], []),
        *(["push"], ["sync"], ["undo"], ["undo", "--yes"], ["revert", "1"], ["submodule"]),
    ):
        ran = service.doit(*words)
        assert (words, ran.code, ran.out, ran.err) == (words, 3, "", f"error: {said}\n")
    ran = service.doit("list")
    assert (ran.code, ran.err) == (0, f"warning: {said}\n")
    assert "001-first  unknown  2026-01-15" in ran.out
    listed = json.loads(service.doit("list", "--json").out)
    assert [row["state"] for row in listed["migrations"]] == ["unknown"]
    status = service.doit("status").out
    assert "Next: git submodule update --init nes-db" in status
    assert "Migrations  1, unknown which are applied\n" in status
    assert "Pending" not in status
    document = json.loads(service.doit("status", "--json").out)
    assert {*document["counts"].values()} == {None}
    assert document["pending"] == []
    assert f"status     : unknown; {said}\n" in service.doit("info", "1").out
