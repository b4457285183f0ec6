"""Nepali in Roman letters, as people write names: राम चन्द्र पौडेल is ram chandra paudel.

By rule, letter by letter, with these rules for the vowel *a* that each consonant carries: a
vowel sign or a halant replaces it; at the end of a word of several syllables it is silent
after a single consonant, and spoken after two (चन्द्र chandra) and in ‑iya (राष्ट्रिय
rashtriya). Long and short vowels, and dental and retroflex consonants, are written alike. How a
person spells their own name is not a matter of rules: see docs/reference/scraping.md.

`nes_tasks.models.devanagari.transliterate_to_roman` is another thing: it keeps every *a*, as
the published data was made with it.
"""

from __future__ import annotations

import re
import unicodedata

_CONSONANTS = {
    "क": "k", "ख": "kh", "ग": "g", "घ": "gh", "ङ": "ng",
    "च": "ch", "छ": "chh", "ज": "j", "झ": "jh", "ञ": "ny",
    "ट": "t", "ठ": "th", "ड": "d", "ढ": "dh", "ण": "n",
    "त": "t", "थ": "th", "द": "d", "ध": "dh", "न": "n",
    "प": "p", "फ": "ph", "ब": "b", "भ": "bh", "म": "m",
    "य": "y", "र": "r", "ल": "l", "ळ": "l", "व": "v",
    "श": "sh", "ष": "sh", "स": "s", "ह": "h",
}  # fmt: skip

_WITH_NUKTA = {"क": "q", "ज": "z", "ड": "r", "ढ": "rh", "फ": "f"}

_VOWELS = {
    "अ": "a", "आ": "a", "इ": "i", "ई": "i", "उ": "u", "ऊ": "u", "ऋ": "ri",
    "ए": "e", "ऐ": "ai", "ओ": "o", "औ": "au", "ॐ": "om",
}  # fmt: skip

_VOWEL_SIGNS = {
    "ा": "a", "ि": "i", "ी": "i", "ु": "u", "ू": "u", "ृ": "ri",
    "े": "e", "ै": "ai", "ो": "o", "ौ": "au",
}  # fmt: skip

_HALANT = "्"
_ANUSVARA = "ं"
_LABIALS = "पफबभमव"

# What stands in words, and what stands between them.
_SIGNS = {"ँ": "n", "ः": "h", "ऽ": ""}
_BETWEEN = str.maketrans(
    {"।": ".", "॥": ".", "॰": "."} | {digit: str(value) for value, digit in enumerate("०१२३४५६७८९")}
)

_JOINERS = re.compile("[\u200c\u200d]")
_WORD = re.compile("[\u0900-\u0963\u0971-\u097f]+")
_UNIT = re.compile(
    f"(?P<consonant>[{''.join(_CONSONANTS)}])(?P<nukta>\u093c)?"
    f"(?P<sign>[{''.join(_VOWEL_SIGNS)}{_HALANT}])?|(?P<other>.)"
)


def romanize(text: str) -> str:
    """Return `text` with its Devanagari words in lower-case Roman letters; the rest stays.

    A sign without a Roman form stays as well, so nothing is lost without being seen.
    """
    composed = unicodedata.normalize("NFC", _JOINERS.sub("", text))
    return _WORD.sub(lambda found: _romanize_word(found[0]), composed).translate(_BETWEEN)


def _romanize_word(word: str) -> str:
    units = list(_UNIT.finditer(word))
    pieces = []
    for place, unit in enumerate(units):
        if unit["consonant"] is None:
            following = word[unit.end() : unit.end() + 1]
            pieces.append(_vowel_or_sign(unit["other"], following))
            continue
        letter, sign = unit["consonant"], unit["sign"]
        nukta = _WITH_NUKTA.get(letter) if unit["nukta"] else None
        pieces.append(nukta or _CONSONANTS[letter])
        if sign is None:
            last = place == len(units) - 1
            pieces.append("" if last and _is_silent(letter, units[:place]) else "a")
        elif sign != _HALANT:
            pieces.append(_VOWEL_SIGNS[sign])
    # The conjunct of j and ny is spoken as neither.
    return "".join(pieces).replace("jny", "gy")


def _is_silent(letter: str, before: list[re.Match[str]]) -> bool:
    """Say whether the *a* of a word's last consonant is not spoken."""
    if not before:
        return False
    sign = before[-1]["sign"]
    return sign != _HALANT and not (letter == "य" and sign in ("ि", "ी"))


def _vowel_or_sign(letter: str, following: str) -> str:
    if letter == _ANUSVARA:
        return "m" if following and following in _LABIALS else "n"
    return _VOWELS.get(letter, _SIGNS.get(letter, letter))
