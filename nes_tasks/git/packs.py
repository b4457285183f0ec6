"""Writing git objects as one pack, which git itself checks and installs.

The objects are collected in a temporary file in git's pack format
(https://git-scm.com/docs/gitformat-pack); nothing of it can be seen by anyone before `install`.
``git index-pack`` then reads and checks every object, and that what it refers to is there, and puts
the pack into place, its index last: a killed process leaves no half of it behind.
"""

from __future__ import annotations

import hashlib
import struct
import tempfile
import zlib
from pathlib import Path
from typing import IO

from .command import Git

COMMIT, TREE, BLOB, REF_DELTA = 1, 2, 3, 7
NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob"}
# The fastest level: the next repack of git compresses again, and with deltas.
LEVEL = 1
HEADER = struct.Struct(">4sII")
VERSION = 2
COPY_CHUNK = 1024 * 1024


class PackWriter:
    """A pack in the making. Contents that were written can be read back.

    `folder` is where the temporary file lies. Memory grows with the number of objects, by their
    ids and places, not with their contents.
    """

    def __init__(self, git: Git, folder: Path | None = None, *, id_size: int = 20) -> None:
        self._git = git
        self._digest = hashlib.sha256 if id_size == 32 else hashlib.sha1
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `close`
        self._file.write(HEADER.pack(b"PACK", VERSION, 0))
        self._at = HEADER.size
        # Where the compressed content of each object begins and ends.
        self._places: dict[bytes, tuple[int, int]] = {}

    def __contains__(self, oid: bytes) -> bool:
        """Return whether the object with this raw id was written here."""
        return oid in self._places

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self._places)

    @property
    def size(self) -> int:
        """The number of bytes so far."""
        return self._at

    def write(self, kind: int, data: bytes) -> bytes:
        """Add an object, unless it is there, and return its raw id."""
        oid = self._digest(b"%b %d\0%b" % (NAMES[kind], len(data), data)).digest()
        if oid not in self._places:
            self._add(oid, _object_header(kind, len(data)), data)
        return oid

    def write_delta(self, oid: bytes, base: bytes, delta: bytes) -> None:
        """Add the object with the raw id `oid` as a delta to the object `base`.

        The base is in this pack. A delta that makes another object is found by git when the pack
        is installed: what refers to this one is then incomplete.
        """
        assert base in self._places, "a pack holds the bases of its deltas"
        if oid not in self._places:
            self._add(oid, _object_header(REF_DELTA, len(delta)) + base, delta)

    def _add(self, oid: bytes, header: bytes, content: bytes) -> None:
        packed = zlib.compress(content, LEVEL)
        start = self._at + len(header)
        self._file.write(header + packed)
        self._at = start + len(packed)
        self._places[oid] = (start, self._at)

    def read(self, oid: bytes) -> bytes:
        """Return the content of an object that `write` added."""
        start, end = self._places[oid]
        self._file.seek(start)
        packed = self._file.read(end - start)
        self._file.seek(self._at)
        return zlib.decompress(packed)

    def install(self) -> None:
        """Let git check the pack and put it into the repository; the writer is closed.

        Raises `GitError` when git finds an object that is not whole, or the disk full.
        """
        try:
            if self._places:
                self._finish()
                self._index()
        finally:
            self.close()

    def _finish(self) -> None:
        """Write the number of objects into the header, and the checksum at the end."""
        self._file.seek(0)
        self._file.write(HEADER.pack(b"PACK", VERSION, len(self._places)))
        self._file.seek(0)
        checksum = self._digest()
        while chunk := self._file.read(COPY_CHUNK):
            checksum.update(chunk)
        self._file.write(checksum.digest())
        self._file.flush()
        self._file.seek(0)

    def _index(self) -> None:
        self._git.run("index-pack", "--stdin", "--strict", stdin=self._file)

    def close(self) -> None:
        """Throw everything away that was not installed."""
        self._file.close()

    def __enter__(self) -> PackWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _object_header(kind: int, size: int) -> bytes:
    """Return type and size as packs begin an object with."""
    first, size = kind << 4 | size & 0xF, size >> 4
    parts = bytearray()
    while size:
        parts.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    parts.append(first)
    return bytes(parts)
