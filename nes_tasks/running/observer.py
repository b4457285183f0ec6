"""The observer: told how a run goes, so that the core itself never prints."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Who is told how a run goes; the runner itself never prints."""

    def started(self, name: str) -> None:
        """Take note that the script of a migration starts."""

    def logged(self, name: str, message: str) -> None:
        """Take a message of the script."""

    def noted(self, name: str, text: str) -> None:
        """Take what we say about the run ourselves, which is not in the script's log."""

    def printed(self, name: str, line: str) -> None:
        """Take a line that the script, or a program that it started, printed."""

    def progressed(self, name: str, label: str | None, done: int, total: int | None) -> None:
        """Take the progress of the script; `total` is None where it is not known."""

    def ended(self, name: str) -> None:
        """Take note that the script is over, well or not."""

    def warned(self, message: str) -> None:
        """Take what holds for the whole run and may matter to the user."""
