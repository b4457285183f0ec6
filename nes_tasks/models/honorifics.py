"""Honorifics and offices before a name: मा. डा. राम बहादुर थापा is called राम बहादुर थापा."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Words that are an honorific at the beginning, with or without a full stop.
_WORDS = """
    सम्माननीय माननीय महामहिम श्री श्रीमती श्रीमान सुश्री डा डा० डाक्टर डॉ प्राडा प्रा० प्राध्यापक अधिवक्ता वरिष्ठ
    इन्जिनियर इञ्जिनियर इन्जि इञ्जि स्वर्गीय स्व० मा० कमरेड कामरेड पण्डित ज्योतिषी कप्तान क्याप्टेन
    कर्णेल मेजर जनरल प्रोफेसर लायन
    mr mrs ms miss mx dr er eng prof adv advocate hon honorable honourable rt late capt captain
    shri sri shree smt sushri col lt maj gen brig justice comrade lion
"""
# Short ones that are names or words of their own without a mark of abbreviation.
_ABBREVIATIONS = "मा स्व प्रा ई इ इं पं का कृ ले क sr st com ar"
# Offices, which lists put before a name with a colon; a visarga is often typed for it.
_OFFICES = """
    अध्यक्ष अध्यक्षा सभापति महासचिव संयोजक उपाध्यक्ष सचिव प्रेसिडेण्ट महामन्त्री कोषाध्यक्ष सदस्य
    chairman chairperson chairwoman president coordinator secretary convener member
    general vice deputy joint
"""
# After a name.
_SUFFIXES = "ज्यू जी ज्यु phd ph.d esq jp"

_HONORIFICS = frozenset(_WORDS.split())
_MARKED = frozenset(_ABBREVIATIONS.split())
_POSITIONS = frozenset(_OFFICES.split())
_AFTER = frozenset(_SUFFIXES.split())
_OFFICE = re.compile(r"\s*([^:：]{2,40}?)\s*(?:[:：]|ः(?=[\s:])|ः-)[\s:-]*")
# Written together: डा.राम, प्रा.डा. राम
_FIRST = re.compile(r"\s*(?P<word>[^\s.,।]+)(?P<mark>[.।]?)[\s,]*")


@dataclass(frozen=True, slots=True)
class SplitName:
    """A name and the honorifics around it, as written."""

    name: str
    honorifics: tuple[str, ...] = ()


def split_honorifics(name: str) -> SplitName:
    """Return `name` without the honorifics and offices around it, and these in their order.

    The name that remains is never empty: where there is nothing but honorifics, the last stays.
    """
    found: list[str] = []
    rest = _without_office(name.strip(), found)
    while (first := _FIRST.match(rest)) and _is_honorific(first["word"], first["mark"]):
        if not rest[first.end() :].strip():
            break
        found.append(first["word"] + first["mark"])
        rest = rest[first.end() :]
    words = rest.split()
    after: list[str] = []
    while len(words) > 1 and words[-1].rstrip(".").casefold() in _AFTER:
        after.insert(0, words.pop())
    return SplitName(" ".join(words).rstrip(","), (*found, *after))


def _without_office(name: str, found: list[str]) -> str:
    office = _OFFICE.match(name)
    if office is None or office.end() == len(name):
        return name
    words = office[1].casefold().split()
    # A visarga may be typed before the colon as well (अध्यक्षाः).
    if not all(word.rstrip("ः") in _POSITIONS for word in words):
        return name
    found.append(office[1])
    return name[office.end() :]


def _is_honorific(word: str, mark: str) -> bool:
    folded = word.casefold()
    return folded in _HONORIFICS or (bool(mark) and folded in _MARKED)
