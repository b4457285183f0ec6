"""Data quality: what is missing from data about a person, and what its source does not say."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..models.constraints import MAX_SLUG_LENGTH, MIN_SLUG_LENGTH


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What is wrong: `issues` in words, `unsupported` the values that the source does not say.

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
    """Tells what a reviewer would ask about. Changes nothing."""

    def assess(self, data: Mapping[str, Any], source_text: str | None = None) -> QualityReport:
        """Return what is missing from `data`, a dict for `create_entity`.

        With `source_text` also what it does not say of names, attributes and the like; what
        data is filed by (slug, type, identifiers …) no text says.
        """
        said = {} if source_text is None else self.unsupported(data, source_text)
        unsupported = {place: value for place, value in said.items() if not _is_filing(place)}
        return QualityReport(tuple(_issues(data)), unsupported)

    def unsupported(self, data: Any, source_text: str) -> dict[str, str]:
        """Return the texts and numbers in `data` that `source_text` does not hold, by place.

        Case, blanks and Unicode form do not matter; digits are the same in both scripts. A
        value that was rightly worked out (a date written in another way) is listed as well:
        someone has to look at it.
        """
        said = _folded(source_text)
        return {place: value for place, value in _values(data, "") if _folded(value) not in said}


_FILING = {"identifiers", "kind", "scheme", "slug", "sub_type", "type"}


def _is_filing(place: str) -> bool:
    """Say whether a place holds what data is filed by."""
    return any(part.partition("[")[0] in _FILING for part in place.split("."))


def _issues(data: Mapping[str, Any]) -> Iterator[str]:
    slug = data.get("slug")
    if not isinstance(slug, str) or not MIN_SLUG_LENGTH <= len(slug) <= MAX_SLUG_LENGTH:
        yield f"slug is {slug!r}, not {MIN_SLUG_LENGTH} to {MAX_SLUG_LENGTH} characters"
    names = data.get("names") or []
    primary = next((name for name in names if name.get("kind") == "PRIMARY"), None)
    if primary is None:
        yield "no name of kind PRIMARY"
    else:
        for language, spoken in (("en", "English"), ("ne", "Nepali")):
            if not primary.get(language):
                yield f"the primary name is not given in {spoken}"
    if not data.get("identifiers") and not data.get("attributions"):
        yield "neither identifiers nor attributions say where it comes from"


def _values(data: Any, place: str) -> Iterator[tuple[str, str]]:
    """Return the texts and numbers in JSON-like data, each with its place."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _values(value, f"{place}.{key}" if place else str(key))
    elif isinstance(data, list | tuple):
        for index, value in enumerate(data):
            yield from _values(value, f"{place}[{index}]")
    elif isinstance(data, str | int | float) and not isinstance(data, bool):
        text = str(data)
        if text.strip():
            yield place, text


def _folded(text: str) -> str:
    composed = unicodedata.normalize("NFC", text).casefold()
    ascii_digits = "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in composed
    )
    return " ".join(ascii_digits.split())
