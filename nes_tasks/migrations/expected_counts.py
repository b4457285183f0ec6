"""EXPECT: how many entities and relationships a migration creates, changes and deletes.

A script sets ``EXPECT = {"person": 40, "relationship": (38, 42)}``, and nothing is applied when its
run gives other counts. A key is a kind (``person``), a type (``organization/political_party``,
``relationship:MEMBER_OF``), or one of them with an action (``person changed``). A value is a
number, or a minimum and a maximum. Types without a key must not change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

KINDS = ("person", "organization", "location", "project", "relationship")
DEEDS = ("created", "changed", "deleted")
EXAMPLE = 'EXPECT = {"person": 40, "relationship": (38, 42)}'


class Deeds(NamedTuple):
    """The number of created, changed and deleted objects of one type."""

    created: int
    changed: int
    deleted: int


Counts = Mapping[str, Deeds]
Expected = Mapping[str, tuple[int, int]]


def read_expected(value: object) -> dict[str, tuple[int, int]]:
    """Return minimum and maximum by key from the value of EXPECT.

    Raises `ValueError`, in words that follow "EXPECT".
    """
    if not isinstance(value, dict):
        raise ValueError("is not a dict")
    return {_checked_key(key): _range(key, number) for key, number in value.items()}


def _checked_key(key: object) -> str:
    if not isinstance(key, str) or not key.strip():
        raise ValueError(f"has the key {key!r}, which is not a kind such as 'person'")
    name, deed = _parted(key)
    kind = name.partition("/")[0].partition(":")[0]
    if kind not in KINDS:
        meant = get_close_matches(kind, KINDS, n=1)
        known = f"did you mean {meant[0]!r}?" if meant else f"it can be {', '.join(KINDS)}"
        raise ValueError(f"has the key {key!r}, which is not a kind: {known}")
    if deed not in (None, *DEEDS):
        raise ValueError(f"has the key {key!r}, and {deed!r} is not one of {', '.join(DEEDS)}")
    return key


def _range(key: object, value: object) -> tuple[int, int]:
    match (value, value) if isinstance(value, int) else value:
        case (int(least), int(most)) if 0 <= least <= most and bool not in map(type, (least, most)):
            return least, most
    raise ValueError(f"gives {key!r} {value!r}, neither a number nor (least, most)")


def differences(expected: Expected, counts: Counts) -> list[str]:
    """Return the differences between the counts of a run and the expected ones, if any."""
    found = []
    for key, (least, most) in expected.items():
        count = sum(number for type_, deed, number in _rows(counts) if _covers(key, type_, deed))
        if not least <= count <= most:
            wanted = f"{least:,}" if least == most else f"{least:,} to {most:,}"
            found.append(f"{key} {count:,}, not {wanted}")
    for type_, deed, number in _rows(counts):
        if number and not any(_covers(key, type_, deed) for key in expected):
            found.append(f"{type_} {deed} {number:,}, which it does not name")
    return found


def fitting(counts: Counts) -> str:
    """Return the EXPECT line for these counts, by kind."""
    kinds: dict[str, list[int]] = {}
    for type_, deed, number in _rows(counts):
        kind = type_.partition("/")[0].partition(":")[0]
        kinds.setdefault(kind, [0] * len(DEEDS))[DEEDS.index(deed)] += number
    rows: dict[str, int] = {}
    for kind in sorted(kinds, key=lambda kind: KINDS.index(kind) if kind in KINDS else len(KINDS)):
        done = {deed: n for deed, n in zip(DEEDS, kinds[kind], strict=True) if n}
        if list(done) == ["created"]:
            rows[kind] = done["created"]
        else:
            rows |= {f"{kind} {deed}": number for deed, number in done.items()}
    listed = ", ".join(f'"{key}": {number}' for key, number in rows.items())
    return f"EXPECT = {{{listed}}}"


def _rows(counts: Counts) -> Iterator[tuple[str, str, int]]:
    for type_, deeds in counts.items():
        for deed, number in zip(DEEDS, deeds, strict=True):
            yield type_, deed, number


def _covers(key: str, type_: str, deed: str) -> bool:
    name, wanted = _parted(key)
    is_type = type_ == name or type_.startswith((f"{name}/", f"{name}:"))
    return is_type and wanted in (None, deed)


def _parted(key: str) -> tuple[str, str | None]:
    name, _, deed = key.strip().partition(" ")
    return name, deed.strip() or None
