"""The events and the results of a run, for a callback: the core itself never prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ..migrations import MigrationResult


class EventKind(StrEnum):
    """What a `RunEvent` is about.

    STARTED and ENDED enclose the script of one migration, however it ends. LOGGED is a message of
    the script, PRINTED a line that it, or a program that it started, printed. NOTED is our own
    message about the run, which is not in the script's log. PROGRESSED is the script's
    ``context.progress``. WARNED holds for the whole run.
    """

    STARTED = "started"
    LOGGED = "logged"
    PRINTED = "printed"
    NOTED = "noted"
    PROGRESSED = "progressed"
    ENDED = "ended"
    WARNED = "warned"


@dataclass(frozen=True, slots=True)
class RunEvent:
    """An event of a run.

    `migration` is the full name, empty for a warning about the whole run. `text` is the message, or
    the label of a progress (empty without one). `done` counts the items of a progress, `total` is
    None if unknown.
    """

    kind: EventKind
    migration: str = ""
    text: str = ""
    done: int = 0
    total: int | None = None


ProgressCallback = Callable[[RunEvent], None]


def ignore(event: RunEvent) -> None:
    """Default no-op callback."""


class DryRunResult(NamedTuple):
    """The result of executing a migration without publishing it.

    `base` is the commit that it ran on, None for an empty database; `clock` the time of the
    execution; `peak_memory` the maximum of its process, in bytes. Commits and tree of `result` stay
    readable after the end, until git's garbage collection. `unread` are the inputs that its script
    has not opened.
    """

    result: MigrationResult
    base: str | None
    clock: datetime
    peak_memory: int
    unread: tuple[str, ...] = ()
