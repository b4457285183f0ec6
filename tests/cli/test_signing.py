"""Signed commits: with git's own key and format, for what is published, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import Place, signing_key_of
from workspace import EPOCH, Workspace, create_person

PEOPLE = "".join(create_person(f"person-{number}") for number in range(3))


@pytest.fixture
def key(workspace: Workspace, tmp_path: Path) -> Path:
    """A database of one migration, in which git is set up to sign with a key of ssh."""
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit().code == 0
    return signing_key_of(Place(workspace.db), tmp_path / "keys")


def signed(workspace: Workspace, *revisions: str) -> list[str]:
    """Return the subjects of the commits whose signature git finds good, and of no others."""
    found = []
    for commit in workspace.git("rev-list", "--reverse", *revisions).split():
        if "\ngpgsig " in workspace.git("cat-file", "commit", commit):
            workspace.git("verify-commit", commit)
            found.append(workspace.git("show", "-s", "--format=%s", commit))
    return found


def test_every_commit_of_a_migration_is_signed_when_git_signs(
    workspace: Workspace, key: Path
) -> None:
    workspace.git("config", "commit.gpgSign", "true")
    workspace.settings(batch_size=5)
    workspace.migration("002-people", PEOPLE)
    before = workspace.git("rev-parse", "HEAD")
    assert workspace.doit().code == 0
    assert signed(workspace, f"{before}..HEAD") == [
        "Migration: 002-people (Batch 1/2)",
        "Migration: 002-people (Batch 2/2)",
        "Migration: 002-people",
    ]
    assert signed(workspace, before) == []
    assert workspace.git("rev-parse", "HEAD~1") == before
    assert workspace.doit("replay").code == 0
    assert workspace.doit("revert", "001", "--yes").code == 0
    assert signed(workspace, "HEAD~1..HEAD") == ['Revert "Migration: 001-first"']


def test_the_setting_wins_over_git(workspace: Workspace, key: Path) -> None:
    workspace.settings(sign=True)
    workspace.migration("002-people", PEOPLE)
    assert workspace.doit().code == 0
    assert signed(workspace, "HEAD") == ["Migration: 002-people"]
    workspace.git("config", "commit.gpgSign", "true")
    workspace.settings(sign=False)
    workspace.migration("003-more", create_person("mina-thapa"))
    assert workspace.doit().code == 0
    assert signed(workspace, "HEAD") == ["Migration: 002-people"]


def test_a_signature_changes_no_tree(workspace: Workspace, key: Path, tmp_path: Path) -> None:
    workspace.migration("002-people", PEOPLE)
    other = workspace.copy_to(tmp_path / "other")
    other.settings(sign=True)
    for place in (workspace, other):
        assert place.doit(SOURCE_DATE_EPOCH=EPOCH).code == 0
    assert workspace.tree == other.tree
    assert workspace.git("rev-parse", "HEAD") != other.git("rev-parse", "HEAD")


def test_what_cannot_be_signed_is_not_applied(workspace: Workspace, key: Path) -> None:
    workspace.settings(sign=True)
    workspace.migration("002-people", PEOPLE)
    key.unlink()
    before = workspace.state()
    ran = workspace.doit()
    assert ran.code == 3
    assert "Traceback" not in ran.err
    lines = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "git cannot sign the commit: " in lines[0]
    assert "or set sign = false" in lines[0]
    assert workspace.state() == before
    assert workspace.git("fsck", "--no-dangling") == ""


def test_what_is_not_published_needs_no_key(workspace: Workspace, key: Path) -> None:
    workspace.settings(sign=True)
    workspace.migration("002-people", PEOPLE)
    key.unlink()
    assert workspace.doit("preview").code == 0
    assert workspace.doit("replay").code == 0
