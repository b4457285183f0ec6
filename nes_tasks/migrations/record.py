"""What the plan must know of a migration, whoever recorded it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

from ..database.marker import Statistics


class Described(Protocol):
    """What can be told of a migration, from its record or from its script."""

    @property
    def author(self) -> str:
        """The author as text."""

    @property
    def date(self) -> dt.date | None:
        """The day it was written."""

    @property
    def description(self) -> str:
        """What it does, in one line."""


class AppliedRecord(Described, Protocol):
    """What the plan must know of an applied migration; a `Marker` is one."""

    @property
    def inputs(self) -> Mapping[str, str] | None:
        """SHA-256 by path of the files it ran from; None or empty when nobody recorded them."""

    @property
    def applied_at(self) -> dt.datetime | None:
        """When it was applied, None when nobody recorded it."""

    @property
    def statistics(self) -> Statistics:
        """What it changed, in numbers."""
