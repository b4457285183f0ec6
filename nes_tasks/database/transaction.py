"""A transaction: the snapshot of one commit overlaid with writes that nobody else sees yet.

Writes go to ``git fast-import`` as they come and end as a chain of commits on a private ref.
Until the caller publishes the last of them the database is exactly as it was.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from ..errors import DatabaseError
from ..git.command import Git
from ..git.fast_import import FastImport
from ..git.objects import ROUND, blob_id
from ..git.snapshot import Snapshot
from .marker import FOLDER, Statistics

# The longest name of ext4, XFS, APFS and NTFS, in bytes or in characters.
LONGEST_NAME = 255
# Parts of a path that lead elsewhere, and the names of git's own folder, also as Windows knows it;
# git refuses to check them out (core.protectNTFS, https://git-scm.com/docs/git-config).
LEADS_OUT = re.compile(
    r"(?:^|/)\.{0,2}(?:/|$)|(?:^|[/\\])(?:\.git|git~1)[ .]*(?::[^/]*)?(?:[/\\]|$)", re.IGNORECASE
)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Characters that macOS skips in names (core.protectHFS).
SKIPPED = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)
# In the place of a mark: no blob has it.
UNTOUCHED = -1


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
    `nes_tasks.database.store.Store`. Memory grows with the number of touched paths, not with
    their content. Use it in a ``with`` block: leaving it without `commit` discards everything.
    """

    def __init__(self, git: Git, *, base: str | None, ref: str, data_dir: str) -> None:
        self.base = base
        self.base_tree = git.tree_of(base)
        self._ref = ref
        self._data_dir = data_dir
        self._prefix = f"{data_dir}/"
        self._snapshot = Snapshot(git, self.base_tree)
        self._import: FastImport | None = FastImport(git)
        self._touched: dict[str, int | None] = {}
        # All folders of written files, so that a file cannot take the place of one.
        self._folders: set[str] = set()

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
        while some := list(islice(waiting, ROUND)):
            whole = [self._prefix + path for path in some]
            touched = {full: self._touched[full] for full in whole if full in self._touched}
            marks = {full: mark for full, mark in touched.items() if mark is not None}
            contents = dict(self._snapshot.read_many(p for p in whole if p not in touched))
            contents.update(zip(marks, self._stream.read_many([*marks.values()]), strict=True))
            for path, full in zip(some, whole, strict=True):
                # The caller may have written to it since the last `yield`.
                same = self._touched.get(full, UNTOUCHED) == touched.get(full, UNTOUCHED)
                yield path, contents.get(full) if same else self.read(path)

    def exists(self, path: str) -> bool:
        """Return whether there is a file at `path`."""
        return self._is_file(self._prefix + path)

    def _is_file(self, full: str) -> bool:
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

        Raises `ValueError` for a path that leaves the data folder, that cannot be checked out,
        or that is a folder or below a file.
        """
        full = self._checked(path)
        self._make_place(full)
        stored = self._snapshot.blob_id(full)
        if stored is not None and stored == blob_id(data, len(stored)):
            self._touched.pop(full, None)
        else:
            self._touched[full] = self._stream.blob(data, path.partition("/")[0])

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

        `records` are files (path below the data folder, content) that are written whatever else
        changed, after everything else: the last of them is in the last commit. `message` is
        called with the number of a batch, from 1, and the number of batches. Batches are
        ordered by path, so each folder's tree is rewritten in as few of them as possible. The
        transaction is over afterwards.
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

    def _checked(self, path: str) -> str:
        """Return the whole path; the last line of defence behind the checks of identifiers."""
        if LEADS_OUT.search(path if path.isascii() else path.translate(SKIPPED)):
            raise ValueError(f"{path!r} is not a path inside the data folder")
        if path.partition("/")[0] == FOLDER or CONTROL.search(path):
            raise ValueError(f"{path!r} cannot be written by a migration")
        return self._prefix + path

    def _make_place(self, full: str) -> None:
        """Check that a file can be at `full`.

        git would accept what no file system can hold, and put a file in the place of a whole
        folder without a word.
        """
        if full in self._folders or self._snapshot.is_folder(full):
            raise ValueError(f"{full!r} is a folder")
        folder, _, name = full.rpartition("/")
        _check_name(name, full)
        above: list[str] = []
        while folder and folder not in self._folders:
            if self._is_file(folder):
                raise ValueError(f"{full!r} is below {folder!r}, which is a file")
            above.append(folder)
            folder, _, name = folder.rpartition("/")
            _check_name(name, full)
        self._folders.update(above)


def _check_name(name: str, path: str) -> None:
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        raise ValueError(f"{path!r} is not text that can be written as UTF-8") from None
    if length > LONGEST_NAME:
        raise ValueError(f"{path!r} has a name of more than {LONGEST_NAME} bytes")
