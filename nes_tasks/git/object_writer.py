"""Writing the objects of a transaction: files, folders and commits, invisible before the end.

What is written waits in a file without a name, then in a quarantine, and is in the repository after
`install`. Otherwise a migration that fails after a gigabyte would leave the gigabyte there. No
ref is written: the caller makes one when the objects that it needs are in the repository.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from contextlib import closing

from ..errors import GitError
from .command import Git
from .commit import Signature, commit_bytes, write_signed_commit
from .packs import BLOB, COMMIT, PackWriter
from .quarantine import Quarantine
from .snapshot import GitSource, Source
from .tree_writer import TreeWriter
from .trees import FILE_MODE, Tree, TreeEntry


class ObjectWriter:
    """New objects of the repository of `git`; `source` reads the trees that are there.

    `id_digits` is the length of an id of the repository as hexadecimal text. `known` are trees
    that were read already, by their raw ids.
    """

    def __init__(
        self,
        git: Git,
        source: Source | None = None,
        *,
        id_digits: int,
        known: Mapping[bytes, Tree] | None = None,
    ) -> None:
        self._git = git
        self._borrowed = source is not None
        self._is_stored = False
        self._source = source or GitSource(git)
        self._made_quarantine: Quarantine | None = None
        id_size = id_digits // 2
        self._pack = PackWriter(git.objects, id_size=id_size)
        self._trees = TreeWriter(self._pack, self._read_trees, id_size=id_size, known=known)
        # What commits refer to: their trees and parents.
        self._referred: set[bytes] = set()

    def _read_trees(self, ids: Sequence[bytes]) -> list[bytes]:
        found: list[bytes] = []
        for oid, data in zip(ids, self._source.trees([oid.hex() for oid in ids]), strict=True):
            if data is None:
                raise GitError(f"git has no tree {oid.hex()}", hint="see git fsck")
            found.append(data)
        return found

    def blob(self, data: bytes, oid: bytes | None = None) -> int:
        """Write the content of a file and return its mark, by which it is named from now on.

        `oid` is its raw id, where that is known.
        """
        return self._pack.number(self._pack.write(BLOB, data, oid))

    def read_many(self, marks: Sequence[int]) -> list[bytes]:
        """Return the contents that were written under `marks`."""
        return [self._pack.read(mark) for mark in marks]

    def file(self, mark: int) -> TreeEntry:
        """Return the entry of a tree for a plain file with the content under `mark`."""
        return TreeEntry(FILE_MODE, self._pack.oid(mark))

    def tree(self, root: str, changes: Mapping[bytes, TreeEntry | None]) -> str:
        """Write the trees that `changes`, by path, make of the tree `root`; return the new root.

        None deletes a file. Raises `ValueError` for a file and a folder of one name.
        """
        return self._trees.apply(bytes.fromhex(root), changes).hex()

    def find(self, root: str, path: bytes) -> TreeEntry | None:
        """Return what is at `path` in the tree `root`, None when nothing is."""
        return self._trees.find(bytes.fromhex(root), path)

    def commit(
        self,
        *,
        tree: str,
        parents: Sequence[str],
        message: str,
        author: Signature,
        committer: Signature,
        sign: bool = False,
    ) -> str:
        """Write a commit and return its id; `tree` and `parents` are here or in the repository.

        With `sign` git writes and signs it, for which all else has to be written before. Raises
        `GitError`, and `UnavailableError` when git cannot sign.
        """
        self._referred.update(map(bytes.fromhex, (tree, *parents)))
        if sign:  # git signs what it finds
            self._store()
            return write_signed_commit(
                self._git,
                tree=tree,
                parents=parents,
                message=message,
                author=author,
                committer=committer,
                env=self._quarantine.environment,
            )
        data = commit_bytes(
            tree=tree, parents=parents, message=message, author=author, committer=committer
        )
        return self._pack.write(COMMIT, data).hex()

    @property
    def _quarantine(self) -> Quarantine:
        if self._made_quarantine is None:
            self._made_quarantine = Quarantine(self._git)
        return self._made_quarantine

    def _store(self) -> None:
        """Let git check everything, and store it in the quarantine; once."""
        if not self._is_stored:
            referred = self._trees.referred | self._referred
            self._pack.store(self._git, self._quarantine.environment, referred=referred)
            self._pack.close()
            self._is_stored = True

    def install(self) -> None:
        """Let git check everything, and move it into the repository.

        Raises `GitError` for what git refuses, and `OSError` when it cannot be moved.
        """
        self._store()
        self._quarantine.install()

    def close(self) -> None:
        """Throw everything away that is not installed."""
        self._pack.close()
        if not self._borrowed:
            self._source.close()
        if self._made_quarantine is not None:
            with contextlib.suppress(OSError):
                self._made_quarantine.discard()


def write_commit(
    git: Git,
    *,
    tree: str,
    parents: Sequence[str],
    message: str,
    author: Signature,
    committer: Signature,
    sign: bool,
) -> str:
    """Write one commit of a tree that is in the repository, or empty; return its id.

    Raises as `ObjectWriter.commit` and `ObjectWriter.install` do.
    """
    with closing(ObjectWriter(git, id_digits=len(tree))) as writer:
        commit = writer.commit(
            tree=writer.tree(tree, {}),
            parents=parents,
            message=message,
            author=author,
            committer=committer,
            sign=sign,
        )
        writer.install()
    return commit
