"""What crosses between a script's process and us: messages with a length, replies without a kind.

The process of the script is not trusted. It can send anything at any time, so each message is
checked where it is read, and a malformed message fails the migration.

A message is one byte for its kind, four for the length of its payload, and the payload. A reply
is a sequence of contents, each behind four bytes with its length; `MISSING` stands for none.
Numbers are big-endian. The payloads:

========  ==================================================================================
WRITE     two bytes with the length of a path, the path, the new content of the file
REWRITE   the same; the file may be a stored version
DELETE    a path
ERASE     the same; the file may be a stored version
CONTENTS  paths with a NUL between them; the reply has what was written to them
TREES     ids (raw) of trees; the reply has them in git's own format
FILES     ids (raw) of files; the reply has their contents
PAIR      ids (raw) of a tree and a file; the reply has both
INDEX     empty; the reply has the path of the file with the index, if there is one
LOG       a message of the script
NOTE      a line for the log of the run alone
HINT      what seems wrong with the data that were read, for the log of the run and for people
READ      JSON: the paths of the files of its folder that it has opened
VERIFIED  nothing; its function verify has passed
PROGRESS  JSON: label or null, number done, total or null
DONE      JSON: the modules that were imported; the script has ended well
LOADED    JSON: `problem` and `line` of a script that was only loaded
FAILED    JSON: `message`, `where`, `traceback` and `source`, the path of a malformed file
========  ==================================================================================
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ..git.objects import REQUEST_BATCH

WRITE, REWRITE, DELETE, ERASE = b"W", b"R", b"D", b"E"
CONTENTS, TREES, FILES, PAIR, INDEX = b"c", b"t", b"f", b"2", b"i"
LOG, NOTE, HINT, PROGRESS = b"l", b"n", b"h", b"p"
READ, VERIFIED = b"r", b"v"
DONE, LOADED, FAILED = b"d", b"o", b"x"
KINDS = {WRITE, REWRITE, DELETE, ERASE, CONTENTS, TREES, FILES, PAIR, INDEX}
KINDS |= {LOG, NOTE, HINT, PROGRESS, READ, VERIFIED, DONE, LOADED, FAILED}

HEADER = struct.Struct(">cI")
PATH_LENGTH = struct.Struct(">H")
# What a write begins with: the two of them, one after the other.
WRITE_HEADER = struct.Struct(">cIH")
LENGTH = struct.Struct(">I")
MISSING = 0xFFFFFFFF
# GitHub refuses files of more than 100 MiB; the largest of the published data has 200 kB.
MAX_PAYLOAD = 64 * 1024 * 1024


class ProtocolError(Exception):
    """Something that is not understood, in words that follow "sent"."""


class Failure(NamedTuple):
    """How a script has failed; `source` is the path of a file that is malformed."""

    message: str
    where: str | None
    traceback: str
    source: str | None


class Loaded(NamedTuple):
    """What is found about a script that was only loaded: a problem, and the line of `migrate`."""

    problem: str | None
    line: int | None


def encode(kind: bytes, *payload: bytes) -> bytes:
    """Return a message."""
    return b"".join((HEADER.pack(kind, sum(map(len, payload))), *payload))


def encode_write(kind: bytes, path: bytes, data: bytes) -> bytes:
    """Return a message that sets the content of a file."""
    size = PATH_LENGTH.size + len(path) + len(data)
    return b"%b%b%b" % (WRITE_HEADER.pack(kind, size, len(path)), path, data)


def decode_write(payload: bytes) -> tuple[str, bytes]:
    """Return path and content of a write; raises `ProtocolError`."""
    if len(payload) < PATH_LENGTH.size:
        raise ProtocolError("a write without a path")
    (length,) = PATH_LENGTH.unpack_from(payload)
    end = PATH_LENGTH.size + length
    if len(payload) < end:
        raise ProtocolError("a write with a truncated path")
    return decode_text(payload[PATH_LENGTH.size : end]), payload[end:]


def decode_text(payload: bytes) -> str:
    """Return a text; raises `ProtocolError` for what is not UTF-8."""
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError("a text that is not UTF-8") from error


def decode_progress(payload: bytes) -> tuple[str | None, int, int | None]:
    """Return label, number done and total; raises `ProtocolError`."""
    row = _decode_json(payload, list)
    if len(row) != 3 or type(row[1]) is not int or not _is_count(row[2]):
        raise ProtocolError("progress without numbers")
    label, done, total = row
    return (None if label is None else str(label)), done, total


def decode_paths(payload: bytes) -> list[str]:
    """Return the paths of files that were opened; raises `ProtocolError`."""
    paths = _decode_json(payload, list)
    if not all(isinstance(path, str) for path in paths):
        raise ProtocolError("paths that are not strings")
    return [str(path) for path in paths]


def decode_ids(payload: bytes, digits: int) -> list[str]:
    """Return the ids in a request: whole ones, by which nothing can be named but a content.

    `digits` is the length of an id. Raises `ProtocolError`.
    """
    text = payload.hex()
    if len(text) % digits:
        raise ProtocolError("ids of a wrong length")
    check_count(len(text) // digits)
    return [text[at : at + digits] for at in range(0, len(text), digits)]


def decode_pair(payload: bytes, digits: int) -> tuple[str, str]:
    """Return the two ids in a request, a tree's and a file's; raises `ProtocolError`."""
    ids = decode_ids(payload, digits)
    if len(ids) != 2:
        raise ProtocolError("a request for a pair with another number of ids")
    return ids[0], ids[1]


def check_count(count: int) -> None:
    """Raise `ProtocolError` for more than is asked for at once."""
    if count > REQUEST_BATCH:
        raise ProtocolError("more items than one request allows")


def decode_failure(payload: bytes) -> Failure:
    """Return how a script has failed; raises `ProtocolError`."""
    known = _decode_json(payload, dict)
    return Failure(
        message=_text_of(known, "message") or "",
        where=_text_of(known, "where"),
        traceback=_text_of(known, "traceback") or "",
        source=_text_of(known, "source"),
    )


def decode_loaded(payload: bytes) -> Loaded:
    """Return the findings for a script; raises `ProtocolError`."""
    known = _decode_json(payload, dict)
    line = known.get("line")
    if not _is_count(line):
        raise ProtocolError("a line that is not a number")
    return Loaded(_text_of(known, "problem"), line)


def _decode_json(payload: bytes, kind: type) -> Any:
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        content = None
    if type(content) is not kind:
        raise ProtocolError("malformed JSON")
    return content


def _text_of(content: dict[str, Any], key: str) -> str | None:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise ProtocolError(f"a {key} that is not a string")
    return value


def _is_count(value: object) -> bool:
    return value is None or type(value) is int


def encode_reply(contents: Iterable[bytes | None]) -> bytes:
    """Return a reply."""
    parts: list[bytes] = []
    for content in contents:
        if content is None:
            parts.append(LENGTH.pack(MISSING))
        else:
            parts += (LENGTH.pack(len(content)), content)
    return b"".join(parts)


class Messages:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield kind and payload of each message that `chunk` completes.

        Raises `ProtocolError` as soon as a header is malformed, however long its payload would be.
        """
        rest = self._rest
        rest += chunk
        at, size = 0, HEADER.size
        while len(rest) - at >= size:
            kind, length = HEADER.unpack_from(rest, at)
            if kind not in KINDS or length > MAX_PAYLOAD:
                raise ProtocolError("neither a known kind of message nor a sensible length")
            end = at + size + length
            if len(rest) < end:
                break
            payload = bytes(memoryview(rest)[at + size : end])
            at = end
            yield kind, payload
        del rest[:at]
