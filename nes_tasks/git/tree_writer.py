"""Writing the trees of a commit: from an old root and a list of changed paths to a new root.

Only folders that a change lies in are read and written. Within one pack the first version of a
folder is stored whole and later ones as deltas, as each batch of a large migration changes the
same large folders. Whole rather than as a delta to what the repository holds, because a pack on
disk must contain the bases of its deltas: git would store the old folder whole instead.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
# A name, what it is in a folder (None when it is not there), and what goes with it.
Found = tuple[bytes, TreeEntry | None, T]


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
        return self._apply(root, changes.items()) or self._pack.write(TREE, b"")

    def find(self, root: bytes, path: bytes) -> TreeEntry | None:
        """Return what is at `path` in the tree with the raw id `root`, None when nothing is."""
        *folders, name = path.split(b"/")
        for folder in folders:
            found = self.tree(root).find(folder)
            if found is None or not found.is_folder:
                return None
            root = found.oid
        return self.tree(root).find(name)

    def _apply(
        self, oid: bytes | None, changes: Iterable[tuple[bytes, TreeEntry | None]]
    ) -> bytes | None:
        tree = self.tree(oid) if oid else Tree([], [], self._id_size)
        edits: dict[bytes, TreeEntry | None] = {}
        below: dict[bytes, list[tuple[bytes, TreeEntry | None]]] = {}
        for path, entry in changes:
            name, slash, rest = path.partition(b"/")
            if slash:
                below.setdefault(name, []).append((rest, entry))
            else:
                edits[name] = entry
        for name, old, rows in self._with_trees(tree, below):
            folder = self._apply(old.oid if old and old.is_folder else None, rows)
            if folder and edits.get(name):
                raise ValueError(f"{name!r} cannot be a file and a folder")
            if folder:
                edits[name] = TreeEntry(FOLDER_MODE, folder)
            elif old and old.is_folder:
                # What is in its place now, if anything, is already among the edits.
                edits.setdefault(name, None)
        self.referred.update(entry.oid for entry in edits.values() if entry)
        new = tree.edited(edits)
        if not len(new.tree):
            return None
        return self._write(oid, new.tree, new.delta)

    def _write(self, base: bytes | None, tree: Tree, delta: bytes) -> bytes:
        oid = tree.oid()
        if oid == base:
            return oid
        depth = self._depths.get(base, 0) + 1 if base else 0
        if base and base in self._pack and len(tree) > WHOLE_BELOW and depth < MOST_DEPTH:
            self._pack.write_delta(oid, base, delta)
            self._depths[oid] = depth
            self._bases[oid] = base
        else:
            self._pack.write(TREE, tree.to_bytes())
        self._keep(oid, tree)
        return oid

    def _with_trees(self, tree: Tree, below: Mapping[bytes, T]) -> Iterator[Found[T]]:
        """Yield each name of `below` with what it is in `tree`; folders are read together."""
        waiting = iter(below.items())
        while some := list(islice(waiting, REQUEST_BATCH)):
            found = [(name, tree.find(name), rows) for name, rows in some]
            ids = [old.oid for _, old, _ in found if old and old.is_folder]
            here = {oid: self._tree_here(oid) for oid in ids}
            wanted = [oid for oid, one in here.items() if one is None]
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
