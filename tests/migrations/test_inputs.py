"""Which files are inputs of a migration, their hashes, and the cache of hashes."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from nes_tasks.errors import InvalidMigrationError
from nes_tasks.migrations import HashCache, hash_files, hash_inputs, list_inputs

SECOND = 1_000_000_000


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "005-add-ministers"
    path.mkdir()
    return path


def fill(folder: Path, *relatives: str) -> None:
    for relative in relatives:
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(relative)


def names(folder: Path, **options: set[str]) -> list[str]:
    return [file.relative for file in list_inputs(folder, **options)]  # type: ignore[arg-type]


# --- which files ----------------------------------------------------------------------------


def test_every_file_counts_in_the_order_of_its_path(folder: Path) -> None:
    fill(folder, "migrate.py", "README.md", "data/b.csv", "data/a/x.json", "data.csv", "Z", "é")
    assert names(folder) == [
        "README.md",
        "Z",
        "data.csv",
        "data/a/x.json",
        "data/b.csv",
        "migrate.py",
        "é",
    ]


def test_what_tools_leave_behind_does_not_count(folder: Path) -> None:
    fill(folder, "migrate.py")
    fill(folder, "__pycache__/migrate.cpython-311.pyc", "lib/__pycache__/x.pyc", "old.pyc")
    fill(folder, ".DS_Store", ".idea/workspace.xml", "lib/.hidden", ".env", ".git/HEAD")
    fill(folder, "migrate.py~", "migrate.py.swp", "#migrate.py#", "x.orig", "x.rej", ".x.swp")
    (folder / ".#migrate.py").symlink_to("sita@laptop.1234")
    assert names(folder) == ["migrate.py"]


def test_names_that_only_resemble_leavings_count(folder: Path) -> None:
    fill(folder, "~a", "#a", "a#", "swp", "a.orig.csv", "pycache/a", "backup.orig/a", "old~/a")
    assert names(folder) == sorted(
        ["#a", "a#", "a.orig.csv", "backup.orig/a", "old~/a", "pycache/a", "swp", "~a"]
    )


def test_what_git_ignores_does_not_count(folder: Path) -> None:
    fill(folder, "migrate.py", "big.bin", "build/a", "build/b/c", "out/a", "out/keep", "builder")
    ignored = {"big.bin", "build/", "out/a", "absent"}
    assert names(folder, ignored=ignored) == ["builder", "migrate.py", "out/keep"]
    assert "build/a" not in names(folder, ignored={"build"})


def test_an_empty_folder_has_no_inputs(folder: Path) -> None:
    (folder / "empty" / "deeper").mkdir(parents=True)
    assert list_inputs(folder) == []


def test_many_levels_are_walked(folder: Path) -> None:
    deep = "/".join(["d"] * 300) + "/leaf"
    fill(folder, deep)
    assert names(folder) == [deep]


@pytest.mark.parametrize(
    "name",
    [
        "नेपाल.csv",
        "with space",
        "quote'\"",
        "back\\slash",
        "-rf",
        "*",
        "a" * 255,
        "र्\u200dय.csv",
    ],
)
def test_unusual_names_are_names(folder: Path, name: str) -> None:
    fill(folder, name)
    assert hash_inputs(folder) == {name: sha256(name.encode())}


@pytest.mark.parametrize(
    "name", [b"new\nline", b"esc\x1b[31m", b"latin-\xe9", b"tab\t", "bidi\u202e.py".encode()]
)
def test_hostile_names_are_refused_in_printable_words(folder: Path, name: bytes) -> None:
    (folder / os.fsdecode(name)).touch()
    with pytest.raises(InvalidMigrationError, match="has a name that is not UTF-8") as caught:
        list_inputs(folder, display_path="migrations/005-add-ministers")
    assert str(caught.value).isprintable()
    assert caught.value.message.startswith("migrations/005-add-ministers/")


def test_hostile_names_of_folders_are_refused_too(folder: Path) -> None:
    fill(folder, "bell\x07/a")
    with pytest.raises(InvalidMigrationError, match=r"bell\\x07"):
        list_inputs(folder)


# --- links and special files ----------------------------------------------------------------


def test_a_link_to_a_file_of_the_folder_is_read_through(folder: Path) -> None:
    fill(folder, "lib/real.py")
    (folder / "migrate.py").symlink_to("lib/real.py")
    (folder / "lib" / "again.py").symlink_to("../migrate.py")
    assert hash_inputs(folder) == dict.fromkeys(
        ("lib/again.py", "lib/real.py", "migrate.py"), sha256(b"lib/real.py")
    )


def test_a_link_counts_where_the_folder_itself_is_reached_through_one(folder: Path) -> None:
    fill(folder, "a")
    (folder / "b").symlink_to("a")
    alias = folder.parent / "alias"
    alias.symlink_to(folder)
    assert names(alias) == ["a", "b"]


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("../outside.csv", "leads out of the folder"),
        ("../005-add-ministers-2/x", "leads out of the folder"),
        ("/etc/passwd", "leads out of the folder"),
        ("..", "leads out of the folder"),
        ("absent", "which does not exist"),
        ("data.csv", "which does not exist"),
        (".", "leads out of the folder"),
        ("sub", "which is not a file"),
    ],
)
def test_other_links_are_refused(folder: Path, target: str, why: str) -> None:
    (folder.parent / "outside.csv").write_text("secret")
    fill(folder.parent / "005-add-ministers-2", "x")
    (folder / "sub").mkdir()
    (folder / "data.csv").symlink_to(target)
    with pytest.raises(InvalidMigrationError, match=rf"data.csv is a link that .*{why}") as caught:
        list_inputs(folder)
    assert caught.value.hint


def test_an_absolute_link_into_the_folder_holds_on_no_other_machine(folder: Path) -> None:
    fill(folder, "a")
    (folder / "b").symlink_to(folder / "a")
    with pytest.raises(InvalidMigrationError, match="leads out of the folder"):
        list_inputs(folder)


def test_a_link_that_leaves_by_way_of_another_is_refused(folder: Path) -> None:
    (folder.parent / "secret").write_text("x")
    (folder / ".hidden").symlink_to("../secret")
    (folder / "innocent").symlink_to(".hidden")
    with pytest.raises(InvalidMigrationError, match="innocent is a link that leads out"):
        list_inputs(folder)


@pytest.fixture
def pipe_and_socket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(folder)  # the address of a socket may have 108 bytes only
    os.mkfifo("a-pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("b-socket")
        yield


@pytest.mark.usefixtures("pipe_and_socket")
@pytest.mark.parametrize(("kept", "removed"), [("a-pipe", "b-socket"), ("b-socket", "a-pipe")])
def test_pipes_and_sockets_are_refused(folder: Path, kept: str, removed: str) -> None:
    (folder / removed).unlink()
    with pytest.raises(InvalidMigrationError, match=f"{kept} is neither a file nor a folder"):
        list_inputs(folder)


# --- what cannot be read --------------------------------------------------------------------


def test_a_folder_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(InvalidMigrationError, match="005-x cannot be read: No such file"):
        hash_inputs(folder.parent / "005-x")


def test_a_closed_subfolder_is_named(
    folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    fill(folder, "data/a.csv")
    (folder / "data").chmod(0)
    with (
        unprivileged(),
        pytest.raises(InvalidMigrationError, match="005-add-ministers/data cannot be read: Perm"),
    ):
        list_inputs(folder.name)
    (folder / "data").chmod(0o755)


def test_a_closed_file_is_named(
    folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    fill(folder, "a.csv")
    (folder / "a.csv").chmod(0)
    with unprivileged(), pytest.raises(InvalidMigrationError, match=r"a\.csv cannot be read: Perm"):
        hash_inputs(folder.name)


def test_a_file_that_vanishes_after_the_listing_is_an_error(folder: Path) -> None:
    fill(folder, "a.csv")
    files = list_inputs(folder)
    (folder / "a.csv").unlink()
    with pytest.raises(InvalidMigrationError, match=r"a\.csv cannot be read: No such file"):
        hash_files(files)


# --- hashes ---------------------------------------------------------------------------------


def test_hashes_are_those_of_the_bytes(folder: Path) -> None:
    big = os.urandom(3_000_001)
    (folder / "big.bin").write_bytes(big)
    (folder / "empty").write_bytes(b"")
    (folder / "crlf.csv").write_bytes(b"a\r\nb\r\n")
    assert hash_inputs(folder) == {
        "big.bin": sha256(big),
        "crlf.csv": sha256(b"a\r\nb\r\n"),
        "empty": sha256(b""),
    }


def test_hashes_do_not_depend_on_the_order_of_creation(tmp_path: Path) -> None:
    content = [f"{letter}/{i}" for letter in "cab" for i in (10, 2, 1)]
    fill(tmp_path / "one", *content)
    fill(tmp_path / "two", *reversed(content))
    assert list(hash_inputs(tmp_path / "one").items()) == list(
        hash_inputs(tmp_path / "two").items()
    )


# --- the cache ------------------------------------------------------------------------------


class Cached:
    """A folder with one file, and caches on the same JSON file with a clock of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "data.csv"
        self.json = folder.parent / "state" / "hashes.json"
        self.file.write_bytes(b"old")

    def cache(self, *, seconds_later: float = 60) -> HashCache:
        times = self.file.stat()
        now = max(times.st_mtime_ns, times.st_ctime_ns) + int(seconds_later * SECOND)
        return HashCache(self.json, clock=lambda: now)

    def hash(self, cache: HashCache) -> str:
        return hash_inputs(self.folder, cache=cache)["data.csv"]

    def fill(self, *, seconds_later: float = 60) -> None:
        cache = self.cache(seconds_later=seconds_later)
        assert self.hash(cache) == sha256(b"old")
        cache.save()

    def forge(self) -> None:
        """Put a hash into the file that shows whether it is used."""
        content = json.loads(self.json.read_text())
        for record in content["files"].values():
            record[4] = "f" * 64
        self.json.write_text(json.dumps(content))

    def is_used(self) -> bool:
        return self.hash(self.cache()) == "f" * 64


@pytest.fixture
def cached(folder: Path) -> Cached:
    return Cached(folder)


def test_an_untouched_file_is_not_read_again(cached: Cached) -> None:
    cached.fill()
    cached.forge()
    assert cached.is_used()


def test_the_same_length_and_time_with_other_bytes_is_noticed(cached: Cached) -> None:
    cached.fill()
    cached.forge()
    times = cached.file.stat()
    cached.file.write_bytes(b"new")
    os.utime(cached.file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert cached.hash(cached.cache()) == sha256(b"new")


def test_a_file_put_in_its_place_is_noticed(cached: Cached) -> None:
    cached.fill()
    times = cached.file.stat()
    other = cached.folder.parent / "other"
    other.write_bytes(b"new")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(cached.file)
    assert cached.hash(cached.cache()) == sha256(b"new")


def test_a_link_led_elsewhere_is_noticed(cached: Cached) -> None:
    (cached.folder / "other.csv").write_bytes(b"new")
    cached.file.rename(cached.folder / "real.csv")
    cached.file.symlink_to("real.csv")
    cached.fill()
    cached.file.unlink()
    cached.file.symlink_to("other.csv")
    assert cached.hash(cached.cache()) == sha256(b"new")


@pytest.mark.parametrize(("age", "kept"), [(0.0, False), (1.9, False), (2.0, True), (3.0, True)])
def test_a_file_younger_than_two_seconds_is_not_kept(
    cached: Cached, age: float, kept: bool
) -> None:
    cached.fill(seconds_later=age)
    assert cached.json.exists() is kept


def test_with_the_real_clock_a_new_file_is_not_kept(cached: Cached) -> None:
    os.utime(cached.file, (time.time() - 3600, time.time() - 3600))  # but changed just now
    cache = HashCache(cached.json)
    cached.hash(cache)
    cache.save()
    assert not cached.json.exists()


def test_a_time_in_the_future_is_not_kept(cached: Cached) -> None:
    os.utime(cached.file, (time.time() + 3600, time.time() + 3600))
    cache = HashCache(cached.json, clock=lambda: time.time_ns() + 60 * SECOND)
    assert cached.hash(cache) == sha256(b"old")
    cache.save()
    assert not cached.json.exists()


def test_a_file_that_changes_after_the_listing_is_not_kept(cached: Cached) -> None:
    cache = cached.cache()
    files = list_inputs(cached.folder)
    cached.file.write_bytes(b"longer than before")
    assert hash_files(files, cache) == {"data.csv": sha256(b"longer than before")}
    cache.save()
    assert not cached.json.exists()


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"format": 99, "files": {}, "derived": {}}',
        b'{"format": 1, "files": [], "derived": {}}',
        b'{"format": 1, "files": {}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_cache_is_an_empty_one(cached: Cached, damage: bytes) -> None:
    cached.fill()
    cached.json.write_bytes(damage)
    cached.fill()
    cached.forge()
    assert cached.is_used()


@pytest.mark.parametrize("record", [None, 7, "x", [], [1, 2, 3, 4], {"0": 1}])
def test_a_damaged_record_is_passed_over(cached: Cached, record: object) -> None:
    cached.fill()
    content = json.loads(cached.json.read_text())
    content["files"] = dict.fromkeys([*content["files"], "/gone"], record)
    cached.json.write_text(json.dumps(content))
    cached.fill()
    cached.forge()
    assert cached.is_used()


@pytest.mark.parametrize("digest", [None, 7, "", "short"])
def test_a_damaged_hash_is_passed_over(cached: Cached, digest: object) -> None:
    cached.fill()
    content = json.loads(cached.json.read_text())
    for record in content["files"].values():
        record[4] = digest
    cached.json.write_text(json.dumps(content))
    assert cached.hash(cached.cache()) == sha256(b"old")


def test_a_cache_that_cannot_be_written_is_no_error(cached: Cached) -> None:
    cached.json.parent.write_text("a file where the folder should be")
    cached.fill()
    assert cached.json.parent.is_file()


def test_a_cache_in_the_place_of_a_folder_is_no_error_and_leaves_nothing(cached: Cached) -> None:
    cached.json.mkdir(parents=True)
    cached.fill()
    assert list(cached.json.parent.iterdir()) == [cached.json]


def test_writing_leaves_one_file_and_an_unchanged_cache_is_not_written(cached: Cached) -> None:
    cached.fill()
    assert list(cached.json.parent.iterdir()) == [cached.json]
    before = cached.json.stat()
    cached.fill()
    assert cached.json.stat().st_ino == before.st_ino


def test_files_that_are_gone_are_forgotten_and_others_kept(cached: Cached) -> None:
    other, gone = cached.folder / "other.csv", cached.folder / "gone.csv"
    other.write_bytes(b"o")
    gone.write_bytes(b"g")
    cached.fill()
    gone.unlink()
    cached.file.write_bytes(b"new")
    aside = cached.folder.parent / "aside"
    other.rename(aside)
    cache = cached.cache()
    cached.hash(cache)
    aside.rename(other)
    cache.save()
    kept = json.loads(cached.json.read_text())["files"]
    assert sorted(kept) == [str(cached.file), str(other)]


def test_what_follows_from_a_content_is_kept_with_it(cached: Cached) -> None:
    cache = cached.cache()
    cache.keep(cached.hash(cache), {"AUTHOR": "सीता"})
    cache.keep("0" * 64, "of no file")
    cache.save()
    again = cached.cache()
    assert again.recall(sha256(b"old")) == {"AUTHOR": "सीता"}
    assert again.recall("0" * 64) is None
