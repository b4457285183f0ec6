"""Read-ahead and caches of `Snapshot`: what to read before it is wanted, and keep afterwards."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Literal

# What Python needs to keep a content and its id, beside the content; in bytes.
OVERHEAD = 250


class ReadAhead:
    """Selects the names of an ordered folder to read ahead with a requested one.

    Sequential readers get a window that doubles up to `most`; random access resets it to one.
    `following` yields the names in order, from the one that it is given on. The reader was at the
    `previous` name, or before the first one.
    """

    def __init__(
        self, following: Callable[[str], Iterable[str]], most: int, previous: str = ""
    ) -> None:
        self._following = following
        self._most = most
        self._previous = previous
        # The name that a sequential reader wants next; False until somebody asks.
        self._next: str | Literal[False] | None = False
        self._count = 1

    def along(self, name: str) -> Sequence[str]:
        """Return `name`, which must be in the folder, and those that follow it."""
        if not self.expects(name):
            self._count, self._previous, self._next = 1, name, False
            return [name]
        self._count = min(2 * self._count, self._most)
        found = list(islice(self._following(name), self._count + 1))
        self._next = found[self._count] if len(found) > self._count else None
        return found[: self._count]

    def expects(self, name: str) -> bool:
        """Return whether `name` is the next one for a sequential reader."""
        if self._next is False:
            if name < self._previous:  # so nothing has to be looked up
                return False
            behind = 1 if self._previous else 0
            self._next = next(islice(self._following(self._previous), behind, None), None)
        return name == self._next


class Companions:
    """Learns which folder is looked into after a file of the same name was read.

    An update reads ``entity/person/asha-rai.json`` and then ``version/entity/person/asha-rai``.
    A guess that nobody needed is the last one until the same happens again.
    """

    def __init__(self) -> None:
        # By the folder of the files the folder of their companions.
        self._known: dict[str, str] = {}
        # The folders of files after the last of which a companion was read, and not needed so far.
        self._guessed: set[str] = set()
        self._file: tuple[str, str] | None = None

    def after(self, path: str) -> str | None:
        """Take note that a file was read alone; return the folder that is needed next, if known."""
        parent, _, name = path.rpartition("/")
        self._file = parent, name.rpartition(".")[0]
        if parent in self._guessed:
            self._guessed.discard(parent)
            self._known.pop(parent, None)
        known = self._known.get(parent)
        return None if known is None else f"{known}/{self._file[1]}"

    def guessed(self) -> None:
        """Take note that the folder was read that `after` has returned."""
        if self._file is not None:
            self._guessed.add(self._file[0])

    def note(self, folder: str) -> None:
        """Take note that a folder is needed."""
        if self._file is None:
            return
        parent, _, name = folder.rpartition("/")
        if name == self._file[1]:
            self._known[self._file[0]] = parent
            self._guessed.discard(self._file[0])


def following_in(
    names: Sequence[str], rank: Callable[[str], bytes]
) -> Callable[[str], Iterable[str]]:
    """Return what yields the `names` from a given one on; `rank` is the key they are sorted by."""

    def following(name: str) -> Iterable[str]:
        return islice(names, bisect_left(names, rank(name), key=rank) if name else 0, None)

    return following


def rank_of_file(name: str) -> bytes:
    """Return the sort key of git's tree order; names with non-UTF-8 bytes differ as text."""
    return name.encode(errors="surrogateescape")


def rank_of_folder(name: str) -> bytes:
    """Return the sort key of a folder, which git gives a slash at its end."""
    return rank_of_file(f"{name}/")


class RecentFiles:
    """An LRU cache of file contents by id, of at most `room` bytes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._contents: OrderedDict[str, bytes] = OrderedDict()

    def get(self, oid: str) -> bytes | None:
        """Return the content with this id if it is still here."""
        data = self._contents.get(oid)
        if data is not None:
            self._contents.move_to_end(oid)
        return data

    def keep(self, oid: str, data: bytes) -> None:
        """Keep a content that is not here, and let go of the oldest ones for it."""
        self._contents[oid] = data
        self._room -= len(data) + OVERHEAD
        while self._room < 0:
            _, gone = self._contents.popitem(last=False)
            self._room += len(gone) + OVERHEAD
