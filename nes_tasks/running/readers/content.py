"""What a file really holds, by its first bytes, and text files opened in their encoding."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ...migrations.pointers import pointer_in
from .errors import InputFileError

# UTF-8 with or without the byte order mark that spreadsheet programs put in front.
UTF_8 = "utf-8-sig"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# [MS-CFB] 2.2, Compound File Header: an .xls of Excel 97-2003, or an encrypted .xlsx.
COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")
ZIP = b"PK\x03\x04"  # APPNOTE.TXT 4.3.7: .xlsx, .ods and others
HEAD_SIZE = 4096

# File types by their first bytes, with the hint when another type is expected.
KINDS = {
    ZIP: ("an Excel or OpenDocument workbook, or another zip archive", "read it with read_excel"),
    COMPOUND_FILE: ("an old .xls or encrypted workbook", "save it as .xlsx, unencrypted"),
    b"%PDF-": ("a PDF", "take its table out of it first"),
    b"\x1f\x8b": ("compressed with gzip", "unpack it first"),  # RFC 1952 2.3.1
    b"BZh": ("compressed with bzip2", "unpack it first"),
    b"\xfd7zXZ\0": ("compressed with xz", "unpack it first"),
    b"Rar!\x1a\x07": ("a RAR archive", "unpack it first"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it first"),
    b"SQLite format 3\0": ("an SQLite database", "export its table as CSV first"),
    b"PAR1": ("a Parquet file", "read it with pandas.read_parquet"),
}
WEB_PAGE = ("a web page", "download the file itself: a browser may have been asked to log in")


def head_of(path: Path, name: str) -> bytes:
    """Return the first bytes of a file.

    Raises `InputFileError` when it is empty, cannot be read, or is a pointer to its content.
    """
    try:
        size = path.stat().st_size
        if pointer := pointer_in(path, size):
            raise InputFileError(f"{name} is {pointer.kind}, not the data", hint=pointer.command)
        with path.open("rb") as file:
            head = file.read(HEAD_SIZE)
    except OSError as error:
        if isinstance(error, InputFileError):
            raise
        raise InputFileError(f"{name} cannot be read: {error.strerror or error}") from None
    if len(head) <= _mark_size(head):
        raise InputFileError(f"{name} is empty")
    return head


def kind_of(head: bytes) -> tuple[str, str] | None:
    """Return what a file is that begins so, and what to do about it; None when it may be text."""
    found = next((kind for start, kind in KINDS.items() if head.startswith(start)), None)
    if found is None and head.removeprefix(b"\xef\xbb\xbf").lstrip()[:15].lower().startswith(
        (b"<!doctype html", b"<html")
    ):
        return WEB_PAGE
    return found


@contextmanager
def open_text(path: Path, name: str, encoding: str, kind: str) -> Iterator[TextIO]:
    """Open a text file; what is wrong with its bytes or its access becomes `InputFileError`.

    `kind` is the word for what it should be, such as "CSV".
    """
    head = head_of(path, name)
    if found := kind_of(head):
        raise InputFileError(f"{name} is {found[0]}, not {kind}", hint=found[1])
    _refuse_unmarked_utf_16(head, name, encoding)
    try:
        with path.open(encoding=encoding, newline="") as file:
            yield file
    except UnicodeError as error:
        raise _wrong_encoding(path, name, encoding, error) from None
    except LookupError as error:
        if "encoding" not in str(error):
            raise
        raise InputFileError(f"{name} cannot be read: {error}") from None
    except OSError as error:
        if isinstance(error, InputFileError):
            raise
        raise InputFileError(f"{name} cannot be read: {error.strerror or error}") from None


def _mark_size(head: bytes) -> int:
    """Return how many bytes at the start are a byte order mark."""
    if head.startswith(b"\xef\xbb\xbf"):
        return 3
    return 2 if head.startswith(UTF_16_MARKS) else 0


def _refuse_unmarked_utf_16(head: bytes, name: str, encoding: str) -> None:
    """Refuse UTF-16 without its mark: most of it is valid UTF-8, with NUL between the letters."""
    if _is_wide(encoding) or b"\0" not in head or _mark_size(head) == 2:
        return
    odd, even = head[1::2].count(0), head[::2].count(0)
    guess = "utf-16-le" if odd > even else "utf-16-be"
    raise InputFileError(
        f"{name} is not {_encoding_label(encoding)}: "
        f"byte 0x00 in line {_line(head, head.index(0))}",
        hint=f'it looks like UTF-16; pass encoding="{guess}"',
    )


def _is_wide(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    except LookupError:
        return False


def _encoding_label(encoding: str) -> str:
    return "UTF-8" if encoding == UTF_8 else encoding


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _wrong_encoding(path: Path, name: str, encoding: str, error: UnicodeError) -> InputFileError:
    """Say where the file is not what it was read as, and what to pass instead."""
    label = _encoding_label(encoding)
    with path.open("rb") as file:
        start = file.read(2)
    if start in UTF_16_MARKS:
        return InputFileError(f"{name} is not {label} but UTF-16", hint='pass encoding="utf-16"')
    # A decoder that reads in pieces counts from the start of a piece, so the whole is decoded.
    data = path.read_bytes()
    location, is_truncated = "", False
    try:
        data.decode(encoding)
    except UnicodeDecodeError as bad:
        location = f": byte 0x{data[bad.start]:02x} in line {_line(data, bad.start)}"
        is_truncated = bad.reason == "unexpected end of data" and bad.end == len(data)
    except UnicodeError:
        pass
    if is_truncated and encoding == UTF_8:
        return InputFileError(
            f"{name} ends in the middle of a character, in line {_line(data, len(data))}: it is "
            "truncated",
            hint="download or copy it again",
        )
    hint = "save it as UTF-8 or pass its encoding, for example"
    return InputFileError(
        f"{name} is not {label}{location} ({error.args[-1]})",
        hint=f'{hint} encoding="cp1252" for a CSV that Excel saved on Windows',
    )
