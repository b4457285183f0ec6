"""The lineage of a database: all parts of its history, in the order to repeat them.

Each part is the executions of one commit, a revert, or a commit that no migration made. No commit
is left out, and none counts twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from ..database.executions import Run, every_run
from ..database.history import History
from ..database.unrecorded import REVERT_SUBJECT
from ..git.log import Commit, read_messages
from .revert import read_reversal


class Origin(StrEnum):
    """The origin of a part of the history.

    Run: executions of migrations. Revert: `doit revert`. Adopted: a person wrote markers
    afterwards, as `doit adopt` does. Accepted: `doit accept` of an edited folder. Unmarked: a
    migration without a marker, as in the legacy system. By hand: anything else, merges included.
    """

    RUN = "run"
    REVERT = "revert"
    ADOPTED = "adopted"
    ACCEPTED = "accepted"
    UNMARKED = "unmarked"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the history, which `commit` ends.

    `names` are its migrations; `runs` their executions, in their order;
    `reverted` the commits that it reverts.
    """

    commit: Commit
    origin: Origin
    names: tuple[str, ...] = ()
    runs: tuple[Run, ...] = ()
    reverted: tuple[Commit, ...] = ()

    @property
    def base(self) -> str | None:
        """The base commit of the first execution, None for none."""
        return self.runs[0].execution.base if self.runs else self.commit.parent


def read_lineage(history: History) -> list[Part]:
    """Return the parts of a whole history, each after its ancestors.

    The initial empty commit of a history is not a part. Reads commits, trees and markers;
    raises `GitError`.
    """
    runs = {
        commit: tuple(row)
        for commit, row in groupby(every_run(history), key=lambda run: run.execution.commit)
    }
    batches = {
        commit.id for row in runs.values() for run in row for commit in run.execution.commits
    }
    others = [
        commit
        for commit in history.commits.values()
        if commit.id not in batches and (commit.parents or commit.tree != history.git.empty_tree())
    ]
    found = {commit.id: part for commit, part in zip(others, _others(history, others), strict=True)}
    for commit, row in runs.items():
        names = tuple(run.name for run in row)
        found[commit] = Part(history.commits[commit], Origin.RUN, names, row)
    return sorted(found.values(), key=lambda part: history.position[part.commit.id])


def _others(history: History, commits: Sequence[Commit]) -> list[Part]:
    """Return the parts that are not executions."""
    seem_reverts = [commit.id for commit in commits if REVERT_SUBJECT.fullmatch(commit.subject)]
    messages = dict(read_messages(history.git, seem_reverts))
    brought: dict[str, dict[Origin, list[str]]] = {}
    for change in (change for changes in history.records.values() for change in changes):
        if change.new and change.old is None:
            origin = Origin.ADOPTED if change.is_marker else Origin.UNMARKED
            brought.setdefault(change.commit, {}).setdefault(origin, []).append(change.migration)
    found = []
    for commit in commits:
        if reversal := read_reversal(history, commit, messages.get(commit.id, "")):
            names, reverted = reversal
            found.append(Part(commit, Origin.REVERT, names, reverted=reverted))
            continue
        if accepted := history.accepted_by(commit.id):
            found.append(Part(commit, Origin.ACCEPTED, (accepted,)))
            continue
        recorded = brought.get(commit.id, {})
        if Origin.ADOPTED not in recorded and (named := history.migration_of(commit.id)):
            recorded.setdefault(Origin.UNMARKED, [named])
        known = (origin for origin in (Origin.ADOPTED, Origin.UNMARKED) if origin in recorded)
        origin = next(known, Origin.BY_HAND)
        found.append(Part(commit, origin, tuple(recorded.get(origin, ()))))
    return found
