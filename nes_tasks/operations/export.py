"""The export: the whole database at one point of its history, in the format of its target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..project import Project
from .atomic_write import PART, atomic_write
from .diff import point_document
from .export_formats import convert, tables_of
from .export_tables import Progress, write_tables
from .export_target import Format, Target
from .points import Point


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the rows of each table, and the bytes of each file by its path."""

    target: Target
    point: Point
    rows: Mapping[str, int]
    files: Mapping[Path, int]

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(self.files.values())

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/json.md."""
        wanted = self.target.format
        return {
            "path": str(self.target.path.resolve()),
            "format": wanted.name.lower(),
            "replaced": self.target.is_replaced,
            "bytes": self.size,
            "point": point_document(self.point),
            "tables": [{"name": name, "rows": self.rows[name]} for name in tables_of(wanted)],
            "files": [{"path": str(path), "bytes": size} for path, size in self.files.items()],
        }


def export(project: Project, point: Point, target: Target, progress: Progress) -> Exported:
    """Write the state at `point` to a target, in one step at the end.

    Formats other than SQLite are made from a SQLite file that is removed afterwards. Raises
    `UnavailableError` when the disk is full or the like, `GitError` and `DatabaseError` when the
    repository cannot be read.
    """
    with atomic_write(target.path) as part:
        if target.format is Format.SQLITE:
            rows = write_tables(project, point, part, progress)
        else:
            tables = part.with_name(f"{part.name.removesuffix(PART)}.db{PART}")
            try:
                rows = write_tables(project, point, tables, progress)
                convert(tables, target.format, part, progress)
            finally:
                tables.unlink(missing_ok=True)
        files = _sizes(part, target.path.resolve())
    return Exported(target, point, rows, files)


def _sizes(part: Path, place: Path) -> dict[Path, int]:
    """Return the bytes of each file of `part`, a file or a folder, by its path at `place`."""
    found = sorted(part.iterdir()) if part.is_dir() else [part]
    return {place / path.relative_to(part): path.stat().st_size for path in found}
