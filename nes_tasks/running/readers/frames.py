"""Data frames of pandas, which is loaded when a script asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import InputFileError

if TYPE_CHECKING:
    import pandas


def frame_of(records: object, name: str) -> pandas.DataFrame:
    """Return a data frame of the objects that a file held.

    Raises `InputFileError` when it is not a list of objects.
    """
    import pandas

    if not isinstance(records, list) or not all(isinstance(row, dict) for row in records):
        raise InputFileError(
            f"{name} is not a list of objects, so it cannot become a data frame",
            hint="read it without as_frame=True",
        )
    return pandas.DataFrame([dict(row) for row in records])
