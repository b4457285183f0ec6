"""Format numbers, sizes, dates and names of types for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from ..database.marker import Statistics
from ..migrations import State


def state_word(state: State) -> str:
    """Return the state of a migration in words."""
    return "changed" if state is State.DRIFT else state.value


def author_name(author: str) -> str:
    """Return an author without the e-mail address, if there is a name."""
    return author.partition("<")[0].strip() or author


def short_list(names: Sequence[str], most: int = 3) -> str:
    """Return the first names and the number of others: a, b, c and 197 more."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, such as 1 file, 2,000 files, 3 entities."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def day(moment: date | datetime | None) -> str:
    """Return a date for people, such as 3 February 2026; of a moment as its own zone has it."""
    return "an unknown date" if moment is None else f"{moment.day} {moment:%B} {moment.year}"


def period(first: date | None, last: date | None) -> str:
    """Return a period: 9 to 20 November 2025, 8 January to 7 March 2026."""
    if first is None or last is None or first == last:
        return day(first)
    if first.year != last.year:
        start = day(first)
    elif first.month != last.month:
        start = f"{first.day} {first:%B}"
    else:
        start = str(first.day)
    return f"{start} to {day(last)}"


def label(name: str) -> str:
    """Return the name of a type or field as words, such as Rural municipality, Funded by."""
    words = name.replace("_", " ").replace("details.", "details: ").strip()
    words = words.lower() if words.isupper() else words
    return words[:1].upper() + words[1:]


def percent(part: int, whole: int) -> str:
    """Return a share; only all is 100 %, and only nothing is 0 %."""
    if not part or not whole:
        return "0%"
    share = 100 * part / whole
    return "<1%" if share < 1 else f"{100 if part == whole else min(99, int(share))}%"


def shares(parts: Sequence[int]) -> list[int]:
    """Return the shares of all parts of a whole in whole percents, which add up to 100.

    The percent points lost by rounding down go to the largest remainders
    (Hamilton's method, https://en.wikipedia.org/wiki/Largest_remainder_method).
    """
    whole = sum(parts)
    if not whole:
        return [0 for _ in parts]
    percents = [100 * part // whole for part in parts]
    by_rest = sorted(range(len(parts)), key=lambda at: (-(100 * parts[at] % whole), at))
    for at in by_rest[: 100 - sum(percents)]:
        percents[at] += 1
    return percents


def share_text(percents: int, part: int, whole: int) -> str:
    """Return a share that was rounded to `percents`; only nothing is 0 %, and only all is 100 %."""
    if part and not percents:
        return "<1%"
    return ">99%" if percents == 100 and part < whole else f"{percents}%"


def listed(words: Iterable[str]) -> str:
    """Return words as a list in a sentence: a, b and c."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def done(counts: Statistics) -> str:
    """Return what a migration did, such as 77 new entities and 1 changed relationship."""
    kinds = (
        (counts.entities, "entity", "entities"),
        (counts.relationships, "relationship", "relationships"),
    )
    parts = [
        f"{n:,} {how} {singular if n == 1 else plural}"
        for numbers, singular, plural in kinds
        for n, how in zip(numbers, ("new", "changed", "deleted"), strict=True)
        if n
    ]
    return listed(parts) if parts else "no entity or relationship"


UNITS = ("kB", "MB", "GB", "TB")


def size(count: int) -> str:
    """Return a number of bytes as short text, such as 31.4 MB; a kB has 1,000 of them."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in UNITS:
        value /= 1000
        if value < 999.95 or unit == UNITS[-1]:
            break
    return f"{value:,.1f} {unit}"
