"""Objects stored as files, whatever their kind; the base of `EntityDatabase`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from ..database.store import Store
from ..models.codec import MalformedFileError
from ..models.entity import Entity
from ..models.identifiers import SUFFIX, InvalidIdentifierError, path_of
from ..models.relationship import Relationship
from ..models.version import Author, Version
from .pagination import DEFAULT_LIMIT, check_page, page

Thing = TypeVar("Thing", Entity, Relationship, Version, Author, int)
Load = Callable[[bytes, str], Thing]


def log_warning(message: str) -> None:
    """Log what a person should know."""
    logging.getLogger(__name__).warning("%s", message)


class ObjectFiles:
    """The objects in `store`, each in the file whose path is its id.

    `strict` says whether a malformed file stops a listing or is left out of it. `warn` is
    called with one line for what a person should know; it logs unless given.
    """

    def __init__(
        self, store: Store, *, strict: bool = True, warn: Callable[[str], None] = log_warning
    ) -> None:
        self._store = store
        self._strict = strict
        self._warn = warn
        self._watchers: list[Callable[[str], None]] = []
        self._undo: dict[str, tuple[str, bytes | None]] | None = None

    def exists(self, identifier: str) -> bool:
        """Return whether there is a file of this id; it is not read."""
        path = path_if_any(identifier, "")
        return path is not None and self._store.exists(path)

    def watch(self, changed: Callable[[str], None]) -> None:
        """Call `changed` with the id of each thing that is written or deleted from now on."""
        self._watchers.append(changed)

    @contextmanager
    def undone_on_error(self) -> Iterator[None]:
        """Put back every file that was changed within the block when it ends by an exception."""
        self._undo = {}
        try:
            yield
        except BaseException:
            self._put_back(self._undo)
            raise
        finally:
            self._undo = None

    def _put_back(self, files: dict[str, tuple[str, bytes | None]]) -> None:
        for path, (identifier, data) in files.items():
            if data is None:
                self._store.delete(path, rewrite=True)
            else:
                self._store.write(path, data, rewrite=True)
            self._tell(identifier)

    # One object ----------------------------------------------------------------------------

    def _get(self, identifier: str, kind: str, load: Load[Thing]) -> Thing | None:
        path = path_if_any(identifier, kind)
        data = None if path is None else self._store.read(path)
        return None if path is None or data is None else load(data, path)

    def _put(
        self,
        identifier: str,
        kind: str,
        data: bytes,
        load: Load[Thing] | None,
        *,
        rewrite: bool = False,
    ) -> None:
        """Write a file, unless it could not be read back: then `load`, if given, raises.

        A stored version changes only with `rewrite`.
        """
        path = checked_path(identifier, kind)
        if load is not None:
            load(data, identifier)
        self._remember(identifier, path)
        self._store.write(path, data, rewrite=rewrite)
        self._tell(identifier)

    def _delete(self, identifier: str, kind: str, *, rewrite: bool = False) -> bool:
        path = checked_path(identifier, kind)
        self._remember(identifier, path)
        existed = self._store.delete(path, rewrite=rewrite)
        self._tell(identifier)
        return existed

    def _remember(self, identifier: str, path: str) -> None:
        if self._undo is not None and path not in self._undo:
            self._undo[path] = (identifier, self._store.read(path))

    def _tell(self, identifier: str) -> None:
        for changed in self._watchers:
            changed(identifier)

    # Many objects --------------------------------------------------------------------------

    def _paths(self, folder: str) -> Iterator[str]:
        return (path for path in self._store.list(folder) if path.endswith(SUFFIX))

    def _load_all(
        self, paths: Iterable[str], load: Load[Thing], at_once: int | None = None
    ) -> Iterator[Thing]:
        """Load one file after the other; the store reads `at_once` first, then ever more."""
        for some in _growing(iter(paths), at_once):
            for path, data in self._store.read_many(some):
                thing = self._load(path, data, load)
                if thing is not None:
                    yield thing

    def _load(self, path: str, data: bytes | None, load: Load[Thing]) -> Thing | None:
        if data is None:
            return None
        try:
            return load(data, path)
        except MalformedFileError as error:
            if self._strict:
                raise
            self._warn(f"left out: {error}")
            return None

    def _list(
        self,
        name: str,
        paths: Iterator[str],
        load: Load[Thing],
        limit: int | None,
        offset: int,
        accepts: Callable[[Thing], bool] | None = None,
    ) -> list[Thing]:
        """Return a page of what the files hold; `name` is the listing's for the warning."""
        check_page(limit, offset)
        if accepts is None and self._strict:
            # Each path is an item, so those before the page need not be read.
            paths, offset = islice(paths, offset, None), 0
        things = self._load_all(paths, load, None if limit is None else limit + 1)
        accepted = things if accepts is None else filter(accepts, things)
        return page(accepted, limit, offset, lambda: self._warn_of_default_limit(name))

    def _warn_of_default_limit(self, name: str) -> None:
        self._warn(
            f"{name} returned {DEFAULT_LIMIT} of more, its default limit;"
            " pass limit=None for all of them"
        )


def _growing(paths: Iterator[str], first: int | None) -> Iterator[Iterable[str]]:
    """Cut paths into parts, each twice as long as the one before; None for a single part."""
    if first is None:
        yield paths
        return
    while some := list(islice(paths, first)):
        yield some
        first *= 2


def checked_path(identifier: str, kind: str) -> str:
    """Return the path of an id that starts with `kind`; raises `InvalidIdentifierError`."""
    if not isinstance(identifier, str) or not identifier.startswith(kind):
        raise InvalidIdentifierError(f"{identifier!r} is not an id that starts with {kind!r}")
    return path_of(identifier)


def path_if_any(identifier: str, kind: str) -> str | None:
    """Return the path of an id that starts with `kind`, None when no object can have the id."""
    try:
        return checked_path(identifier, kind)
    except InvalidIdentifierError:
        return None
