"""The origin of a document: the change that set each field's current value.

An origin has the shape of the document, with a change in place of each leaf: a commit, a version,
or any object with equality.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .fields import aligned, same


class Unset(NamedTuple):
    """The origin of a null that did not replace anything."""

    change: Any


def all_of(value: Any, change: Any) -> Any:
    """Return the origin of a document that a change created."""
    if value and isinstance(value, dict):
        return {key: all_of(item, change) for key, item in value.items()}
    if value and isinstance(value, list):
        return [all_of(item, change) for item in value]
    return Unset(change) if value is None else change


def carried(was: Any, origin: Any, value: Any, found: Any, change: Any) -> Any:
    """Return `found`, with the old `origin` wherever `value` is as it `was` and nobody else's.

    `found` is what is known so far: of `change` where no other side had the value.
    """
    if value and was and isinstance(value, dict) and isinstance(was, dict):
        return {
            key: carried(was[key], origin[key], item, found[key], change)
            if key in was
            else found[key]
            for key, item in value.items()
        }
    if value and was and isinstance(value, list) and isinstance(was, list):
        items = list(found)
        for before, now in aligned(was, value):
            if before is not None and now is not None:
                items[now] = carried(was[before], origin[before], value[now], found[now], change)
        return items
    if found not in (change, Unset(change)):
        return found
    if same(was, value):
        return origin
    return change  # also a null that replaced a value
