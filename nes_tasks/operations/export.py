"""The export: the whole database at one point of its history, in the format of its target."""

from __future__ import annotations

from ..project import Project
from .atomic_write import PART, atomic_write
from .export_formats import convert
from .export_tables import Exported, Progress, write_tables
from .export_target import Format, Target
from .points import Point


def export(project: Project, point: Point, target: Target, progress: Progress) -> Exported:
    """Write the state at `point` to a target, in one step at the end.

    Formats other than SQLite are made from a SQLite file that is removed afterwards. Raises
    `UnavailableError` when the disk is full or the like, `GitError` and `DatabaseError` when the
    repository cannot be read.
    """
    with atomic_write(target.path) as part:
        if target.format is Format.SQLITE:
            return write_tables(project, point, part, progress)
        tables = part.with_name(f"{part.name.removesuffix(PART)}.db{PART}")
        try:
            found = write_tables(project, point, tables, progress)
            convert(tables, target.format, part, progress)
        finally:
            tables.unlink(missing_ok=True)
        return found
