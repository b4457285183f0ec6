"""Writing git objects as a stream that nobody sees before it is finished."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from repositories import DAY, REF, WHEN, Place, clone, init

from nes_tasks.errors import GitError
from nes_tasks.git.command import Git
from nes_tasks.git.commit import Signature
from nes_tasks.git.fast_import import TOGETHER, FastImport, objects_folder

PERSON = ("Asha Author", "asha@example.org")


@pytest.fixture
def stream(database: Place) -> Iterator[FastImport]:
    opened = FastImport(Git(database.path))
    yield opened
    opened.abort()


def commit(stream: FastImport, files: dict[str, int | None], **other: Any) -> str:
    values: dict[str, Any] = {
        "start": None,
        "author": Signature(*PERSON, DAY),
        "committer": Signature(*PERSON, WHEN),
        "message": "Message\n",
    }
    return stream.commit(files=list(files.items()), **{**values, **other})


def store(stream: FastImport, database: Place, made: str) -> None:
    """End the stream and put the commit `made` on the private ref."""
    stream.finish()
    stream.install()
    database.git("update-ref", REF, made)


def objects(database: Place) -> list[Path]:
    folder = database.path / ".git" / "objects"
    return sorted(path for path in folder.rglob("*") if path.is_file() or "tmp" in path.name)


def kill(stream: FastImport) -> None:
    os.kill(stream._process.pid, signal.SIGKILL)
    stream._process.wait()


@pytest.mark.parametrize("data", [b"", b"\n", b"done\n", b"\0\xff", os.urandom(200_000)])
def test_any_content_can_be_read_back_before_it_is_stored(stream: FastImport, data: bytes) -> None:
    first, second = stream.blob(data), stream.blob(b"other")
    assert stream.read(first) == data
    assert stream.read(second) == b"other"


def test_a_finished_stream_is_a_history_on_the_ref(database: Place, stream: FastImport) -> None:
    one = commit(stream, {"v2/a.json": stream.blob(b"1"), "v2/नेपाल b.json": stream.blob(b"2")})
    two = commit(stream, {"v2/a.json": None}, message="Second: नमस्ते\n\nBody\n")
    store(stream, database, two)
    assert database.git("rev-list", "--reverse", REF).split() == [one, two]
    assert database.tracked(one) == ["v2/a.json", "v2/नेपाल b.json"]
    assert database.tracked(two) == ["v2/नेपाल b.json"]
    assert database.git("log", "-1", "--format=%B", two).rstrip() == "Second: नमस्ते\n\nBody"
    assert database.git("fsck", "--strict") == ""


def test_authors_and_dates_are_as_given(database: Place, stream: FastImport) -> None:
    committer = ("मीना", "mina@example.org")
    made = commit(stream, {"a": stream.blob(b"")}, committer=Signature(*committer, WHEN))
    store(stream, database, made)
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
    database: Place, stream: FastImport, person: tuple[str, str], stored: str
) -> None:
    made = commit(
        stream,
        {"a": stream.blob(b"")},
        author=Signature(*person, DAY),
        committer=Signature(*person, WHEN),
    )
    store(stream, database, made)
    assert database.git("show", "-s", "--format=%an|%ae", made) == stored
    assert database.git("show", "-s", "--format=%cn|%ce", made) == stored


def test_a_day_before_1970_becomes_the_first_that_git_knows(
    database: Place, stream: FastImport
) -> None:
    made = commit(
        stream,
        {"a": stream.blob(b"")},
        author=Signature(*PERSON, datetime(1951, 2, 18, tzinfo=UTC)),
    )
    store(stream, database, made)
    assert database.git("show", "-s", "--format=%at", made) == "0"
    assert database.git("fsck", "--strict") == ""


def test_a_new_ref_grows_from_a_stored_commit(database: Place, stream: FastImport) -> None:
    base = database.commit({"README.md": "about"})
    made = commit(stream, {"v2/a.json": stream.blob(b"1")}, start=base)
    store(stream, database, made)
    assert database.git("rev-parse", f"{made}^") == base
    assert database.tracked(made) == ["README.md", "v2/a.json"]


@pytest.mark.parametrize("count", [3, 300])
def test_nothing_is_in_the_repository_before_the_end(database: Place, count: int) -> None:
    stream = FastImport(Git(database.path))
    marks = {f"v2/{n}.json": stream.blob(os.urandom(100)) for n in range(count)}
    made = commit(stream, marks)
    assert [path for path in objects(database) if "tmp_" not in str(path)] == []
    assert database.git("cat-file", "-e", made, check=False) == ""
    assert database.git("for-each-ref") == ""
    store(stream, database, made)
    assert [path for path in objects(database) if "tmp_" in str(path)] == []
    assert database.git("rev-list", "--objects", "--count", REF) == str(count + 3)


@pytest.mark.parametrize("count", [3, 300])
def test_an_aborted_stream_leaves_nothing_at_all(database: Place, count: int) -> None:
    before = objects(database)
    stream = FastImport(Git(database.path))
    commit(stream, {f"v2/{n}.json": stream.blob(os.urandom(1000)) for n in range(count)})
    stream.abort()
    assert objects(database) == before
    assert database.git("for-each-ref") == ""


def test_aborting_twice_and_after_the_end_is_fine(database: Place) -> None:
    stream = FastImport(Git(database.path))
    made = commit(stream, {"a": stream.blob(b"1")})
    store(stream, database, made)
    stream.abort()
    stream.abort()
    assert database.git("rev-parse", REF) == made


def test_two_streams_at_once_keep_their_objects_apart(database: Place) -> None:
    one, two = FastImport(Git(database.path)), FastImport(Git(database.path))
    mark = two.blob(b"same")
    made = commit(one, {"a": one.blob(b"same")})
    store(one, database, made)
    assert two.read(mark) == b"same"
    two.abort()
    assert database.git("show", f"{made}:a") == "same"
    assert database.git("fsck") == ""


def test_a_killed_git_is_an_error_each_time_and_leaves_nothing(database: Place) -> None:
    before = objects(database)
    stream = FastImport(Git(database.path))
    mark = stream.blob(b"1")
    kill(stream)
    for act in (
        lambda: stream.read(mark),
        lambda: [stream.blob(os.urandom(10_000)) for _ in range(TOGETHER)],
        lambda: commit(stream, {"a": mark}),
        stream.finish,
    ):
        with pytest.raises(GitError, match="git fast-import failed: it ended early, with code -9"):
            act()
    stream.abort()
    assert objects(database) == before
    assert database.git("for-each-ref") == ""


def test_a_git_killed_at_the_very_end_is_an_error(database: Place) -> None:
    stream = FastImport(Git(database.path))
    commit(stream, {"a": stream.blob(b"1")})
    kill(stream)
    with pytest.raises(GitError, match="git fast-import failed"):
        stream.finish()
    assert database.git("for-each-ref") == ""


def test_what_git_does_not_understand_is_told_in_its_words(stream: FastImport) -> None:
    with pytest.raises(GitError, match="git fast-import failed: mark :99 not declared"):
        commit(stream, {"a": 99})


def test_a_base_that_is_not_there_is_an_error(stream: FastImport) -> None:
    with pytest.raises(GitError, match="git fast-import failed: Not a valid commit"):
        commit(stream, {"a": stream.blob(b"1")}, start="1" * 40)


def test_a_name_that_is_no_utf8_can_be_deleted(database: Place, stream: FastImport) -> None:
    (database.path / os.fsdecode(b"caf\xe9.json")).write_bytes(b"1")
    base = database.commit({"a.json": "2"})
    assert len(database.tracked()) == 2
    made = commit(stream, {os.fsdecode(b"caf\xe9.json"): None}, start=base)
    store(stream, database, made)
    assert database.tracked(made) == ["a.json"]


@pytest.mark.parametrize("name", ["a:b", 'a"b', "a\\b", "नेपाल", "with space", "$HOME"])
def test_the_repository_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    database = init(tmp_path / name / "nes-db")
    base = database.commit({"v2/a.json": "1"})
    stream = FastImport(Git(database.path))
    made = commit(stream, {"v2/b.json": stream.blob(b"2")}, start=base)
    store(stream, database, made)
    assert database.tracked(made) == ["v2/a.json", "v2/b.json"]
    assert database.git("fsck") == ""


@pytest.mark.parametrize("options", [["--bare"], ["--object-format=sha256"], ["--shared=group"]])
def test_other_kinds_of_repository_are_written_too(tmp_path: Path, options: list[str]) -> None:
    database = init(tmp_path / "db", *options)
    stream = FastImport(Git(database.path))
    made = commit(stream, {"a": stream.blob(b"1")})
    store(stream, database, made)
    assert database.git("rev-parse", REF) == made
    assert database.git("fsck") == ""


def test_a_linked_worktree_shares_the_objects(tmp_path: Path, database: Place) -> None:
    database.commit({"a": "1"})
    database.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    git = Git(tmp_path / "linked")
    assert objects_folder(git) == database.path / ".git" / "objects"
    stream = FastImport(git)
    made = commit(stream, {"b": stream.blob(b"2")}, start=database.git("rev-parse", "HEAD"))
    store(stream, database, made)
    assert database.git("rev-parse", REF) == made


def test_a_repository_that_borrows_objects_lends_them_on(tmp_path: Path, database: Place) -> None:
    base = database.commit({"a": "1"})
    there = clone(database.path, tmp_path / "there", f"--reference={database.path}")
    assert (there.path / ".git" / "objects" / "info" / "alternates").exists()
    stream = FastImport(Git(there.path))
    made = commit(stream, {"b": stream.blob(b"2")}, start=base)
    store(stream, there, made)
    assert there.tracked(made) == ["a", "b"]
