"""A snapshot overlaid with writes and deletions."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from ..git.objects import REQUEST_BATCH
from ..git.snapshot import Snapshot

# Stands for a mark; no content has it.
UNTOUCHED = -1


class Overlay(ABC):
    """The files of `data_dir` in `snapshot`, overlaid with the changes since.

    Paths of the public methods are relative to `data_dir`. Memory grows with the number of
    touched paths, not with their content: a content is known here by its mark alone.
    """

    def __init__(self, snapshot: Snapshot, data_dir: str) -> None:
        self._snapshot = snapshot
        self._data_dir = data_dir
        self._prefix = f"{data_dir}/"
        # By whole path, the mark of what was written there; None for a deleted file.
        self._touched: dict[str, int | None] = {}

    @abstractmethod
    def _contents(self, written: Sequence[tuple[str, int]]) -> Sequence[bytes]:
        """Return the written content at a path, by its mark."""

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at `path`, None when there is none."""
        full = self._prefix + path
        if full in self._touched:
            mark = self._touched[full]
            return None if mark is None else self._contents([(full, mark)])[0]
        return self._snapshot.read(full)

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Return each path with its content, in this order, a few hundred at a time."""
        waiting = iter(paths)
        while some := list(islice(waiting, REQUEST_BATCH)):
            whole = [self._prefix + path for path in some]
            touched = {full: self._touched[full] for full in whole if full in self._touched}
            written = [(full, mark) for full, mark in touched.items() if mark is not None]
            contents = dict(self._snapshot.read_many(p for p in whole if p not in touched))
            found = self._contents(written) if written else ()
            contents.update(zip((full for full, _ in written), found, strict=True))
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

    def _note_deletion(self, full: str) -> None:
        if self._snapshot.exists(full):
            self._touched[full] = None
        else:
            self._touched.pop(full, None)
