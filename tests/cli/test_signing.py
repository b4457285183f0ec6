"""Signed commits and tags: with git's own key and format, for what is published, or not at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
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


@pytest.fixture
def gpg_home(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of gpg with one key, with which git signs what the maintainer signs."""
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    # The path of the agent's socket has to be short.
    with tempfile.TemporaryDirectory(prefix="gpg", dir="/tmp") as folder:
        monkeypatch.setenv("GNUPGHOME", folder)
        who = "Mina Maintainer <mina@example.org>"
        make = ("--quick-generate-key", who, "ed25519", "sign", "never")
        command = ["gpg", "--batch", "--quiet", "--passphrase", "", *make]
        try:
            subprocess.run(command, check=True, capture_output=True)
            yield Path(folder)
        finally:
            subprocess.run(["gpgconf", "--kill", "all"], check=False)


def verified(workspace: Workspace, tag: str) -> bool:
    """Return whether a tag has a signature, which git then finds good."""
    if " SIGNATURE-----" not in workspace.git("cat-file", "tag", tag):
        return False
    workspace.git("verify-tag", tag)
    return True


def test_the_tag_of_a_release_is_signed_as_the_commits_are(workspace: Workspace, key: Path) -> None:
    workspace.settings(sign=True)
    ran = workspace.doit("release", "first")
    assert (ran.code, ran.err) == (0, "")
    assert verified(workspace, "first")
    assert workspace.git("fsck", "--strict") == ""
    workspace.migration("002-people", PEOPLE)
    assert workspace.doit().code == 0
    workspace.git("config", "tag.gpgSign", "true")
    workspace.settings(sign=False)
    assert workspace.doit("release", "second").code == 0
    assert not verified(workspace, "second")
    # The notes are read without the signature.
    listed = json.loads(workspace.doit("release", "--list", "--json").out)
    assert [(one["name"], one["since"] and one["since"]["name"]) for one in listed] == [
        ("second", "first"),
        ("first", None),
    ]


def test_without_the_setting_git_says_whether_a_tag_is_signed(
    workspace: Workspace, gpg_home: Path
) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit().code == 0
    workspace.git("config", "commit.gpgSign", "true")
    assert workspace.doit("release", "plain").code == 0
    assert not verified(workspace, "plain")
    workspace.git("config", "tag.gpgSign", "true")
    workspace.migration("002-people", PEOPLE)
    assert workspace.doit().code == 0
    assert signed(workspace, "HEAD") == ["Migration: 002-people"]
    assert workspace.doit("release", "signed").code == 0
    assert verified(workspace, "signed")
    plain, made = (workspace.git("cat-file", "tag", name) for name in ("plain", "signed"))
    assert "tagger Mina Maintainer <mina@example.org> " in made
    assert f"Since: plain {plain.split()[1]}\n-----BEGIN PGP SIGNATURE-----" in made
    (listed, _) = json.loads(workspace.doit("release", "--list", "--json").out)
    assert listed["since"]["name"] == "plain"


def test_a_tag_that_cannot_be_signed_is_not_made(workspace: Workspace, key: Path) -> None:
    workspace.settings(sign=True)
    key.unlink()
    before = workspace.state()
    ran = workspace.doit("release", "first")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("error: git cannot sign the tag: ")
    assert ran.err.endswith("; check git's user.signingKey and gpg.format, or set sign = false\n")
    assert ran.err.count("\n") == 1
    assert workspace.state() == before
    assert not (workspace.db / ".git/TAG_EDITMSG").exists()
    assert workspace.doit("release", "first", "--dry-run").code == 0
    workspace.settings(sign=False)
    assert workspace.doit("release", "first").code == 0
    workspace.settings(sign=True)
    taken = workspace.doit("release", "first")
    assert (taken.code, "has a tag first already" in taken.err) == (2, True)
