"""What the readers raise."""

from __future__ import annotations

from ...errors import NesTasksError


class InputFileError(NesTasksError, ValueError):
    """A data file of a migration cannot be read as what it should be."""


class MissingInputFileError(InputFileError, FileNotFoundError):
    """There is no such data file in the migration's folder."""


class MissingColumnError(NesTasksError, KeyError):
    """A row has no such column; the hint says which ones its file has."""


class UnmatchedError(NesTasksError, LookupError):
    """Values of a source have no meaning in the lookups of the folder."""
