"""The interface of migration records that the plan needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

from ..database.marker import Metadata, Statistics


class AppliedRecord(Protocol):
    """The record of an applied migration, as far as the plan needs it; a `Marker` is one."""

    @property
    def metadata(self) -> Metadata:
        """The metadata of the script."""

    @property
    def author(self) -> str:
        """The author, as a string."""

    @property
    def date(self) -> dt.date | None:
        """The date that it was written."""

    @property
    def description(self) -> str:
        """The description, in one line."""

    @property
    def inputs(self) -> Mapping[str, str] | None:
        """SHA-256 by path of its input files; None or empty when they were not recorded."""

    @property
    def applied_at(self) -> dt.datetime | None:
        """When it was applied, None when it was not recorded."""

    @property
    def statistics(self) -> Statistics:
        """The counts of its changes."""
