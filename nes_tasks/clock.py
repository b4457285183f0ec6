"""The only module that reads the current time."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from .errors import SettingsError


def now() -> datetime:
    """Return the current time in UTC, or the one that ``SOURCE_DATE_EPOCH`` fixes.

    A migration's tree depends on the clock but on nothing else of the machine, so a fixed clock
    reproduces the tree. The variable is the convention of
    https://reproducible-builds.org/docs/source-date-epoch/ (seconds since 1970; a fraction is
    accepted here).

    Raises `SettingsError` when the variable is not a number.
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    if not fixed:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(float(fixed), UTC)
    except (ValueError, OverflowError, OSError):
        raise SettingsError(
            f"SOURCE_DATE_EPOCH is {fixed!r}, which is not a number of seconds",
            hint="unset it or set it to a Unix time",
        ) from None


def timestamp(moment: datetime) -> str:
    """Return `moment` in the format of all our files, such as 2026-01-31T06:15:09.123456Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
