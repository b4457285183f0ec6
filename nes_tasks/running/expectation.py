"""The expectation: the trees of a preview, which migrations must reproduce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..errors import MigrationRefusedError


@dataclass(frozen=True, slots=True)
class Expected:
    """The preview of one migration: its clock and its tree."""

    clock: datetime
    tree: str


class Expectation:
    """The expected results of a run by migration; `source` names the preview in messages.

    A script that says DETERMINISTIC = False may give another tree; later migrations are then not
    compared. No other migration is exempt.
    """

    def __init__(self, source: str, expected: Mapping[str, Expected]) -> None:
        self.source = source
        self.met: list[str] = []
        self._expected = expected
        self._strayed: str | None = None

    def clock(self, name: str) -> datetime:
        """Return the clock with which the migration must run to give the same tree.

        Raises `MigrationRefusedError` for one that was not previewed.
        """
        return self._of(name).clock

    def compare(self, name: str, tree: str, *, deterministic: bool) -> str | None:
        """Compare the tree of a migration; return a note, None without one.

        Raises `MigrationRefusedError` when it differs from the preview.
        """
        expected = self._of(name).tree
        if self._strayed is not None:
            return f"not compared with {self.source}, since {self._strayed} before it differs"
        if tree == expected:
            self.met.append(name)
            return None
        if not deterministic:
            self._strayed = name
            return f"its tree differs from that in {self.source}, as DETERMINISTIC = False allows"
        raise MigrationRefusedError(
            f"{name} gives the tree {tree}, not {expected} as {self.source} says; "
            "it was not applied",
            hint=f"doit preview {name} shows what it does now",
        )

    def _of(self, name: str) -> Expected:
        if name not in self._expected:
            raise MigrationRefusedError(
                f"{name} is not in {self.source}, so its changes were not reviewed",
                hint=f"doit preview --json -o {self.source}",
            )
        return self._expected[name]
