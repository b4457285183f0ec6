"""Names across scripts and spellings: पौडेल, Poudel and Paudyal sound the same.

A name is compared by its *sound*: its consonants in either script, brought down to what
Roman spellings of Nepali agree on. Aspiration, retroflex letters, the kinds of *s*, *b* and *v*,
and vowels within words are spelt as people like, so none of them counts.

Sounds find candidates for a person to look at. They are no proof that two names are the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

from .devanagari import contains_devanagari
from .honorifics import split_honorifics
from .name_keys import is_blank
from .transliteration import transliterate_to_devanagari

DEFAULT_THRESHOLD = 0.8
"""How alike two names must be, from 0 to 1, to count as the same."""

_NOT_IN_NAME = re.compile(r"[^\w\u0900-\u097f]+")

# While sounds are put together a vowel is a full stop, whichever it is.
_VOWEL = "."

# क्ष and ज्ञ are spoken, and spelt, as one sound each.
_CLUSTERS = (("क्ष", "छ"), ("ज्ञ", "ग"))
_CONSONANTS = {
    "क": "k", "ख": "k", "ग": "g", "घ": "g", "ङ": "n", "च": "c", "छ": "c", "ज": "j", "झ": "j",
    "ञ": "n", "ट": "t", "ठ": "t", "ड": "d", "ढ": "d", "ण": "n", "त": "t", "थ": "t", "द": "d",
    "ध": "d", "न": "n", "प": "p", "फ": "p", "ब": "b", "भ": "b", "म": "m", "य": "y", "र": "r",
    "ल": "l", "व": "b", "श": "s", "ष": "s", "स": "s", "ह": "h",
}  # fmt: skip
_VOWEL_LETTERS = "अआइईउऊएऐओऔ"
_VOWEL_SIGNS = "ािीुूेैोौ"
_NUKTA, _HALANT = "़", "्"
_DEVANAGARI_SOUND = str.maketrans(
    {
        **_CONSONANTS,
        **dict.fromkeys(_VOWEL_LETTERS + _VOWEL_SIGNS, _VOWEL),
        **{digit: str(value) for value, digit in enumerate("०१२३४५६७८९")},
        **dict.fromkeys("ऋृ", f"r{_VOWEL}"),
        **dict.fromkeys("ंँ", "n"),
        _HALANT: "",
    }
)
_WITH_A_VOWEL = re.compile(f"([{''.join(_CONSONANTS)}])(?!{_HALANT})")

# Longest first. What stands here twice is one sound in Nepali that is spelt in several ways.
_SPELLINGS = (
    ("chchh", "c"), ("chhy", "c"), ("ksh", "c"), ("chh", "c"), ("jny", "g"), ("ngh", "n"),
    ("ch", "c"), ("kh", "k"), ("gh", "g"), ("jh", "j"), ("th", "t"), ("dh", "d"), ("ph", "p"),
    ("bh", "b"), ("sh", "s"), ("ng", "n"), ("jn", "g"), ("gy", "g"), ("ck", "k"),
    ("x", "c"), ("q", "k"), ("c", "k"), ("f", "p"), ("v", "b"), ("w", "b"), ("z", "j"),
)  # fmt: skip
_ROMAN_VOWELS = "aeiou"
_ROMAN_SOUND = re.compile("|".join(spelling for spelling, _ in _SPELLINGS) + "|[a-z0-9]")
_SOUND_OF = {**dict(_SPELLINGS), **dict.fromkeys(_ROMAN_VOWELS, _VOWEL)}
_DOUBLED = re.compile(r"(.)\1+")
# Within a word h is breathed into the letter before it, and y into the one after.
_WEAK = re.compile(r"(?<=.)[hy]")


def normalize_name(name: str) -> str:
    """Return `name` as it is compared: composed (NFC), lower-case, single spaces.

    Punctuation and titles such as *Dr.* or *श्री* before it are left out.
    """
    text = unicodedata.normalize("NFC", split_honorifics(name).name).casefold()
    return " ".join(_NOT_IN_NAME.sub(" ", text).split())


def sound_of(name: str) -> str:
    """Return how `name`, in either script, sounds: one group of consonants for each word.

    A word that begins with a vowel begins with ``a``, whichever vowel it is.
    """
    return " ".join(_sound_of_word(word) for word in normalize_name(name).split()).strip()


def _sound_of_word(word: str) -> str:
    devanagari = contains_devanagari(word)
    sounds = _devanagari_sounds(word) if devanagari else _roman_sounds(word)
    first = "a" if word[0] in (_VOWEL_LETTERS if devanagari else _ROMAN_VOWELS) else ""
    sounds = _DOUBLED.sub(r"\1", sounds)
    for nasal, spoken in (("ng", "n"), ("np", "mp"), ("nb", "mb")):
        sounds = sounds.replace(nasal, spoken)
    return first + _WEAK.sub("", sounds).replace(_VOWEL, "")


def _devanagari_sounds(word: str) -> str:
    word = word.replace(_NUKTA, "")
    for cluster, letter in _CLUSTERS:
        word = word.replace(cluster, letter)
    return _WITH_A_VOWEL.sub(rf"\1{_VOWEL}", word).translate(_DEVANAGARI_SOUND)


def _roman_sounds(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    return "".join(_SOUND_OF.get(part, part) for part in _ROMAN_SOUND.findall(plain))


def similarity(first: str, second: str) -> float:
    """Return how alike two names in either script sound, from 0 (not at all) to 1 (the same).

    Names in other scripts have no sound here: they are the same when they are written the same.
    A blank name is like none. Vowels do not count at all, so short names seem alike (Kavre, Bara):
    `nes_tasks.models.similar_names` tells them apart.
    """
    if is_blank(first) or is_blank(second):
        return 0.0
    sounds = sound_of(first), sound_of(second)
    if not any(sounds):
        return float(normalize_name(first) == normalize_name(second))
    return SequenceMatcher(None, *sounds, autojunk=False).ratio()


def match_names_cross_language(
    first: str, second: str, threshold: float = DEFAULT_THRESHOLD
) -> bool:
    """Say whether two names, each in either script, can be the same one."""
    return similarity(first, second) >= threshold


def fuzzy_match_transliterations(
    name: str, candidates: Iterable[str], threshold: float = DEFAULT_THRESHOLD
) -> list[tuple[str, float]]:
    """Return the candidates that sound like `name` and how much, the most alike first."""
    scored = ((candidate, similarity(name, candidate)) for candidate in candidates)
    alike = [pair for pair in scored if pair[1] >= threshold]
    return sorted(alike, key=lambda pair: pair[1], reverse=True)


def phonetic_search_nepali(query: str, names: Iterable[str]) -> list[str]:
    """Return the names in which each word of `query` sounds like one of theirs, as ordered."""
    wanted = set(sound_of(query).split())
    return [name for name in names if wanted and wanted <= set(sound_of(name).split())]


def extract_name_variants(name: str) -> list[str]:
    """Return the ways in which `name` may be written elsewhere, itself first, each once.

    They are the name without titles and punctuation, without its middle names, with these as
    initials, and, for a name in Roman letters, a guess of its spelling in Devanagari.
    """
    plain = normalize_name(name)
    variants = [name, plain]
    words = plain.split()
    if len(words) > 2:
        first, *middle, last = words
        variants.append(f"{first} {last}")
        variants.append(" ".join([first, *(word[0] for word in middle), last]))
    if plain.isascii():
        variants.append(transliterate_to_devanagari(plain))
    return list(dict.fromkeys(variant for variant in variants if variant))
