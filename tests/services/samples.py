"""Data to make things of, and a clock that can be foreseen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from nes_tasks.database.store import Store

START = datetime(2026, 1, 31, 6, 15, 9, 123456, tzinfo=UTC)
AUTHOR = "author:jane-doe"


class Clock:
    """A clock that goes on by a second each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return START + timedelta(seconds=self.asked - 1)


def name(full: str, ne: str | None = None, kind: str = "PRIMARY", **parts: str) -> dict[str, Any]:
    """The data of a name in English and perhaps Nepali."""
    data: dict[str, Any] = {"kind": kind, "en": {"full": full, **parts}}
    if ne is not None:
        data["ne"] = {"full": ne}
    return data


def person(slug: str, full: str = "Jane Doe", **fields: Any) -> dict[str, Any]:
    """The data of a person."""
    return {"slug": slug, "names": [name(full)], **fields}


def files(store: Store) -> dict[str, bytes]:
    """Everything that is in a store."""
    return {path: data for path, data in store.read_many(list(store.list(""))) if data is not None}
