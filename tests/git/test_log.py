"""The history: which commits belong to which migration, in our words and in older ones."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from nes_tasks.errors import GitError
from nes_tasks.git.command import Git
from nes_tasks.git.log import read_history


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository without commits."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", who.title())
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "who@example.org")
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path / "db")], check=True)
    return Git(tmp_path / "db")


def commit(git: Git, subject: str) -> str:
    """Make an empty commit and return its id."""
    git.run("commit", "-q", "--allow-empty", "-m", subject)
    return git.text("rev-parse", "HEAD")


def test_subjects_of_ours_and_those_written_by_hand_are_understood(
    git: Git, shared_data: Path
) -> None:
    subjects = (shared_data / "database-sample/commit-subjects.txt").read_text().splitlines()
    for subject in [*subjects, "Migration 006-by-hand", "Migration: 007-ours"]:
        head = commit(git, subject)
    assert list(read_history(git, head)) == [
        "000-example-migration",
        "001-source-locations",
        "004-source-election-constituencies",
        "005-seed-2079-election-candidates",
        "006-by-hand",
        "007-ours",
    ]


def test_batches_of_one_migration_come_oldest_first(git: Git) -> None:
    ids = [commit(git, f"Migration: 001-big (Batch {n}/3)") for n in (1, 2, 3)]
    found = read_history(git, ids[-1])["001-big"]
    assert [row.id for row in found] == ids
    assert (found[0].author, found[0].committer) == ("Author", "Committer")


@pytest.mark.parametrize(
    "subject",
    [
        'Revert "Migration: 001-first"',
        "Migration: 1-first",
        "Run tests",
        "Running 001-first",
        "migration: 001-first",
        "Migration: 001-first and more",
    ],
)
def test_other_subjects_are_no_migrations(git: Git, subject: str) -> None:
    assert read_history(git, commit(git, subject)) == {}


def test_only_new_commits_are_read_when_the_rest_is_known(git: Git, tmp_path: Path) -> None:
    cache = tmp_path / "history.json"
    first = commit(git, "Migration: 001-first")
    read_history(git, first, cache=cache)
    content = json.loads(cache.read_text())
    content["rows"][0]["author"] = "From the cache"
    cache.write_text(json.dumps(content))
    second = commit(git, "Migration: 002-second")
    found = read_history(git, second, cache=cache)
    assert found["001-first"][0].author == "From the cache"
    assert found["002-second"][0].id == second


def test_a_history_that_was_rewritten_is_read_anew(git: Git, tmp_path: Path) -> None:
    cache = tmp_path / "history.json"
    read_history(git, commit(git, "Migration: 001-first"), cache=cache)
    git.run("commit", "-q", "--amend", "--allow-empty", "-m", "Migration: 001-other")
    assert list(read_history(git, git.text("rev-parse", "HEAD"), cache=cache)) == ["001-other"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}', "\xff"])
def test_a_damaged_cache_is_read_anew(git: Git, tmp_path: Path, content: str) -> None:
    cache = tmp_path / "history.json"
    cache.write_text(content, encoding="latin-1")
    assert list(read_history(git, commit(git, "Run 001-first"), cache=cache)) == ["001-first"]


def test_a_commit_that_is_not_there_is_an_error(git: Git) -> None:
    commit(git, "Migration: 001-first")
    with pytest.raises(GitError, match="rev-list failed"):
        read_history(git, "1" * 40)
