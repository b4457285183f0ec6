"""Reading ahead, and the cache of file contents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from repositories import Place

from nes_tasks.errors import DatabaseError
from nes_tasks.git import snapshot as snapshot_module
from nes_tasks.git.command import Git
from nes_tasks.git.read_ahead import (
    OVERHEAD,
    ReadAhead,
    RecentFiles,
    following_in,
    rank_of_folder,
)
from nes_tasks.git.snapshot import GitSource, Snapshot

NAMES = [f"ward-{number}" for number in range(10, 100)]


def test_in_order_twice_as_many_come_each_time_up_to_the_most() -> None:
    ahead = ReadAhead(following_in(NAMES, rank_of_folder), 8)
    sizes, at = [], 0
    while at < len(NAMES):
        along = ahead.along(NAMES[at])
        assert list(along) == NAMES[at : at + len(along)]
        sizes.append(len(along))
        at += len(along)
    assert sizes[:4] == [2, 4, 8, 8]
    assert sum(sizes) == len(NAMES)


def test_who_jumps_about_gets_what_was_asked_for_alone() -> None:
    ahead = ReadAhead(following_in(NAMES, rank_of_folder), 256)
    assert [list(ahead.along(name)) for name in ("ward-50", "ward-20", "ward-90")] == [
        ["ward-50"],
        ["ward-20"],
        ["ward-90"],
    ]


def test_names_are_found_in_gits_order_of_folders() -> None:
    # "a-b/" stands before "a/", although "a" is the shorter name.
    ahead = ReadAhead(following_in(["a-b", "a", "a0"], rank_of_folder), 256)
    assert list(ahead.along("a-b")) == ["a-b", "a"]
    assert list(ahead.along("a0")) == ["a0"]


def test_the_oldest_contents_make_room() -> None:
    recent = RecentFiles(2 * (5 + OVERHEAD))
    recent.keep("a", b"12345")
    recent.keep("b", b"12345")
    assert recent.get("a") == b"12345"
    recent.keep("c", b"1")
    assert [recent.get(oid) for oid in "abc"] == [b"12345", None, b"1"]


def test_what_is_larger_than_the_room_is_not_kept() -> None:
    recent = RecentFiles(3 + OVERHEAD)
    recent.keep("a", b"12")
    recent.keep("b", b"1234")
    assert [recent.get(oid) for oid in "ab"] == [None, None]
    recent.keep("c", b"123")
    assert recent.get("c") == b"123"


@pytest.mark.parametrize("backwards", [False, True])
def test_folders_read_along_hold_their_own_files(database: Place, backwards: bool) -> None:
    database.commit({f"v2/version/{name}/1.json": name for name in NAMES})
    with_tree = Snapshot(Git(database.path), database.git("rev-parse", "HEAD^{tree}"))
    for name in sorted(NAMES, reverse=backwards):
        assert list(with_tree.walk(f"v2/version/{name}")) == [f"v2/version/{name}/1.json"]
        assert with_tree.read(f"v2/version/{name}/1.json") == name.encode()
    with_tree.close()


def test_files_with_one_content_are_all_read(database: Place) -> None:
    database.commit({"v2/a": "same", "v2/b": "same", "v2/c": "", "v2/d": "other"})
    snapshot = Snapshot(Git(database.path), database.git("rev-parse", "HEAD^{tree}"))
    paths = ["v2/b", "v2/a", "v2/none", "v2/c", "v2/d", "v2/a"]
    wanted = [b"same", b"same", None, b"", b"other", b"same"]
    for _ in range(2):  # from git, and from what was kept
        assert list(snapshot.read_many(paths)) == list(zip(paths, wanted, strict=True))
    snapshot.close()


def test_a_missing_neighbour_hurts_only_who_asks_for_it(database: Place) -> None:
    database.commit({f"v2/version/{name}/1.json": name for name in NAMES})
    gone = database.git("rev-parse", "HEAD:v2/version/ward-11")
    Path(database.path, ".git", "objects", gone[:2], gone[2:]).unlink()
    snapshot = Snapshot(Git(database.path), database.git("rev-parse", "HEAD^{tree}"))
    assert snapshot.exists("v2/version/ward-10/1.json")
    assert snapshot.exists("v2/version/ward-12/1.json")
    for _ in range(2):
        with pytest.raises(DatabaseError, match=f"no object {gone} for v2/version/ward-11"):
            snapshot.exists("v2/version/ward-11/1.json")
    snapshot.close()


def test_a_name_that_is_no_utf8_is_found_in_gits_order_of_bytes() -> None:
    # As text the lone byte 0xff is U+DCFF, before U+1F600; as bytes F0 9F 98 80 comes first.
    names = ["\U0001f600", "\udcff"]
    ahead = ReadAhead(following_in(names, rank_of_folder), 256)
    assert [ahead.along(name)[0] for name in (*names, *reversed(names))] == [
        *names,
        *reversed(names),
    ]


class Counted(GitSource):
    """A source that counts how many trees each request is for."""

    def __init__(self, git: Git) -> None:
        super().__init__(git)
        self.asked: list[int] = []

    def trees(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        self.asked.append(len(ids))
        return super().trees(ids)


@pytest.mark.parametrize("large", [0, 1024 * 1024])
def test_trees_that_were_passed_on_are_not_read_again(
    database: Place, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(snapshot_module, "LARGE_BYTES", large)
    monkeypatch.setattr(snapshot_module, "SMALL_BYTES", large)
    database.commit({f"v2/version/{name}/1.json": name for name in NAMES})
    root = database.git("rev-parse", "HEAD^{tree}")
    ids = [root, *(database.git("rev-parse", f"HEAD:{path}") for path in ("v2", "v2/version"))]
    ids.append(database.git("rev-parse", "HEAD:v2/version/ward-50"))
    with closing(Counted(Git(database.path))) as source:
        snapshot = Snapshot(source, root)
        assert None not in snapshot.raw_trees(ids)
        assert snapshot.exists("v2/version/ward-50/1.json")
        assert not snapshot.exists("v2/version/ward-50/2.json")
        assert source.asked == [4]
        assert snapshot.exists("v2/version/ward-51/1.json")
        assert len(source.asked) == 2


def test_the_folders_of_a_large_folder_are_read_along(
    database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_module, "LARGE_BYTES", 0)
    monkeypatch.setattr(snapshot_module, "SMALL_BYTES", 0)
    database.commit({f"v2/{name}/1.json": name for name in NAMES} | {"v2/ward-11.json": "{}"})
    with closing(Counted(Git(database.path))) as source:
        snapshot = Snapshot(source, database.git("rev-parse", "HEAD^{tree}"))
        assert all(snapshot.exists(f"v2/{name}/1.json") for name in NAMES)
        assert len(source.asked) < 12
        assert sum(source.asked) == 2 + len(NAMES)


class Asked(GitSource):
    """A source that notes what each request is for."""

    def __init__(self, git: Git) -> None:
        super().__init__(git)
        self.asked: list[str] = []

    def trees(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        self.asked.append("trees")
        return super().trees(ids)

    def files(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        self.asked.append("files")
        return super().files(ids)

    def pair(self, tree: str, file: str) -> Sequence[bytes | None]:
        self.asked.append("pair")
        return super().pair(tree, file)


@pytest.fixture
def asked(database: Place) -> Iterator[tuple[Snapshot, list[str]]]:
    """A snapshot of entities and their versions, read by nobody so far, and what it asks for."""
    files = {f"v2/entity/{name}.json": name for name in NAMES}
    database.commit(files | {f"v2/version/{name}/1.json": name for name in NAMES})
    with closing(Asked(Git(database.path))) as source:
        snapshot = Snapshot(source, database.git("rev-parse", "HEAD^{tree}"))
        assert snapshot.exists("v2/entity/ward-10.json")
        assert snapshot.is_folder("v2/version/ward-10")
        source.asked.clear()
        yield snapshot, source.asked


def backwards() -> list[str]:
    return sorted(NAMES, reverse=True)[1:]


def test_updates_far_apart_read_a_file_and_its_versions_in_one_request(
    asked: tuple[Snapshot, list[str]],
) -> None:
    snapshot, requests = asked
    for name in backwards():
        assert snapshot.read(f"v2/entity/{name}.json") == name.encode()
        assert snapshot.exists(f"v2/version/{name}/1.json")
        assert not snapshot.exists(f"v2/version/{name}/2.json")
    assert requests == ["files", "trees", *["pair"] * (len(NAMES) - 2)]


def test_a_script_that_only_reads_gets_no_versions_with_it(
    asked: tuple[Snapshot, list[str]],
) -> None:
    snapshot, requests = asked
    first, *rest = backwards()
    snapshot.read(f"v2/entity/{first}.json")
    assert snapshot.exists(f"v2/version/{first}/1.json")
    for name in rest:
        assert snapshot.read(f"v2/entity/{name}.json") == name.encode()
    assert requests.count("pair") == 1


def test_updates_in_the_order_of_a_folder_read_its_folders_together(
    asked: tuple[Snapshot, list[str]],
) -> None:
    snapshot, requests = asked
    for name in sorted(NAMES):
        assert snapshot.read(f"v2/entity/{name}.json") == name.encode()
        assert snapshot.exists(f"v2/version/{name}/1.json")
    assert requests.count("pair") < 10
    assert requests.count("trees") < 12


@pytest.mark.parametrize("large", [0, 1024 * 1024])
def test_files_in_the_order_of_a_folder_are_read_together(
    database: Place, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(snapshot_module, "LARGE_BYTES", large)
    monkeypatch.setattr(snapshot_module, "SMALL_BYTES", large)
    # Some have one content, and a folder lies between them.
    files = {f"v2/{name}.json": name[:6] for name in NAMES}
    database.commit(files | {"v2/ward-30.x/1.json": "{}"})
    with closing(Asked(Git(database.path))) as source:
        snapshot = Snapshot(source, database.git("rev-parse", "HEAD^{tree}"))
        for name in sorted(NAMES)[3:]:
            assert snapshot.read(f"v2/{name}.json") == name[:6].encode()
        assert source.asked.count("files") < 12


def test_a_missing_file_that_follows_hurts_only_who_asks_for_it(database: Place) -> None:
    database.commit({f"v2/{name}.json": name for name in NAMES})
    gone = database.git("rev-parse", "HEAD:v2/ward-15.json")
    Path(database.path, ".git", "objects", gone[:2], gone[2:]).unlink()
    snapshot = Snapshot(Git(database.path), database.git("rev-parse", "HEAD^{tree}"))
    for name in ("ward-10", "ward-11", "ward-12", "ward-13", "ward-14", "ward-16"):
        assert snapshot.read(f"v2/{name}.json") == name.encode()
    with pytest.raises(DatabaseError, match=f"no object {gone} for v2/ward-15.json"):
        snapshot.read("v2/ward-15.json")
    snapshot.close()
