"""The files of the data folder, as the services see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol


class Store(Protocol):
    """The files of the data folder as one transaction sees them.

    Paths are relative to the data folder, with ``/``. What was written can be read at once;
    whether and when others see it is not the business of this interface.
    """

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at `path`, None when there is none."""
        ...

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Return each path with its content in the given order, holding few of them at a time."""
        ...

    def exists(self, path: str) -> bool:
        """Return whether there is a file at `path`."""
        ...

    def list(self, folder: str) -> Iterator[str]:
        """Return every file below `folder` at any depth, sorted by path; none when it is absent."""
        ...

    def write(self, path: str, data: bytes, *, rewrite: bool = False) -> None:
        """Set the content of the file at `path`; a stored version changes only with `rewrite`."""
        ...

    def delete(self, path: str, *, rewrite: bool = False) -> bool:
        """Remove the file at `path`; return whether there was one. `rewrite` as for `write`."""
        ...
