"""How well an entity's names fit a search text.

Only `names` are looked at, in both languages. The whole name counts 100 when it equals the
text and 50 when it contains it; given, middle and family name count 75 and 25 each. Every
such hit adds 20 when the name is a primary one, else 10. Names are compared by their keys: see
`nes_tasks.models.name_keys`.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..models.base import Name, NameKind, NameParts
from ..models.name_keys import name_key

WHOLE_EQUAL, WHOLE_CONTAINS = 100, 50
PART_EQUAL, PART_CONTAINS = 75, 25
PRIMARY_BONUS, OTHER_BONUS = 20, 10


def name_score(names: Iterable[Name], query: str) -> int:
    """Return how well `names` fit `query`, which is a key; 0 when they do not at all."""
    score = 0
    for name in names:
        bonus = PRIMARY_BONUS if name.kind is NameKind.PRIMARY else OTHER_BONUS
        for parts in (name.en, name.ne):
            if parts is not None:
                hits = _hits(parts, query)
                score += sum(hits) + bonus * len(hits)
    return score


def _hits(parts: NameParts, query: str) -> list[int]:
    """Return the points of each part that fits, without the bonus."""
    candidates = (
        (parts.full, WHOLE_EQUAL, WHOLE_CONTAINS),
        (parts.given, PART_EQUAL, PART_CONTAINS),
        (parts.middle, PART_EQUAL, PART_CONTAINS),
        (parts.family, PART_EQUAL, PART_CONTAINS),
    )
    return [
        equal if query == key else contains
        for key, equal, contains in (
            (name_key(text), equal, contains) for text, equal, contains in candidates if text
        )
        if query in key
    ]
