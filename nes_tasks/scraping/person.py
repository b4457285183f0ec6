"""Data about a person for `create_entity`: names, quality, and support by a source."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..models.devanagari import contains_devanagari
from ..models.entity_types import MAX_SLUG_LENGTH, MIN_SLUG_LENGTH
from ..models.names import NameExtractor as StandardNames
from ..models.romanization import romanize
from ..models.slugs import text_to_slug
from ..text import casefold_key
from .person_facts import AttributeExtractor as AttributeExtractor
from .relationships import RelationshipExtractor as RelationshipExtractor
from .sentences import MONTHS

# Zero-width joiners matter within a Nepali word (गर्‍यो), and are noise elsewhere.
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
    """Return the canonical spelling of a name; idempotent.

    Unicode's composed form (NFC), runs of blanks as one space, no invisible characters but the
    joiners that Nepali is written with, no quotation marks or commas around it, straight
    apostrophes within Latin words. A name without any capital gets one for each word (also
    after a hyphen); a typed capital means the others. Titles, order and abbreviations
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
    """Extracts the names of the person that a text is about, by phrases.

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
    """Return a name from running text, without the full stop of the sentence."""
    text = normalize_name(name)
    last = text.rpartition(" ")[2]
    # "K.C." and "Jr." end in a full stop of their own.
    if text.endswith(".") and "." not in last[:-1] and last not in ("Jr.", "Sr."):
        text = text[:-1]
    return text


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The findings: `issues` in words, `unsupported` values that are not in the source.

    `unsupported` maps where a value is (``attributes.birth_place``, ``names[0].en.full``) to
    the value.
    """

    issues: tuple[str, ...]
    unsupported: Mapping[str, str]

    @property
    def is_good(self) -> bool:
        """Whether nothing was found."""
        return not self.issues and not self.unsupported


class DataQualityAssessor:
    """Assesses data for reviewers. Changes nothing."""

    def assess(self, data: Mapping[str, Any], source_text: str | None = None) -> QualityReport:
        """Return what is missing from `data`, a dict for `create_entity`.

        With `source_text` also names, attributes and other values that it lacks, except filing
        fields (slug, type, identifiers …).
        """
        missing = {} if source_text is None else self.unsupported(data, source_text)
        unsupported = {
            location: value for location, value in missing.items() if not _is_filing(location)
        }
        return QualityReport(tuple(_issues(data)), unsupported)

    def unsupported(self, data: Any, source_text: str) -> dict[str, str]:
        """Return the strings and numbers in `data` that `source_text` does not hold, by place.

        Case, blanks and Unicode form do not matter; digits are the same in both scripts. Correctly
        derived values (a reformatted date) are listed as well, for review.
        """
        source = _comparable(source_text)
        return {
            location: value
            for location, value in _values(data, "")
            if _comparable(value) not in source
        }


_FILING = {"identifiers", "kind", "scheme", "slug", "sub_type", "type"}


def _is_filing(location: str) -> bool:
    """Return whether a location is a filing field."""
    return any(part.partition("[")[0] in _FILING for part in location.split("."))


def _issues(data: Mapping[str, Any]) -> Iterator[str]:
    slug = data.get("slug")
    if not isinstance(slug, str) or not MIN_SLUG_LENGTH <= len(slug) <= MAX_SLUG_LENGTH:
        yield f"slug is {slug!r}, not {MIN_SLUG_LENGTH} to {MAX_SLUG_LENGTH} characters"
    names = data.get("names") or []
    primary = next((name for name in names if name.get("kind") == "PRIMARY"), None)
    if primary is None:
        yield "no name of kind PRIMARY"
    else:
        for language, language_name in (("en", "English"), ("ne", "Nepali")):
            if not primary.get(language):
                yield f"the primary name is not given in {language_name}"
    if not data.get("identifiers") and not data.get("attributions"):
        yield "neither identifiers nor attributions say where it comes from"


def _values(data: Any, location: str) -> Iterator[tuple[str, str]]:
    """Yield the strings and numbers in JSON-like data, each with its location."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _values(value, f"{location}.{key}" if location else str(key))
    elif isinstance(data, list | tuple):
        for index, value in enumerate(data):
            yield from _values(value, f"{location}[{index}]")
    elif isinstance(data, str | int | float) and not isinstance(data, bool):
        text = str(data)
        if text.strip():
            yield location, text


def _comparable(text: str) -> str:
    folded = casefold_key(text)
    ascii_digits = "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in folded
    )
    return " ".join(ascii_digits.split())


WIKIDATA_PAGE = "https://www.wikidata.org/wiki/"


class DataNormalizer:
    """Turns raw data about a person into data that the publication service takes.

    By rules, without a network: the parts are `names`, `attributes`, `relationships` and
    `quality`.
    """

    def __init__(
        self,
        names: NameExtractor | None = None,
        attributes: AttributeExtractor | None = None,
        relationships: RelationshipExtractor | None = None,
        quality: DataQualityAssessor | None = None,
    ) -> None:
        self.names = names or NameExtractor()
        self.attributes = attributes or AttributeExtractor()
        self.relationships = relationships or RelationshipExtractor()
        self.quality = quality or DataQualityAssessor()

    def normalize_person(self, raw_data: Mapping[str, Any], source: str) -> dict[str, Any]:
        """Return ``slug``, ``type`` ("person"), ``names``, ``identifiers`` and ``attributes``.

        `raw_data` is what `ScrapingService.extract_from_wikipedia` returns, or any mapping with
        ``content`` (the text) and, where known, ``title`` (the name) and ``url``. `source` says
        where it is from: "wikipedia" makes the url an identifier of that scheme, anything else
        one of the scheme "other" that is named so.

        Raises `ValueError` when there is no content, no name in it, or no slug in the name.
        """
        content = raw_data.get("content")
        if not isinstance(content, str) or not content.strip():
            raise ValueError("raw_data must contain 'content' field")
        names = self.names.extract_names(content, raw_data.get("title"))
        if not names:
            raise ValueError("no name was found in the content: add a 'title' to raw_data")
        return {
            "slug": _slug(names[0]),
            "type": "person",
            "names": names,
            "identifiers": _identifiers(raw_data, source),
            "attributes": self.attributes.extract(content),
        }


def _slug(name: Mapping[str, Any]) -> str:
    """Return the slug of a name: of the English one, else of the Nepali one in Roman letters."""
    full = (name.get("en") or {}).get("full") or romanize(name["ne"]["full"])
    slug = text_to_slug(full)[:MAX_SLUG_LENGTH].strip("-")
    if len(slug) < MIN_SLUG_LENGTH:
        raise ValueError(f"the name {full!r} gives the slug {slug!r}, which is too short")
    return slug


def _identifiers(raw_data: Mapping[str, Any], source: str) -> list[dict[str, Any]]:
    identifiers: list[dict[str, Any]] = []
    url = raw_data.get("url")
    if url and source == "wikipedia":
        identifiers.append({"scheme": "wikipedia", "value": raw_data.get("title", url), "url": url})
    elif url:
        name = {"en": {"value": source}}
        identifiers.append({"scheme": "other", "name": name, "value": url, "url": url})
    wikidata = (raw_data.get("metadata") or {}).get("wikidata_id")
    if wikidata:
        url = f"{WIKIDATA_PAGE}{wikidata}"
        identifiers.append({"scheme": "wikidata", "value": wikidata, "url": url})
    return identifiers
