"""Objects stored as files in their folders, page by page; the base of `EntityDatabase`."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from itertools import islice
from typing import TypeVar

from ..database.store import Store
from ..models.codec import MalformedFileError
from ..models.entity import Entity
from ..models.entity_types import ENTITY_TYPE_MAP
from ..models.identifiers import SUFFIX, InvalidIdentifierError, path_of
from ..models.relationship import Relationship
from ..models.version import Author, Version

Item = TypeVar("Item")


class _DefaultLimit(int):
    """A default limit, marked so that truncation can be reported."""


DEFAULT_LIMIT = _DefaultLimit(100)
"""What a listing returns at most when no limit is given; ``limit=None`` returns everything."""


def check_page(limit: int | None, offset: int) -> None:
    """Raise `ValueError` when limit or offset is negative."""
    for name, value in (("limit", limit), ("offset", offset)):
        if value is not None and value < 0:
            raise ValueError(f"{name} must not be negative, but is {value}")


def page(
    items: Iterable[Item], limit: int | None, offset: int, on_truncated: Callable[[], None]
) -> list[Item]:
    """Return at most `limit` items after the first `offset`; takes no more items than it needs.

    `on_truncated` is called when there are more and the limit is the default one.
    """
    rest = islice(items, offset, None)
    taken = list(islice(rest, limit))
    if isinstance(limit, _DefaultLimit) and next(rest, None) is not None:
        on_truncated()
    return taken


ENTITIES = "entity"
RELATIONSHIPS = "relationship"
VERSIONS = "version"
AUTHORS = "author"

_TYPE_OF = {
    sub_type.value: entity_type.value
    for entity_type, sub_types in ENTITY_TYPE_MAP.items()
    for sub_type in sub_types
    if sub_type is not None
}
_SEGMENT = re.compile(r"[a-z0-9_-]+")


def entity_folder(entity_type: str | None = None, sub_type: str | None = None) -> str | None:
    """Return the folder of the entities of this type and sub type, enum members or strings.

    A sub type without a type is looked up, since it belongs to one type only. None when no
    entity can be meant.
    """
    kind, sub = plain(entity_type), plain(sub_type)
    if kind is None and sub is not None:
        kind = _TYPE_OF.get(sub)
        if kind is None:
            return None
    return _below_entities([part for part in (kind, sub) if part is not None])


def prefix_folder(prefix: str) -> str | None:
    """Return the folder of the entities whose prefix is this one or starts with it.

    A file's path is its id, so an entity that has no prefix of its own is filed as if its type
    and sub type were one. None when no entity can be meant.
    """
    return _below_entities(prefix.split("/"))


def _below_entities(segments: list[str]) -> str | None:
    """Join the segments, unless one is invalid in a path, such as ``..``."""
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return None
    return "/".join((ENTITIES, *segments))


def plain(text: str | None) -> str | None:
    """Return the value of an enum member, and any other text as it is."""
    return text.value if isinstance(text, Enum) else text


Parsed = TypeVar("Parsed", Entity, Relationship, Version, Author, int)
Load = Callable[[bytes, str], Parsed]


def log_warning(message: str) -> None:
    """Log a warning."""
    logging.getLogger(__name__).warning("%s", message)


class ObjectFiles:
    """The objects in `store`, each in the file whose path is its id.

    `strict` says whether a malformed file stops a listing or is left out of it. `warn` is called
    with one-line warnings; by default they are logged.
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
        """Call `changed` with the id of each object that is written or deleted from now on."""
        self._watchers.append(changed)

    @contextmanager
    def undone_on_error(self) -> Iterator[None]:
        """Restore every file that was changed within the block if it raises an exception."""
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

    def _get(self, identifier: str, kind: str, load: Load[Parsed]) -> Parsed | None:
        path = path_if_any(identifier, kind)
        data = None if path is None else self._store.read(path)
        return None if path is None or data is None else load(data, path)

    def _put(
        self,
        identifier: str,
        kind: str,
        data: bytes,
        load: Load[Parsed] | None,
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
        self, paths: Iterable[str], load: Load[Parsed], at_once: int | None = None
    ) -> Iterator[Parsed]:
        """Load one file after the other; the store reads `at_once` first, then ever more."""
        for some in _growing(iter(paths), at_once):
            for path, data in self._store.read_many(some):
                thing = self._load(path, data, load)
                if thing is not None:
                    yield thing

    def _load(self, path: str, data: bytes | None, load: Load[Parsed]) -> Parsed | None:
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
        load: Load[Parsed],
        limit: int | None,
        offset: int,
        accepts: Callable[[Parsed], bool] | None = None,
    ) -> list[Parsed]:
        """Return a page of the files' objects; `name` names the listing in the warning."""
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
    """Split paths into batches of doubling size; None for a single batch."""
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
