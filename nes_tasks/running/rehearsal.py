"""The rehearsal: a run that is not published."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ..migrations import MigrationResult


class DryRunResult(NamedTuple):
    """What came of a migration that was executed without being published.

    `base` is the commit that it ran on, None for an empty database; `clock` the time that it saw;
    `peak_memory` what its process needed at most, in bytes. Commits and tree of `result` stay
    readable after the end, until git's garbage collection. `unread` are the inputs that its script
    has not opened.
    """

    result: MigrationResult
    base: str | None
    clock: datetime
    peak_memory: int
    unread: tuple[str, ...] = ()
