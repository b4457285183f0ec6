"""Writing git objects as one pack, which git itself checks and stores.

The objects are collected in a temporary file in git's pack format
(https://git-scm.com/docs/gitformat-pack), which has no name, so a killed process leaves nothing of
it behind. ``git index-pack`` then reads and checks every object and what it refers to.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
from array import array
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO

from ..errors import GitError
from .command import Git

try:  # the same format in half the time, and large folders in a fifth
    from isal import isal_zlib as zlib
except ImportError:  # a machine that it is not made for
    import zlib  # type: ignore[no-redef]

COMMIT, TREE, BLOB, REF_DELTA = 1, 2, 3, 7
NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob"}
# The fastest level: the next repack of git compresses again, and with deltas.
LEVEL = 1
# Up to this many bytes a content, such as a folder of one file, hardly gets smaller.
TINY = 80
STORED, CHECKSUM = struct.Struct("<3sHH"), struct.Struct(">I")
HEADER = struct.Struct(">4sII")
VERSION = 2
BUFFER = 1024 * 1024
# With fewer objects and bytes than these, git looks up all that a pack refers to.
FEW_OBJECTS = 100
FEW_BYTES = 1024 * 1024


class PackWriter:
    """A pack in the making. Contents that were written can be read back.

    `folder` is where the temporary file lies, `id_size` the number of bytes of an id. Memory grows
    with the number of objects, by their ids and places, not with their contents.
    """

    def __init__(self, folder: Path | None = None, *, id_size: int = 20) -> None:
        self._digest = hashlib.sha256 if id_size == 32 else hashlib.sha1
        self._file: IO[bytes] = tempfile.TemporaryFile(  # noqa: SIM115 - closed by `close`
            buffering=BUFFER, dir=folder
        )
        self._file.write(HEADER.pack(b"PACK", VERSION, 0))
        self._at = self._flushed = HEADER.size
        self._numbers: dict[bytes, int] = {}
        self._ids: list[bytes] = []
        # Where the compressed content of each object begins.
        self._starts = array("Q")

    def __contains__(self, oid: bytes) -> bool:
        """Return whether the object with this raw id was written here."""
        return oid in self._numbers

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self._ids)

    @property
    def size(self) -> int:
        """The number of bytes so far."""
        return self._at

    def write(self, kind: int, data: bytes, oid: bytes | None = None) -> bytes:
        """Add an object, unless it is there, and return its raw id: `oid`, if that is known."""
        if oid is None:
            oid = self._digest(b"%b %d\0%b" % (NAMES[kind], len(data), data)).digest()
        if oid not in self._numbers:
            self._add(oid, _object_header(kind, len(data)), data)
        return oid

    def write_delta(self, oid: bytes, base: bytes, delta: bytes) -> None:
        """Add the object with the raw id `oid` as a delta to the object `base` of this pack.

        A delta that makes another object is found by git when the pack is stored: what refers to
        this one is then incomplete.
        """
        assert base in self._numbers, "a pack holds the bases of its deltas"
        if oid not in self._numbers:
            self._add(oid, _object_header(REF_DELTA, len(delta)) + base, delta)

    def _add(self, oid: bytes, header: bytes, content: bytes) -> None:
        packed = zlib.compress(content, LEVEL) if len(content) > TINY else _stored(content)
        self._file.write(header + packed)
        self._numbers[oid] = len(self._ids)
        self._ids.append(oid)
        self._starts.append(self._at + len(header))
        self._at += len(header) + len(packed)

    def number(self, oid: bytes) -> int:
        """Return the number of an object in the order of writing, by which others name it."""
        return self._numbers[oid]

    def oid(self, number: int) -> bytes:
        """Return the raw id of the object with this number."""
        return self._ids[number]

    def read(self, number: int) -> bytes:
        """Return the content of an object, of one that `write_delta` added the delta."""
        start = self._starts[number]
        following = number + 1
        end = self._starts[following] if following < len(self._starts) else self._at
        if end > self._flushed:
            self._file.flush()
            self._flushed = self._at
        # What follows is the header of the next object, which the decompression does not reach.
        packed = os.pread(self._file.fileno(), end - start, start)
        return zlib.decompressobj().decompress(packed)

    def store(
        self, git: Git, env: Mapping[str, str] | None = None, *, referred: Collection[bytes] = ()
    ) -> None:
        """Let git check the pack and store it with its index; `env` says where.

        `referred` are the raw ids of what the objects newly refer to. Raises `GitError` when git
        finds an object that is not whole or not there, or the disk full.
        """
        if not self._ids:
            return
        self._finish()
        is_small = len(self._ids) < FEW_OBJECTS and self._at < FEW_BYTES
        if is_small and git.is_partial:
            # Packs cannot be joined there, and what trees refer to may be with the remote alone.
            git.run("unpack-objects", "-q", stdin=self._file, env=env, discard=True)
        elif is_small:
            git.run("index-pack", "--stdin", "--strict", stdin=self._file, env=env)
        else:
            # --strict would look up each entry of each tree, also the 500,000 that a large folder
            # had before; they were looked up when they were new.
            git.run("index-pack", "--stdin", "--fsck-objects", stdin=self._file, env=env)
            _check_there(git, [*self._ids, *(() if git.is_partial else referred)], env)

    def _finish(self) -> None:
        """Write the number of objects into the header, and the checksum at the end."""
        self._file.seek(0)
        self._file.write(HEADER.pack(b"PACK", VERSION, len(self._ids)))
        self._file.seek(0)
        checksum = self._digest()
        while chunk := self._file.read(BUFFER):
            checksum.update(chunk)
        self._file.write(checksum.digest())
        self._file.flush()
        self._file.seek(0)
        os.lseek(self._file.fileno(), 0, os.SEEK_SET)

    def close(self) -> None:
        """Throw the temporary file away."""
        self._file.close()

    def __enter__(self) -> PackWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _stored(content: bytes) -> bytes:
    """Return a zlib stream of one block that is not compressed (RFC 1950; RFC 1951, 3.2.4)."""
    size = len(content)
    head = STORED.pack(b"x\x01\x01", size, size ^ 0xFFFF)
    return b"".join((head, content, CHECKSUM.pack(zlib.adler32(content))))


def _check_there(git: Git, ids: Iterable[bytes], env: Mapping[str, str] | None) -> None:
    """Raise `GitError` unless all these objects are stored, here or in the repository."""
    names = "".join([f"{oid.hex()}\n" for oid in dict.fromkeys(ids)]).encode()
    check = ("cat-file", "--batch-check=%(objectname)", "--buffer")
    for row in git.run(*check, stdin=names, env=env).splitlines():
        if row.endswith(b" missing"):
            oid = row.split()[0].decode()
            raise GitError(f"a commit is not whole: git has no object {oid}", hint="see git fsck")


@lru_cache(maxsize=8192)  # most files of a large migration are of much the same size
def _object_header(kind: int, size: int) -> bytes:
    """Return type and size as packs begin an object with."""
    first, size = kind << 4 | size & 0xF, size >> 4
    parts = bytearray()
    while size:
        parts.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    parts.append(first)
    return bytes(parts)
