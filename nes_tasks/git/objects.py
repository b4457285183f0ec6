"""Reading git objects in bulk through one ``git cat-file --batch`` process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from ..errors import GitError
from .conversation import Conversation

# One round of requests must fit into a pipe's buffer (64 KiB on Linux, 16 KiB on macOS) whole:
# then git never waits for us to read while we wait for it to read.
REQUEST_BATCH = 256


class GitObject(NamedTuple):
    """One object: its id as hexadecimal text, its type and its content."""

    oid: str
    kind: str
    data: bytes


def blob_id(data: bytes, length: int) -> str:
    """Return git's id of a file with this content, in a repository with ids of `length` digits.

    SHA-256 repositories have longer ids: https://git-scm.com/docs/hash-function-transition
    """
    digest = hashlib.sha256 if length == 64 else hashlib.sha1
    return digest(b"blob %d\0" % len(data) + data).hexdigest()


class ObjectReader(Conversation):
    """Reads objects by id or by any name that git understands, such as ``HEAD:v2``.

    The process starts at the first request and is ended by `close`. Reads only.
    """

    command = ("cat-file", "--batch")
    ended_early = "it ended early; the repository may be damaged (git fsck)"

    def get(self, name: str) -> GitObject | None:
        """Return the object called `name`, None when there is none."""
        return next(self.get_many([name]))

    def get_many(self, names: Iterable[str]) -> Iterator[GitObject | None]:
        """Return the objects in the order of `names`, holding a few hundred at a time at most."""
        waiting = iter(names)
        while some := list(islice(waiting, REQUEST_BATCH)):
            # All answers of a round are read even if the caller stops early; otherwise the next
            # request would read what is left in the pipe.
            yield from self._round(some)

    def _round(self, names: list[str]) -> list[GitObject | None]:
        try:
            return self._asked(names)
        except GitError as error:
            if not self._git.may_fetch(error.stderr.encode()):
                raise
        return self._asked(names)

    def _asked(self, names: list[str]) -> list[GitObject | None]:
        process = self._running()
        assert process.stdin and process.stdout
        try:
            process.stdin.write("".join(f"{name}\n" for name in names).encode())
            process.stdin.flush()
            return [self._answer() for _ in names]
        except BrokenPipeError:
            raise self._died() from None
        except BaseException:
            self.close()  # the rest in the pipe would be read as the next answer
            raise

    def _answer(self) -> GitObject | None:
        assert self._process and self._process.stdout
        header = self._process.stdout.readline()
        if not header:
            raise self._died()
        words = header.rsplit(b" ", 2)
        if len(words) < 3 or not words[2].strip().isdigit():
            return None  # "<name> missing", "<name> ambiguous"
        size = int(words[2])
        data = self._process.stdout.read(size + 1)
        if len(data) != size + 1:
            raise self._died()
        return GitObject(words[0].decode(), words[1].decode(), data[:-1])
