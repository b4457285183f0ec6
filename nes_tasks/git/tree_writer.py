"""Writing the trees of a commit: from an old root and a list of changed paths to a new root.

Only folders that a change lies in are read and written. Within one pack the first version of a
folder is stored whole and later ones as deltas, as each batch of a large migration changes the
same large folders. Whole rather than as a delta to what the repository holds, because a pack on
disk must contain the bases of its deltas: git would store the old folder whole instead.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from .objects import REQUEST_BATCH
from .packs import TREE, PackWriter
from .trees import FOLDER_MODE, Tree, TreeEntry, apply_delta

# git's default limit of how many deltas lie upon each other (pack.depth).
MOST_DEPTH = 50
# Trees below this many bytes are stored whole: a delta would save nothing worth its reading.
WHOLE_BELOW = 4096
# How many bytes of trees are kept for the next batch.
KEPT_BYTES = 64 * 1024 * 1024

T = TypeVar("T")
# A name, the id of the folder that it is (None when it is none), and what goes with it.
Found = tuple[bytes, bytes | None, T]


class _Changes:
    """The changes in one folder: of its files, by name, and those below it, by folder."""

    __slots__ = ("files", "folders")

    def __init__(self) -> None:
        self.files: dict[bytes, TreeEntry | None] = {}
        self.folders: dict[bytes, _Changes] = {}


def _nested(changes: Mapping[bytes, TreeEntry | None]) -> _Changes:
    """Return changes, given by path, as those of the root."""
    root = _Changes()
    known = {b"": root}
    for path, entry in changes.items():
        folder, _, name = path.rpartition(b"/")
        (known.get(folder) or _made(known, folder)).files[name] = entry
    return root


def _made(known: dict[bytes, _Changes], folder: bytes) -> _Changes:
    """Return the changes in `folder`, and make them, as those of all above it, if needed."""
    changes = known.get(folder)
    if changes is None:
        above, _, name = folder.rpartition(b"/")
        changes = known[folder] = _made(known, above).folders[name] = _Changes()
    return changes


class TreeWriter:
    """Writes trees into `pack`; `read` returns the bytes of trees that are in the repository.

    `known` are trees that were read already, by their raw ids. `referred` is what new
    entries refer to.
    """

    def __init__(
        self,
        pack: PackWriter,
        read: Callable[[Sequence[bytes]], Sequence[bytes]],
        *,
        id_size: int,
        known: Mapping[bytes, Tree] | None = None,
    ) -> None:
        self.referred: set[bytes] = set()
        self._known = {} if known is None else known
        self._pack = pack
        self._read = read
        self._id_size = id_size
        # Of each tree that is written as a delta: how many lie upon each other, and the next one.
        self._depths: dict[bytes, int] = {}
        self._bases: dict[bytes, bytes] = {}
        self._kept: OrderedDict[bytes, Tree] = OrderedDict()
        self._kept_bytes = 0

    def apply(self, root: bytes | None, changes: Mapping[bytes, TreeEntry | None]) -> bytes:
        """Return the id of the root with the `changes`, by path; None deletes a file.

        `root` is the raw id of the old root, None for no files. A folder that loses its last
        file goes; a file makes room for a folder of its name when both are among the changes.
        Raises `ValueError` when they leave a file and a folder of one name.
        """
        return self._apply(root, _nested(changes)) or self._pack.write(TREE, b"")

    def find(self, root: bytes, path: bytes) -> TreeEntry | None:
        """Return what is at `path` in the tree with the raw id `root`, None when nothing is."""
        *folders, name = path.split(b"/")
        for folder in folders:
            found = self.tree(root).find(folder)
            if found is None or not found.is_folder:
                return None
            root = found.oid
        return self.tree(root).find(name)

    def _apply(self, oid: bytes | None, changes: _Changes) -> bytes | None:
        """Write the tree that the changes make of the tree `oid`; return its id, None if empty."""
        tree = self.tree(oid) if oid else Tree([], [], self._id_size)
        edits = changes.files
        for name, old, below in self._with_trees(tree, changes.folders):
            folder = self._apply(old, below)
            if folder and edits.get(name):
                raise ValueError(f"{name!r} cannot be a file and a folder")
            if folder:
                edits[name] = TreeEntry(FOLDER_MODE, folder)
            elif old:
                # What is in its place now, if anything, is already among the edits.
                edits.setdefault(name, None)
        self.referred.update(entry.oid for entry in edits.values() if entry)
        return self._write(oid, tree, edits)

    def _write(
        self, base: bytes | None, old: Tree, edits: Mapping[bytes, TreeEntry | None]
    ) -> bytes | None:
        """Write what `edits` make of the tree `old` with the id `base`; return its id."""
        depth = self._depths.get(base, 0) + 1 if base else 0
        is_large = base and base in self._pack and len(old) > WHOLE_BELOW and depth < MOST_DEPTH
        tree, delta = old.edited_as_delta(edits) if is_large else (old.edited(edits), b"")
        if not len(tree):
            return None
        oid = tree.oid()
        if oid == base:
            return oid
        if base and is_large:
            self._pack.write_delta(oid, base, delta)
            self._depths[oid] = depth
            self._bases[oid] = base
        else:
            self._pack.write(TREE, tree.to_bytes(), oid)
        self._keep(oid, tree)
        return oid

    def _with_trees(self, tree: Tree, below: Mapping[bytes, T]) -> Iterator[Found[T]]:
        """Yield each name of `below` with the id of its folder in `tree`.

        The folders are read together.
        """
        here = tree.folders(below)
        waiting = iter(below.items())
        while some := list(islice(waiting, REQUEST_BATCH)):
            found = [(name, here.get(name), rest) for name, rest in some]
            wanted = [oid for _, oid, _ in found if oid and self._tree_here(oid) is None]
            wanted = [*dict.fromkeys(wanted)]
            for oid, data in zip(wanted, self._contents(wanted), strict=True):
                self._keep(oid, Tree.parse(data, self._id_size))
            yield from found

    def tree(self, oid: bytes) -> Tree:
        """Return the tree with the raw id `oid`, from here or from the repository."""
        tree = self._tree_here(oid)
        if tree is None:
            [data] = self._contents([oid])
            tree = Tree.parse(data, self._id_size)
            self._keep(oid, tree)
        return tree

    def _contents(self, ids: Sequence[bytes]) -> list[bytes]:
        """Return trees from the pack, where those are that were written, or the repository."""
        elsewhere = [oid for oid in ids if oid not in self._pack]
        found = dict(zip(elsewhere, self._read(elsewhere) if elsewhere else (), strict=True))
        return [found[oid] if oid in found else self._written(oid) for oid in ids]

    def _written(self, oid: bytes) -> bytes:
        data = self._pack.read(self._pack.number(oid))
        base = self._bases.get(oid)
        return data if base is None else apply_delta(self._written(base), data)

    def _tree_here(self, oid: bytes) -> Tree | None:
        tree = self._kept.get(oid)
        if tree is None:
            return self._known.get(oid)
        self._kept.move_to_end(oid)
        return tree

    def _keep(self, oid: bytes, tree: Tree) -> None:
        if oid not in self._kept:
            self._kept_bytes += len(tree)
        self._kept[oid] = tree
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._kept_bytes -= len(gone)
