"""Slugs: the last part of an id, made from a name."""

from __future__ import annotations

import re
import unicodedata

_BLANKS = re.compile(r"[\s_]+")
_FORBIDDEN = re.compile(r"[^a-z0-9-]")
_HYPHENS = re.compile(r"-+")


def text_to_slug(text: str) -> str:
    """Return `text` as lower-case ASCII words joined by hyphens.

    Letters are stripped of their accents; whatever is not ASCII after that is dropped, so a
    text in Devanagari gives an empty slug.
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    hyphenated = _BLANKS.sub("-", ascii_text.lower())
    return _HYPHENS.sub("-", _FORBIDDEN.sub("", hyphenated)).strip("-")
