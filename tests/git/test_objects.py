"""Reading git objects in bulk."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from repositories import Place, init, partial_clone

from nes_tasks.errors import GitError
from nes_tasks.git.command import Git
from nes_tasks.git.objects import REQUEST_BATCH, ObjectReader, blob_id


@pytest.fixture
def reader(database: Place) -> Iterator[ObjectReader]:
    with ObjectReader(Git(database.path)) as open_reader:
        yield open_reader


def store(database: Place, data: bytes) -> str:
    return Git(database.path).run("hash-object", "-w", "--stdin", stdin=data).decode().strip()


@pytest.mark.parametrize("data", [b"", b"\n", b"\0\xff\n\n", b"blob 3\n", os.urandom(300_000)])
def test_any_content_comes_back(database: Place, reader: ObjectReader, data: bytes) -> None:
    oid = store(database, data)
    assert reader.get(oid) == (oid, "blob", data)


def test_an_object_can_be_named_in_any_way_of_git(database: Place, reader: ObjectReader) -> None:
    commit = database.commit({"v2/a b.json": "1", "v2/नेपाल.json": "2"})
    assert reader.get("HEAD:v2/a b.json").data == b"1"  # type: ignore[union-attr]
    assert reader.get("HEAD:v2/नेपाल.json").data == b"2"  # type: ignore[union-attr]
    assert reader.get("refs/heads/main").oid == commit  # type: ignore[union-attr]
    assert reader.get("HEAD:v2").kind == "tree"  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["0" * 40, "HEAD", "nothing", "HEAD:a 12", "a b c 3"])
def test_what_is_not_there_is_none(reader: ObjectReader, name: str) -> None:
    assert reader.get(name) is None


def test_an_ambiguous_name_is_none(database: Place, reader: ObjectReader) -> None:
    # Two of these 40,000 have the same first four digits, whatever the contents hash to.
    rows = "".join(f"blob\ndata {len(str(i))}\n{i}\n" for i in range(2000))
    subprocess.run(
        ["git", "-C", str(database.path), "fast-import", "--quiet"], input=rows.encode(), check=True
    )
    by_start: dict[str, int] = {}
    for i in range(2000):
        start = blob_id(str(i).encode(), 40)[:4]
        by_start[start] = by_start.get(start, 0) + 1
    twice = next(start for start, count in by_start.items() if count > 1)
    assert reader.get(twice) is None
    assert reader.get(blob_id(b"7", 40)) is not None


def test_many_come_in_the_order_they_were_asked_for(database: Place, reader: ObjectReader) -> None:
    contents = [b"%d" % number * (number % 50 * 100) for number in range(REQUEST_BATCH * 2 + 5)]
    rows = b"".join(b"blob\ndata %d\n%b\n" % (len(data), data) for data in contents)
    subprocess.run(
        ["git", "-C", str(database.path), "fast-import", "--quiet"], input=rows, check=True
    )
    names = [blob_id(data, 40) for data in contents]
    names.insert(300, "0" * 40)
    found = [row.data if row else None for row in reader.get_many(names)]
    assert found == [*contents[:300], None, *contents[300:]]
    assert list(reader.get_many([])) == []


def test_stopping_half_way_does_not_confuse_the_next_question(
    database: Place, reader: ObjectReader
) -> None:
    names = [store(database, b"%d" % number) for number in range(5)]
    assert len(list(islice(reader.get_many(names), 2))) == 2
    assert reader.get(names[4]).data == b"4"  # type: ignore[union-attr]


def test_a_reader_that_died_is_an_error_and_the_next_one_starts_anew(
    database: Place, reader: ObjectReader
) -> None:
    oid = store(database, b"x")
    assert reader.get(oid)
    process = reader._process
    assert process
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with pytest.raises(GitError, match="git cat-file failed: it ended early"):
        list(reader.get_many([oid] * 300))
    assert reader.get(oid).data == b"x"  # type: ignore[union-attr]


def test_a_damaged_object_is_none_and_prints_nothing(
    database: Place, reader: ObjectReader, capfd: pytest.CaptureFixture[str]
) -> None:
    oid = store(database, b"x")
    file = database.path / ".git" / "objects" / oid[:2] / oid[2:]
    file.chmod(0o644)
    file.write_bytes(b"rubbish")
    assert reader.get(oid) is None
    assert capfd.readouterr() == ("", "")


def test_an_object_that_cannot_be_fetched_is_an_error_in_gits_words(
    tmp_path: Path, database: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    database.commit({"v2/entity/a.json": "1"})
    oid = database.git("rev-parse", "HEAD:v2/entity/a.json")
    there = partial_clone(database, tmp_path / "there")
    database.path.rename(tmp_path / "gone")
    with (
        ObjectReader(Git(there.path)) as reader,
        pytest.raises(GitError, match="does not appear to be a git repository"),
    ):
        reader.get(oid)
    assert capfd.readouterr() == ("", "")


def test_it_can_be_closed_unused_and_twice_and_used_again(database: Place) -> None:
    oid = store(database, b"x")
    reader = ObjectReader(Git(database.path))
    reader.close()
    assert reader.get(oid) == (oid, "blob", b"x")
    reader.close()
    reader.close()
    assert reader.get(oid) == (oid, "blob", b"x")
    reader.close()


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_the_id_of_a_content_is_that_of_git(tmp_path: Path, kind: str) -> None:
    git = Git(init(tmp_path / "db", f"--object-format={kind}").path)
    oid = git.text("hash-object", "--stdin", stdin="नेपाल".encode())
    assert blob_id("नेपाल".encode(), len(oid)) == oid
