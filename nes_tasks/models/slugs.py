"""Slugs: the last part of an id, made from a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection

from .entity_types import MAX_SLUG_LENGTH, MIN_SLUG_LENGTH
from .romanization import romanize

_BLANKS = re.compile(r"[\s_]+")
_FORBIDDEN = re.compile(r"[^a-z0-9-]")
_HYPHENS = re.compile(r"-+")


def text_to_slug(text: str) -> str:
    """Return `text` as lower-case ASCII words joined by hyphens.

    Letters are stripped of their accents; whatever is not ASCII after that is dropped, so a
    text in Devanagari gives an empty slug: `slug_for` is for names in either script.
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    hyphenated = _BLANKS.sub("-", ascii_text.lower())
    return _HYPHENS.sub("-", _FORBIDDEN.sub("", hyphenated)).strip("-")


def slug_for(name: str) -> str:
    """Return the slug of a name in Roman letters or Devanagari: राम चन्द्र पौडेल, ram-chandra-paudel.

    For a name in Roman letters it is that of `text_to_slug`. One of more than 100 characters is
    cut at a word. Raises `ValueError` when the name gives fewer than 3.
    """
    slug = shorten_slug(text_to_slug(romanize(name)))
    if len(slug) < MIN_SLUG_LENGTH:
        raise ValueError(
            f"the name {name!r} gives the slug {slug!r}, and a slug has {MIN_SLUG_LENGTH}"
            " characters or more; write one by hand"
        )
    return slug


def shorten_slug(slug: str, length: int = MAX_SLUG_LENGTH) -> str:
    """Return at most `length` characters of a slug, cut at a hyphen if there is one."""
    if len(slug) <= length:
        return slug
    cut = slug[: length + 1].rpartition("-")[0]
    return (cut or slug[:length]).strip("-")


def free_slug(name: str, taken: Collection[str] | Callable[[str], bool]) -> str:
    """Return the slug of a name or, when it is taken, with the first free number: ram-rai-2.

    `taken` holds the slugs that are in use, or says of one whether it is. For two persons of one
    name; a person who is there already must not get a second entity. Raises as `slug_for` does.
    """
    is_taken = taken if callable(taken) else taken.__contains__
    slug = candidate = slug_for(name)
    number = 1
    while is_taken(candidate):
        number += 1
        ending = f"-{number}"
        candidate = shorten_slug(slug, MAX_SLUG_LENGTH - len(ending)) + ending
    return candidate
