"""A transaction: the snapshot of one commit, overlaid with writes not visible to others yet.

Writes become objects in quarantine at once, and commits on a private ref at the end. The database
does not change until the caller publishes the last commit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from ..errors import DatabaseError
from ..git.command import Git
from ..git.commit import Signature as Signature
from ..git.diff import Change
from ..git.object_writer import ObjectWriter
from ..git.objects import ObjectReader, file_id
from ..git.refs import RefWriter, change_refs
from ..git.snapshot import GitSource, Snapshot
from ..git.trees import TreeEntry
from .data_path import VERSIONS, Collisions, RefusedPathError, check_data_path, type_of
from .marker import Statistics
from .overlay import Overlay

# The empty commit that a database begins with: the state before its first migration.
ROOT_MESSAGE = "Create the database\n"

# Called with the number of a batch, from 1, and the number of batches; None for the merge.
Message = Callable[[int | None, int], str]


class Transaction(Overlay):
    """Reads and writes the files of `data_dir` on top of `base`.

    `base` is a commit id, None for a repository without commits; `ref` is the private ref that the
    result is put on. Paths are relative to `data_dir`. It implements
    `nes_tasks.database.store.Store`. Use it in a ``with`` block: leaving it without `commit`
    discards everything. `source` reads the objects of the repository. A given `reader` and `refs`
    are shared, and stay open after the transaction.
    """

    def __init__(
        self,
        git: Git,
        *,
        base: str | None,
        ref: str,
        data_dir: str,
        reader: ObjectReader | None = None,
        refs: RefWriter | None = None,
    ) -> None:
        self.base = base
        self.source = GitSource(git, reader)
        self.base_tree = self.source.tree_of(base)
        self._refs = refs
        super().__init__(Snapshot(self.source, self.base_tree), data_dir)
        self._git = git
        self._ref = ref
        self._objects: ObjectWriter | None = ObjectWriter(
            git, self.source, id_digits=len(self.base_tree), known=self._snapshot.large_trees
        )
        # The raw ids that the base has at touched paths; that of a new file is not among them.
        self._before: dict[str, bytes] = {}
        # The changes of the commits against the base, once they exist.
        self.changes: Sequence[Change] = ()
        # All folders of written files, so that a file cannot replace one.
        self._folders: set[str] = set()
        self._collisions = Collisions(self._snapshot.unfolded, self._is_there)

    def raw_trees(self, ids: Sequence[str]) -> Sequence[bytes | None]:
        """Return trees of the repository as git stores them, None for one that is not there."""
        return self._snapshot.raw_trees(ids)

    def raw_pair(self, tree: str, file: str) -> Sequence[bytes | None]:
        """Return a tree as `raw_trees` does, and the content of a file."""
        return self._snapshot.raw_pair(tree, file)

    def _contents(self, written: Sequence[tuple[str, int]]) -> Sequence[bytes]:
        return self._writer.read_many([mark for _, mark in written])

    # Writing

    def write(self, path: str, data: bytes, *, rewrite: bool = False) -> None:
        """Set the content of the file at `path`; the content of the base is not a change.

        A stored version changes only with `rewrite`. Raises `RefusedPathError` (a `ValueError`)
        for a path that a migration may not write, for another spelling of a name that is there,
        and for one that is a folder or below a file.
        """
        check_data_path(path)
        full = self._prefix + path
        stored = self._before.get(full) or self._snapshot.file_id(full)
        if self._touched.get(full, stored) is None:
            self._make_room(full)
        oid = None
        if stored is not None:
            oid = file_id(data, len(stored))
            if oid == stored:
                self._touched.pop(full, None)
                return
            if not rewrite and path.startswith(VERSIONS):
                raise _version_is_kept(path)
            self._before[full] = stored
        self._touched[full] = self._writer.blob(data, oid)

    def delete(self, path: str, *, rewrite: bool = False) -> bool:
        """Remove the file at `path`; return whether there was one. Raises as `write` does."""
        check_data_path(path)
        full = self._prefix + path
        existed = self._is_file(full)
        if not rewrite:
            self._keep_version(path)
        self._note_deletion(full)
        if (stored := self._snapshot.file_id(full)) is not None:
            self._before[full] = stored
        return existed

    def is_stored_version(self, path: str) -> bool:
        """Return whether `path` is a version that the base has."""
        return path.startswith(VERSIONS) and self._snapshot.exists(self._prefix + path)

    def _keep_version(self, path: str) -> None:
        """Refuse to change a version that the base has: history is not overwritten by accident."""
        if self.is_stored_version(path):
            raise _version_is_kept(path)

    def counts_by_type(self) -> dict[str, tuple[int, int, int]]:
        """Return how many of each type were created, changed and deleted, see `type_of`."""
        found: dict[str, list[int]] = {}
        for path, mark in self._touched.items():
            parts = path.removeprefix(self._prefix).split("/")
            if parts[0] not in ("entity", "relationship"):
                continue
            was = path in self._before
            if was or mark is not None:
                deed = 2 if mark is None else 1 if was else 0
                found.setdefault(type_of(parts), [0, 0, 0])[deed] += 1
        return {name: (new, changed, gone) for name, (new, changed, gone) in found.items()}

    def statistics(self) -> Statistics:
        """Return what has changed so far against the base, by kind of file."""
        counts = dict.fromkeys(Statistics.__dataclass_fields__, 0)
        counts["files"] = len(self._touched)
        plural = {"entity": "entities", "relationship": "relationships"}
        for path, mark in self._touched.items():
            kind = path.removeprefix(self._prefix).split("/", 1)[0]
            created = path not in self._before
            if kind in plural:
                change = "deleted" if mark is None else "created" if created else "updated"
                counts[f"{plural[kind]}_{change}"] += 1
            elif kind == "version" and created:
                counts["versions_created"] += 1
        return Statistics(**counts)

    def commit(
        self,
        records: Iterable[tuple[str, bytes]],
        *,
        message: Message,
        author: Signature,
        committer: Signature,
        batch_size: int,
        linear: bool = False,
        sign: bool = False,
    ) -> Sequence[str]:
        """Write all changes as commits of at most `batch_size` files and return their ids.

        `records` are files (path below the data folder, content) that are written whatever else
        changed, after everything else: the last of them is in the last commit. Batches are
        ordered by path, so each folder's tree is rewritten in as few of them as possible.

        One batch is one ordinary commit. Several are a side chain, closed by a merge whose
        first parent is the base and whose tree is that of the last batch; with `linear` there
        is not a merge. Where there is no commit yet an empty one comes first; it is not among the
        ids that are returned. With `sign` git signs each of them. The transaction is over
        afterwards. Raises `GitError`, and `UnavailableError` when git cannot sign.
        """
        writer = self._writer
        # A record may replace an existing one with the same bytes; nothing changes then.
        last = [(self._prefix + path, writer.blob(data)) for path, data in records]
        batches = _batches(sorted(self._touched.items()), last, batch_size)
        count, tree = len(batches), self.base_tree
        chain: list[tuple[str, Signature, str]] = []
        if self.base is None:
            chain.append((ROOT_MESSAGE, committer, writer.tree(tree, {})))
        for number, batch in enumerate(batches, 1):
            tree = writer.tree(tree, dict(map(self._change, batch)))
            chain.append((message(number, count), author, tree))
        merge = message(None, count) if count > 1 and not linear else None

        def write(text: str, who: Signature, tree: str, parents: Sequence[str]) -> str:
            return writer.commit(
                tree=tree,
                parents=parents,
                message=text,
                author=who,
                committer=committer,
                sign=sign,
            )

        made: list[str] = []
        before = [self.base] if self.base else []
        for text, who, root in chain:
            made.append(write(text, who, root, made[-1:] or before))
        if self.base is None:
            before = [made.pop(0)]
        if merge is not None:
            made.append(write(merge, author, tree, [*before, made[-1]]))
        writer.install()
        step = f"update {self._ref} {made[-1]}"
        if self._refs is None:
            change_refs(self._git, [step])
        else:
            self._refs.change(step)
        self.changes = [self._described(change) for batch in batches for change in batch]
        self.close()
        return made

    def _described(self, change: tuple[str, int | None]) -> Change:
        """Return the net change of a path against the base."""
        path, mark = change
        new = None if mark is None else self._writer.file(mark).oid.hex()
        if path in self._touched:
            before = self._before.get(path)
            return Change(path, None if before is None else before.hex(), new)
        # A record, in a folder with those of all migrations: nothing else was looked up there.
        old = self._writer.find(self.base_tree, os.fsencode(path))
        return Change(path, None if old is None or old.is_folder else old.oid.hex(), new)

    def _change(self, change: tuple[str, int | None]) -> tuple[bytes, TreeEntry | None]:
        path, mark = change
        return os.fsencode(path), None if mark is None else self._writer.file(mark)

    def close(self) -> None:
        """End the transaction; uncommitted changes are discarded."""
        if self._objects is not None:
            self._objects.close()
            self._objects = None
        self._snapshot.close()

    def __enter__(self) -> Transaction:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _writer(self) -> ObjectWriter:
        if self._objects is None:
            raise DatabaseError("the transaction is over; nothing can be written any more")
        return self._objects

    def _is_there(self, full: str) -> bool:
        return self._is_file(full) or self._is_folder(full)

    def _is_folder(self, full: str) -> bool:
        return full in self._folders or self._snapshot.is_folder(full)

    def _make_room(self, full: str) -> None:
        """Check that a file can be at `full`, where there is none.

        git would accept paths that no file system can hold, and silently replace a whole folder
        with a file.
        """
        if self._is_folder(full):
            raise RefusedPathError(f"{full!r} is a folder")
        folder, _, name = full.rpartition("/")
        self._collisions.check(folder, name)
        above: list[str] = []
        while folder and folder not in self._folders:
            if self._is_file(folder):
                raise RefusedPathError(f"{full!r} is below {folder!r}, which is a file")
            above.append(folder)
            folder, _, name = folder.rpartition("/")
            self._collisions.check(folder, name)
        self._folders.update(above)


def _version_is_kept(path: str) -> RefusedPathError:
    return RefusedPathError(
        f"{path!r} is a stored version; only put_version and delete_version change it"
    )


def _batches(
    changes: Sequence[tuple[str, int | None]], records: Sequence[tuple[str, int]], size: int
) -> list[Sequence[tuple[str, int | None]]]:
    """Split changes and records into batches of at most `size` files.

    Records stay together if they fit into one batch: a commit with only a marker looks like an
    adoption.
    """
    files = [*changes, *records]
    cuts = [*range(0, len(files), size)]
    if cuts[-1] > len(changes) and len(records) <= size:
        cuts[-1] = len(changes)
    return [files[at:end] for at, end in pairwise([*cuts, len(files)])]
