"""From bytes to text: which encoding a page is really in."""

from __future__ import annotations

import codecs
import contextlib
import re

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
# Where browsers look for it: https://html.spec.whatwg.org/#prescan-a-byte-stream-to-determine-its-encoding
_PRESCAN_BYTES = 1024
# Browsers read these as Windows-1252, and so must we: https://encoding.spec.whatwg.org/#names-and-labels
_WINDOWS_1252 = frozenset({"ascii", "iso8859-1"})
# In these, other bytes or none mark what is not ASCII, so valid UTF-8 says nothing.
_NOT_BASED_ON_ASCII = ("utf-16", "utf-32", "iso2022", "hz")


def decode(content: bytes, content_type: str) -> str:
    """Return the text of an answer with this Content-Type header.

    A byte order mark decides; else UTF-8 does if the bytes are valid UTF-8, whatever is
    declared, since text in another encoding hardly ever is by chance and servers often declare
    a default; else the header, else the page itself. Nothing is replaced or dropped: raises
    `ValueError` when no candidate fits, as with pictures and PDF.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _without_nul(content.decode(encoding))
    declared = _declared(content, content_type)
    if declared is None or not declared.startswith(_NOT_BASED_ON_ASCII):
        try:
            return _without_nul(content.decode("utf-8"))
        except ValueError:
            pass
    if declared is None:
        raise ValueError("it is no text in UTF-8 and declares no other encoding")
    try:
        return _without_nul(content.decode(declared))
    except ValueError:
        raise ValueError(f"it is text neither in UTF-8 nor in {declared}, as declared") from None


def _declared(content: bytes, content_type: str) -> str | None:
    """Return the first encoding that header or page declare and that Python knows."""
    head = content[:_PRESCAN_BYTES].decode("ascii", errors="replace")
    for place in (content_type, head):
        found = _CHARSET.search(place)
        name = _python_name(found[1]) if found else None
        if name:
            return name
    return None


def _python_name(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
        with contextlib.suppress(UnicodeError):
            b"text".decode(name)  # refuses "hex" and the like, which are no encodings of text
    except LookupError:
        return None
    return "cp1252" if name in _WINDOWS_1252 else name


def _without_nul(text: str) -> str:
    """Return `text`; a NUL character is in no text, but in most files that are none."""
    if "\0" in text:
        raise ValueError("it holds NUL characters")
    return text
