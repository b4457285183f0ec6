"""Facts about a person, found by the English phrases that state them."""

from __future__ import annotations

import re
from typing import Any

from .sentences import ABBREVIATIONS, DATE, NEGATION, read_date, sentences

_WORD = r"[A-Z][\w.'’-]*"
_PHRASE = rf"{_WORD}(?:,? (?:{_WORD}|(?:of|for|and|the)(?= (?:the )?[A-Z])))*"
_PLACE = rf"{_WORD}(?:[ -]{_WORD})*(?:, {_WORD}(?:[ -]{_WORD})*)*"

_BORN = re.compile(rf"\bborn (?:on |in )?({DATE})")
_LIFE = re.compile(rf"\((?:[^()]*?[;,] )?({DATE}) ?[–—-] ?({DATE})\)")
_DIED = re.compile(rf"\bdied (?:on )?({DATE})")
_BORN_IN = re.compile(rf"\bborn (?:(?:on |in )?{DATE} )?(?:in|at) ({_PLACE})")

_NOUNS = r"[a-z][a-z -]*?"
_IS_A = re.compile(
    rf"\b(?:is|was) an? (?:[A-Z][\w-]* )*({_NOUNS}(?:, {_NOUNS})*(?:,? and {_NOUNS})?)"
    r"(?=[.,;(]| (?:who|whose|serving|and (?:an?|the|current|former)|since|from|of|in|at|for"
    r"|affiliated|belonging|by|with|currently)\b|$)"
)
_OCCUPATIONS = re.compile(r", and |, | and ")
_NOT_IN_OCCUPATION = re.compile(r"^(?:(?:an?|the|former|current|senior|veteran|retired) )+")

_ORDINAL = (
    r"(?:\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)"
)
_OFFICE = (
    r"(?:prime minister|chief minister|deputy prime minister|minister of state|minister"
    r"|vice[- ]president|president|deputy speaker|speaker|deputy mayor|mayor|governor"
    r"|chief justice|justice|attorney general|ambassador|chief secretary|secretary[- ]general"
    r"|general secretary|secretary|chair(?:person|man|woman)|chief commissioner|commissioner"
    r"|chief of (?:the )?army staff|ward chair(?:person|man)?|member of (?:the )?[Pp]arliament)"
)
_IS_OFFICE = re.compile(rf"(?:{_NOUNS} )?{_OFFICE}\b|(?:leader|member)\b")
_TITLE = rf"((?i:{_OFFICE})(?: (?:of|for|to) (?:the )?{_PHRASE})?)"
_NOW = r"(?:current|incumbent|former|acting)"
_HOLDS = re.compile(
    r"\b(?:(?:is|was|as|became|becoming|elected|appointed|named)(?: as)?(?: the| an?)?"
    rf"(?: {_NOW})?|{_NOW})(?: {_ORDINAL})? {_TITLE}"
)
# Other people connected with an office or a birthday are not the subject of the text.
_SUBJECT = (
    r"^(?:[^,]{{0,80}}, )?(?:He|he|She|she|They|they"
    rf"|(?:(?:{'|'.join(sorted(ABBREVIATIONS))})\.? )*(?:{{}}))\b"
)
MAX_OCCUPATION_WORDS = 5
_PERIOD = re.compile(
    rf"^,? ?\(?(?:from |between |in )?({DATE})(?: ?(?:to|until|till|and|–|—|-) ?({DATE}|present))?"
)
_SINCE = re.compile(rf"^,? since ({DATE})")


class AttributeExtractor:
    """Finds birth, death, occupations and positions of the person that a text is about.

    Values are quoted from the text; a complete date is written as YYYY-MM-DD, an incomplete one as
    in the text. The first sentence must introduce the person; of the others those count whose
    subject is "he", "she", "they" or a word of the name. Sentences that deny or doubt are ignored.
    Nothing is guessed: missing facts have no key.
    """

    def extract(self, text: str) -> dict[str, Any]:
        """Return the attributes that `text` states.

        The keys, each only if there is something: ``birth_date``, ``birth_place``,
        ``death_date``, ``occupations`` (a list of strings) and ``positions`` (a list of dicts
        with ``title`` and, if stated, ``start_date`` and ``end_date``).
        """
        introduction, *others = [*sentences(text)] or [""]
        named = "|".join(re.escape(word) for word in _name_words(introduction)) or "He"
        subject = re.compile(_SUBJECT.format(named))
        about = [introduction, *(sentence for sentence in others if subject.match(sentence))]
        stated = [sentence for sentence in about if not NEGATION.search(sentence)]
        introduced = stated[:1] if stated[:1] == [introduction] else []
        found: dict[str, Any] = {
            "birth_date": _first_date(_BORN, stated) or _first_date(_LIFE, introduced),
            "birth_place": _first(_BORN_IN, stated),
            "death_date": _first_date(_LIFE, introduced, 2) or _first_date(_DIED, stated),
            "occupations": _occupations(introduced),
            "positions": _positions(stated),
        }
        return {key: value for key, value in found.items() if value}


def _name_words(introduction: str) -> list[str]:
    """Return the capitalised words at the beginning of the text, without titles and initials."""
    found = re.match(rf"{_WORD}(?: {_WORD})*", introduction)
    words = [word.strip(".") for word in found[0].split()] if found else []
    return [word for word in words if len(word) > 1 and word not in ABBREVIATIONS]


def _first(pattern: re.Pattern[str], stated: list[str], group: int = 1) -> str | None:
    for sentence in stated:
        found = pattern.search(sentence)
        if found:
            return str(found[group]).rstrip(".,")
    return None


def _first_date(pattern: re.Pattern[str], stated: list[str], group: int = 1) -> str | None:
    text = _first(pattern, stated, group)
    return _date_text(text) if text else None


def _date_text(text: str) -> str:
    moment = read_date(text)
    return moment.day.isoformat() if moment.day else text


def _occupations(introduced: list[str]) -> list[str]:
    """Return the occupations in the sentence that introduces a person, without offices."""
    found = _IS_A.search(introduced[0]) if introduced else None
    if not found:
        return []
    names = (_NOT_IN_OCCUPATION.sub("", name.strip()) for name in _OCCUPATIONS.split(found[1]))
    return [
        name
        for name in dict.fromkeys(names)
        if 0 < len(name.split()) <= MAX_OCCUPATION_WORDS and not _IS_OFFICE.match(name)
    ]


def _positions(stated: list[str]) -> list[dict[str, str]]:
    positions: list[dict[str, str]] = []
    for sentence in stated:
        for found in _HOLDS.finditer(sentence):
            position = {"title": found[1].rstrip(".,"), **_period(sentence[found.end() :])}
            if position not in positions:
                positions.append(position)
    return positions


def _period(after: str) -> dict[str, str]:
    """Return the dates that directly follow the title of an office."""
    since = _SINCE.match(after)
    if since:
        return {"start_date": _date_text(since[1])}
    found = _PERIOD.match(after)
    if not found:
        return {}
    start, end = found[1], found[2]
    if end is None:  # "in 2008" is some day of it, not the first
        return {}
    period = {"start_date": _date_text(start)}
    return period if end == "present" else {**period, "end_date": _date_text(end)}
