"""Damaged text, recognised by its appearance.

`damage_of` suspects; a person decides. `forbidden_characters` finds what can never be part of a
name, and the services refuse it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from enum import Enum

from .legacy_fonts import looks_legacy, to_unicode


class DamageKind(str, Enum):  # noqa: UP042
    """How a text was damaged."""

    QUESTION_MARKS = "question marks"
    REPLACEMENT = "replacement characters"
    MOJIBAKE = "mojibake"
    MARKUP = "markup"
    LEGACY_FONT = "legacy font"
    CONTROL = "control characters"


@dataclass(frozen=True, slots=True)
class Damage:
    """The damage of a text and, where it can be recovered, the original."""

    kind: DamageKind
    explanation: str
    repaired: str | None = None


_ONLY_QUESTION_MARKS = re.compile(r"(?=.*\?)[?\s.,()/-]{2,}", re.DOTALL)
_RUN_OF_QUESTION_MARKS = re.compile(r"\?{3,}|\?{2,}\s+\?{2,}")
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,15}(?:\s[^<>]*)?/?>|<!--")
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{2,6}|#x[0-9A-Fa-f]{2,6});")
# UTF-8 read as cp1252 or Latin-1: a lead byte and continuation bytes, seen as letters and signs.
_MOJIBAKE = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
)
# Control characters (category Cc), the two separators, overrides and isolates, surrogates (Cs).
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def forbidden_characters(name: str) -> list[str]:
    """Return the characters that no name may have, as ``U+202E``, each once, in their order.

    They are control characters (line breaks, tabs, NUL and escape among them), line separators,
    what overrides or nests the direction of writing (Unicode Standard Annex 9), and halves of
    surrogate pairs. Joiners, which Devanagari needs, are not.
    """
    found = dict.fromkeys(_FORBIDDEN.findall(name))
    return [f"U+{ord(character):04X}" for character in found]


def damage_of(text: str) -> Damage | None:
    """Return the likely damage of a text, None when it looks intact. Never raises."""
    if _MOJIBAKE.search(text) and (repaired := _as_utf8(text)) is not None:
        return Damage(DamageKind.MOJIBAKE, "it is UTF-8 that was read as cp1252", repaired)
    if forbidden := forbidden_characters(text):
        return Damage(DamageKind.CONTROL, f"it has the characters {', '.join(forbidden)}")
    if "\ufffd" in text:
        return Damage(DamageKind.REPLACEMENT, "it has U+FFFD in place of what could not be decoded")
    if _ONLY_QUESTION_MARKS.fullmatch(text) or _RUN_OF_QUESTION_MARKS.search(text):
        return Damage(
            DamageKind.QUESTION_MARKS, "it was saved in an encoding that does not have its letters"
        )
    if _TAG.search(text) or _ENTITY.search(text):
        repaired = " ".join(html.unescape(_TAG.sub(" ", text)).split())
        return Damage(DamageKind.MARKUP, "it has HTML tags or entities", repaired)
    if looks_legacy(text):
        return Damage(
            DamageKind.LEGACY_FONT,
            "it seems to be typed for the font Preeti or Kantipur",
            to_unicode(text),
        )
    return None


def _as_utf8(text: str) -> str | None:
    """Return text whose bytes were read as cp1252 or Latin-1 as they were meant, else None."""
    data = bytearray()
    for character in text:
        try:
            data += character.encode("cp1252")
        except UnicodeEncodeError:
            # Latin-1 for the five bytes that cp1252 leaves out, as browsers read them.
            if ord(character) > 0xFF:
                return None
            data.append(ord(character))
    try:
        repaired = data.decode("utf-8")
    except UnicodeDecodeError:
        # The last character may be truncated.
        repaired = data.decode("utf-8", "ignore")
        if len(repaired.encode()) < len(data) - 3:
            return None
    return repaired if repaired != text else None
