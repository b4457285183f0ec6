"""Relationships, found by the English phrases that state them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..models.identifiers import break_entity_id
from ..models.slugs import text_to_slug
from ..text import casefold_key
from .sentences import DATE, NEGATION, read_date, sentences

_PEOPLE = frozenset({"person"})
_BODIES = frozenset({"organization"})
_WORKS = frozenset({"project"})
_PLACES = frozenset({"location"})

_IS = r"(?:is|was|are|were|has been) (?:\w+ )?"

# A phrase, the relationship from the entity to what follows it, and whose relationship it can
# be. Only types that the database has.
_PHRASES = (
    (r"(?:is|was|became|has been|as) an? (?:[\w-]+ ){0,3}?member of", "MEMBER_OF",
     _PEOPLE | _BODIES),
    (r"(?:joined|belongs to|belonged to)", "MEMBER_OF", _PEOPLE | _BODIES),
    (r"(?:works|worked) (?:for|at)", "EMPLOYED_BY", _PEOPLE),
    (rf"{_IS}employed (?:by|at)", "EMPLOYED_BY", _PEOPLE),
    (rf"{_IS}(?:affiliated|associated) (?:with|to)", "AFFILIATED_WITH", _PEOPLE | _BODIES | _WORKS),
    (r"(?:supervises|supervised|oversees|oversaw)", "SUPERVISES", _PEOPLE | _BODIES),
    (rf"{_IS}(?:overseen|supervised) by", "OVERSEEN_BY", _BODIES | _WORKS),
    (rf"{_IS}funded by", "FUNDED_BY", _BODIES | _WORKS),
    (rf"{_IS}implemented by", "IMPLEMENTED_BY", _WORKS),
    (rf"{_IS}executed by", "EXECUTED_BY", _WORKS),
    (rf"{_IS}(?:located|based|headquartered|situated) (?:in|at)", "LOCATED_IN",
     _BODIES | _WORKS | _PLACES),
    (r"(?:is|was) an? (?:\w+ )?subsidiary of", "CHILD_OF", _BODIES),
    (r"(?:is|was) the parent (?:company|organi[sz]ation|body) of", "PARENT_OF", _BODIES),
)  # fmt: skip

_WORD = r"\(?[A-Z\u0900-\u097f][\w.&'’()/\u0900-\u097f-]*"
_JOINED = r"(?:of|for|and|the|de|on|to)"
_TARGET = rf"((?:{_WORD})(?: (?:{_WORD}|{_JOINED}(?: the)?(?= {_WORD})))*)"
_RULES = tuple(
    (re.compile(rf"\b{phrase} (?:the )?{_TARGET}"), kind, sources)
    for phrase, kind, sources in _PHRASES
)
# "X and Y" are two, unless "and" is within a name: "Ministry of Health and Population".
_TWO = re.compile(rf"^({_WORD}(?: {_WORD})*) and (?:the )?({_WORD}(?: {_WORD})*)$")

_ABOUT_OTHERS = re.compile(r"(?:His|Her|Their|Its) ")
_FROM_TO = re.compile(
    rf"^,? ?\(?(?:from |between )?({DATE}) ?(?:to|until|till|and|–|—|-) ?({DATE})"
)
_SINCE = re.compile(rf"^,? ?\(?(?:since|from) ({DATE})")
_ON = re.compile(rf"^,? on ({DATE})")


class RelationshipExtractor:
    """Extracts relationships of an entity from a text: part of, employed by, funded by and others.

    The results are proposals: each has its sentence, which may be about someone else.
    `known_entities` gives the ids of names; a target that is not in it has a name only. Family
    relations are left alone: the database had them removed. Does not look into the database.
    """

    def __init__(self, known_entities: Mapping[str, str] | None = None) -> None:
        self._ids = {_name_key(name): id_ for name, id_ in (known_entities or {}).items()}

    def extract(self, text: str, entity_id: str) -> list[dict[str, Any]]:
        """Return the relationships of the entity `entity_id` that `text` states, each once.

        Each is a dict with ``type`` (one of the database's), ``target_entity`` (``name`` and,
        if known, ``id``) and ``evidence``, the sentence. A complete date is in ``start_date``
        or ``end_date`` as YYYY-MM-DD; of an incomplete one the year is in ``start_year`` or
        ``end_year``, since an exact date would be made up. Raises `ValueError` for what is no
        entity id.
        """
        source = break_entity_id(entity_id)
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for sentence in sentences(text):
            for kind, name, period in _stated(sentence, source.type):
                if text_to_slug(name) == source.slug:
                    continue
                target = {"name": name}
                known = self._ids.get(_name_key(name))
                if known:
                    target["id"] = known
                new = {"type": kind, "target_entity": target, **period, "evidence": sentence}
                # The first sentence counts, unless a later one has dates.
                old = found.get((kind, _name_key(name)))
                if old is None or (period and not _has_period(old)):
                    found[kind, _name_key(name)] = new
        return list(found.values())


def _stated(sentence: str, source_type: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield type, target and period of each stated relationship, in the order of the rules."""
    if NEGATION.search(sentence) or _ABOUT_OTHERS.match(sentence):
        return
    for pattern, kind, sources in _RULES:
        if source_type not in sources:
            continue
        for match in pattern.finditer(sentence):
            period = _period(sentence[match.end() :])
            for name in _names(match[1]):
                yield kind, name, period


def _names(target: str) -> list[str]:
    target = target.rstrip(".,;/-'’")
    if target.count("(") < target.count(")"):
        target = target.rstrip(")")
    elif target.count("(") > target.count(")"):  # "Nepal Airlines (Kathmandu office)"
        target = target[: target.rindex("(")].rstrip()
    two = _TWO.match(target)
    return list(two.groups()) if two else [target]


def _period(after: str) -> dict[str, Any]:
    """Return the dates that directly follow the target."""
    both = _FROM_TO.match(after)
    if both:
        return {**_end_of_period("start", both[1]), **_end_of_period("end", both[2])}
    since = _SINCE.match(after) or _ON.match(after)
    return _end_of_period("start", since[1]) if since else {}


def _end_of_period(end: str, text: str) -> dict[str, Any]:
    moment = read_date(text)
    if moment.day:
        return {f"{end}_date": moment.day.isoformat()}
    return {f"{end}_year": moment.year} if moment.year else {}


def _has_period(relationship: dict[str, Any]) -> bool:
    return any(key.startswith(("start_", "end_")) for key in relationship)


def _name_key(name: str) -> str:
    return " ".join(casefold_key(name).split())
