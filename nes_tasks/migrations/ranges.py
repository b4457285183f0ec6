"""Parse several migrations: names, and ranges such as ``5..9``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..errors import UsageError
from ..text import quote
from .plan import Entry, Plan

DOTS = ".."


def is_range(word: str) -> bool:
    """Return whether a word is a range."""
    return DOTS in word and "/" not in word


def resolve_all(
    plan: Plan, words: Iterable[str], counts: Callable[[Entry], bool], what: str
) -> list[Entry]:
    """Return the migrations that `words` name, each once, in the order of the words.

    A range includes both ends, in plan order; an omitted end is that of the plan. It has only
    entries that `counts` accepts, described by `what` (such as "applied"); a single name is
    accepted as it is. Raises `UsageError` for an unknown or ambiguous name, and for an empty range.
    """
    found: dict[str, Entry] = {}
    for word in words:
        if is_range(word):
            inside = [entry for entry in _between(plan, word) if counts(entry)]
            if not inside:
                raise UsageError(f"no migration of {quote(word)} is {what}", hint="doit list")
            found.update((entry.name, entry) for entry in inside)
        else:
            entry = plan.resolve(word)
            found[entry.name] = entry
    return list(found.values())


def _between(plan: Plan, word: str) -> Sequence[Entry]:
    begin, _, end = word.partition(DOTS)
    if not (begin or end) or DOTS in end or end.startswith("."):
        raise UsageError(f"{quote(word)} is not a range", hint="write it as 5..9, 5.. or ..9")
    first = _position(plan, begin, 0) if begin else 0
    last = _position(plan, end, -1) if end else len(plan) - 1
    if first > last:
        raise UsageError(f"{quote(word)} goes backwards", hint=f"write it as {end}{DOTS}{begin}")
    return plan.entries[first : last + 1]


def _position(plan: Plan, text: str, which: int) -> int:
    """Return the position of the migration at the end of a range.

    If several share the number, `which` (0 or -1) selects the first or the last.
    """
    if text.isascii() and text.isdigit():
        number = text.lstrip("0") or "0"
        positions = [at for at, entry in enumerate(plan.entries) if str(entry.prefix) == number]
        if positions:
            return positions[which]
    return plan.entries.index(plan.resolve(text))
