"""A snapshot: the files of one commit, whatever the working tree is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from repositories import LOGS, Place, clone, init, partial_clone

from nes_tasks.errors import DatabaseError, GitError
from nes_tasks.git.command import Git
from nes_tasks.git.snapshot import Snapshot

FILES = {
    "v2/entity/person/asha-rai.json": "asha",
    "v2/entity/person/mina-thapa.json": "mina",
    f"{LOGS}/001-first/marker.toml": "marker",
    "README.md": "about",
}


@contextlib.contextmanager
def snapshot(place: Place, revision: str = "HEAD") -> Iterator[Snapshot]:
    """Open the snapshot of a commit."""
    opened = Snapshot(Git(place.path), place.git("rev-parse", f"{revision}^{{tree}}"))
    try:
        yield opened
    finally:
        opened.close()


Made = Callable[[Place, Path], Place]


def bare(source: Place, path: Path) -> Place:
    return clone(source.path, path, "--bare")


def detached(source: Place, path: Path) -> Place:
    there = clone(source.path, path)
    there.git("checkout", "--quiet", "--detach")
    return there


def dirty(source: Place, path: Path) -> Place:
    there = clone(source.path, path)
    there.write({"v2/entity/person/asha-rai.json": "changed", "v2/entity/person/new.json": "new"})
    (path / "README.md").unlink()
    there.git("add", "--all")
    return there


def sparse(source: Place, path: Path) -> Place:
    there = clone(source.path, path)
    there.git("sparse-checkout", "set", LOGS)
    return there


def without_checkout(source: Place, path: Path) -> Place:
    return clone(source.path, path, "--no-checkout")


def submodule(source: Place, path: Path) -> Place:
    service = init(path.parent / "service")
    service.git("-c", "protocol.file.allow=always", "submodule", "add", str(source.path), "nes-db")
    assert (service.path / "nes-db" / ".git").is_file()
    return Place(service.path / "nes-db")


def linked_worktree(source: Place, path: Path) -> Place:
    source.git("worktree", "add", "--quiet", "-b", "other", str(path))
    return Place(path)


def partial(source: Place, path: Path) -> Place:
    return partial_clone(source, path)


@pytest.mark.parametrize(
    "make",
    [
        bare,
        detached,
        dirty,
        sparse,
        without_checkout,
        submodule,
        linked_worktree,
        partial,
    ],
)
def test_every_kind_of_repository_shows_the_committed_files(
    tmp_path: Path, database: Place, make: Made
) -> None:
    database.commit(FILES)
    with snapshot(make(database, tmp_path / "there")) as found:
        assert list(found.walk("")) == sorted(FILES)
        assert found.read("v2/entity/person/asha-rai.json") == b"asha"
        assert not found.exists("v2/entity/person/new.json")


def test_a_sha256_repository_is_read_too(tmp_path: Path) -> None:
    database = init(tmp_path / "db", "--object-format=sha256")
    database.commit(FILES)
    with snapshot(database) as found:
        assert list(found.walk("")) == sorted(FILES)
        assert found.read("README.md") == b"about"


def test_walking_a_partial_clone_fetches_nothing(tmp_path: Path, database: Place) -> None:
    database.commit(FILES)
    there = partial_clone(database, tmp_path / "there")
    before = there.missing()
    with snapshot(there) as found:
        assert list(found.walk("v2")) == sorted(path for path in FILES if path.startswith("v2/"))
        assert found.exists("v2/entity/person/asha-rai.json")
        assert found.blob_id("v2/entity/person/asha-rai.json")
    assert there.missing() == before > 0


def test_a_partial_clone_fetches_many_files_in_one_go(tmp_path: Path, database: Place) -> None:
    files = {f"v2/entity/person/{number:03}.json": f"content {number}" for number in range(100)}
    database.commit(files)
    there = partial_clone(database, tmp_path / "there")
    calls = tmp_path / "calls"
    serving = tmp_path / "upload-pack"
    serving.write_text(f'#!/bin/sh\necho called >> {calls}\nexec git upload-pack "$@"\n')
    serving.chmod(0o755)
    there.git("config", "remote.origin.uploadpack", str(serving))
    with snapshot(there) as found:
        for _ in range(2):
            assert dict(found.read_many(files)) == {k: v.encode() for k, v in files.items()}
    assert calls.read_text().splitlines() == ["called"]
    assert there.missing() == 0


def test_what_a_partial_clone_cannot_fetch_is_an_error_in_gits_words(
    tmp_path: Path, database: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    database.commit(FILES)
    there = partial_clone(database, tmp_path / "there")
    database.path.rename(tmp_path / "gone")
    persons = [path for path in FILES if "person" in path]
    with snapshot(there) as found:
        for paths in (persons, persons[:1]):
            with pytest.raises(GitError, match="does not appear to be a git repository"):
                list(found.read_many(paths))
    assert capfd.readouterr() == ("", "")


def test_an_empty_repository_has_no_files(database: Place) -> None:
    git = Git(database.path)
    found = Snapshot(git, git.empty_tree())
    assert list(found.walk("")) == []
    assert list(found.walk("v2")) == []
    assert found.read("v2/a.json") is None
    found.close()


def test_files_come_in_the_order_of_their_whole_paths(database: Place) -> None:
    paths = ["a-b.json", "a/b.json", "a.json", "a0/c.json", "a/b/c.json", "a/b-c.json", "a/b0.json"]
    database.commit({f"v2/{path}": path for path in paths})
    with snapshot(database) as found:
        assert list(found.walk("v2")) == sorted(f"v2/{path}" for path in paths)
        assert list(found.walk("v2/a")) == sorted(f"v2/{path}" for path in paths if path[1] == "/")


@pytest.mark.parametrize(
    "path",
    ["", "v2", "v2/", "v2/a.json/", "v2/a.json/b", "v2//a.json", "v2/../v2/a.json"],
)
def test_a_path_that_is_no_file_is_none(database: Place, path: str) -> None:
    database.commit({"v2/a.json": "1"})
    with snapshot(database) as found:
        assert not found.exists(path)
        assert found.read(path) is None
        assert found.blob_id(path) is None


@pytest.mark.parametrize(
    ("path", "there"),
    [("v2", True), ("v2/entity", True), ("v2/a.json", False), ("x", False), ("v2/entity/x", False)],
)
def test_folders_are_told_from_files(database: Place, path: str, there: bool) -> None:
    database.commit({"v2/a.json": "1", "v2/entity/b.json": "2"})
    with snapshot(database) as found:
        assert found.is_folder(path) is there


def test_walking_a_file_or_nothing_gives_nothing(database: Place) -> None:
    database.commit({"v2/a.json": "1"})
    with snapshot(database) as found:
        assert list(found.walk("v2/a.json")) == []
        assert list(found.walk("v3")) == []
        assert found.folder("v2/a.json") == {}


def test_many_are_read_in_order_with_none_for_what_is_not_there(database: Place) -> None:
    files = {f"v2/entity/{number:04}.json": f"content {number}" for number in range(600)}
    database.commit(files)
    wanted = [*reversed(files), "v2/none.json", *files]
    with snapshot(database) as found:
        contents = list(found.read_many(wanted))
    assert [path for path, _ in contents] == wanted
    assert dict(contents) == {
        **{path: data.encode() for path, data in files.items()},
        "v2/none.json": None,
    }


def test_reading_one_while_reading_many_mixes_nothing_up(database: Place) -> None:
    files = {f"v2/{number:03}/a.json": str(number) for number in range(300)}
    database.commit(files)
    with snapshot(database) as found:
        for path, data in found.read_many(files):
            assert data == files[path].encode()
            assert found.read("v2/007/a.json") == b"7"


@pytest.mark.parametrize(
    "name",
    [
        "नेपाल.json",
        "e\u0301.json",
        "\u00e9.json",
        "with space.json",
        'with "quotes".json',
        "back\\slash.json",
        "-dash.json",
        "line\nbreak.json",
        "tab\t.json",
        "émoji🇳🇵.json",
    ],
)
def test_any_name_that_git_holds_can_be_read(database: Place, name: str) -> None:
    database.commit({f"v2/{name}": "here"})
    with snapshot(database) as found:
        assert list(found.walk("v2")) == [f"v2/{name}"]
        assert found.read(f"v2/{name}") == b"here"


def test_a_name_that_is_no_utf8_can_be_read(database: Place) -> None:
    blob = Git(database.path).text("hash-object", "-w", "--stdin", stdin=b"here")
    row = b"100644 blob " + blob.encode() + b"\tcaf\xe9.json\0"
    tree = Git(database.path).run("mktree", "-z", stdin=row).decode().strip()
    found = Snapshot(Git(database.path), tree)
    assert [found.read(path) for path in found.walk("")] == [b"here"]
    found.close()


def test_links_are_files_that_hold_their_target(database: Place) -> None:
    database.write({"v2/a.json": "1"})
    (database.path / "v2" / "link.json").symlink_to("a.json")
    (database.path / "v2" / "folder").symlink_to("..")
    database.commit()
    with snapshot(database) as found:
        assert list(found.walk("v2")) == ["v2/a.json", "v2/folder", "v2/link.json"]
        assert found.read("v2/link.json") == b"a.json"
        assert found.read("v2/folder/README.md") is None


def test_a_submodule_inside_is_not_entered(tmp_path: Path, database: Place) -> None:
    commit = init(tmp_path / "inner").commit({"x": "1"})
    database.commit({"v2/a.json": "1"})
    database.git("update-index", "--add", "--cacheinfo", f"160000,{commit},v2/inner")
    database.git("commit", "--quiet", "--message", "With a submodule")
    with snapshot(database) as found:
        assert list(found.walk("v2")) == ["v2/a.json"]
        assert not found.exists("v2/inner")
        assert list(found.walk("v2/inner")) == []


def test_a_large_folder_is_read_whole(database: Place) -> None:
    names = [f"v2/entity/{number:05}.json" for number in range(20_000)]
    blob = Git(database.path).text("hash-object", "-w", "--stdin", stdin=b"same")
    rows = "".join(f"100644 {blob}\t{name}\n" for name in names)
    Git(database.path).run("update-index", "--index-info", stdin=rows.encode())
    tree = database.git("write-tree")
    found = Snapshot(Git(database.path), tree)
    assert list(found.walk("v2/entity")) == names
    assert found.exists(names[12_345])
    found.close()


def test_what_is_missing_is_named(database: Place) -> None:
    database.commit(FILES)
    path = "v2/entity/person/asha-rai.json"
    oid = database.git("rev-parse", f"HEAD:{path}")
    (database.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with snapshot(database) as found:
        assert found.exists(path)
        with pytest.raises(DatabaseError, match=f"damaged: git has no object {oid} for {path}"):
            found.read(path)


def test_a_missing_folder_is_named(database: Place) -> None:
    database.commit(FILES)
    oid = database.git("rev-parse", "HEAD:v2/entity")
    (database.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with snapshot(database) as found:
        with pytest.raises(DatabaseError, match=f"no object {oid} for v2/entity") as raised:
            list(found.walk(""))
        assert "git fsck" in str(raised.value.hint)
        assert found.read("README.md") == b"about"


def test_a_snapshot_does_not_change_when_the_repository_does(database: Place) -> None:
    database.commit(FILES)
    with snapshot(database) as found:
        assert found.exists("README.md")
        database.git("rm", "--quiet", "README.md")
        database.commit({"v2/entity/person/asha-rai.json": "changed"})
        assert found.read("README.md") == b"about"
        assert found.read("v2/entity/person/asha-rai.json") == b"asha"


def test_no_file_of_the_working_tree_is_opened(database: Place) -> None:
    database.commit(FILES)
    for path in FILES:
        (database.path / path).unlink()
        (database.path / path).symlink_to("/nonexistent")
    (database.path / ".git" / "index").unlink()
    with snapshot(database) as found:
        assert dict(found.read_many(FILES)) == {k: v.encode() for k, v in FILES.items()}
