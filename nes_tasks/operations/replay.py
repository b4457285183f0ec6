"""The replay: the verdict on each applied migration, and the first difference.

A migration is proven when executing it again gives the committed tree. Hashes in the marker may
differ for a folder that was accepted as edited, and for a README. Data files come before the
records of the run when the first difference is named, as the records count them.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..database.creation import starts_empty
from ..database.marker import marker_path, parse_trailers
from ..errors import NesTasksError
from ..git.command import Git
from ..git.diff import Change
from ..git.log import read_messages
from ..git.objects import ObjectReader
from ..migrations.inputs import is_input_path
from ..project import Project
from ..running.environment import differing_versions
from ..running.events import ProgressCallback
from ..running.runner import Runner
from .fields import FieldChange
from .preview import failure_document
from .replay_runs import (
    Candidate,
    ReplayRun,
    SkipReason,
    candidates,
    commit_with,
    completing_command,
    replay_runs,
)
from .same_data import real_changes
from .tree_difference import Difference, Kind, difference_of, first_of

FORMAT = 1


class Verdict(StrEnum):
    """The verdict on one migration.

    Proven: it gives the committed tree. Different: it gives another one. Failed: it ends with
    an error. Unproven: it cannot be executed, since its folder is not as it was. Skipped: it
    need not be the same, or its base was not recorded. Varied: it gives another tree, as
    it says that it may.
    """

    PROVEN = "proven"
    DIFFERENT = "different"
    FAILED = "failed"
    UNPROVEN = "unproven"
    SKIPPED = "skipped"
    VARIED = "varied"


BAD = (Verdict.DIFFERENT, Verdict.FAILED, Verdict.UNPROVEN)
VERDICTS = {
    SkipReason.LEGACY: Verdict.SKIPPED,
    SkipReason.ADOPTED: Verdict.SKIPPED,
    SkipReason.NONDETERMINISTIC: Verdict.SKIPPED,
    SkipReason.DRIFT: Verdict.UNPROVEN,
    SkipReason.MISSING: Verdict.UNPROVEN,
    SkipReason.SQUASHED: Verdict.UNPROVEN,
    SkipReason.EDITED: Verdict.DIFFERENT,
    SkipReason.MOVED: Verdict.DIFFERENT,
}

# Problems of a folder that an earlier commit of the migrations may solve.
FOLDER_REASONS = (SkipReason.DRIFT, SkipReason.MISSING)


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """The verdict on one migration, with its evidence.

    `reason` says why it was not executed, `detail` what differs in its folder, `restore` is the
    command that brings the folder back as it was; where a shallow clone of the migrations may lack
    its commit, `fetch` is the command that completes the clone. `base_tree`, `tree` and `commit`
    are what is committed, `replayed_tree` the new result; `differing_files` counts the files
    between the two. `versions` are the packages whose versions differ, with the old and the new
    version, None for one that was not imported. `earlier_runs` counts executions before the last
    one, which are not replayed.
    """

    name: str
    verdict: Verdict
    reason: SkipReason | None = None
    detail: str | None = None
    restore: str | None = None
    fetch: str | None = None
    base_tree: str | None = None
    tree: str | None = None
    commit: str | None = None
    replayed_tree: str | None = None
    seconds: float | None = None
    earlier_runs: int = 0
    differing_files: int | None = None
    difference: Difference | None = None
    versions: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    failure: NesTasksError | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "name": self.name,
            "verdict": self.verdict.value,
            "reason": self.reason.value if self.reason else None,
            "detail": self.detail,
            "restore": self.restore,
            "base_tree": self.base_tree,
            "tree": self.tree,
            "commit": self.commit,
            "replayed_tree": self.replayed_tree,
            "duration_seconds": None if self.seconds is None else round(self.seconds, 3),
            "earlier_runs": self.earlier_runs,
            "differing_files": self.differing_files,
            "difference": self.difference.to_dict() if self.difference else None,
            "versions": {
                name: {"committed": then, "replayed": now}
                for name, (then, now) in self.versions.items()
            },
            "failure": failure_document(self.failure),
        }


@dataclass(slots=True)
class ReplayReport:
    """The results of all migrations, in plan order."""

    migrations: list[ReplayResult] = field(default_factory=list)

    @property
    def counts(self) -> dict[Verdict, int]:
        """The number of migrations with each verdict."""
        found = Counter(result.verdict for result in self.migrations)
        return {verdict: found[verdict] for verdict in Verdict}

    @property
    def is_sound(self) -> bool:
        """Whether nothing contradicts the history, and all that can be proven is proven."""
        return not any(result.verdict in BAD for result in self.migrations)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/replay.md."""
        return {
            "format": FORMAT,
            "sound": self.is_sound,
            "counts": {verdict.value: count for verdict, count in self.counts.items()},
            "migrations": [result.to_dict() for result in self.migrations],
        }


def replay(
    project: Project,
    progress: ProgressCallback,
    *,
    names: Sequence[str] = (),
    counted: Callable[[int], None] = lambda count: None,
    command: str = "doit replay",
    network: Collection[str] = (),
) -> ReplayReport:
    """Execute applied migrations again as they were, and compare the results.

    `names` are full names, all applied ones without any. `counted` is called with how many will be
    executed, before the first is; those in `network` may use it. The database stays as it is; one
    that has to be cloned is cloned, as for a run. Raises `UsageError` for a name that is not
    applied, `UnavailableError` when the database cannot be used, `DatabaseError` when a shallow
    clone lacks a base.
    """
    if starts_empty(project.settings):
        candidates(project, names)  # raises for names: nothing is applied
        return ReplayReport()
    found = ReplayReport()
    with (
        Runner(project, progress, command=command, may_record=False, network=network) as runner,
        closing(replay_runs(runner, project, names, counted)) as replayed,
        closing(ObjectReader(runner.repository.git)) as reader,
    ):
        for run in replayed:
            found.migrations.append(_result_of(project, runner.repository.git, reader, run))
    return found


def _result_of(project: Project, git: Git, reader: ObjectReader, run: ReplayRun) -> ReplayResult:
    candidate = run.candidate
    entry, marker, execution = candidate.entry, candidate.marker, candidate.execution
    known: dict[str, Any] = {"base_tree": marker.base_tree} if marker and execution else {}
    if execution and execution.commits:
        known |= {
            "commit": execution.commit,
            "tree": execution.tree,
            "earlier_runs": execution.earlier,
        }
    if candidate.skip_reason:
        restore = _restore(project, candidate)
        return ReplayResult(
            entry.name,
            VERDICTS[candidate.skip_reason],
            candidate.skip_reason,
            entry.difference if candidate.skip_reason is SkipReason.DRIFT else None,
            restore,
            None if restore else _fetch(project, candidate),
            difference=_difference_of_marker(project, reader, candidate),
            **known,
        )
    if run.error:
        return ReplayResult(entry.name, Verdict.FAILED, failure=run.error, **known)
    assert execution and marker and run.tree, "it was executed"
    known |= {"replayed_tree": run.tree, "seconds": run.seconds}
    if run.tree == execution.tree:
        return ReplayResult(entry.name, Verdict.PROVEN, **known)
    data_dir, trees = project.settings.data_dir, (execution.tree, run.tree)
    names = (entry.name, *execution.squashed_with)
    changes = real_changes(git, data_dir, *trees, names)
    if not changes:
        return ReplayResult(entry.name, Verdict.PROVEN, **known)
    verdict = Verdict.DIFFERENT if marker.deterministic else Verdict.VARIED
    return ReplayResult(
        entry.name,
        verdict,
        differing_files=len(changes),
        difference=first_of(git, data_dir, changes),
        versions=_versions(git, execution.commit, run),
        **known,
    )


def _versions(git: Git, commit: str, run: ReplayRun) -> Mapping[str, tuple[str | None, str | None]]:
    """Return the versions that differ from those of the commit."""
    messages = dict(read_messages(git, [commit]))
    return differing_versions(parse_trailers(messages.get(commit, "")), run.environment)


def _restore(project: Project, candidate: Candidate) -> str | None:
    """Return the command that brings a folder back as it was; None when no commit has it."""
    if candidate.skip_reason not in FOLDER_REASONS or not candidate.marker:
        return None
    settings, name = project.settings, candidate.entry.name
    commit = commit_with(settings.migrations / name, candidate.marker.inputs, is_input_path)
    label = shlex.quote(settings.migrations_label)
    return commit and f"git -C {label} restore --source={commit[:12]} -- {shlex.quote(name)}"


def _fetch(project: Project, candidate: Candidate) -> str | None:
    """Return the command that fetches the migrations' full history, None if it is complete."""
    if candidate.skip_reason not in FOLDER_REASONS:
        return None
    return completing_command(project.settings)


def _difference_of_marker(
    project: Project, reader: ObjectReader, candidate: Candidate
) -> Difference | None:
    """Return how the marker contradicts the history, if that is the reason."""
    marker, execution = candidate.marker, candidate.execution
    if not marker or not execution:
        return None
    path = marker_path(project.settings.data_dir, candidate.entry.name)
    if candidate.skip_reason is SkipReason.MOVED:
        change = FieldChange("base_tree", marker.base_tree, execution.base_tree)
        return Difference(path, Kind.CONTENT, change)
    if candidate.skip_reason is SkipReason.EDITED:
        return difference_of(reader, Change(path, candidate.blob, execution.marker))
    return None
