"""Names as they are compared: spellings that Unicode or typing habits keep apart are one.

Only for searching and comparing; what is stored stays as it was given.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Zero-width joiners, spaces and marks of direction, the soft hyphen, the byte order mark.
_INVISIBLE = "\u00ad\u034f\u061c\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
_NUKTA, _VISARGA, _AVAGRAHA, _CHANDRABINDU, _ANUSVARA, _HALANT = "़ःऽँं्"
_DELETED = dict.fromkeys(map(ord, _INVISIBLE + _NUKTA + _AVAGRAHA + _VISARGA))
_DIGITS = {ord(digit): str(value) for value, digit in enumerate("०१२३४५६७८९")}
_SIGNS = {ord(_CHANDRABINDU): _ANUSVARA, **_DIGITS}
# A nasal before a stop of its own class, and न before any, sounds as the anusvara is written.
_NASAL = re.compile(
    f"(?:ङ{_HALANT}(?=[कखगघ])|ञ{_HALANT}(?=[चछजझ])|ण{_HALANT}(?=[टठडढ])"
    f"|न{_HALANT}(?=[कखगघचछजझटठडढतथदधपफबभ])|म{_HALANT}(?=[पफबभ]))"
)
_REPEATED = re.compile(f"{_ANUSVARA}+")
_DOUBLED_NASAL = re.compile(f"{_ANUSVARA}(ङ|ञ){_HALANT}(?=[कखगघचछजझ])")


@lru_cache(maxsize=65536)
def name_key(name: str) -> str:
    """Return `name` as it is compared: equal for spellings that are one name.

    Folded are case, white space and the form of Unicode; joiners and other invisible characters;
    the nukta (ड़, ड); the visarga; chandrabindu, anusvara and the nasal consonants before a stop
    (गङ्गा, गंगा); Nepali and ASCII digits. Vowels and consonants stay apart.
    """
    if name.isascii():
        return " ".join(name.casefold().split())
    # Decomposed, so that a nukta is a character of its own, also in ड़ (U+095C).
    text = unicodedata.normalize("NFD", name).translate(_DELETED)
    text = _DOUBLED_NASAL.sub(_ANUSVARA, text.translate(_SIGNS))
    text = _REPEATED.sub(_ANUSVARA, _NASAL.sub(_ANUSVARA, text))
    text = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return unicodedata.normalize("NFC", text)


def is_blank(name: str) -> bool:
    """Say whether a name has neither a letter nor a digit, such as ``""``, ``" "`` or ``"-"``."""
    return not any(map(str.isalnum, name))
