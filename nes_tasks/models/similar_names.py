"""Names that are nearly the same: a score from 0 to 1 for two spellings, in either script.

Both names are taken apart into sounds: Devanagari by `romanization`, Roman letters by what their
usual spellings share (v, w and b; sh and s; ksh, x and chh; ee and i). The score is one less the
cost of turning one row of sounds into the other, by weighted edit distance (R. A. Wagner and M. J.
Fischer, 1974), in proportion to what the sounds weigh: consonants weigh most, a single *a* least.

Words that two names share at their ends say little about whether they are the same (both are a
municipality, both are called Ram Bahadur), so half of the score is that of the words between.

A score finds candidates. It is not a proof: two namesakes score 1.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .honorifics import split_honorifics
from .name_keys import is_blank, name_key
from .romanization import romanize

DEFAULT_THRESHOLD = 0.8
"""How alike names must be to be listed. Measured by ``benchmarks/names.py``."""

CERTAIN_THRESHOLD = 0.85
"""How alike names must be for the best one to be taken for the one that is meant."""

DEFAULT_MARGIN = 0.05
"""How much better than the second the best candidate must be to be the one that is meant."""

# What sounds weigh, which is what leaving one out costs.
_WEIGHTS = {"a": 0.25, "e": 0.5, "i": 0.5, "o": 0.5, "u": 0.5, "h": 0.3, "y": 0.4, "n": 0.7}
_CONSONANT = 1.0
_VOWELS = frozenset("aeiou")
_OTHER_VOWEL = 0.35
_OTHER_CONSONANT = 1.2
# Consonants and half vowels that are written for each other.
_NEAR = {
    frozenset(pair): cost
    for pair, cost in (("yi", 0.2), ("nm", 0.5), ("cs", 0.6), ("bu", 0.5), ("bo", 0.5), ("yj", 0.8))
}
# Another first sound is another name more often than another one within.
_FIRST_SOUND = 0.3

# One word can be the beginning of the other, if it says enough: Kavre is Kavrepalanchok.
_PREFIX_SCORE = 0.9
_PREFIX_WEIGHT = 3.5

# What a place is, which lists leave out: it counts when both names say it.
_KIND_WORDS = """
    district province municipality rural metropolitan submetropolitan sub city metropolis
    jilla pradesh nagarpalika gaumpalika gaunpalika gaupalika mahangarpalika mahanagarpalika
    mahangar mahanagar upmahangarpalika upamahanagarpalika upmahangar up upa
"""
_KINDS = frozenset(_KIND_WORDS.split())
_WITHOUT_KIND_SCORE = 0.98

# Classes of sounds that hardly ever stand for each other.
_CLASSES = ("k", "g", "t", "d", "p", "l", "r", "nm", "cs")

_SPELLINGS = {
    "chchh": "c", "cch": "c", "ksh": "c", "kch": "c", "chh": "c", "jny": "g", "ngh": "ng",
    "ngg": "ng",
    "ch": "c", "gy": "g", "jn": "g", "kh": "k", "gh": "g", "jh": "j", "th": "t", "dh": "d",
    "ph": "p", "bh": "b", "sh": "s", "ck": "k", "aa": "a", "ee": "i", "ii": "i", "oo": "u",
    "uu": "u", "ou": "au", "ow": "au", "aw": "au", "ei": "ai", "ay": "ai", "ey": "e", "x": "c",
    "q": "k", "c": "k", "f": "p", "v": "b", "w": "b", "z": "j",
}  # fmt: skip
_SOUND = re.compile("|".join(sorted(_SPELLINGS, key=len, reverse=True)) + "|[a-z0-9]")
_REPEATED = re.compile(r"([a-z])\1+")
_WORD = re.compile(r"[^\W_]+")
_LABIAL_NASAL = re.compile("n(?=[pb])")


@dataclass(frozen=True, slots=True)
class SimilarName:
    """A candidate, as it was given, and how alike it is."""

    name: str
    score: float


def name_similarity(first: str, second: str) -> float:
    """Return how alike two names are, from 0 to 1; 0 when one is blank or only punctuation.

    Honorifics and the order of two words do not count.
    """
    return _score(_sounds(first), _sounds(second))


def similar_names(
    name: str,
    candidates: Iterable[str],
    threshold: float = DEFAULT_THRESHOLD,
    limit: int | None = None,
) -> list[SimilarName]:
    """Return the candidates that are at least as alike as `threshold`, the most alike first."""
    wanted = _sounds(name)
    scored = (
        SimilarName(candidate, _score(wanted, _sounds(candidate), threshold))
        for candidate in candidates
    )
    found = [similar for similar in scored if similar.score >= threshold]
    found.sort(key=lambda similar: (-similar.score, similar.name))
    return found[:limit]


def best_match(
    name: str,
    candidates: Iterable[str],
    threshold: float = CERTAIN_THRESHOLD,
    margin: float = DEFAULT_MARGIN,
) -> str | None:
    """Return the one candidate that `name` means; None when none or more than one is alike.

    The second best must be less alike by `margin`.
    """
    found = similar_names(name, dict.fromkeys(candidates), max(0.0, threshold - margin), limit=2)
    if not found or found[0].score < threshold:
        return None
    if len(found) > 1 and found[0].score - found[1].score < margin:
        return None
    return found[0].name


@dataclass(frozen=True, slots=True)
class _Sounds:
    """The sounds of a name: of its words, of those for its kind, and how many of each class."""

    words: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    bag: tuple[int, ...] = ()


@lru_cache(maxsize=65536)
def _sounds(name: str) -> _Sounds:
    """Return the sounds of a name; no words for one without letters and digits."""
    if is_blank(name):
        return _Sounds(())
    roman = romanize(name_key(split_honorifics(name).name))
    plain = unicodedata.normalize("NFKD", roman).encode("ascii", "ignore").decode().casefold()
    # Full stops join what they abbreviate: K.C. is KC.
    written = _WORD.findall(plain.replace(".", "").replace("'", ""))
    own = [word for word in written if word not in _KINDS] or written
    kinds = [word for word in written if word in _KINDS] if len(own) < len(written) else []
    words = tuple(_sounds_of_word(word) for word in own) or (name_key(name),)
    everything = "".join(words)
    bag = tuple(sum(map(everything.count, sounds)) for sounds in _CLASSES)
    return _Sounds(words, tuple(map(_sounds_of_word, kinds)), bag)


def _sounds_of_word(word: str) -> str:
    sounds = "".join(_SPELLINGS.get(part, part) for part in _SOUND.findall(word))
    return _LABIAL_NASAL.sub("m", _REPEATED.sub(r"\1", sounds))


def _score(one: _Sounds, other: _Sounds, at_least: float = 0.0) -> float:
    """Return the score of two names, or 0 where it is certainly less than `at_least`."""
    first, second = one.words, other.words
    if not first or not second:
        return 0.0
    if one.kinds and other.kinds and one.kinds != other.kinds:
        # A municipality and a rural municipality of one name are two places.
        first, second = (*first, *one.kinds), (*second, *other.kinds)
    if first == second or sorted(first) == sorted(second):
        return 1.0 if bool(one.kinds) is bool(other.kinds) else _WITHOUT_KIND_SCORE
    if len(first) == len(second) == 1:
        return max(_alike(first[0], second[0]), _prefix_score(first[0], second[0]))
    if at_least and _at_most(one, other) < at_least:
        return 0.0
    whole = _alike("".join(first), "".join(second))
    left, right = _without_shared_ends(first, second)
    if not left or not right:
        return whole
    return (whole + _alike("".join(left), "".join(right))) / 2


def _at_most(one: _Sounds, other: _Sounds) -> float:
    """Return a score that two names cannot exceed, from how many sounds of each class they have."""
    unlike = sum(abs(a - b) for a, b in zip(one.bag, other.bag, strict=True))
    weight = (_weight("".join(one.words)) + _weight("".join(other.words))) / 2
    return 1 - _OTHER_CONSONANT / 2 * unlike / weight


def _without_shared_ends(
    first: Sequence[str], second: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """Return the words of two names without those that both begin or end with."""
    shortest = min(len(first), len(second))
    start = 0
    while start < shortest and first[start] == second[start]:
        start += 1
    end = 0
    while end < shortest - start and first[-1 - end] == second[-1 - end]:
        end += 1
    return first[start : len(first) - end], second[start : len(second) - end]


def _alike(first: str, second: str) -> float:
    weight = (_weight(first) + _weight(second)) / 2
    cost = _costs(first, second)[-1]
    if first[0] != second[0] and not {first[0], second[0]} <= _VOWELS:
        cost += _FIRST_SOUND
    return max(0.0, 1 - cost / weight)


def _prefix_score(first: str, second: str) -> float:
    short, long = sorted((first, second), key=len)
    weight = _weight(short)
    if weight < _PREFIX_WEIGHT or short[0] != long[0]:
        return 0.0
    cost = min(_costs(short, long))
    return _PREFIX_SCORE * (1 - cost / weight)


def _weight(sounds: str) -> float:
    return sum(_WEIGHTS.get(sound, _CONSONANT) for sound in sounds)


def _costs(first: str, second: str) -> list[float]:
    """Return what it costs to turn `first` into each beginning of `second`, all of it last."""
    row = [0.0]
    for sound in second:
        row.append(row[-1] + _WEIGHTS.get(sound, _CONSONANT))
    for one in first:
        dropped = _WEIGHTS.get(one, _CONSONANT)
        above = row
        row = [above[0] + dropped]
        for index, other in enumerate(second):
            row.append(
                min(
                    above[index] + (0.0 if one == other else _replaced(one, other)),
                    above[index + 1] + dropped,
                    row[-1] + _WEIGHTS.get(other, _CONSONANT),
                )
            )
    return row


@lru_cache(maxsize=2048)
def _replaced(one: str, other: str) -> float:
    """Return what it costs to write one sound for another."""
    near = _NEAR.get(frozenset((one, other)))
    if near is not None:
        return near
    if one in _VOWELS and other in _VOWELS:
        return _OTHER_VOWEL
    both = _WEIGHTS.get(one, _CONSONANT) + _WEIGHTS.get(other, _CONSONANT)
    return both if one in _VOWELS or other in _VOWELS else min(both, _OTHER_CONSONANT)
