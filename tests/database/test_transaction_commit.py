"""The commits of a transaction: batches, signatures, and what is left when it fails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from repositories import (
    ASHA,
    BASE,
    LOGS,
    MINA,
    NEW,
    REF,
    WHEN,
    Place,
    clone,
    commit_all,
    init,
    partial_clone,
    signing_key_of,
    transaction,
)

from nes_tasks.database.marker import Statistics
from nes_tasks.database.transaction import Transaction
from nes_tasks.errors import DatabaseError, GitError, UnavailableError
from nes_tasks.git.command import Git
from nes_tasks.git.commit import Signature


@pytest.fixture
def signing_key(database: Place, tmp_path: Path) -> Path:
    """A key of ssh that git in the database signs with, and believes."""
    return signing_key_of(database, tmp_path / "keys")


def tree_of(database: Place, commit: str) -> str:
    return database.git("rev-parse", f"{commit}^{{tree}}")


# Committing


def test_the_commits_are_batches_in_the_order_of_paths(filled: Place) -> None:
    with transaction(filled) as changes:
        for number in reversed(range(10)):
            changes.write(f"entity/{number}.json", b"x")
        changes.delete(ASHA)
        commits = commit_all(
            changes,
            batch_size=4,
            records=[
                ("migration-logs/001-first/log.txt", b"log"),
                ("migration-logs/001-first/marker.toml", b"marker"),
            ],
        )
    *commits, merge = commits
    assert filled.git("show", "-s", "--format=%s|%P", merge) == (
        f"Batch all of 4|{filled.git('rev-parse', 'HEAD')} {commits[-1]}"
    )
    assert tree_of(filled, merge) == tree_of(filled, commits[-1])
    assert filled.git("rev-parse", REF) == merge
    assert filled.git("rev-list", "--reverse", f"HEAD..{commits[-1]}").split() == commits
    batches = [
        filled.git("show", "--format=", "--name-only", commit).splitlines() for commit in commits
    ]
    assert [len(batch) for batch in batches] == [4, 4, 3, 2]
    flat = [path for batch in batches for path in batch]
    assert flat[:11] == [*(f"v2/entity/{number}.json" for number in range(10)), f"v2/{ASHA}"]
    assert flat[11:] == [f"{LOGS}/001-first/log.txt", f"{LOGS}/001-first/marker.toml"]
    subjects = [filled.git("show", "-s", "--format=%s", commit) for commit in commits]
    assert subjects == [f"Batch {number} of 4" for number in (1, 2, 3, 4)]


def test_the_smallest_batch_is_one_file(filled: Place) -> None:
    with transaction(filled) as changes:
        changes.write(NEW, b"x")
        changes.delete(ASHA)
        commits = commit_all(changes, batch_size=1, linear=True)
    assert len(commits) == 3
    assert filled.git("rev-list", "--reverse", f"HEAD..{REF}").split() == commits
    assert filled.git("show", "--format=", "--name-only", commits[-1]) == (
        f"{LOGS}/001-first/marker.toml"
    )


def test_the_batches_do_not_change_the_tree(filled: Place) -> None:
    trees = set()
    for size in (1, 3, 1000):
        with transaction(filled, ref=f"refs/nes-tasks/{size}") as changes:
            for number in range(7):
                changes.write(f"entity/{number}.json", b"%d" % number)
            changes.delete(ASHA)
            trees.add(tree_of(filled, commit_all(changes, batch_size=size)[-1]))
    assert len(trees) == 1


def test_every_commit_tells_contributor_and_committer_with_their_dates(filled: Place) -> None:
    with transaction(filled) as changes:
        changes.write(NEW, b"x")
        commits = commit_all(changes, batch_size=1)
    for commit in commits:
        assert filled.git("show", "-s", "--format=%an <%ae> %aI, %cn <%ce> %cI", commit) == (
            "Asha Author <asha@example.org> 2024-01-25T00:00:00+00:00, "
            f"Mina Maintainer <mina@example.org> {WHEN.isoformat()}"
        )


def test_a_record_may_replace_an_earlier_one_also_with_the_same_bytes(filled: Place) -> None:
    filled.commit({f"{LOGS}/001-first/marker.toml": "marker"})
    with transaction(filled) as changes:
        commits = commit_all(changes)
    assert len(commits) == 1
    assert tree_of(filled, commits[0]) == tree_of(filled, "HEAD")
    assert commits[0] != filled.git("rev-parse", "HEAD")


@pytest.mark.parametrize("sign", [False, True])
@pytest.mark.parametrize("batch_size", [1, 1000])
def test_a_database_begins_with_an_empty_commit(
    database: Place, signing_key: Path, batch_size: int, sign: bool
) -> None:
    with transaction(database, None) as changes:
        changes.write(ASHA, b"1")
        commits = commit_all(changes, batch_size=batch_size, sign=sign)
    assert len(commits) == (1 if batch_size > 1 else 3)
    root, *rest = database.git("rev-list", "--reverse", "--first-parent", REF).split()
    assert rest == commits[-1:]
    assert database.git("show", "-s", "--format=%s|%an|%cn|%P", root) == (
        "Create the database|Mina Maintainer|Mina Maintainer|"
    )
    assert database.tracked(root) == []
    assert database.git("fsck", "--strict", "--no-dangling") == ""


def test_signed_commits_are_the_same_with_a_signature(filled: Place, signing_key: Path) -> None:
    made = []
    for sign in (False, True):
        with transaction(filled) as changes:
            changes.write(NEW, b"x")
            changes.write(ASHA, "नेपाल".encode())
            made.append(commit_all(changes, batch_size=1, sign=sign, author=("Aśa", "")))
    form = "--format=%T|%an|%ae|%ad|%cn|%ce|%cd|%B"
    for plain, signed in zip(*made, strict=True):
        assert filled.git("show", "-s", form, plain) == filled.git("show", "-s", form, signed)
        assert filled.git("verify-commit", signed) == ""
        assert "gpgsig" not in filled.git("cat-file", "commit", plain)
    parents = [filled.git("show", "-s", "--format=%P", commit) for commit in made[1]]
    assert parents[-1].split() == [filled.git("rev-parse", "HEAD"), made[1][-2]]


def test_a_signature_that_cannot_be_made_leaves_nothing(filled: Place, signing_key: Path) -> None:
    signing_key.unlink()
    before = filled.state()
    with transaction(filled) as changes:
        changes.write(NEW, b"x")
        with pytest.raises(UnavailableError, match="git cannot sign the commit: "):
            commit_all(changes, sign=True)
    assert filled.state() == before


def test_the_first_commit_of_a_migration_holds_its_files_alone(database: Place) -> None:
    with transaction(database, None) as changes:
        changes.write(ASHA, b"1")
        commits = commit_all(changes)
    assert database.tracked(commits[0]) == [f"v2/{ASHA}", f"{LOGS}/001-first/marker.toml"]


def test_files_outside_the_data_folder_and_other_modes_stay(filled: Place) -> None:
    (filled.path / "tool.sh").write_text("#!/bin/sh\n")
    (filled.path / "tool.sh").chmod(0o755)
    (filled.path / "link").symlink_to("README.md")
    filled.commit()
    with transaction(filled) as changes:
        changes.write(NEW, b"x")
        commit_all(changes)
    assert filled.git("diff", "--name-status", "HEAD", REF).splitlines() == [
        f"A\tv2/{NEW}",
        f"A\t{LOGS}/001-first/marker.toml",
    ]


def test_base_and_base_tree_tell_what_it_ran_on(filled: Place) -> None:
    with transaction(filled) as changes:
        assert changes.base == filled.git("rev-parse", "HEAD")
        assert changes.base_tree == tree_of(filled, "HEAD")


# Ending


def test_nobody_sees_anything_before_the_commit(filled: Place) -> None:
    before = filled.git("for-each-ref"), filled.status(), filled.tracked()
    with transaction(filled) as changes:
        changes.write(NEW, b"x")
        changes.delete(ASHA)
        changes.read(NEW)
        assert (filled.git("for-each-ref"), filled.status(), filled.tracked()) == before


@pytest.mark.parametrize("count", [1, 500])
def test_closing_without_commit_leaves_the_repository_as_it_was(filled: Place, count: int) -> None:
    before = filled.state()
    with transaction(filled) as changes:
        for number in range(count):
            changes.write(f"entity/{number}.json", os.urandom(500))
        changes.read("entity/0.json")
    assert filled.state() == before


def test_an_exception_inside_is_passed_on_and_everything_discarded(filled: Place) -> None:
    def fail() -> None:
        with transaction(filled) as changes:
            changes.write(NEW, b"x")
            raise ZeroDivisionError

    before = filled.state()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert filled.state() == before


def test_a_commit_whose_message_fails_leaves_nothing(filled: Place) -> None:
    def message(batch: int | None, batches: int) -> str:
        if batch == 2:
            raise ZeroDivisionError
        return "Message\n"

    who = Signature("A", "a@b", WHEN)
    records = [("migration-logs/x", b"")]
    before = filled.state()
    with transaction(filled) as changes:
        changes.write(NEW, b"x")
        with pytest.raises(ZeroDivisionError):
            changes.commit(records, message=message, author=who, committer=who, batch_size=1)
    assert filled.state() == before


def test_after_the_commit_it_is_over(filled: Place) -> None:
    with transaction(filled) as changes:
        changes.write(NEW, b"x")
        commit_all(changes)
        for act in (
            lambda: changes.write(NEW, b"y"),
            lambda: changes.read(NEW),
            lambda: commit_all(changes),
        ):
            with pytest.raises(DatabaseError, match="the transaction is over"):
                act()


def test_a_killed_git_is_an_error_and_leaves_no_ref(
    filled: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = filled.state()
    called = tmp_path / "bin" / "git"
    called.parent.mkdir()
    called.write_text(
        '#!/bin/sh\ncase "$*" in *index-pack*) kill -9 $$;; esac\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    called.chmod(0o755)
    monkeypatch.setenv("PATH", f"{called.parent}:{os.environ['PATH']}")
    with transaction(filled) as changes:
        changes.write(NEW, b"x")
        with pytest.raises(GitError, match="git index-pack failed"):
            commit_all(changes)
    monkeypatch.undo()
    assert filled.state() == before


def test_a_base_that_does_not_exist_is_an_error(filled: Place) -> None:
    before = filled.state()
    with pytest.raises(GitError, match="git rev-parse failed"):
        Transaction(Git(filled.path), base="1" * 40, ref=REF, data_dir="v2")
    assert filled.state() == before


# Other kinds of repositories


def bare(source: Place, path: Path) -> Place:
    return clone(source.path, path, "--bare")


def without_checkout(source: Place, path: Path) -> Place:
    return clone(source.path, path, "--no-checkout")


def shallow(source: Place, path: Path) -> Place:
    return clone(source.path, path, "--depth=1")


@pytest.mark.parametrize("make", [bare, without_checkout, shallow, partial_clone])
def test_every_kind_of_clone_gives_the_same_tree(
    tmp_path: Path, filled: Place, make: Callable[[Place, Path], Place]
) -> None:
    filled.commit({f"v2/{MINA}": "second"})
    trees = []
    for place in (filled, make(filled, tmp_path / "there")):
        with transaction(place) as changes:
            changes.write(NEW, b"x")
            changes.delete(ASHA)
            trees.append(tree_of(place, commit_all(changes)[-1]))
    assert trees[0] == trees[1]


def test_a_partial_clone_fetches_no_file_for_writing(tmp_path: Path, filled: Place) -> None:
    there = partial_clone(filled, tmp_path / "there")
    before = there.missing()
    filled.path.rename(tmp_path / "gone")
    with transaction(there) as changes:
        changes.write(NEW, b"x")
        changes.write(ASHA, b"asha")
        changes.write(MINA, b"changed")
        assert list(changes.list("")) == [ASHA, MINA, NEW]
        assert changes.statistics() == Statistics(entities_created=1, entities_updated=1, files=2)
        commit_all(changes)
    assert there.missing() == before == 2


def test_a_sha256_repository_knows_an_unchanged_file_too(tmp_path: Path) -> None:
    database = init(tmp_path / "db", "--object-format=sha256")
    database.commit(BASE)
    with transaction(database) as changes:
        changes.write(ASHA, b"asha")
        changes.write(NEW, b"x")
        assert changes.statistics().files == 1
        commits = commit_all(changes)
    assert len(commits[0]) == 64
    assert database.git("show", f"{REF}:v2/{NEW}") == "x"
