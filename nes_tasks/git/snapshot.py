"""A snapshot: the files of one commit, read from git's objects.

The working tree is never looked at, so it may be dirty, sparse, or absent (a bare repository,
a clone without checkout).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from typing import Any, NamedTuple, Protocol

from ..errors import DatabaseError
from .command import Git
from .incomplete_clone import fetch_files
from .objects import REQUEST_BATCH, ObjectReader
from .read_ahead import (
    Companions,
    ReadAhead,
    RecentFiles,
    following_in,
    rank_of_file,
    rank_of_folder,
)
from .trees import Tree, parse_entries

GITLINK_MODE = b"160000"
# What is kept of the files that were read last, in bytes: a script lists what it then changes.
KEPT_BYTES = 32 * 1024 * 1024
# What is kept of large trees that somebody else looks into, in bytes: two of 500,000 names.
KEPT_TREE_BYTES = 64 * 1024 * 1024

# From how many bytes of its tree on a folder is large: some 20,000 names.
LARGE_BYTES = 1024 * 1024
# A tree with more bytes than these is only taken apart after one look-up per so many of them.
SMALL_BYTES, BYTES_PER_LOOKUP = 4096, 512
# Among how many names of a large folder to look for the folders that follow one.
LOOKED_AHEAD = 4 * REQUEST_BATCH


class Entry(NamedTuple):
    """One name in a folder: a folder or a file, with the id of its tree or blob."""

    is_folder: bool
    oid: bytes


class LazyFolder(Mapping[str, Entry]):
    """The names of a folder, looked up in its tree without taking it apart.

    That of a folder which is not `LARGE_BYTES` large is taken apart after many look-ups.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        size = len(tree)
        self._lookups_left = size // BYTES_PER_LOOKUP if size <= LARGE_BYTES else -1
        self._entries: dict[str, Entry] | None = None

    def __getitem__(self, name: str) -> Entry:
        """Return what `name` is; raises `KeyError` when it is not there."""
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """Return what `name` is, the default when it is not there."""
        return self._find(name) or default

    def _find(self, name: str) -> Entry | None:
        if self._entries is not None:
            return self._entries.get(name)
        if self._lookups_left == 0:
            self._entries = dict(self.items())
        self._lookups_left -= 1
        found = self._tree.find(name.encode(errors="surrogateescape"))
        if found is None or found.mode == GITLINK_MODE:
            return None
        return Entry(found.is_folder, found.oid)

    def __iter__(self) -> Iterator[str]:
        """Yield the names in git's order."""
        return (name for name, _ in self.items())

    def items(self) -> Any:
        """Yield each name with what it is, in git's order."""
        for name, found in self._tree:
            if found.mode != GITLINK_MODE:
                yield name.decode(errors="surrogateescape"), Entry(found.is_folder, found.oid)

    def __len__(self) -> int:
        """Return the number of names."""
        return sum(1 for _ in self)

    def folders_from(self, name: str) -> Iterator[str]:
        """Yield the names of folders from `name` on, as far as they are close together."""
        return self._names_from(f"{name}/" if name else "", are_folders=True)

    def files_from(self, name: str) -> Iterator[str]:
        """Yield the names of files from `name` on, as far as they are close together."""
        return self._names_from(name, are_folders=False)

    def _names_from(self, first: str, *, are_folders: bool) -> Iterator[str]:
        start = first.encode(errors="surrogateescape")
        for name, found in islice(self._tree.items_from(start), LOOKED_AHEAD):
            if found.is_folder is are_folders and found.mode != GITLINK_MODE:
                yield name.decode(errors="surrogateescape")

    def unfolded(self) -> Iterator[str]:
        """Yield the names that have other characters than lower-case ASCII."""
        return (name.decode(errors="surrogateescape") for name in self._tree.unfolded())


class Source(Protocol):
    """Where a snapshot gets trees and files from, by the ids that git gives them.

    Each method returns the contents in the order of `ids`, None for one that is not there or is
    of another kind.
    """

    def trees(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        """Return trees in git's own format."""
        ...

    def files(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        """Return the contents of files."""
        ...

    def pair(self, tree: str, file: str) -> Sequence[bytes | None]:
        """Return a tree and the content of a file, in one go."""
        ...

    def close(self) -> None:
        """End what reading has started."""
        ...


class GitSource:
    """The objects of a repository; a partial clone fetches the files that it lacks.

    A `reader` that is given stays open: others go on using it.
    """

    def __init__(self, git: Git, reader: ObjectReader | None = None) -> None:
        self._git = git
        self._borrowed = reader is not None
        self._reader = reader or ObjectReader(git)

    def tree_of(self, commit: str | None) -> str:
        """Return the tree of a commit, the one without files for None; raises `GitError`."""
        if commit is None or not self._borrowed:
            return self._git.tree_of(commit)
        found = self._reader.get(f"{commit}^{{tree}}")
        return found.oid if found else self._git.tree_of(commit)

    def trees(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        """Return trees in git's own format."""
        return self._contents("tree", ids)

    def files(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        """Return the contents of files; those that a partial clone lacks come in one go."""
        if len(ids) > 1 and self._git.is_partial:
            fetch_files(self._git, ids)
        return self._contents("blob", ids)

    def pair(self, tree: str, file: str) -> Sequence[bytes | None]:
        """Return a tree and the content of a file, in one go."""
        return self._of_kinds(("tree", "blob"), (tree, file))

    def _contents(self, kind: str, ids: Sequence[str]) -> Sequence[bytes | None]:
        return self._of_kinds(repeat(kind, len(ids)), ids)

    def _of_kinds(self, kinds: Iterable[str], ids: Sequence[str]) -> Sequence[bytes | None]:
        return [
            one.data if one is not None and one.kind == kind else None
            for kind, one in zip(kinds, self._reader.get_many(ids), strict=True)
        ]

    def close(self) -> None:
        """End the reading process, unless another object owns it."""
        if not self._borrowed:
            self._reader.close()


def read_files(source: Source, files: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """Yield the contents of files, given by their path and id; raises `DatabaseError`."""
    waiting = iter(files)
    while some := list(islice(waiting, REQUEST_BATCH)):
        for (path, oid), data in zip(some, source.files([oid for _, oid in some]), strict=True):
            if data is None:
                raise missing_object(path, oid)
            yield data


class Snapshot:
    """The immutable files below `tree`, by path from the root of `source`. Reads only.

    Folders are read when they are first needed and kept; of files only those that were read last.
    Memory grows with the number of names in the folders that were looked at.
    """

    def __init__(self, source: Git | Source, tree: str) -> None:
        self._source = GitSource(source) if isinstance(source, Git) else source
        self._tree = tree
        self._id_size = len(tree) // 2
        self._folders: dict[str, Mapping[str, Entry]] = {}
        self._ahead: dict[str, ReadAhead] = {}
        # The same for the files of a folder; None until a second one of them is read.
        self._files_ahead: dict[str, ReadAhead | None] = {}
        self._recent = RecentFiles(KEPT_BYTES)
        # The trees of large folders that were looked at, by their raw ids.
        self.large_trees: dict[bytes, Tree] = {}
        self._room = KEPT_TREE_BYTES
        # Trees of other folders that are looked into next, by their ids.
        self._passed_on = RecentFiles(KEPT_BYTES)
        self._companions = Companions()

    def blob_id(self, path: str) -> str | None:
        """Return the id of the file at `path`, None when there is no file."""
        entry = self._entry(path)
        return None if entry is None or entry.is_folder else entry.oid.hex()

    def file_id(self, path: str) -> bytes | None:
        """Return the raw id of the file at `path`, None when there is no file."""
        entry = self._entry(path)
        return None if entry is None or entry.is_folder else entry.oid

    def exists(self, path: str) -> bool:
        """Return whether there is a file at `path`."""
        entry = self._entry(path)
        return entry is not None and not entry.is_folder

    def is_folder(self, path: str) -> bool:
        """Return whether there is a folder at `path`."""
        entry = self._entry(path)
        return entry is not None and entry.is_folder

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at `path`, None when there is no file."""
        oid = self.blob_id(path)
        if oid is None:
            return None
        data = self._recent.get(oid)
        return next(self._read([path]))[1] if data is None else data

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Return each path with its content, None for a path without a file, in this order."""
        waiting: list[str] = []
        for path in paths:
            waiting.append(path)
            if len(waiting) == REQUEST_BATCH:
                yield from self._read(waiting)
                waiting = []
        yield from self._read(waiting)

    def _read(self, paths: list[str]) -> Iterator[tuple[str, bytes | None]]:
        ids = [self.blob_id(path) for path in paths]
        contents = {oid: self._recent.get(oid) for oid in ids if oid}
        wanted = [oid for oid, data in contents.items() if data is None]
        for oid, found in zip(wanted, self._files(paths, wanted), strict=True):
            if found is None:
                raise missing_object(paths[ids.index(oid)], oid)
            contents[oid] = found
            self._recent.keep(oid, found)
        for path, blob in zip(paths, ids, strict=True):
            yield path, contents[blob] if blob else None

    def _files(self, paths: Sequence[str], ids: Sequence[str]) -> Sequence[bytes | None]:
        """Return contents; with that of a single file comes what seems to be needed next.

        That is the files that follow, to a sequential reader, else the tree of another folder.
        """
        if not ids:
            return ()
        if len(paths) > 1:
            return self._source.files(ids)
        folder = self._companions.after(paths[0])
        following = self._unread_files_after(paths[0], ids[0])
        if following:
            file, *others = self._source.files([ids[0], *following])
            for oid, data in zip(following, others, strict=True):
                if data is not None:  # those that are needed raise then
                    self._recent.keep(oid, data)
            return [file]
        tree = self._unread_tree(folder) if folder else None
        if tree is None:
            return self._source.files(ids)
        self._companions.guessed()
        data, file = self._source.pair(tree, ids[0])
        self._pass_on(tree, data)
        return [file]

    def _unread_files_after(self, path: str, oid: str) -> Sequence[str]:
        """Return the ids of the files to read along with one, which is read alone."""
        parent, _, name = path.rpartition("/")
        ahead = self._files_ahead.get(parent)
        if ahead is None:
            if parent in self._files_ahead:
                entries = self._folders[parent]
                ahead = ReadAhead(_files_from(entries), REQUEST_BATCH, name)
            self._files_ahead[parent] = ahead
            return ()
        entries = self._folders[parent]
        ids = dict.fromkeys(entries[other].oid.hex() for other in ahead.along(name))
        return [other for other in ids if other != oid and self._recent.get(other) is None]

    def _unread_tree(self, path: str) -> str | None:
        """Return the id of the tree of a folder if that is there, unread, and not read along."""
        parent, _, name = path.rpartition("/")
        if path in self._folders or parent not in self._folders:
            return None
        entry = self._folders[parent].get(name)
        if entry is None or not entry.is_folder:
            return None
        ahead = self._ahead.get(parent)
        is_read_along = ahead is not None and ahead.expects(name)
        return None if is_read_along or self._is_here(entry.oid) else entry.oid.hex()

    def _is_here(self, oid: bytes) -> bool:
        """Return whether a tree was read already, for another reason than to look into it."""
        return oid in self.large_trees or self._passed_on.get(oid.hex()) is not None

    def walk(self, folder: str) -> Iterator[str]:
        """Return the paths of all files below `folder`, sorted; empty when it is absent."""
        entries = self.folder(folder)
        # A folder sorts as its files' paths do: with the slash that follows its name.
        ordered = sorted(f"{name}/" if e.is_folder else name for name, e in entries.items())
        prefix = f"{folder}/" if folder else ""
        for name in ordered:
            if name.endswith("/"):
                yield from self.walk(prefix + name[:-1])
            else:
                yield prefix + name

    def folder(self, path: str) -> Mapping[str, Entry]:
        """Return the entries of the folder at `path`; empty when it does not exist."""
        if path not in self._folders:
            self._read_folders(path)
        return self._folders[path]

    def raw_trees(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        """Return trees of the source as git stores them, for somebody else to look into.

        They are kept, up to a limit: what changes in them is looked up here as well.
        """
        found = self._source.trees(ids)
        for oid, data in zip(ids, found, strict=True):
            self._pass_on(oid, data)
        return found

    def raw_pair(self, tree: str, file: str) -> Sequence[bytes | None]:
        """Return a tree as `raw_trees` does, and the content of a file."""
        found = self._source.pair(tree, file)
        self._pass_on(tree, found[0])
        return found

    def _pass_on(self, oid: str, data: bytes | None) -> None:
        """Keep a tree that is looked into next, up to a limit."""
        raw = bytes.fromhex(oid)
        if data is None or raw in self.large_trees:
            return
        if len(data) <= LARGE_BYTES:
            if self._passed_on.get(oid) is None:
                self._passed_on.keep(oid, data)
        elif len(data) <= self._room:
            self._room -= len(data)
            self.large_trees[raw] = Tree.parse(data, self._id_size)

    def _read_folders(self, path: str) -> None:
        """Read the folder at `path`, and with it those that will be asked for next."""
        self._companions.note(path)
        trees = self._trees(path)
        if not trees:
            self._folders[path] = {}
            return
        for folder, oid in trees.items():
            if (large := self.large_trees.get(bytes.fromhex(oid))) is not None:
                self._folders[folder] = LazyFolder(large)
            elif (small := self._passed_on.get(oid)) is not None:
                self._folders[folder] = self._parse(oid, small)
        if path in self._folders:
            return
        trees = {folder: oid for folder, oid in trees.items() if folder not in self._folders}
        found = self._source.trees([*trees.values()])
        for (folder, oid), tree in zip(trees.items(), found, strict=True):
            if tree is not None:
                self._folders[folder] = self._parse(oid, tree)
            elif folder == path:  # the rest raise when they are requested
                raise missing_object(folder or "the root folder", oid)

    def _trees(self, path: str) -> dict[str, str]:
        """Return the ids of the trees to read, by folder; empty when `path` is not a folder."""
        if not path:
            return {"": self._tree}
        parent, slash, name = path.rpartition("/")
        entries = self.folder(parent)
        found = entries.get(name)
        if found is None or not found.is_folder:
            return {}
        if self._is_here(found.oid):
            return {path: found.oid.hex()}
        if parent not in self._ahead:
            self._ahead[parent] = ReadAhead(_folders_from(entries), REQUEST_BATCH)
        along = {f"{parent}{slash}{name}": name for name in self._ahead[parent].along(name)}
        return {
            folder: entries[name].oid.hex()
            for folder, name in along.items()
            if folder not in self._folders
        }

    def _entry(self, path: str) -> Entry | None:
        parent, _, name = path.rpartition("/")
        return self.folder(parent).get(name)

    def unfolded(self, path: str) -> Iterable[str]:
        """Return the names in the folder at `path` that are not plain lower-case ASCII."""
        folder = self.folder(path)
        if isinstance(folder, LazyFolder):
            return folder.unfolded()
        return [name for name in folder if not (name.isascii() and name == name.lower())]

    def _parse(self, oid: str, data: bytes) -> Mapping[str, Entry]:
        # Few names are looked up in a large folder; those of a small one are taken apart at once.
        if len(data) <= SMALL_BYTES:
            return {
                name.decode(errors="surrogateescape"): Entry(found.is_folder, found.oid)
                for name, found in parse_entries(data, self._id_size)
                if found.mode != GITLINK_MODE
            }
        tree = Tree.parse(data, self._id_size)
        if len(data) > LARGE_BYTES:
            self.large_trees[bytes.fromhex(oid)] = tree
        return LazyFolder(tree)

    def close(self) -> None:
        """End what reading has started."""
        self._source.close()


def _folders_from(entries: Mapping[str, Entry]) -> Callable[[str], Iterable[str]]:
    """Return what yields the folders among `entries` from a name on.

    Those of a large folder are not all named for it: most of them nobody asks for.
    """
    if isinstance(entries, LazyFolder):
        return entries.folders_from
    folders = [name for name, entry in entries.items() if entry.is_folder]
    return following_in(folders, rank=rank_of_folder)


def _files_from(entries: Mapping[str, Entry]) -> Callable[[str], Iterable[str]]:
    """Return what yields the files among `entries` from a name on."""
    if isinstance(entries, LazyFolder):
        return entries.files_from
    files = [name for name, entry in entries.items() if not entry.is_folder]
    return following_in(files, rank=rank_of_file)


def missing_object(path: str, oid: str) -> DatabaseError:
    """Return the error for an object that a tree names and the repository does not hold."""
    return DatabaseError(
        f"the database is damaged: git has no object {oid} for {path}",
        hint="see git fsck, or clone the database again",
    )
