"""The pending migrations and their files."""

from __future__ import annotations

from dataclasses import dataclass

from ..migrations import Entry, Plan


@dataclass(frozen=True, slots=True)
class PendingFile:
    """One file of a folder: its path relative to the folder, and its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class PendingMigration:
    """A migration that is not applied: pending, or invalid; `files` are None if not listable."""

    entry: Entry
    files: tuple[PendingFile, ...] | None

    @property
    def size(self) -> int:
        """The size of all files together, in bytes."""
        return sum(file.size for file in self.files or ())


def pending(plan: Plan) -> list[PendingMigration]:
    """Return the invalid, then the pending migrations, in plan order.

    Sizes are those of the loaded plan; no file is read.
    """
    return [PendingMigration(entry, _files(entry)) for entry in (*plan.invalid, *plan.pending)]


def _files(entry: Entry) -> tuple[PendingFile, ...] | None:
    listed = entry.folder.files if entry.folder else None
    if listed is None:
        return None
    return tuple(PendingFile(file.relative, file.size) for file in listed)
