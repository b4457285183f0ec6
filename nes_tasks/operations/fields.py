"""The fields of a JSON document: their paths, and how two documents differ in them.

A path is written as in JavaScript: ``names[0].en.full``, ``attributes["a.b"]``; the document
itself is the empty path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Absence(Enum):
    """The value of a missing field, as opposed to null."""

    ABSENT = "absent"


ABSENT = Absence.ABSENT


class FieldChange(NamedTuple):
    """One field that differs; `old` or `new` is `ABSENT` where there is no such field.

    An index in `path` is that of the new list, or of the old one if the item was removed.
    """

    path: str
    old: Any
    new: Any

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: an absent value has no key."""
        sides = {"old": self.old, "new": self.new}
        return {"path": self.path, **{k: v for k, v in sides.items() if v is not ABSENT}}


def parse(data: bytes) -> Any:
    """Return the JSON document in `data`; the text itself when it is not JSON."""
    text = data.decode(errors="replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def field_changes(old: Any, new: Any) -> list[FieldChange]:
    """Return how two documents differ, in the order of their keys.

    An object that was added or removed is one change; so is a document that is nested too deeply to
    compare.
    """
    try:
        return list(_compare("", old, new))
    except RecursionError:
        return [FieldChange("", old, new)]


def _compare(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _compare(under(path, key), old.get(key, ABSENT), new.get(key, ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        for was, now in aligned(old, new):
            index = was if now is None else now
            before = ABSENT if was is None else old[was]
            yield from _compare(f"{path}[{index}]", before, ABSENT if now is None else new[now])
    elif not same(old, new):
        yield FieldChange(path, old, new)


def under(path: str, key: str) -> str:
    """Return the path of the field `key` of the object at `path`."""
    if not PLAIN_KEY.fullmatch(key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def same(value: Any, other: Any) -> bool:
    """Return whether two values are the same JSON: unlike in Python, 1 is not 1.0 or true."""
    if type(value) is not type(other):
        return False
    if isinstance(value, dict):
        return value.keys() == other.keys() and all(same(value[key], other[key]) for key in value)
    if isinstance(value, list):
        return len(value) == len(other) and all(map(same, value, other))
    return bool(value == other)


def aligned(old: list[Any], new: list[Any]) -> Iterator[tuple[int | None, int | None]]:
    """Return pairs of matching indexes of two lists; None for an item without a match.

    Equal items at both ends are matched first, so that inserting an item in front does not change
    all the others.
    """
    shorter = min(len(old), len(new))
    head = 0
    while head < shorter and same(old[head], new[head]):
        head += 1
    tail = 0
    while tail < shorter - head and same(old[-1 - tail], new[-1 - tail]):
        tail += 1
    yield from ((at, at) for at in range(head))
    old_end, new_end = len(old) - tail, len(new) - tail
    for at in range(head, max(old_end, new_end)):
        yield at if at < old_end else None, at if at < new_end else None
    yield from zip(range(old_end, len(old)), range(new_end, len(new)), strict=True)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Return the path and the value of each field that has no fields of its own.

    An empty object or list is such a field.
    """
    if value and isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, under(path, key))
    elif value and isinstance(value, list):
        for at, item in enumerate(value):
            yield from leaves(item, f"{path}[{at}]")
    else:
        yield path, value
