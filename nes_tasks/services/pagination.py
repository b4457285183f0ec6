"""Limits and offsets of listings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


class _DefaultLimit(int):
    """A default limit, so that what it cuts off can be reported."""


DEFAULT_LIMIT = _DefaultLimit(100)
"""What a listing returns at most when no limit is given; ``limit=None`` returns everything."""


def check_page(limit: int | None, offset: int) -> None:
    """Raise `ValueError` when limit or offset is negative."""
    for name, value in (("limit", limit), ("offset", offset)):
        if value is not None and value < 0:
            raise ValueError(f"{name} must not be negative, but is {value}")


def page(
    items: Iterable[Item], limit: int | None, offset: int, cut_off: Callable[[], None]
) -> list[Item]:
    """Return at most `limit` items after the first `offset`; takes no more items than it needs.

    `cut_off` is called when there are more and the limit is the default one.
    """
    rest = islice(items, offset, None)
    taken = list(islice(rest, limit))
    if isinstance(limit, _DefaultLimit) and next(rest, None) is not None:
        cut_off()
    return taken
