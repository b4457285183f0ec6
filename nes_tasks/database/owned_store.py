"""The store as a script gets it: for the thread and the process that run the migration alone.

The writer is spoken to over a socket. Two that speak at once get each other's answers, and a
forked process writes what its parent knows nothing of; both would end as wrong data.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator

from ..errors import NesTasksError
from .store import Store


class SingleThreadStore:
    """A `Store` that raises `NesTasksError` to all but the thread that it was made in."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owner: int | None = threading.get_ident()
        # Cheaper than to ask for the process's number at each call.
        os.register_at_fork(after_in_child=self._disown)

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at `path`, None when there is none."""
        return self._own().read(path)

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Return each path with its content in the given order, holding few of them at a time."""
        return self._own().read_many(paths)

    def exists(self, path: str) -> bool:
        """Return whether there is a file at `path`."""
        return self._own().exists(path)

    def list(self, folder: str) -> Iterator[str]:
        """Return every file below `folder` at any depth, sorted by path; none when it is absent."""
        return self._own().list(folder)

    def write(self, path: str, data: bytes, *, rewrite: bool = False) -> None:
        """Set the content of the file at `path`; a stored version changes only with `rewrite`."""
        self._own().write(path, data, rewrite=rewrite)

    def delete(self, path: str, *, rewrite: bool = False) -> bool:
        """Remove the file at `path`; return whether there was one. `rewrite` as for `write`."""
        return self._own().delete(path, rewrite=rewrite)

    def _disown(self) -> None:
        self._owner = None

    def _own(self) -> Store:
        if threading.get_ident() != self._owner:
            raise NesTasksError(
                "the database was used by a thread or a process that the script has started",
                hint="let it return what it found, and read and write in migrate itself",
            )
        return self._store
