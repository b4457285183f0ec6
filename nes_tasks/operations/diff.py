"""The difference of two points of the history: migrations, types, entities and fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..clock import timestamp
from ..database.history import RECORDS
from ..database.marker import FOLDER
from ..git.command import Git
from ..git.diff import changed_files
from ..project import Project
from .changes import Changes, compare
from .points import Point

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Between:
    """The migrations whose records differ, by number.

    `applied` have a record at the second point alone, `reverted` at the first alone.
    `recorded_again` have different records: they were executed again, or their folder was accepted.
    """

    applied: list[str] = field(default_factory=list)
    reverted: list[str] = field(default_factory=list)
    recorded_again: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Diff:
    """The differences between two points, from `old` to `new`; `old` may be the later one."""

    old: Point
    new: Point
    migrations: Between
    changes: Changes

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/preview.md."""
        return {
            "format": FORMAT,
            "from": point_document(self.old),
            "to": point_document(self.new),
            "applied": self.migrations.applied,
            "taken_back": self.migrations.reverted,
            "recorded_again": self.migrations.recorded_again,
            "changes": self.changes.to_dict(),
        }


def point_document(point: Point) -> dict[str, Any]:
    """Return a point as a JSON document."""
    return {
        "name": point.name,
        "commit": point.commit,
        "tree": point.tree,
        "committed_at": timestamp(point.committed_at),
        "migration": point.migration,
    }


def diff(project: Project, old: Point, new: Point, *, updated_per_type: int | None = None) -> Diff:
    """Compare the states of the database at two points. Writes nothing.

    At most `updated_per_type` changed ones of each type are compared field by field, None for all
    of them. Raises `GitError` when a tree cannot be read.
    """
    git, data_dir = Git(project.settings.database), project.settings.data_dir
    changes = compare(git, old.tree, new.tree, data_dir=data_dir, updated_per_type=updated_per_type)
    return Diff(old, new, between(project, old.tree, new.tree), changes)


def between(project: Project, old: str, new: str) -> Between:
    """Return the migrations whose records differ between two trees; reads no content."""
    git, data_dir = Git(project.settings.database), project.settings.data_dir
    logs = f"{data_dir}/{FOLDER}"
    before, after = set(), set()
    for change in changed_files(git, old, new, logs):
        name, _, file_name = change.path[len(logs) + 1 :].partition("/")
        if file_name in RECORDS:
            before |= {name} if change.old else set()
            after |= {name} if change.new else set()
    return Between(
        applied=sorted(after - before, key=project.order),
        reverted=sorted(before - after, key=project.order),
        recorded_again=sorted(before & after, key=project.order),
    )
