"""Trees, git's folders: looked up and edited without taking every entry apart.

A folder of a database can have 500,000 entries. Its tree is kept as git stores it, ``mode SP name
NUL id`` repeated, in git's order (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects), cut
into chunks of some entries. A look-up reads one chunk, and an edit rewrites those chunks that it
touches, so both cost about the same in a large folder as in a small one.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

from ..errors import GitError

FOLDER_MODE = b"40000"
FILE_MODE = b"100644"
# Small enough that taking one chunk apart is cheap, large enough that their number is small.
CHUNK_ENTRIES = 32
# git's limits for one instruction of a delta: bytes that are copied, bytes that are inserted.
MOST_COPIED = 0xFFFFFF
MOST_INSERTED = 0x7F
PLAIN_NAME = re.compile(rb"[ -@\[-~]+")


class TreeEntry(NamedTuple):
    """What a folder says of one name: the mode and the raw id of a blob, tree or commit."""

    mode: bytes
    oid: bytes

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.mode == FOLDER_MODE


class Edit(NamedTuple):
    """A new tree, and how it is made from the old one: the delta of git's pack format."""

    tree: Tree
    delta: bytes


class Tree:
    """One folder; immutable. `id_size` is the number of bytes of an id: 20, or 32 for SHA-256."""

    __slots__ = ("_chunks", "_keys", "id_size")

    def __init__(self, chunks: list[bytes], keys: list[bytes], id_size: int) -> None:
        self._chunks = chunks
        # By each chunk the sort key of its first entry.
        self._keys = keys
        self.id_size = id_size

    @classmethod
    def parse(cls, data: bytes, id_size: int = 20) -> Tree:
        """Return the tree with these bytes; raises `GitError` when they are not a tree."""
        chunks = _chunks(data, id_size)
        if sum(map(len, chunks)) != len(data):
            raise _damaged()
        return cls(chunks, [_key_at(chunk, 0) for chunk in chunks], id_size)

    def __len__(self) -> int:
        """Return the size in bytes."""
        return sum(map(len, self._chunks))

    def to_bytes(self) -> bytes:
        """Return the tree as git stores it."""
        return b"".join(self._chunks)

    def oid(self) -> bytes:
        """Return git's raw id of the tree."""
        digest = (hashlib.sha256 if self.id_size == 32 else hashlib.sha1)()
        digest.update(b"tree %d\0" % len(self))
        for chunk in self._chunks:
            digest.update(chunk)
        return digest.digest()

    def find(self, name: bytes) -> TreeEntry | None:
        """Return what `name` is in this folder, None when it is not there."""
        # A file and a folder of one name have different places in git's order.
        for key in (name, name + b"/"):
            at = bisect_right(self._keys, key) - 1
            if at >= 0 and (found := self._found(self._chunks[at], name)) is not None:
                return found
        return None

    def _found(self, chunk: bytes, name: bytes) -> TreeEntry | None:
        """Return what `name` is in a chunk, None when it is not there."""
        # Searching the bytes is quick; a hit may also lie inside an id or another name.
        wanted = b" %b\0" % name
        hit = chunk.find(wanted)
        before = after = 0
        rest = 1 + self.id_size
        while hit >= 0:
            while after <= hit:
                before, after = after, chunk.index(0, after) + rest
            oid_at = hit + len(wanted)
            if after == oid_at + self.id_size and chunk[before:hit].isdigit():
                return TreeEntry(chunk[before:hit], chunk[oid_at:after])
            hit = chunk.find(wanted, hit + 1)
        return None

    def folders(self, names: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the raw ids of those of the `names` that are folders here, by name."""
        found: dict[bytes, bytes] = {}
        for name in names:
            at = bisect_right(self._keys, name + b"/") - 1
            # Most names that are asked for are new.
            if at >= 0 and b"%b %b\0" % (FOLDER_MODE, name) in self._chunks[at]:
                entry = self._found(self._chunks[at], name)
                if entry is not None and entry.is_folder:
                    found[name] = entry.oid
        return found

    def __iter__(self) -> Iterator[tuple[bytes, TreeEntry]]:
        """Yield each name with what it is, in git's order."""
        for chunk in self._chunks:
            for found in _patterns(self.id_size).entry.finditer(chunk):
                yield found[2], TreeEntry(found[1], found[3])

    def items_from(self, first: bytes) -> Iterator[tuple[bytes, TreeEntry]]:
        """Yield each name with what it is, from the sort key `first` on; a folder's has a slash."""
        at = max(0, bisect_right(self._keys, first) - 1)
        start: int | None = None
        # Not sliced: that would take as long as the folder is large.
        for number in range(at, len(self._chunks)):
            chunk = self._chunks[number]
            if start is None:
                starts = _starts(chunk, self.id_size)
                start = starts[_place(chunk, starts, first)]
            for found in _patterns(self.id_size).entry.finditer(chunk, start):
                yield found[2], TreeEntry(found[1], found[3])
            start = 0

    def unfolded(self) -> Iterator[bytes]:
        """Yield the names that have other characters than printable lower-case ASCII."""
        plain = _patterns(self.id_size).plain
        for chunk in self._chunks:
            if not plain.fullmatch(chunk):
                for found in _patterns(self.id_size).entry.finditer(chunk):
                    if not PLAIN_NAME.fullmatch(found[2]):
                        yield found[2]

    def edited(self, changes: Mapping[bytes, TreeEntry | None]) -> Tree:
        """Return the tree with the `changes`, by name; None removes a name if it is there."""
        return self._edited(changes, None) if self._chunks else _made_of(changes, self.id_size)

    def edited_as_delta(self, changes: Mapping[bytes, TreeEntry | None]) -> Edit:
        """Return the tree as `edited` does, with how it is made from this one."""
        delta = _Delta(len(self))
        tree = self._edited(changes, delta)
        return Edit(tree, delta.to_bytes(len(tree)))

    def _edited(self, changes: Mapping[bytes, TreeEntry | None], delta: _Delta | None) -> Tree:
        """Return the tree with the `changes`, and add to `delta` how it is made from this one."""
        touched: dict[int, list[tuple[bytes, bytes | None]]] = {}
        for key, entry in sorted(_by_name(changes), key=itemgetter(0)):
            touched.setdefault(max(0, bisect_right(self._keys, key) - 1), []).append((key, entry))
        chunks: list[bytes] = []
        keys: list[bytes] = []
        starts = [0, *accumulate(map(len, self._chunks))]
        done = 0
        for at, edits in touched.items():
            chunks += self._chunks[done:at]
            keys += self._keys[done:at]
            if delta is not None:
                delta.copy(starts[done], starts[at])
            old = self._chunks[at] if at < len(self._chunks) else b""
            for part in _spliced(old, edits, starts[at], delta, self.id_size):
                chunks.append(part)
                keys.append(_key_at(part, 0))
            done = at + 1
        chunks += self._chunks[done:]
        keys += self._keys[done:]
        if delta is not None and done < len(self._chunks):
            delta.copy(starts[done], starts[-1])
        return Tree(chunks, keys, self.id_size)


def _made_of(changes: Mapping[bytes, TreeEntry | None], id_size: int) -> Tree:
    """Return the tree with the entries among the `changes`, by name."""
    new = {name: entry for name, entry in changes.items() if entry is not None}
    keyed = sorted(
        (_key(entry.mode, name), _entry_bytes(name, entry)) for name, entry in new.items()
    )
    cuts = range(0, len(keyed), CHUNK_ENTRIES)
    chunks = [b"".join([part for _, part in keyed[at : at + CHUNK_ENTRIES]]) for at in cuts]
    return Tree(chunks, [keyed[at][0] for at in cuts], id_size)


def parse_entries(data: bytes, id_size: int) -> list[tuple[bytes, TreeEntry]]:
    """Return each name in a tree with what it is, in git's order.

    Quicker than a `Tree` for a folder whose names are all looked at. Raises `GitError` when the
    bytes are not a tree.
    """
    found = _patterns(id_size).entry.findall(data)
    size = sum([len(mode) + len(name) for mode, name, _ in found]) + len(found) * (id_size + 2)
    if size != len(data):
        raise _damaged()
    return [(name, TreeEntry(mode, oid)) for mode, name, oid in found]


def _damaged() -> GitError:
    return GitError("a tree in the repository is damaged", hint="see git fsck")


class _Patterns(NamedTuple):
    entry: re.Pattern[bytes]
    chunk: re.Pattern[bytes]
    plain: re.Pattern[bytes]


@lru_cache
def _patterns(id_size: int) -> _Patterns:
    part = rb"[0-7]{5,6} [^\0]+\0.{%d}" % id_size
    return _Patterns(
        re.compile(rb"([0-7]{5,6}) ([^\0]+)\0(.{%d})" % id_size, re.DOTALL),
        re.compile(rb"(?:%b){1,%d}" % (part, CHUNK_ENTRIES), re.DOTALL),
        re.compile(rb"(?:[0-7]{5,6} [ -@\[-~]+\0.{%d})*" % id_size, re.DOTALL),
    )


def _chunks(data: bytes, id_size: int) -> list[bytes]:
    """Cut a tree into chunks, up to the first byte that is not of an entry."""
    return [found.group() for found in _patterns(id_size).chunk.finditer(data)]


def _key(mode: bytes, name: bytes) -> bytes:
    """Return by what git orders entries: a folder as if its name ended with a slash."""
    return name + b"/" if mode == FOLDER_MODE else name


def _key_at(chunk: bytes, start: int) -> bytes:
    """Return the sort key of the entry that begins at `start`."""
    mode, _, name = chunk[start : chunk.index(0, start)].partition(b" ")
    return _key(mode, name)


def _starts(chunk: bytes, id_size: int) -> list[int]:
    """Return where each entry begins, and where the last one ends."""
    starts, at, end, rest = [0], 0, len(chunk), 1 + id_size
    while at < end:
        at = chunk.index(0, at) + rest
        starts.append(at)
    return starts


def _place(chunk: bytes, starts: Sequence[int], key: bytes, low: int = 0) -> int:
    """Return the number of the first entry from `low` on that does not sort before `key`."""
    return bisect_left(starts, key, low, len(starts) - 1, key=lambda at: _key_at(chunk, at))


def _by_name(
    changes: Mapping[bytes, TreeEntry | None],
) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield by sort key the bytes of a new entry, None for one that goes."""
    for name, entry in changes.items():
        if entry is None:
            yield name, None
            yield name + b"/", None
            continue
        # What had the name before goes, whether it was a file or a folder.
        key = _key(entry.mode, name)
        yield (name if key != name else name + b"/"), None
        yield key, _entry_bytes(name, entry)


def _entry_bytes(name: bytes, entry: TreeEntry) -> bytes:
    return b"%b %b\0%b" % (entry.mode, name, entry.oid)


def _spliced(
    chunk: bytes,
    edits: Iterable[tuple[bytes, bytes | None]],
    start: int,
    delta: _Delta | None,
    id_size: int,
) -> Iterator[bytes]:
    """Yield the chunks that replace one, and add to `delta`, if any, how they are made.

    The bytes between two edits are taken as they are, however many entries they hold.
    """
    starts = _starts(chunk, id_size)
    count = len(starts) - 1
    parts: list[bytes] = []
    done, place = 0, 0
    # The sort key of the entry at `place`, None behind the last one.
    there = _key_at(chunk, 0) if chunk else None
    for key, entry in edits:
        if there is not None and there < key:
            place = _place(chunk, starts, key, place)
            there = _key_at(chunk, starts[place]) if starts[place] < len(chunk) else None
        if done < starts[place]:
            parts.append(chunk[done : starts[place]])
            if delta is not None:
                delta.copy(start + done, start + starts[place])
            done = starts[place]
        if there == key:
            place += 1
            count -= 1
            done = starts[place]
            there = _key_at(chunk, done) if done < len(chunk) else None
        if entry is not None:
            parts.append(entry)
            count += 1
            if delta is not None:
                delta.insert(entry)
    if done < len(chunk):
        parts.append(chunk[done:])
        if delta is not None:
            delta.copy(start + done, start + len(chunk))
    new = b"".join(parts)
    # A chunk that grows is cut into small ones, so that many small edits do not cut each time.
    if count > 2 * CHUNK_ENTRIES:
        yield from _chunks(new, id_size)
    elif new:
        yield new


class _Delta:
    """The instructions that make one content from another, as packs hold them.

    Source: "Deltified representation" in https://git-scm.com/docs/gitformat-pack
    """

    def __init__(self, base_size: int) -> None:
        self._base_size = base_size
        self._parts: list[bytes] = []
        self._inserts: list[bytes] = []
        self._copied = (0, 0)

    def copy(self, start: int, end: int) -> None:
        """Take the bytes of the base from `start` to `end`."""
        self._end_insert()
        if self._copied[1] == start:
            self._copied = (self._copied[0], end)
        else:
            self._end_copy()
            self._copied = (start, end)

    def insert(self, data: bytes) -> None:
        """Take these bytes."""
        self._end_copy()
        self._inserts.append(data)

    def to_bytes(self, size: int) -> bytes:
        """Return the delta, given the size of what it makes."""
        self._end_insert()
        self._end_copy()
        return b"".join((_varint(self._base_size), _varint(size), *self._parts))

    def _end_insert(self) -> None:
        if not self._inserts:
            return
        data = b"".join(self._inserts)
        self._inserts.clear()
        for at in range(0, len(data), MOST_INSERTED):
            part = data[at : at + MOST_INSERTED]
            self._parts += (bytes((len(part),)), part)

    def _end_copy(self) -> None:
        start, end = self._copied
        while start < end:
            size = min(end - start, MOST_COPIED)
            self._parts.append(_copy_instruction(start, size))
            start += size
        self._copied = (0, 0)


def _copy_instruction(offset: int, size: int) -> bytes:
    """Return a copy instruction: which bytes of the two numbers follow, and those bytes."""
    command, parts = 0x80, bytearray()
    for bit, value in enumerate((*offset.to_bytes(4, "little"), *size.to_bytes(3, "little"))):
        if value:
            command |= 1 << bit
            parts.append(value)
    return bytes((command, *parts))


def apply_delta(base: bytes, delta: bytes) -> bytes:
    """Return the content that `delta` makes of `base`.

    Source: "Deltified representation" in https://git-scm.com/docs/gitformat-pack
    """
    at = 0
    for _ in range(2):  # the sizes of the base and of the result
        while delta[at] & 0x80:
            at += 1
        at += 1
    parts: list[bytes] = []
    while at < len(delta):
        command = delta[at]
        at += 1
        if not command & 0x80:
            parts.append(delta[at : at + command])
            at += command
            continue
        numbers = [0] * 7
        for bit in range(7):
            if command >> bit & 1:
                numbers[bit] = delta[at]
                at += 1
        start = int.from_bytes(numbers[:4], "little")
        parts.append(base[start : start + int.from_bytes(numbers[4:], "little")])
    return b"".join(parts)


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)
