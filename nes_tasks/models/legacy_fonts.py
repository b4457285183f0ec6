"""Convert text typed for the fonts Preeti and Kantipur to Unicode.

In these fonts Roman letters and signs have the shapes of Devanagari: ``g]kfn`` looks like नेपाल and
is stored as it was typed. Most offices of Nepal wrote so before Unicode.

The tables are the layouts of the two fonts, key by key; they were compared with those of npttf2utf
0.3.7 (under the GPL, so it is not used) and nepali-converter 0.1.1. Keys give shapes in
the order in which they are drawn, so what Unicode orders by sound is put in order after:

* the sign ि is drawn before its consonants, the र् above (``{``) after them and their vowel;
* a half consonant and the stroke of ा are the whole consonant (``0f`` is ण);
* the hook ``m`` makes फ of प, झ of भ, ऊ of उ, क्र of त्र and क्त of त्त.
"""

from __future__ import annotations

import re
from typing import Literal

Font = Literal["preeti", "kantipur"]

_KEYS = """
1 ज्ञ  2 द्द  3 घ  4 द्ध  5 छ  6 ट  7 ठ  8 ड  9 ढ  0 ण्  ! १  @ २  # ३  $ ४  % ५  ^ ६  & ७
* ८  ( ९  ) ०  q त्र  w ध  e भ  r च  t त  y थ  u ग  i ष्  o य  p उ  [ ृ  ] े  \\ ्  a ब  s क
d म  f ा  g न  h ज  j व  k प  l ि  ; स  ' ु  z श  x ह  c अ  v ख  b द  n ल  . ।  / र  Q त्त
W ध्  E भ्  R च्  T त्  Y थ्  U ग्  I क्ष्  O इ  P ए  } ै  | ्र  A ब्  S क्  D म्  F ँ  G न्
H ज्  J व्  K प्  L ी  : स्  " ू  Z श्  X ह्  C ऋ  V ख्  B द्य  N ल्  M ः  > श्र  ? रु  ~ ञ्
` ञ  + ं  - (  _ )  = .  < ?  „ ध्र  ˆ फ्  ‰ झ्  ‹ ङ्घ  › द्र  ¡ ज्ञ्  ¢ द्घ  £ घ्  ¤ झ्
¥ ्र  « ्र  » ्र  § ट्ट  ª ङ  ° ङ्ढ  ± +  ´ झ  ¶ ठ्ठ  ¿ रू  Å हृ  Ë ङ्ग  Ì न्न  Í ङ्क  Î ङ्ख
Ø ्य  Ý ट्ठ  ß द्म  å द्व  ç ॐ  • ड्ड  ˜ ऽ  æ “  Æ ”  ÷ /  Ö =  Ù ;  Ú ’  Û !  Ü %
"""
_KANTIPUR_KEYS = """
X हृ  “ ँ  ‹ ङ्ग  › ऽ  ¨ ङ्ग  º फ्  Ï फ्  Î फ्  È ष  Ô क्ष  ø य्  ® र  ™ र  µ र  Â र  Œ त्त्  œ त्र्  † !
"""


def _table(keys: str) -> dict[str, str]:
    parts = keys.split()
    return dict(zip(parts[::2], parts[1::2], strict=True))


_PREETI = _table(_KEYS)
_TABLES: dict[str, dict[str, str]] = {
    "preeti": _PREETI,
    "kantipur": _PREETI | _table(_KANTIPUR_KEYS),
}

# The hook follows its consonant, or the sign below it.
_HOOKED = {"k": "फ", "e": "झ", "p": "ऊ", "q": "क्र", "Q": "क्त", "K": "फ्"}
_HOOK = re.compile(r"([kepqQK])(['\"\[\]}+FL]*)m")
_LONG_I = re.compile(r"O\{")

_HALANT, _REPH = "्", "\ue000"
_CONSONANT = "[\u0915-\u0939]\u093c?"
_CLUSTER = f"(?:{_CONSONANT}{_HALANT})*{_CONSONANT}(?:{_HALANT}[रय])*"
_SIGNS = "[ािीुूृेैोौंँः]*"
_SHORT_I = re.compile(f"ि({_CLUSTER})")
_REPHS = re.compile(f"({_CLUSTER})({_SIGNS}){_REPH}")
_NASAL_FIRST = re.compile("([ंँ])([ािीुूृेैोौ]+)")
_JOINED = (
    ("्ा", ""), ("अा", "आ"), ("एे", "ऐ"), ("आे", "ओ"), ("आै", "औ"), ("ाे", "ो"), ("ाै", "ौ"),
    ("ेा", "ो"), ("ैा", "ौ"), ("ेे", "े"),
)  # fmt: skip

# What a word in Roman letters hardly has: brackets within, or few vowels and odd capitals.
_INNER_SIGN = re.compile(
    r"[A-Za-z0-9][\]\[{}|\\~`«»§ªËÍå]|[\]\[{}|\\;][A-Za-z]|[A-Za-z][;][A-Za-z]"
)
_VOWEL = re.compile("[aeiouyAEIOUY]")
_ODD_CASE = re.compile("[a-z][A-Z][a-z]|[a-z]{2}[A-Z]")
_SIGN_KEY = re.compile(r"[flL'\"+F\[\]}WETYUISGHJKZXVN]")
_FEWEST_LETTERS, _MOST_VOWELS = 4, 0.25
_ORDINARY = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|\w+://\S+|www\.\S+|[\d\W_]+|[A-Z0-9&./-]+")
_WELL_FORMED = re.compile(f"(?:{_CLUSTER}{_HALANT}?[ािीुूृेैोौ]?[ंँ]?ः?|[अ-औ][ंँ]?ः?|[०-९ॐऽ।(). ,/?!-])+")


def to_unicode(text: str, font: Font = "preeti") -> str:
    """Return text that was typed for a font in Unicode; characters without a key there stay.

    All of `text` must be in the font: English words within it would be taken for Nepali. Check the
    result by reading it, since a wrong font gives wrong letters without an error.
    """
    table = _TABLES[font]
    hooked = _HOOK.sub(lambda found: _HOOKED[found[1]] + found[2], _LONG_I.sub("ई", text))
    drawn = "".join(_REPH if key == "{" else table.get(key, key) for key in hooked)
    for parts, whole in _JOINED[:1]:
        drawn = drawn.replace(parts, whole)
    drawn = _NASAL_FIRST.sub(r"\2\1", _REPHS.sub(r"र्\1\2", _SHORT_I.sub(r"\1ि", drawn)))
    for parts, whole in _JOINED:
        drawn = drawn.replace(parts, whole)
    return drawn.replace(_REPH, "र्")


# A time as in ISO 8601 has capital letters and signs in the middle, as these fonts have.
_TIME = re.compile(r"\s*\d{4}-\d{2}-\d{2}[T ][\d:.]+(?:Z|[+-]\d{2}:?\d{2})?\s*")


def looks_legacy(text: str) -> bool:
    """Say whether `text` seems to be typed for one of these fonts.

    At least half of its words must look like no word in Roman letters, and all must give possible
    Nepali. Of single short words many can be either; those are not suspected.
    """
    if not text.isprintable() or re.search("[\u0900-\u097f]", text) or _TIME.fullmatch(text):
        return False
    words = [word for word in text.split() if not _ORDINARY.fullmatch(word)]
    if not words or not all(_WELL_FORMED.fullmatch(to_unicode(word)) for word in words):
        return False
    return sum(map(_is_strange, words)) * 2 >= len(words)


def _is_strange(word: str) -> bool:
    if _INNER_SIGN.search(word):
        return len(word) > 2
    vowels = len(_VOWEL.findall(word))
    return (
        len(word) >= _FEWEST_LETTERS
        and bool(_SIGN_KEY.search(word))
        and vowels <= len(word) * _MOST_VOWELS
        and (not vowels or bool(_ODD_CASE.search(word)))
    )
