"""A transaction: the snapshot of one commit overlaid with writes that nobody else sees yet.

Writes go to ``git fast-import`` as they come and end as a chain of commits on a private ref.
Until the caller publishes the last of them the database is exactly as it was.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from ..errors import DatabaseError
from .fast_import import FastImport
from .git import Git
from .marker import FOLDER, Statistics
from .snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Signature:
    """Who made a commit and when: name and e-mail as git writes them, and the moment."""

    name: str
    email: str
    date: datetime


class Transaction:
    """Reads and writes the files of `data_dir` on top of `base`.

    `base` is a commit id, None for a repository without commits; `ref` is the private ref that
    the commits are written to. Paths are relative to `data_dir`. It implements
    `nes_tasks.storage.store.Store`. Memory grows with the number of touched paths, not with
    their content. Use it in a ``with`` block: leaving it without `commit` discards everything.
    """

    def __init__(self, git: Git, *, base: str | None, ref: str, data_dir: str) -> None:
        self.base = base
        self.base_tree = git.text("rev-parse", f"{base}^{{tree}}") if base else git.empty_tree()
        self._ref = ref
        self._data_dir = data_dir
        self._prefix = f"{data_dir}/"
        self._snapshot = Snapshot(git, self.base_tree)
        # SHA-256 repositories have longer ids: https://git-scm.com/docs/hash-function-transition
        self._hash = hashlib.sha256 if len(self.base_tree) == 64 else hashlib.sha1
        self._import: FastImport | None = FastImport(git)
        self._touched: dict[str, int | None] = {}

    # Reading

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at `path`, None when there is none."""
        full = self._prefix + path
        if full in self._touched:
            mark = self._touched[full]
            return None if mark is None else self._stream.read(mark)
        return self._snapshot.read(full)

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Return each path with its content, in this order, a few hundred at a time."""
        waiting = iter(paths)
        while some := list(islice(waiting, 256)):
            whole = [self._prefix + path for path in some]
            stored = dict(self._snapshot.read_many(p for p in whole if p not in self._touched))
            for path, full in zip(some, whole, strict=True):
                yield path, stored[full] if full in stored else self.read(path)

    def exists(self, path: str) -> bool:
        """Return whether there is a file at `path`."""
        full = self._prefix + path
        if full in self._touched:
            return self._touched[full] is not None
        return self._snapshot.exists(full)

    def list(self, folder: str) -> Iterator[str]:
        """Return the paths of all files below `folder` at this moment, sorted."""
        top = self._prefix + folder if folder else self._data_dir
        below = f"{top}/"
        written = sorted(path for path in self._touched if path.startswith(below))
        gone = {path for path in written if self._touched[path] is None}
        last = None
        for path in heapq.merge(self._snapshot.walk(top), written):
            if path != last and path not in gone:
                yield path.removeprefix(self._prefix)
            last = path

    # Writing

    def write(self, path: str, data: bytes) -> None:
        """Set the content of the file at `path`; the same content as in the base is no change.

        Raises `ValueError` for a path that leaves the data folder or that git cannot hold.
        """
        full = self._checked(path)
        stored = self._snapshot.blob_id(full)
        if stored is not None and stored == self._blob_id(data):
            self._touched.pop(full, None)
        else:
            self._touched[full] = self._stream.blob(data)

    def delete(self, path: str) -> bool:
        """Remove the file at `path`; return whether there was one."""
        full = self._checked(path)
        existed = self.exists(path)
        if self._snapshot.exists(full):
            self._touched[full] = None
        else:
            self._touched.pop(full, None)
        return existed

    def statistics(self) -> Statistics:
        """Return what has changed so far against the base, by kind of file."""
        counts = dict.fromkeys(Statistics.__dataclass_fields__, 0)
        counts["files"] = len(self._touched)
        plural = {"entity": "entities", "relationship": "relationships"}
        for path, mark in self._touched.items():
            kind = path.removeprefix(self._prefix).split("/", 1)[0]
            created = not self._snapshot.exists(path)
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
        message: Callable[[int, int], str],
        author: Signature,
        committer: Signature,
        batch_size: int,
    ) -> Sequence[str]:
        """Write all changes as commits of at most `batch_size` files and return their ids.

        `records` are files (path below the data folder, content) that go into the last commit
        whatever else changed. `message` is called with the number of a batch, from 1, and the
        number of batches. Batches are ordered by path, so each folder's tree is rewritten in as
        few of them as possible. The transaction is over afterwards.
        """
        stream = self._stream
        # A record may replace an existing one with the same bytes; git then has nothing to do.
        last = [(self._prefix + path, stream.blob(data)) for path, data in records]
        files: list[tuple[str, int | None]] = [*sorted(self._touched.items()), *last]
        batches = [files[at : at + batch_size] for at in range(0, len(files), batch_size)]
        commits: list[str] = []
        for number, batch in enumerate(batches, 1):
            commits.append(
                stream.commit(
                    self._ref,
                    start=None if commits else self.base,
                    author=(author.name, author.email),
                    author_date=author.date,
                    committer=(committer.name, committer.email),
                    commit_date=committer.date,
                    message=message(number, len(batches)),
                    files=batch,
                )
            )
        stream.finish()
        self._import = None
        self.close()
        return commits

    def close(self) -> None:
        """End the transaction; what was not committed is gone."""
        if self._import is not None:
            self._import.abort()
            self._import = None
        self._snapshot.close()

    def __enter__(self) -> Transaction:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _stream(self) -> FastImport:
        if self._import is None:
            raise DatabaseError("the transaction is over; nothing can be written any more")
        return self._import

    def _blob_id(self, data: bytes) -> str:
        return self._hash(b"blob %d\0" % len(data) + data).hexdigest()

    def _checked(self, path: str) -> str:
        """Return the whole path; the last line of defence behind the checks of identifiers."""
        parts = path.split("/")
        if any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
            raise ValueError(f"{path!r} is not a path inside the data folder")
        if parts[0] == FOLDER or any(ord(char) < 32 or ord(char) == 127 for char in path):
            raise ValueError(f"{path!r} cannot be written by a migration")
        return self._prefix + path
