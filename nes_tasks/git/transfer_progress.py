"""The progress of a transfer between git and a remote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """The progress of one stage of a push or fetch.

    `stage` is git's word for it, such as "Writing objects". `total` is None where it is not known.
    `message` says more, such as how many bytes were sent.
    """

    stage: str
    done: int
    total: int | None = None
    message: str = ""

    def __str__(self) -> str:
        """Return it as one line."""
        count = f"{self.done:,}" if self.total is None else f"{self.done:,}/{self.total:,}"
        return f"{self.stage}: {count}{f', {self.message}' if self.message else ''}"


OnTransfer = Callable[[TransferProgress], None]
