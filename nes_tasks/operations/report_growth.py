"""The growth: how many entities of each type there were after each step of the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import dropwhile
from typing import NamedTuple

from ..git.command import Git
from ..git.diff import changed_files
from ..git.log import Commit
from ..models.identifiers import SUFFIX

# The resolution of a chart.
MAX_POINTS = 200


@dataclass(frozen=True, slots=True)
class Point:
    """The numbers of entities by type (``location``) from a moment on.

    `migration` is its cause, None for manual commits and where several are one point.
    """

    moment: datetime
    migration: str | None
    entities: Mapping[str, int]


class _Step(NamedTuple):
    """One commit of the mainline, and the migration that it is of."""

    commit: Commit
    migration: str | None


def measure_growth(
    git: Git,
    steps: Iterable[Commit],
    data_dir: str,
    owners: Mapping[str, str],
    *,
    progress: Callable[[int, int], None],
    max_points: int = MAX_POINTS,
) -> tuple[Point, ...]:
    """Return the points of a mainline, oldest first, at most `max_points` of them.

    `owners` says which commits are of which migration; its batches are one point. Times never
    decrease, whatever the clocks of the machines showed. Reads trees and no files, so that a
    partial clone fetches nothing. Raises `GitError`.
    """
    before = empty = git.empty_tree()
    # A database may begin with an empty commit, which is not a point.
    grown = dropwhile(lambda commit: commit.tree == empty, steps)
    chosen = _chosen(_points(grown, owners), max_points)
    points: list[Point] = []
    counts: Counter[str] = Counter()
    for number, (step, migration) in enumerate(chosen, 1):
        for change in changed_files(git, before, step.tree, f"{data_dir}/entity"):
            if change.path.endswith(SUFFIX) and None in (change.old, change.new):
                parts = change.path[len(data_dir) + 1 :].split("/")
                counts[parts[1] if len(parts) > 2 else "entity"] += 1 if change.new else -1
        moment = max(step.committed_at, points[-1].moment) if points else step.committed_at
        points.append(Point(moment, migration, dict(sorted((+counts).items()))))
        before = step.tree
        progress(number, len(chosen))
    return tuple(points)


def _points(steps: Iterable[Commit], owners: Mapping[str, str]) -> list[_Step]:
    """Return the last step of each run of steps that are of one migration."""
    found: list[_Step] = []
    for commit in steps:
        step = _Step(commit, owners.get(commit.id))
        if found and step.migration is not None and found[-1].migration == step.migration:
            found[-1] = step
        else:
            found.append(step)
    return found


def _chosen(steps: Sequence[_Step], limit: int) -> list[_Step]:
    """Return at most `limit` steps, evenly spread, with the first and the last one.

    If some are left out, none has a migration: omitted ones may have changed more.
    """
    if len(steps) <= limit:
        return list(steps)
    last = len(steps) - 1
    return [_Step(steps[round(at * last / (limit - 1))].commit, None) for at in range(limit)]
