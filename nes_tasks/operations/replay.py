"""Replaying: applied migrations executed again as they were, to see whether the history is true.

A run is a function of its base tree, its folder and its clock. All three are recorded, so what
comes out now must be what was committed then. Nothing is published.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum

from ..database.executions import Execution, find_executions, read_markers
from ..database.marker import Marker
from ..errors import NesTasksError, UsageError
from ..git.command import Git
from ..git.incomplete_clone import cut_off
from ..git.objects import ObjectReader
from ..migrations import Entry, MigrationResult, State
from ..project import Project
from ..running.runner import Runner


class Obstacle(StrEnum):
    """Why a migration is not executed again.

    Earlier: an earlier system recorded it, without base and inputs. Adopted: its marker was
    written afterwards, not by its run. Nondeterministic: it says so of itself. Drift, missing:
    its folder is not what it ran from, or is gone. Edited: its marker was changed after the run.
    Moved: its commits do not follow on the tree that its marker names.
    """

    EARLIER = "earlier"
    ADOPTED = "adopted"
    NONDETERMINISTIC = "nondeterministic"
    DRIFT = "drift"
    MISSING = "missing"
    EDITED = "edited"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An applied migration, with what the history tells of the run that its marker is from.

    `marker`, with the `blob` that holds it, is None for one that an earlier system recorded,
    `execution` where no run is known.
    """

    entry: Entry
    marker: Marker | None
    blob: str | None
    execution: Execution | None
    obstacle: Obstacle | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one of them.

    Either its candidate has an obstacle, or it was executed: `tree` is then what came out, or
    `error` why nothing did, `seconds` how long it took, and `environment` what it ran in.
    """

    candidate: Candidate
    tree: str | None = None
    error: NesTasksError | None = None
    seconds: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)


def replay(
    runner: Runner,
    project: Project,
    names: Sequence[str],
    counted: Callable[[int], None],
) -> Generator[Replayed, None, None]:
    """Execute the applied migrations `names` (full names) again; all of them without any.

    The lock is held until the iterator is exhausted or closed. `counted` is told how many will
    be executed, before the first is. One that fails does not keep the others from being
    executed. Those that are not deterministic have to be named. Raises `UsageError` for a name
    that is not applied, and `DatabaseError`, before anything is executed, when a shallow clone
    does not reach back far enough.
    """
    repository = runner.repository
    with repository.locked(runner.command), closing(ObjectReader(repository.git)) as reader:
        found = candidates(project, names)
        _refuse_cut(project, found)
        counted(sum(candidate.obstacle is None for candidate in found))
        for candidate in found:
            yield from (
                [Replayed(candidate)] if candidate.obstacle else _execute(runner, candidate, reader)
            )


def _execute(
    runner: Runner, candidate: Candidate, reader: ObjectReader
) -> Generator[Replayed, None, None]:
    folder, marker, execution = candidate.entry.folder, candidate.marker, candidate.execution
    assert folder and marker and execution, "what lacks one of them has an obstacle"
    try:
        with runner.executed(folder, execution.base, marker.applied_at) as result:
            tree = _tree(reader, result)
            yield Replayed(
                candidate,
                tree,
                seconds=result.duration_seconds,
                environment=result.environment,
            )
    except NesTasksError as error:
        if error.exit_code != 1:
            raise
        yield Replayed(candidate, error=error)


def _tree(reader: ObjectReader, result: MigrationResult) -> str:
    """Return the tree of the last commit, which git's commits begin with."""
    found = reader.get(result.commit_ids[-1])
    assert found is not None, "it was written a moment ago"
    return found.data.split(b"\n", 1)[0].removeprefix(b"tree ").decode()


def candidates(project: Project, names: Collection[str] = ()) -> list[Candidate]:
    """Return the applied migrations `names`, all of them without any, in their order.

    Executes and writes nothing. Raises `UsageError` for a name that is not applied.
    """
    plan, ledger = project.look()
    for name in names:
        entry = plan.get(name)
        if entry is None or not entry.is_applied:
            raise UsageError(f"{name} is not applied", hint=f"doit preview {name}")
    entries = [entry for entry in plan if entry.is_applied and (not names or entry.name in names)]
    if ledger.commit is None or not entries:
        return []
    git, data_dir = Git(project.settings.database), project.settings.data_dir
    recorded = read_markers(git, ledger.commit, data_dir, (entry.name for entry in entries))
    executions = find_executions(git, ledger.commit, data_dir, recorded)
    found: list[Candidate] = []
    for entry in entries:
        blob, marker = recorded[entry.name] or (None, None)
        execution = executions.get(entry.name)
        if execution and execution.marker is None:
            execution = None  # what was done by hand is no run
        obstacle = _obstacle(entry, marker, blob, execution, named=entry.name in names)
        found.append(Candidate(entry, marker, blob, execution, obstacle))
    return found


def _obstacle(
    entry: Entry,
    marker: Marker | None,
    blob: str | None,
    execution: Execution | None,
    *,
    named: bool,
) -> Obstacle | None:
    if marker is None:
        return Obstacle.EARLIER
    if execution is None:
        return Obstacle.ADOPTED
    if not execution.is_cut and execution.marker != blob:
        return Obstacle.EDITED
    if not execution.is_cut and execution.base_tree != marker.base_tree:
        return Obstacle.MOVED
    if not (marker.deterministic or named):
        return Obstacle.NONDETERMINISTIC
    if entry.state is State.MISSING:
        return Obstacle.MISSING
    if entry.state is State.DRIFT:
        return Obstacle.DRIFT
    return None


def _refuse_cut(project: Project, found: Iterable[Candidate]) -> None:
    """Refuse to begin when the bases of some are beyond the end of a shallow clone."""
    cut = [
        candidate.entry.name
        for candidate in found
        if not candidate.obstacle and candidate.execution and candidate.execution.is_cut
    ]
    if cut:
        raise cut_off(project.settings.shown_database, cut)
