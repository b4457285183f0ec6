"""Trees, packs and the writer of trees, compared with what git itself makes of the same changes."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from nes_tasks.errors import GitError
from nes_tasks.git import packs, tree_writer
from nes_tasks.git.command import Git
from nes_tasks.git.packs import (
    BLOB,
    COMMIT,
    FEW_OBJECTS,
    TREE,
    PackWriter,
)
from nes_tasks.git.quarantine import Quarantine
from nes_tasks.git.tree_writer import MOST_DEPTH, TreeWriter
from nes_tasks.git.trees import (
    CHUNK_ENTRIES,
    FILE_MODE,
    FOLDER_MODE,
    Tree,
    TreeEntry,
    apply_delta,
    parse_entries,
)

Changes = dict[bytes, TreeEntry | None]
# Names that sort oddly: around the slash, in several scripts, one the beginning of another.
ODD = ("a", "a-b", "a.json", "a0", "a b", "A", "é", "क", "Z", "-", "a_", "a/", "aa")


@pytest.fixture(params=["sha1", "sha256"])
def git(request: pytest.FixtureRequest, tmp_path: Path) -> Git:
    subprocess.run(
        ["git", "init", "-q", f"--object-format={request.param}", str(tmp_path / "repository")],
        check=True,
    )
    return Git(tmp_path / "repository")


@pytest.fixture
def direct(git: Git) -> Iterator[Direct]:
    direct = Direct(git)
    yield direct
    direct.pack.close()


@pytest.fixture
def pack(git: Git) -> Iterator[PackWriter]:
    with PackWriter(id_size=len(git.empty_tree()) // 2) as pack:
        yield pack


def commit_of(tree: bytes) -> bytes:
    nobody = b"A <a@example.org> 1768435200 +0000"
    return b"tree %b\nauthor %b\ncommitter %b\n\nx\n" % (tree.hex().encode(), nobody, nobody)


class Plain:
    """The plain way: git's index, and ``git write-tree``."""

    def __init__(self, git: Git, index: Path) -> None:
        self.git, self.env = git, {"GIT_INDEX_FILE": str(index)}

    def apply(self, changes: Changes) -> str:
        zero = "0" * len(self.git.empty_tree())
        # What goes makes room first, as among the changes of a writer.
        rows = [
            f"{'100644' if entry else '0'} {entry.oid.hex() if entry else zero}\t".encode() + path
            for path, entry in sorted(changes.items(), key=lambda item: item[1] is not None)
        ]
        given = b"\0".join(rows) + b"\0"
        self.git.run("update-index", "-z", "--index-info", stdin=given, env=self.env)
        return self.git.run("write-tree", "--missing-ok", env=self.env).decode().strip()


class Direct:
    """Our way, one pack for each set of changes or one for all."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self.id_size = len(git.empty_tree()) // 2
        self.root: bytes | None = None
        self.open()

    def open(self) -> None:
        self.pack = PackWriter(id_size=self.id_size)
        self.writer = TreeWriter(self.pack, self.read, id_size=self.id_size)

    def read(self, ids: Sequence[bytes]) -> list[bytes]:
        return [self.git.run("cat-file", "tree", oid.hex()) for oid in ids]

    def blob(self, text: str) -> TreeEntry:
        return TreeEntry(FILE_MODE, self.pack.write(BLOB, text.encode()))

    def apply(self, changes: Changes) -> str:
        self.root = self.writer.apply(self.root, changes)
        return self.root.hex()

    def install(self) -> None:
        self.pack.store(self.git)
        self.pack.close()
        self.open()


@pytest.mark.parametrize("seed", range(6))
def test_random_changes_give_the_trees_that_git_makes(
    direct: Direct, git: Git, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    plain = Plain(git, tmp_path / "index")
    files: dict[str, str] = {}
    for step in range(12):
        texts = changed_files(chance, files, step)
        changes: Changes = {
            path.encode(): None if text is None else direct.blob(text)
            for path, text in texts.items()
        }
        for path, text in texts.items():
            files.pop(path, None) if text is None else files.update({path: text})
        ours = direct.apply(changes)
        direct.install()
        assert ours == plain.apply(changes)
    listed = git.run("ls-tree", "-r", "-z", "--name-only", ours).split(b"\0")[:-1]
    assert sorted(path.decode() for path in listed) == sorted(files)
    git.run("fsck", "--strict")


def changed_files(chance: random.Random, files: dict[str, str], step: int) -> dict[str, str | None]:
    """Return some new, changed and deleted files, and files in the place of folders."""
    changes: dict[str, str | None] = {}
    for _ in range(chance.choice((1, 5, 300))):
        depth = chance.choice((1, 1, 2, 3))
        names = [chance.choice(ODD).strip("/") + str(chance.randrange(40)) for _ in range(depth)]
        path = "/".join(names)
        for other in {*files, *changes}:
            if other.startswith(f"{path}/") or path.startswith(f"{other}/"):
                changes[other] = None
        changes[path] = f"{step} {chance.random()}"
    for path in chance.sample(sorted(files), min(len(files), chance.choice((0, 3, 100)))):
        changes.setdefault(path, None)
    return changes


def test_a_large_folder_is_edited_by_chunks_and_stored_as_deltas(
    direct: Direct, git: Git, tmp_path: Path
) -> None:
    plain = Plain(git, tmp_path / "index")
    count = 160 * CHUNK_ENTRIES
    first: Changes = {
        b"v2/p/%06d.json" % number: direct.blob(str(number)) for number in range(count)
    }
    assert direct.apply(first) == plain.apply(first)
    sizes = [direct.pack.size]
    trees: list[bytes] = []
    for batch in range(MOST_DEPTH + 2):
        changes: Changes = {
            b"v2/p/%06d.json" % (batch * 7): direct.blob(f"again {batch}"),
            b"v2/p/%06d-%d.json" % (count - batch, batch): direct.blob(f"new {batch}"),
            b"v2/p/%06d.json" % (batch * 7 + 3): None,
        }
        trees.append(bytes.fromhex(direct.apply(changes)))
        sizes.append(direct.pack.size)
        assert plain.apply(changes) == trees[-1].hex()
    steps = [after - before for before, after in pairwise(sizes)]
    # A delta of three entries is small; only the chain that grew too long begins anew.
    assert sorted(steps)[-2] < 1000
    assert max(steps) > 50_000
    direct.install()
    for tree in trees:
        git.run("ls-tree", tree.hex())
    git.run("fsck", "--strict")


def test_what_is_not_there_is_not_found_in_a_chunk_where_its_bytes_are() -> None:
    hidden = b" wanted\0" + b"x" * 12
    data = b"100644 a.json\0" + hidden + b"100644 b.json\0" + b"y" * 20
    tree = Tree.parse(data)
    assert tree.find(b"wanted") is None
    assert tree.find(b"a.json") == TreeEntry(FILE_MODE, hidden)
    assert [name for name, _ in tree] == [b"a.json", b"b.json"]
    assert tree.to_bytes() == data


@pytest.mark.parametrize(
    "data", [b"100644 a.json\0short", b"no tree", b"100644 a.json\0" + b"x" * 21]
)
@pytest.mark.parametrize("parse", [Tree.parse, parse_entries])
def test_a_damaged_tree_is_refused(data: bytes, parse: Callable[[bytes, int], object]) -> None:
    with pytest.raises(GitError, match="damaged"):
        parse(data, 20)


def test_a_folder_is_found_among_files_of_its_name() -> None:
    numbers = range(3 * CHUNK_ENTRIES)
    folder = TreeEntry(FOLDER_MODE, b"y" * 20)
    names = {b"%03d" % number: folder for number in numbers}
    files = {b"%03d.json" % number: TreeEntry(FILE_MODE, b"x" * 20) for number in numbers}
    tree = Tree([], [], 20).edited({**names, **files, b"file": files[b"000.json"]})
    wanted = [b"000", b"050", b"051", b"050.json", b"file", b"other"]
    assert tree.folders(wanted) == dict.fromkeys((b"000", b"050", b"051"), folder.oid)
    assert parse_entries(tree.to_bytes(), 20) == [*tree]
    assert Tree([], [], 20).folders(wanted) == {}


def test_a_small_folder_becomes_what_a_large_one_does() -> None:
    """Both ways of editing, and the delta, agree on what has the place of another."""
    file, folder = TreeEntry(FILE_MODE, b"x" * 20), TreeEntry(FOLDER_MODE, b"y" * 20)
    old = Tree([], [], 20).edited({b"a": file, b"b": folder, b"b.c": file, b"d": file})
    changes: Changes = {b"a": folder, b"b": file, b"d": None, b"new": file, b"gone": None}
    found = [(b"b", file), (b"b.c", file), (b"a", folder), (b"new", file)]
    edit = old.edited_as_delta(changes)
    assert sorted(old.edited(changes)) == sorted(found)
    assert edit.tree.to_bytes() == old.edited(changes).to_bytes()
    assert apply_delta(old.to_bytes(), edit.delta) == edit.tree.to_bytes()


def test_a_file_and_a_folder_of_one_name_are_refused(direct: Direct) -> None:
    with pytest.raises(ValueError, match="a file and a folder"):
        direct.apply({b"a": direct.blob("x"), b"a/b": direct.blob("y")})


def test_only_the_folders_of_a_change_are_read(direct: Direct) -> None:
    direct.apply({b"%d/%d/f" % (a, b): direct.blob(f"{a} {b}") for a in range(9) for b in range(9)})
    direct.install()
    read: list[bytes] = []

    rounds: list[int] = []

    def noted(ids: Sequence[bytes]) -> list[bytes]:
        read.extend(ids)
        rounds.append(len(ids))
        return direct.read(ids)

    direct.writer = TreeWriter(direct.pack, noted, id_size=direct.id_size)
    direct.apply({b"4/4/f": direct.blob("new"), b"4/5/f": None})
    assert len(read) == 4
    assert rounds == [1, 1, 2]  # the folders of one folder are read together


def test_trees_that_were_let_go_are_read_back_from_the_pack(
    direct: Direct, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_writer, "KEPT_BYTES", 0)
    plain = Plain(git, tmp_path / "index")
    for step in range(3):
        texts = {f"{a}/{b}/{name:03}": f"{step}" for a in "ab" for b in "cd" for name in (step, 7)}
        texts |= {f"large/{name:03}": f"{step}" for name in range(step, 400, 40)}
        if not step:
            texts |= {f"large/{name:03}": "" for name in range(400)}
        changes: Changes = {path.encode(): direct.blob(text) for path, text in texts.items()}
        assert direct.apply(changes) == plain.apply(changes)
    direct.install()
    assert direct.root is not None
    git.run("fsck", "--strict", direct.root.hex())


def test_nothing_is_visible_before_git_has_checked_the_pack(git: Git, pack: PackWriter) -> None:
    blob = pack.write(BLOB, b"content")
    assert pack.read(pack.number(blob)) == b"content"
    assert pack.write(BLOB, b"content") == blob
    assert len(pack) == 1
    assert git.run_unchecked("cat-file", "-e", blob.hex()).returncode
    pack.store(git)
    assert git.run("cat-file", "blob", blob.hex()) == b"content"


@contextmanager
def aside_in(git: Git) -> Iterator[Quarantine]:
    quarantine = Quarantine(git)
    yield quarantine
    quarantine.discard()


# Few, and so many that git does not look up all that they refer to.
@pytest.mark.parametrize("others", [0, FEW_OBJECTS])
def test_a_pack_with_a_commit_without_its_tree_is_refused(
    git: Git, pack: PackWriter, others: int
) -> None:
    for number in range(others):
        pack.write(BLOB, b"%d" % number)
    tree = os.urandom(len(git.empty_tree()) // 2)
    pack.write(COMMIT, commit_of(tree))
    with aside_in(git) as aside, pytest.raises(GitError, match=r"index-pack|whole"):
        pack.store(git, aside.environment, referred={tree})
    assert not list((git.folder / ".git/objects/pack").glob("pack-*"))


@pytest.mark.parametrize("others", [0, FEW_OBJECTS])
def test_a_delta_that_makes_something_else_is_refused(
    git: Git, pack: PackWriter, others: int
) -> None:
    for number in range(others):
        pack.write(BLOB, b"%d" % number)
    size = len(git.empty_tree()) // 2
    blob = TreeEntry(FILE_MODE, pack.write(BLOB, b"x"))
    tree = Tree([], [], size).edited({b"a": blob})
    base, wrong = pack.write(TREE, tree.to_bytes()), os.urandom(size)
    pack.write_delta(wrong, base, tree.edited_as_delta({b"b": blob}).delta)
    pack.write(COMMIT, commit_of(wrong))
    with pytest.raises(GitError, match=r"index-pack|whole"):
        pack.store(git)


@pytest.mark.parametrize("id_size", [20, 32])
def test_a_name_is_found_where_it_is_an_entry_and_nowhere_else(id_size: int) -> None:
    inside = b"40000 c\0".ljust(id_size, b"\1")
    names = {b"a b": inside, b" d": inside, b"x 100644 e": inside, b"g": b"100644 f\0" * 4}
    entries = {name: TreeEntry(FILE_MODE, oid[:id_size]) for name, oid in names.items()}
    tree = Tree([], [], id_size).edited(entries)
    assert {name: tree.find(name) for name in names} == entries
    assert [tree.find(name) for name in (b"b", b"d", b"c", b"e", b"f", b"h", b"")] == [None] * 7
    behind = tree.edited({b"f": entries[b"g"]})
    assert behind.find(b"f") == entries[b"g"]
    assert behind.edited({b"f": None}).to_bytes() == tree.to_bytes()


def test_without_isal_the_standard_library_compresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)
    assert packs.__file__
    spec = importlib.util.spec_from_file_location("nes_tasks.git.packs_again", packs.__file__)
    assert spec
    assert spec.loader
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    assert again.zlib is zlib
    with again.PackWriter() as pack:
        assert pack.read(pack.number(pack.write(BLOB, b"content"))) == b"content"
