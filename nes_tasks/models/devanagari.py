"""Nepali text: recognise the script, compare, and transliterate to Roman letters."""

from __future__ import annotations

import re
import unicodedata

_DEVANAGARI = re.compile("[\u0900-\u097f]")
_ONLY_DEVANAGARI = re.compile("[\u0900-\u097f]+")
_BLANKS = re.compile(r"\s+")

# The longer spelling of Kathmandu comes first, or its last sign would remain.
_WORDS = {
    "नेपाल": "Nepal",
    "काठमाडौं": "Kathmandu",
    "काठमाडौ": "Kathmandu",
    "पोखरा": "Pokhara",
    "भारत": "Bharat",
}

_VOWELS = {
    "अ": "a", "आ": "a", "इ": "i", "ई": "i", "उ": "u", "ऊ": "u",
    "ऋ": "ri", "ए": "e", "ऐ": "ai", "ओ": "o", "औ": "au",
}  # fmt: skip

_CONSONANTS = {
    "क": "ka", "ख": "kha", "ग": "ga", "घ": "gha", "ङ": "nga",
    "च": "cha", "छ": "chha", "ज": "ja", "झ": "jha", "ञ": "nya",
    "ट": "ta", "ठ": "tha", "ड": "da", "ढ": "dha", "ण": "na",
    "त": "ta", "थ": "tha", "द": "da", "ध": "dha", "न": "na",
    "प": "pa", "फ": "pha", "ब": "ba", "भ": "bha", "म": "ma",
    "य": "ya", "र": "ra", "ल": "la", "व": "va",
    "श": "sha", "ष": "shha", "स": "sa", "ह": "ha",
}  # fmt: skip

_VOWEL_SIGNS = {
    "ा": "a", "ि": "i", "ी": "i", "ु": "u", "ू": "u",
    "ृ": "ri", "े": "e", "ै": "ai", "ो": "o", "ौ": "au",
}  # fmt: skip

_OTHER_SIGNS = {"्": "", "ं": "n", "ँ": "n", "ः": "h"}

_DIGITS = {digit: str(value) for value, digit in enumerate("०१२३४५६७८९")}

_ROMAN = str.maketrans(_VOWELS | _CONSONANTS | _VOWEL_SIGNS | _OTHER_SIGNS | _DIGITS)


def contains_devanagari(text: str) -> bool:
    """Say whether any character of `text` is Devanagari (U+0900 to U+097F)."""
    return bool(text) and _DEVANAGARI.search(text) is not None


def is_devanagari(text: str) -> bool:
    """Say whether `text` is Devanagari throughout, leaving blanks aside; empty text is not."""
    return bool(text) and _ONLY_DEVANAGARI.fullmatch(_BLANKS.sub("", text)) is not None


def transliterate_to_roman(text: str) -> str:
    """Return `text` with each Devanagari letter replaced by Roman ones.

    A few place names get their English spelling. Otherwise it goes letter by letter, and the
    inherent *a* of a consonant stays even before a vowel sign or a halant, as in the published
    data: good for numbers and dates, too literal for names. Other characters stay as they are.
    """
    if not text:
        return ""
    if not contains_devanagari(text):
        return text
    for nepali, english in _WORDS.items():
        text = text.replace(nepali, english)
    return text.translate(_ROMAN)


def romanize_nepali(text: str) -> str:
    """Return `text` in Roman letters: another name of `transliterate_to_roman`."""
    return transliterate_to_roman(text)


def normalize_devanagari(text: str) -> str:
    """Return `text` in NFC, stripped, with runs of blanks collapsed."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip()


def compare_devanagari(first: str, second: str) -> bool:
    """Return whether two texts are equal apart from blanks and Unicode form."""
    return normalize_devanagari(first) == normalize_devanagari(second)
