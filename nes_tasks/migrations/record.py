"""What the plan must know of a migration, in any kind of record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

from ..database.marker import Metadata, Statistics


class AppliedRecord(Protocol):
    """What the plan must know of an applied migration; a `Marker` is one."""

    @property
    def metadata(self) -> Metadata:
        """What it said of itself."""

    @property
    def author(self) -> str:
        """The author, as a string."""

    @property
    def date(self) -> dt.date | None:
        """The date that it was written."""

    @property
    def description(self) -> str:
        """What it does, in one line."""

    @property
    def inputs(self) -> Mapping[str, str] | None:
        """SHA-256 by path of the files it ran from; None or empty when they were not recorded."""

    @property
    def applied_at(self) -> dt.datetime | None:
        """When it was applied, None when it was not recorded."""

    @property
    def statistics(self) -> Statistics:
        """What it changed, in numbers."""
