"""A store over a plain folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nes_tasks.database.store import FolderStore, Store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "v2"


@pytest.fixture
def store(folder: Path) -> Store:
    return FolderStore(folder)


def test_it_makes_its_folder(folder: Path, store: Store) -> None:
    assert folder.is_dir()
    assert list(store.list("")) == []


def test_what_is_written_can_be_read(folder: Path, store: Store) -> None:
    store.write("entity/person/asha-rai.json", b"one")
    store.write("entity/person/asha-rai.json", b"two")
    assert store.read("entity/person/asha-rai.json") == b"two"
    assert store.exists("entity/person/asha-rai.json")
    assert (folder / "entity/person/asha-rai.json").read_bytes() == b"two"


def test_what_is_not_there_is_nothing(store: Store) -> None:
    store.write("entity/person/asha-rai.json", b"one")
    for path in ("entity/person/none.json", "entity/person", "entity/person/asha-rai.json/1.json"):
        assert store.read(path) is None
        assert not store.exists(path)
        assert not store.delete(path)
    assert list(store.list("entity/nowhere")) == []
    assert list(store.list("entity/person/asha-rai.json")) == []


def test_many_are_read_in_the_order_asked_for(store: Store) -> None:
    store.write("b.json", b"B")
    store.write("a.json", b"A")
    wanted = ["b.json", "none.json", "a.json", "b.json"]
    assert list(store.read_many(wanted)) == list(zip(wanted, [b"B", None, b"A", b"B"], strict=True))


def test_listings_are_sorted_by_the_whole_path_at_any_depth(store: Store) -> None:
    paths = [
        "entity/a-b/1.json",
        "entity/a/2.json",
        "entity/a.json",
        "entity/b.json",
        "entity/a/b/1.json",
    ]
    for path in paths:
        store.write(path, b"")
    assert list(store.list("")) == sorted(paths)
    assert list(store.list("entity/a")) == ["entity/a/2.json", "entity/a/b/1.json"]


def test_deleting_removes_the_file_and_says_whether_there_was_one(store: Store) -> None:
    store.write("a.json", b"")
    assert store.delete("a.json")
    assert not store.delete("a.json")
    assert not store.exists("a.json")


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "../x.json",
        "a/../../x.json",
        "/etc/passwd",
        "a//b.json",
        "a/",
        "a/./b.json",
        ".git/config",
        "a/.hidden.json",
        "a\\..\\b.json",
        "a\n.json",
        "a\0.json",
        "a\x7f.json",
    ],
)
def test_a_hostile_path_is_refused(tmp_path: Path, store: Store, path: str) -> None:
    for use in (store.read, store.exists, store.delete, lambda path: store.write(path, b"")):
        with pytest.raises(ValueError, match="is not a path inside"):
            use(path)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_symbolic_links_are_neither_followed_nor_listed(tmp_path: Path, folder: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.json").write_bytes(b"secret")
    store = FolderStore(folder)
    (folder / "linked").symlink_to(outside)
    (folder / "file.json").symlink_to(outside / "secret.json")
    for path in ("linked/secret.json", "file.json"):
        with pytest.raises(ValueError, match="symbolic link"):
            store.read(path)
        with pytest.raises(ValueError, match="symbolic link"):
            store.write(path, b"changed")
    assert list(store.list("")) == []
    assert (outside / "secret.json").read_bytes() == b"secret"


def test_the_folder_itself_may_be_reached_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    FolderStore(tmp_path / "link").write("a.json", b"A")
    assert (tmp_path / "real/a.json").read_bytes() == b"A"


def test_a_file_cannot_take_the_place_of_a_folder_nor_lie_below_a_file(store: Store) -> None:
    store.write("a/b.json", b"B")
    with pytest.raises(ValueError, match="'a' is a folder"):
        store.write("a", b"")
    with pytest.raises(ValueError, match=r"'a/b\.json/c\.json' is below a file"):
        store.write("a/b.json/c.json", b"")
    assert list(store.list("")) == ["a/b.json"]


def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(folder: Path) -> None:
    store = FolderStore(folder)
    store.write("a.json", b"old")
    with pytest.raises(TypeError):
        store.write("a.json", "not bytes")  # type: ignore[arg-type]
    assert store.read("a.json") == b"old"
    assert [path.name for path in folder.iterdir()] == ["a.json"]


def test_what_a_killed_process_left_half_written_is_not_listed(folder: Path) -> None:
    store = FolderStore(folder)
    (folder / ".writing-123-0").write_bytes(b"half")
    store.write("a.json", b"A")
    assert list(store.list("")) == ["a.json"]


def test_files_get_the_permissions_of_the_process(folder: Path) -> None:
    store = FolderStore(folder)
    old = os.umask(0o027)
    try:
        store.write("a.json", b"A")
    finally:
        os.umask(old)
    assert (folder / "a.json").stat().st_mode & 0o777 == 0o640
