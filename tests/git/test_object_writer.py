"""Writing the objects of a transaction, which stay invisible until they are installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from repositories import DAY, REF, WHEN, Place, clone, init

from nes_tasks.errors import GitError
from nes_tasks.git.command import Git
from nes_tasks.git.commit import Signature
from nes_tasks.git.object_writer import ObjectWriter
from nes_tasks.git.packs import FEW_OBJECTS
from nes_tasks.git.trees import FILE_MODE, TreeEntry

PERSON = ("Asha Author", "asha@example.org")
AUTHOR, COMMITTER = Signature(*PERSON, DAY), Signature(*PERSON, WHEN)


def open_writer(folder: Path) -> ObjectWriter:
    git = Git(folder)
    return ObjectWriter(git, id_digits=len(git.empty_tree()))


@pytest.fixture
def writer(database: Place) -> Iterator[ObjectWriter]:
    with closing(open_writer(database.path)) as opened:
        yield opened


def commit(
    writer: ObjectWriter,
    files: dict[str, int | None],
    start: str | None = None,
    author: Signature = AUTHOR,
    committer: Signature = COMMITTER,
    message: str = "Message\n",
) -> str:
    changes = {
        os.fsencode(path): None if mark is None else writer.file(mark)
        for path, mark in files.items()
    }
    tree = writer._git.tree_of(start) if start else writer._git.empty_tree()
    return writer.commit(
        tree=writer.tree(tree, changes),
        parents=[start] if start else [],
        message=message,
        author=author,
        committer=committer,
    )


def store(writer: ObjectWriter, database: Place, made: str) -> None:
    """Install the objects and put the commit `made` on the private ref."""
    writer.install()
    writer.close()
    database.git("update-ref", REF, made)


def objects(database: Place) -> list[Path]:
    folder = database.path / ".git" / "objects"
    return sorted(path for path in folder.rglob("*") if path.is_file() or "tmp" in path.name)


@pytest.mark.parametrize("data", [b"", b"\n", b"done\n", b"\0\xff", os.urandom(200_000)])
def test_any_content_can_be_read_back_before_it_is_stored(
    writer: ObjectWriter, data: bytes
) -> None:
    first, second = writer.blob(data), writer.blob(b"other")
    assert writer.read_many([first])[0] == data
    assert writer.read_many([second])[0] == b"other"


def test_a_finished_writer_is_a_history_on_the_ref(database: Place, writer: ObjectWriter) -> None:
    one = commit(writer, {"v2/a.json": writer.blob(b"1"), "v2/नेपाल b.json": writer.blob(b"2")})
    store(writer, database, one)
    with closing(open_writer(database.path)) as second:
        two = commit(second, {"v2/a.json": None}, one, message="Second: नमस्ते\n\nBody\n")
        store(second, database, two)
    assert database.git("rev-list", "--reverse", REF).split() == [one, two]
    assert database.tracked(one) == ["v2/a.json", "v2/नेपाल b.json"]
    assert database.tracked(two) == ["v2/नेपाल b.json"]
    assert database.git("log", "-1", "--format=%B", two).rstrip() == "Second: नमस्ते\n\nBody"
    assert database.git("fsck", "--strict") == ""


def test_authors_and_dates_are_as_given(database: Place, writer: ObjectWriter) -> None:
    committer = ("मीना", "mina@example.org")
    made = commit(writer, {"a": writer.blob(b"")}, committer=Signature(*committer, WHEN))
    store(writer, database, made)
    assert database.git("show", "-s", "--format=%an|%ae|%ad|%cn|%ce|%cd", "--date=iso", made) == (
        "Asha Author|asha@example.org|2024-01-25 00:00:00 +0000|"
        "मीना|mina@example.org|2026-01-31 06:15:09 +0000"
    )


@pytest.mark.parametrize(
    ("person", "stored"),
    [
        (("", "a@b"), "|a@b"),
        (("A", ""), "A|"),
        (("", ""), "|"),
        (("A <B> C", "a@b"), "A B C|a@b"),
        (("A\nB", "a\n@b>"), "AB|a@b"),
        (("  A  ", " a@b "), "A|a@b"),
    ],
)
def test_no_name_can_break_the_header(
    database: Place, writer: ObjectWriter, person: tuple[str, str], stored: str
) -> None:
    made = commit(
        writer,
        {"a": writer.blob(b"")},
        author=Signature(*person, DAY),
        committer=Signature(*person, WHEN),
    )
    store(writer, database, made)
    assert database.git("show", "-s", "--format=%an|%ae", made) == stored
    assert database.git("show", "-s", "--format=%cn|%ce", made) == stored


def test_a_day_before_1970_becomes_the_first_that_git_knows(
    database: Place, writer: ObjectWriter
) -> None:
    made = commit(
        writer,
        {"a": writer.blob(b"")},
        author=Signature(*PERSON, datetime(1951, 2, 18, tzinfo=UTC)),
    )
    store(writer, database, made)
    assert database.git("show", "-s", "--format=%at", made) == "0"
    assert database.git("fsck", "--strict") == ""


def test_a_new_ref_grows_from_a_stored_commit(database: Place, writer: ObjectWriter) -> None:
    base = database.commit({"README.md": "about"})
    made = commit(writer, {"v2/a.json": writer.blob(b"1")}, start=base)
    store(writer, database, made)
    assert database.git("rev-parse", f"{made}^") == base
    assert database.tracked(made) == ["README.md", "v2/a.json"]


@pytest.mark.parametrize("count", [3, 300])
def test_nothing_is_in_the_repository_before_the_end(database: Place, count: int) -> None:
    writer = open_writer(database.path)
    marks = {f"v2/{n}.json": writer.blob(os.urandom(100)) for n in range(count)}
    made = commit(writer, marks)
    assert [path for path in objects(database) if "tmp_" not in str(path)] == []
    assert database.git("cat-file", "-e", made, check=False) == ""
    assert database.git("for-each-ref") == ""
    store(writer, database, made)
    assert [path for path in objects(database) if "tmp_" in str(path)] == []
    assert database.git("rev-list", "--objects", "--count", REF) == str(count + 3)


@pytest.mark.parametrize("count", [3, 300])
def test_an_abandoned_writer_leaves_nothing_at_all(database: Place, count: int) -> None:
    before = objects(database)
    writer = open_writer(database.path)
    commit(writer, {f"v2/{n}.json": writer.blob(os.urandom(1000)) for n in range(count)})
    writer.close()
    assert objects(database) == before
    assert database.git("for-each-ref") == ""


def test_closing_twice_and_after_the_end_is_fine(database: Place) -> None:
    writer = open_writer(database.path)
    made = commit(writer, {"a": writer.blob(b"1")})
    store(writer, database, made)
    writer.close()
    writer.close()
    assert database.git("rev-parse", REF) == made


def test_two_writers_at_once_keep_their_objects_apart(database: Place) -> None:
    one, two = open_writer(database.path), open_writer(database.path)
    mark = two.blob(b"same")
    made = commit(one, {"a": one.blob(b"same")})
    store(one, database, made)
    assert two.read_many([mark])[0] == b"same"
    two.close()
    assert database.git("show", f"{made}:a") == "same"
    assert database.git("fsck") == ""


def test_a_git_that_is_killed_at_the_end_is_an_error_and_leaves_nothing(
    database: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = objects(database)
    called = tmp_path / "bin" / "git"
    called.parent.mkdir()
    called.write_text(
        '#!/bin/sh\ncase "$*" in *index-pack*) kill -9 $$;; esac\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    called.chmod(0o755)
    monkeypatch.setenv("PATH", f"{called.parent}:{os.environ['PATH']}")
    writer = open_writer(database.path)
    commit(writer, {"a": writer.blob(b"1")})
    with pytest.raises(GitError, match="git index-pack failed"):
        writer.install()
    writer.close()
    assert objects(database) == before
    assert database.git("for-each-ref") == ""


def test_a_base_that_is_not_there_is_an_error(writer: ObjectWriter) -> None:
    with pytest.raises(GitError, match="git has no tree 1111"):
        writer.tree("1" * 40, {b"a": writer.file(writer.blob(b"1"))})


def test_a_name_that_is_no_utf8_can_be_deleted(database: Place, writer: ObjectWriter) -> None:
    (database.path / os.fsdecode(b"caf\xe9.json")).write_bytes(b"1")
    base = database.commit({"a.json": "2"})
    assert len(database.tracked()) == 2
    made = commit(writer, {os.fsdecode(b"caf\xe9.json"): None}, start=base)
    store(writer, database, made)
    assert database.tracked(made) == ["a.json"]


@pytest.mark.parametrize("name", ["a:b", 'a"b', "a\\b", "नेपाल", "with space", "$HOME"])
def test_the_repository_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    database = init(tmp_path / name / "nes-db")
    base = database.commit({"v2/a.json": "1"})
    writer = open_writer(database.path)
    made = commit(writer, {"v2/b.json": writer.blob(b"2")}, start=base)
    store(writer, database, made)
    assert database.tracked(made) == ["v2/a.json", "v2/b.json"]
    assert database.git("fsck") == ""


@pytest.mark.parametrize("options", [["--bare"], ["--object-format=sha256"], ["--shared=group"]])
def test_other_kinds_of_repository_are_written_too(tmp_path: Path, options: list[str]) -> None:
    database = init(tmp_path / "db", *options)
    writer = open_writer(database.path)
    made = commit(writer, {"a": writer.blob(b"1")})
    store(writer, database, made)
    assert database.git("rev-parse", REF) == made
    assert database.git("fsck") == ""


def test_a_linked_worktree_shares_the_objects(tmp_path: Path, database: Place) -> None:
    database.commit({"a": "1"})
    database.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    git = Git(tmp_path / "linked")
    assert git.objects == database.path / ".git" / "objects"
    writer = open_writer(git.folder)
    made = commit(writer, {"b": writer.blob(b"2")}, start=database.git("rev-parse", "HEAD"))
    store(writer, database, made)
    assert database.git("rev-parse", REF) == made


def test_a_repository_that_borrows_objects_lends_them_on(tmp_path: Path, database: Place) -> None:
    base = database.commit({"a": "1"})
    there = clone(database.path, tmp_path / "there", f"--reference={database.path}")
    assert (there.path / ".git" / "objects" / "info" / "alternates").exists()
    writer = open_writer(there.path)
    made = commit(writer, {"b": writer.blob(b"2")}, start=base)
    store(writer, there, made)
    assert there.tracked(made) == ["a", "b"]


@pytest.mark.parametrize("others", [1, FEW_OBJECTS])
@pytest.mark.parametrize("what", ["file", "parent"])
def test_what_refers_to_something_that_is_not_there_is_refused(
    database: Place, writer: ObjectWriter, others: int, what: str
) -> None:
    before = objects(database)
    lost = os.urandom(len(writer._git.empty_tree()) // 2)
    changes = {b"v2/%d" % n: writer.file(writer.blob(b"%d" % n)) for n in range(others)}
    if what == "file":
        changes[b"v2/lost"] = TreeEntry(FILE_MODE, lost)
    writer.commit(
        tree=writer.tree(writer._git.empty_tree(), changes),
        parents=[lost.hex()] if what == "parent" else [],
        message="Message\n",
        author=AUTHOR,
        committer=COMMITTER,
    )
    with pytest.raises(GitError, match=r"index-pack|no object"):
        writer.install()
    writer.close()
    assert objects(database) == before
