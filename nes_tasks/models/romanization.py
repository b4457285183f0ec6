"""Nepali in Roman letters, as people write names: राम चन्द्र पौडेल is ram chandra paudel.

Word by word. A word that is usually spelt otherwise than it sounds (श्रेष्ठ Shrestha, सिंह Singh) is in
`roman_spellings`. Every other one goes letter by letter, with three things that the script does
not show:

* The vowel *a* that each consonant carries is silent at the end of a word after a single consonant
  (कमल kamal), and between two syllables of a longer word (सुनसरी sunsari). A name made of two words
  is taken apart at its second one (राम|नगर ramnagar), so that each half ends in the same way.
* व is *b* at the beginning of a word and before *i* or *e*, *v* at its end, else mostly *w*.
* A nasal is written as it is spoken before the next letter (सिंह singh, पञ्च pancha).

Long and short vowels, and dental and retroflex consonants, are written alike. How a person spells
their own name is not a matter of rules: what this gets right is measured by
``benchmarks/names.py``.

`nes_tasks.models.devanagari.transliterate_to_roman` is another thing: it keeps every *a*, as
the published data was made with it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .roman_spellings import LETTER_NAMES, SECOND_PARTS, SPELLINGS

_CONSONANTS = {
    "क": "k", "ख": "kh", "ग": "g", "घ": "gh", "ङ": "ng",
    "च": "ch", "छ": "chh", "ज": "j", "झ": "jh", "ञ": "n",
    "ट": "t", "ठ": "th", "ड": "d", "ढ": "dh", "ण": "n",
    "त": "t", "थ": "th", "द": "d", "ध": "dh", "न": "n",
    "प": "p", "फ": "ph", "ब": "b", "भ": "bh", "म": "m",
    "य": "y", "र": "r", "ल": "l", "ळ": "l", "व": "w",
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
_NUKTA = "़"
_INHERENT = "a"
_LABIALS = "पफबभमव"
_ANUSVARA = "ं"
_NASAL_SIGNS = _ANUSVARA + "ँ"
# Signs that are not heard.
_SILENT_SIGNS = "ःऽ"

# What stands between words.
_BETWEEN = str.maketrans(
    {"।": ".", "॥": ".", "॰": "."} | {digit: str(value) for value, digit in enumerate("०१२३४५६७८९")}
)

_JOINERS = re.compile("[\u200c\u200d]")
_WORD = re.compile("[\u0900-\u0963\u0971-\u097f]+")
# Abbreviations of two to four letters, such as के.सी. and एन.पी.
_LETTER_NAME = "|".join(sorted(LETTER_NAMES, key=len, reverse=True))
_INITIALS = re.compile(rf"(?<![\u0900-\u097f])((?:(?:{_LETTER_NAME})\s*\.\s*){{2,4}})")
_UNIT = re.compile(
    f"(?P<consonant>[{''.join(_CONSONANTS)}])(?P<nukta>{_NUKTA})?"
    f"(?P<sign>[{''.join(_VOWEL_SIGNS)}{_HALANT}])?|(?P<other>.)",
    re.DOTALL,
)
# Consonants that meet, written as they are spoken; in this order.
_CLUSTERS = (
    ("jn", "gy"), ("kshm", "xm"), ("shth", "sth"), ("sht", "st"), ("ngg", "ng"), ("nng", "ng"),
    ("ngk", "nk"),
)  # fmt: skip


@dataclass(slots=True)
class _Syllable:
    """A consonant with its vowel, or a vowel alone; an empty vowel is a halant or silent."""

    letter: str
    consonant: str
    vowel: str
    inherent: bool
    nasal: str = ""


def romanize(text: str) -> str:
    """Return `text` with its Devanagari words in lower-case Roman letters; the rest stays.

    A sign without a Roman form stays as well, so nothing is lost without being seen.
    """
    composed = unicodedata.normalize("NFC", _JOINERS.sub("", text))
    composed = _INITIALS.sub(lambda found: _initials(found[1]), composed)
    return _WORD.sub(lambda found: romanize_word(found[0]), composed).translate(_BETWEEN)


def romanize_word(word: str) -> str:
    """Return one Devanagari word in Roman letters: as it is usually spelt, else by rule."""
    known = SPELLINGS.get(word)
    if known is not None:
        return known
    for second in SECOND_PARTS:
        first = word.removesuffix(second)
        if first != word and _can_stand_alone(first):
            return romanize_word(first) + (SPELLINGS.get(second) or _by_rule(second))
    return _by_rule(word)


def _initials(text: str) -> str:
    """Return the Roman letters of an abbreviation, written together."""
    letters = [LETTER_NAMES[part.strip()] for part in text.split(".") if part.strip()]
    return "".join(letters) + (" " if text[-1].isspace() else "")


def _can_stand_alone(first: str) -> bool:
    """Say whether the first half of a word has two syllables or more and is whole."""
    return len(_syllables(first)) > 1 and not first.endswith(_HALANT)


def _syllables(word: str) -> list[_Syllable]:
    found: list[_Syllable] = []
    for unit in _UNIT.finditer(word):
        letter, other = unit["consonant"], unit["other"]
        if letter is not None:
            nukta = _WITH_NUKTA.get(letter) if unit["nukta"] else None
            sign = unit["sign"]
            vowel = _INHERENT if sign is None else _VOWEL_SIGNS.get(sign, "")
            found.append(_Syllable(letter, nukta or _CONSONANTS[letter], vowel, sign is None))
        elif other in _NASAL_SIGNS and found:
            found[-1].nasal = other
        elif other not in _SILENT_SIGNS:
            found.append(_Syllable(other, "", _VOWELS.get(other, other), inherent=False))
    return found


def _by_rule(word: str) -> str:
    syllables = _syllables(word)
    _silence(syllables)
    written = ""
    for index, syllable in enumerate(syllables):
        before = syllables[index - 1] if index else None
        following = syllables[index + 1] if index + 1 < len(syllables) else None
        consonant = syllable.consonant
        if syllable.letter == "व":
            consonant = _va(syllable, before)
        elif syllable.letter == "ञ":
            consonant = _nya(syllable, before, following)
        written += consonant + syllable.vowel + _nasal(syllable, following)
    for spelt, spoken in _CLUSTERS:
        written = written.replace(spelt, spoken)
    return written


def _silence(syllables: list[_Syllable]) -> None:
    """Take away each *a* that is written by the script but not spoken."""
    for syllable in syllables:
        if syllable.letter == "ङ" and syllable.inherent:
            syllable.inherent, syllable.vowel = False, ""
    last = len(syllables) - 1
    if last > 0 and _is_silent_at_end(syllables[last], syllables[last - 1]):
        syllables[last].inherent, syllables[last].vowel = False, ""
    for index in range(last - 1, 0, -1):
        if _is_silent_within(syllables, index):
            syllables[index].inherent, syllables[index].vowel = False, ""


def _is_silent_at_end(syllable: _Syllable, before: _Syllable) -> bool:
    if not syllable.inherent or syllable.nasal:
        return False
    if before.nasal == _ANUSVARA or not before.vowel:
        # चन्द्र is chandra and वंश bansha, but गञ्ज is ganj and धादिङ्ग dhading.
        return (before.nasal or before.letter in "ङञ") and syllable.letter in "गघज"
    # राष्ट्रिय is rastriya.
    return not (syllable.letter == "य" and before.vowel in ("i", "u"))


def _is_silent_within(syllables: list[_Syllable], index: int) -> bool:
    """Say whether the *a* between two open syllables of a longer word is silent.

    It is spoken in words of three syllables (कमला kamala), before the last syllable (सत्यवती),
    य and ह, and before *e*, where two words have grown together (कमलेश kamalesh).
    """
    before, here, after = syllables[index - 1 : index + 2]
    if len(syllables) < 4 or (index == len(syllables) - 2):
        return False
    return (
        here.inherent
        and not here.nasal
        and here.letter not in "यह"
        and bool(before.vowel)
        and bool(after.consonant)
        and after.vowel not in ("", "e")
        and after.letter not in "यह"
    )


def _va(syllable: _Syllable, before: _Syllable | None) -> str:
    if before is None:
        return "b"
    if not syllable.vowel:
        return "v"
    if before.nasal == _ANUSVARA:
        return "b"
    if not before.vowel:
        # पूर्व is purba, but ईश्वर ishwar and हरिपुर्वा haripurwa.
        return "b" if before.letter == "र" and (syllable.inherent or syllable.vowel == "i") else "w"
    return "b" if syllable.vowel[0] in "ie" else "w"


def _nya(syllable: _Syllable, before: _Syllable | None, following: _Syllable | None) -> str:
    if not syllable.vowel:
        return "nj" if following is not None and following.letter == "य" else "n"
    # Not in ज्ञ, which is spoken as neither.
    return "ny" if before is None or before.vowel else "n"


def _nasal(syllable: _Syllable, following: _Syllable | None) -> str:
    if not syllable.nasal:
        return ""
    if following is None or not following.consonant:
        return "n"
    if following.letter in _LABIALS and syllable.nasal == _ANUSVARA:
        return "m"
    return "ng" if following.letter == "ह" else "n"
