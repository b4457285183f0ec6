"""Stores: the files of the data folder, as the services see them, and on a plain folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Protocol

from ..errors import NesTasksError


class Store(Protocol):
    """The files of the data folder as one transaction sees them.

    Paths are relative to the data folder, with ``/``. Writes can be read back at once; this
    interface does not define when others see them.
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


TEMPORARY_PREFIX = ".writing-"


class FolderStore:
    """The files below `root`, which is created if missing.

    It implements `nes_tasks.database.store.Store`. There is no transaction: each file is replaced
    atomically, but earlier writes stay after an error. Hidden files and symbolic links are not part
    of it: listings leave them out, and a path to one, or one that leaves the folder, raises
    `ValueError`.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()
        self._written = count()

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at `path`, None when there is none."""
        try:
            return self._locate(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Return each path with its content in the given order, one at a time."""
        for path in paths:
            yield path, self.read(path)

    def exists(self, path: str) -> bool:
        """Return whether there is a file at `path`."""
        return self._locate(path).is_file()

    def list(self, folder: str) -> Iterator[str]:
        """Return every file below `folder`, sorted by path; none when it is absent."""
        yield from self._walk(self._locate(folder) if folder else self.root)

    def _walk(self, folder: Path) -> Iterator[str]:
        try:
            entries = list(os.scandir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return
        # A folder sorts like the paths of its files: with a slash after its name.
        names = sorted(
            f"{entry.name}/" if entry.is_dir() else entry.name
            for entry in entries
            if not entry.name.startswith(".") and not entry.is_symlink()
        )
        for name in names:
            if name.endswith("/"):
                yield from self._walk(folder / name)
            else:
                yield (folder / name).relative_to(self.root).as_posix()

    def write(self, path: str, data: bytes, *, rewrite: bool = False) -> None:
        """Set the content of the file at `path`, as a whole; nothing here is a stored version."""
        target = self._locate(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise ValueError(f"{path!r} is below a file") from None
        # Unique among processes by the id, and within this one by the number.
        aside = target.parent / f"{TEMPORARY_PREFIX}{os.getpid()}-{next(self._written)}"
        try:
            aside.write_bytes(data)
            aside.replace(target)
        except IsADirectoryError:
            raise ValueError(f"{path!r} is a folder") from None
        finally:
            aside.unlink(missing_ok=True)

    def delete(self, path: str, *, rewrite: bool = False) -> bool:
        """Remove the file at `path`; return whether there was one."""
        target = self._locate(path)
        if not target.is_file():
            return False
        target.unlink()
        return True

    def _locate(self, path: str) -> Path:
        """Return the location of the file at `path`; raises `ValueError` when it is outside."""
        parts = path.split("/")
        odd = any(not part or part.startswith(".") for part in parts) or "\\" in path
        if odd or any(ord(char) < 32 or ord(char) == 127 for char in path):
            raise ValueError(f"{path!r} is not a path inside {self.root}")
        location = self.root / path
        if location.resolve() != location:
            raise ValueError(f"{path!r} goes through a symbolic link in {self.root}")
        return location


class SingleThreadStore:
    """A `Store` that raises `NesTasksError` in every thread but its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owner: int | None = threading.get_ident()
        # Cheaper than reading the process id at each call.
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
