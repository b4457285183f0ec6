"""A store that is only read: what verify gets, so that checking changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..errors import NesTasksError
from .store import Store


class ReadOnlyStore:
    """The files of another `Store`; writing raises `NesTasksError`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at `path`, None when there is none."""
        return self._store.read(path)

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Return each path with its content in the given order, holding few of them at a time."""
        return self._store.read_many(paths)

    def exists(self, path: str) -> bool:
        """Return whether there is a file at `path`."""
        return self._store.exists(path)

    def list(self, folder: str) -> Iterator[str]:
        """Return every file below `folder` at any depth, sorted by path; none when it is absent."""
        return self._store.list(folder)

    def write(self, path: str, data: bytes, *, rewrite: bool = False) -> None:
        """Refuse to write."""
        del data, rewrite
        raise _refused(path)

    def delete(self, path: str, *, rewrite: bool = False) -> bool:
        """Refuse to delete."""
        del rewrite
        raise _refused(path)


def _refused(path: str) -> NesTasksError:
    return NesTasksError(
        f"verify only reads, and would change {path}", hint="change the data in migrate"
    )
