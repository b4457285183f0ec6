"""Normalization: from what a source says about a person to data for `create_entity`.

The extractors that it works with can be had from here as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..models.constraints import MAX_SLUG_LENGTH, MIN_SLUG_LENGTH
from ..models.romanization import romanize
from ..models.slugs import text_to_slug
from .attributes import AttributeExtractor as AttributeExtractor
from .names import NameExtractor as NameExtractor
from .names import normalize_name as normalize_name
from .quality import DataQualityAssessor as DataQualityAssessor
from .relationships import RelationshipExtractor as RelationshipExtractor

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
