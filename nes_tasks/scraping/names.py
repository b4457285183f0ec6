"""Names: one spelling for each, and finding them in what someone wrote about a person."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from ..models.devanagari import contains_devanagari
from ..models.names import NameExtractor as StandardNames
from .sentences import MONTHS

# Zero-width joiners are letters' business within a Nepali word (गर्‍यो), noise elsewhere.
_JOINERS = "\u200c\u200d"
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_STRAY_JOINER = re.compile(f"(?<![\u0900-\u097f])[{_JOINERS}]+|[{_JOINERS}]+(?![\u0900-\u097f])")
_APOSTROPHE = re.compile("(?<=[A-Za-z])[\u2018\u2019\u02bc](?=[A-Za-z])")
_WORD_START = re.compile(r"(?:^|(?<=[\s(-]))[^\W\d_]")
_SEPARATORS = " ,;:"
_QUOTATION_MARKS = "\"'\u2018\u2019\u201c\u201d\u00ab\u00bb"

LEAD_LENGTH = 1000
"""Where a text introduces a person: so many characters of its first paragraph."""

_DISAMBIGUATION = re.compile(r"\s*\([^()]*\)\s*$")
_NAME = r"[A-Z][\w.'’-]*(?: (?:[A-Z][\w.'’-]*|(?:de|bin|al|von|van)(?= [A-Z])))*"
_QUOTED = r"[\"“‘']?"
_NEPALI_WORD = f"[\u0900-\u0963\u0970-\u097f{_JOINERS}]+"
_NEPALI_NAME = rf"{_NEPALI_WORD}(?:[ .]+{_NEPALI_WORD})*"
_SUBJECT = re.compile(rf"^({_NAME})(?= \(|, | is | was )")
_NEPALI_SUBJECT = re.compile(rf"^({_NEPALI_NAME})(?= \()")
_IN_NEPALI = re.compile(rf"\b(?:Nepali|Nepalese|Devanagari)(?: script)?\s*:\s*({_NEPALI_NAME})")
_IN_ENGLISH = re.compile(rf"(?:अङ्ग्रेजी|अंग्रेजी|English)(?:मा)?\s*:\s*({_NAME})")
_ALIAS = re.compile(
    rf"\b(?:(?:also|better|commonly|popularly|widely|simply) known(?: simply)? as|known by the"
    rf" name|nicknamed|a\.?k\.?a\.?|alias) {_QUOTED}({_NAME})"
)
_BIRTH_NAME = re.compile(rf"\b(?:born|née|nee|birth name:?) {_QUOTED}({_NAME})")


def normalize_name(name: str) -> str:
    """Return the one spelling that equal names share; applying it again changes nothing.

    Unicode's composed form (NFC), runs of blanks as one space, no invisible characters but the
    joiners that Nepali is written with, no quotation marks or commas around it, straight
    apostrophes within Latin words. A name without any capital gets one for each word (also
    after a hyphen); whoever typed a capital meant the others. Titles, order and abbreviations
    stay: they are not spelling.
    """
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", name))
    text = _APOSTROPHE.sub("'", _STRAY_JOINER.sub("", text))
    text = _unquoted(" ".join(text.split()))
    if text == text.lower():
        text = _WORD_START.sub(lambda found: _capital(found[0]), text)
    return text


def _unquoted(name: str) -> str:
    """Return `name` without separators and quotation marks around all of it.

    A quoted part of it ("Balen" Shah) keeps its marks.
    """
    text = name.strip(_SEPARATORS)
    if any(mark in text[1:-1] for mark in _QUOTATION_MARKS.replace("'", "")):
        return text
    inner = text.strip(_QUOTATION_MARKS)
    return text if inner == text else _unquoted(inner)


def _capital(letter: str) -> str:
    """Return the capital of a letter if it is one letter as well (that of ß is two)."""
    upper = letter.upper()
    return upper if len(upper) == 1 else letter


class NameExtractor(StandardNames):
    """Finds the names of the person that a text is about, by the phrases that give them.

    Only what the text says is returned, spelled by `normalize_name`.
    """

    def extract_names(self, text: str, title: str | None = None) -> list[dict[str, Any]]:
        """Return names as `entity_data` wants them: the primary one first.

        `title` is the heading of the text, such as that of an encyclopedia page; without it
        the text must begin with the name. English and Nepali of the same name are one entry.
        Further names come from phrases ("also known as …", "born …"). [] when none is found.
        """
        lead = " ".join(text.strip().split("\n", 1)[0].split())[:LEAD_LENGTH]
        primary = self._primary(lead, title)
        if not primary:
            return []
        names: list[dict[str, Any]] = [{"kind": "PRIMARY", **primary}]
        known = {parts["full"] for parts in primary.values()}
        for kind, pattern in (("BIRTH_NAME", _BIRTH_NAME), ("ALIAS", _ALIAS)):
            for found in pattern.finditer(lead):
                full = _cleaned(found[1])
                if full not in known and full.split()[0] not in MONTHS:
                    known.add(full)
                    names.append({"kind": kind, "en": {"full": full}})
        return names

    def _primary(self, lead: str, title: str | None) -> dict[str, dict[str, str]]:
        """Return the parts of the primary name by language."""
        own = normalize_name(_DISAMBIGUATION.sub("", title)) if title else _subject(lead)
        if not own:
            return {}
        language, other, pattern = (
            ("ne", "en", _IN_ENGLISH) if contains_devanagari(own) else ("en", "ne", _IN_NEPALI)
        )
        parts = {language: {"full": own}}
        found = pattern.search(lead)
        if found:
            parts[other] = {"full": _cleaned(found[1])}
        return parts


def _subject(lead: str) -> str:
    found = _SUBJECT.match(lead) or _NEPALI_SUBJECT.match(lead)
    return _cleaned(found[1]) if found else ""


def _cleaned(name: str) -> str:
    """Return a name out of running text: the full stop of a sentence is none of it."""
    text = normalize_name(name)
    last = text.rpartition(" ")[2]
    # "K.C." and "Jr." end in a full stop of their own.
    if text.endswith(".") and "." not in last[:-1] and last not in ("Jr.", "Sr."):
        text = text[:-1]
    return text
