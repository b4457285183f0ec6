"""Nepali written in Roman letters, put into Devanagari."""

from __future__ import annotations

import re

_CONSONANTS = {
    "kh": "ख", "gh": "घ", "chh": "छ", "ch": "च", "jh": "झ", "th": "थ", "dh": "ध", "ph": "फ",
    "bh": "भ", "sh": "श", "gy": "ज्ञ", "ksh": "क्ष", "x": "क्ष", "k": "क", "q": "क", "c": "क",
    "g": "ग", "j": "ज", "z": "ज", "t": "त", "d": "द", "n": "न", "p": "प", "f": "फ", "b": "ब",
    "m": "म", "y": "य", "r": "र", "l": "ल", "v": "व", "w": "व", "s": "स", "h": "ह",
}  # fmt: skip

# Each vowel as a letter of its own and as the sign behind a consonant.
_VOWELS = {
    "aa": ("आ", "ा"), "ai": ("ऐ", "ै"), "au": ("औ", "ौ"), "ou": ("औ", "ौ"), "ee": ("ई", "ी"),
    "ii": ("ई", "ी"), "oo": ("ऊ", "ू"), "uu": ("ऊ", "ू"), "a": ("अ", ""), "i": ("इ", "ि"),
    "u": ("उ", "ु"), "e": ("ए", "े"), "o": ("ओ", "ो"),
}  # fmt: skip

_DIGITS = str.maketrans("0123456789", "०१२३४५६७८९")
_HALANT = "्"
_WORD = re.compile("[a-z]+")
_SOUND = re.compile("|".join(sorted([*_CONSONANTS, *_VOWELS], key=len, reverse=True)))


def transliterate_to_devanagari(text: str) -> str:
    """Return `text` with its Roman letters and digits put into Devanagari.

    Words are read as Nepali is usually written in Roman letters: *aa*, *ee*, *oo* are long, an
    *a* at the end of a word is, and a consonant without a vowel joins the next one. Roman
    spelling does not tell retroflex from dental letters or long from short vowels, so the
    result is a good guess and no spelling to publish unseen. Capitals do not matter; whatever
    is not a Roman letter or digit stays.
    """
    return _WORD.sub(_in_devanagari, text.lower()).translate(_DIGITS)


def _in_devanagari(match: re.Match[str]) -> str:
    sounds = _SOUND.findall(match[0])
    written = ""
    for number, sound in enumerate(sounds):
        after_consonant = number > 0 and sounds[number - 1] in _CONSONANTS
        last = number == len(sounds) - 1
        if sound in _CONSONANTS:
            written += (_HALANT if after_consonant else "") + _CONSONANTS[sound]
        elif sound == "a" and last and after_consonant:
            written += "ा"
        else:
            letter, sign = _VOWELS[sound]
            written += sign if after_consonant else letter
    return written
