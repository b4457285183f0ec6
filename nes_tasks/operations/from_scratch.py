"""Rebuild the database from the empty tree through all of its history, as a full proof.

A replay verifies each migration on its committed base. This also verifies the chain: that the
history has no other changes than those counted here.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..database.creation import starts_empty
from ..database.executions import Run, read_markers
from ..database.history import History
from ..database.marker import Marker
from ..database.repository import PRIVATE_REFS
from ..database.transaction import Signature
from ..errors import InvalidMigrationError, NesTasksError
from ..git.incomplete_clone import truncated_history_error
from ..git.log import Commit
from ..git.object_writer import write_commit
from ..migrations import Folder, Plan, discover
from ..migrations.inputs import is_input_path
from ..project import Project
from ..running.events import ProgressCallback
from ..running.runner import Runner
from ..scratch import scratch_folder
from ..state_folder import make_folder
from .lineage import Origin, Part, read_lineage
from .preview import failure_document
from .replay_runs import Rerun, completing_command, execute_in_row, write_version
from .revert import commit_files, repeat_revert
from .same_data import real_changes, without_readme
from .tree_difference import Difference, first_of

FORMAT = 1


class RebuildOutcome(StrEnum):
    """What came of one part.

    Proven: it gives the committed tree. Different: it gives another one. Failed: it ends with
    an error. Unproven: it is taken over, since no folder is as it was. Taken over: as it is, since
    it is not expected to be reproducible. Unreached: it comes after a difference.
    """

    PROVEN = "proven"
    DIFFERENT = "different"
    FAILED = "failed"
    UNPROVEN = "unproven"
    TAKEN_OVER = "taken_over"
    UNREACHED = "unreached"


ENDS = (RebuildOutcome.DIFFERENT, RebuildOutcome.FAILED)


class Reason(StrEnum):
    """Why a part is taken over as it is: by its origin, or because of a migration.

    Nondeterministic: its script declares it. Folder: neither the current folder nor any commit has
    the files that it ran from.
    """

    ADOPTED = "adopted"
    ACCEPTED = "accepted"
    UNMARKED = "unmarked"
    BY_HAND = "by_hand"
    NONDETERMINISTIC = "nondeterministic"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class RebuildStep:
    """One part of the history and its result.

    `rebuilt_tree` is the resulting tree, `differing_files` counts its differences from the
    committed tree, `difference` is the first. `failed` is the migration that `failure` is of.
    """

    part: Part
    outcome: RebuildOutcome
    reason: Reason | None = None
    rebuilt_tree: str | None = None
    seconds: float | None = None
    differing_files: int | None = None
    difference: Difference | None = None
    failed: str | None = None
    failure: NesTasksError | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        part = self.part
        return {
            "commit": part.commit.id,
            "subject": part.commit.subject,
            "origin": part.origin.value,
            "migrations": list(part.names),
            "outcome": self.outcome.value,
            "reason": self.reason.value if self.reason else None,
            "tree": part.commit.tree,
            "rebuilt_tree": self.rebuilt_tree,
            "duration_seconds": None if self.seconds is None else round(self.seconds, 3),
            "differing_files": self.differing_files,
            "difference": self.difference.to_dict() if self.difference else None,
            "failed": self.failed,
            "failure": failure_document(self.failure),
        }


@dataclass(slots=True)
class FromScratch:
    """What came of all parts, in the order of the history; `commit` is the one that it is of.

    `fetch` is the command that gets earlier folders of migrations, None where none is missing.
    """

    commit: str | None = None
    steps: list[RebuildStep] = field(default_factory=list)
    fetch: str | None = None

    @property
    def counts(self) -> dict[RebuildOutcome, int]:
        """How many parts there are with each outcome."""
        found = Counter(step.outcome for step in self.steps)
        return {outcome: found[outcome] for outcome in RebuildOutcome}

    @property
    def reasons(self) -> dict[Reason, int]:
        """How many parts were taken over for each reason."""
        found = Counter(step.reason for step in self.steps)
        return {reason: found[reason] for reason in Reason}

    @property
    def first(self) -> RebuildStep | None:
        """The first part that differs from what is committed, None if all are equal."""
        return next((step for step in self.steps if step.outcome in ENDS), None)

    @property
    def is_sound(self) -> bool:
        """Whether the whole history was repeated, and all that can be proven is proven."""
        return not self.first and not self.counts[RebuildOutcome.UNPROVEN]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/replay.md."""
        return {
            "format": FORMAT,
            "sound": self.is_sound,
            "commit": self.commit,
            "counts": {outcome.value: count for outcome, count in self.counts.items()},
            "fetch": self.fetch,
            "taken_over": {reason.value: count for reason, count in self.reasons.items()},
            "steps": [step.to_dict() for step in self.steps],
        }


def build_from_scratch(
    project: Project,
    progress: ProgressCallback,
    *,
    counted: Callable[[int], None] = lambda count: None,
    command: str = "doit replay",
    network: Collection[str] = (),
) -> FromScratch:
    """Rebuild the database on a private ref, and compare each step with what is committed.

    It ends with the first part that is different or fails; what comes after it is unreached.
    `counted` is called first, with the greatest possible number of executions. The branch and its
    files stay as they are, and the ref is deleted; a database that has to be cloned is cloned, as
    for a run. Those in `network` may use it. Raises `UnavailableError` when the database cannot be
    used, `DatabaseError` when a shallow clone lacks the beginning.
    """
    if starts_empty(project.settings):
        return FromScratch()
    with Runner(project, progress, command=command, may_record=False, network=network) as runner:
        repository = runner.repository
        with repository.locked(command):
            plan, ledger = project.load_state()
            history = project.history(ledger)
            if history is None:
                return FromScratch()
            if history.ends:
                raise truncated_history_error(project.settings.database_label, [])
            parts = read_lineage(history)
            counted(sum(len(part.runs) for part in parts if not _may_vary(part)))
            build = _Build(project, runner, plan, history)
            try:
                found = FromScratch(history.tip, list(build.steps(parts)))
            finally:
                repository.discard(build.ref)
            if found.counts[RebuildOutcome.UNPROVEN]:
                found.fetch = completing_command(project.settings)
            return found


def _may_vary(part: Part) -> bool:
    return not all(run.marker.deterministic for run in part.runs)


class _Build:
    """The rebuilt database: one commit for each commit of the history."""

    def __init__(self, project: Project, runner: Runner, plan: Plan, history: History) -> None:
        self._project = project
        self._runner = runner
        self._plan = plan
        self._history = history
        self._git = runner.repository.git
        self._rebuilt: dict[str, str] = {}
        self.ref = f"{PRIVATE_REFS}/{uuid.uuid4().hex}"

    def steps(self, parts: Sequence[Part]) -> Iterator[RebuildStep]:
        """Yield the result of each part; nothing is executed after the first difference."""
        has_ended = False
        for part in parts:
            step = RebuildStep(part, RebuildOutcome.UNREACHED) if has_ended else self._step(part)
            has_ended = has_ended or step.outcome in ENDS
            yield step

    def _step(self, part: Part) -> RebuildStep:
        if part.origin is Origin.RUN:
            if _may_vary(part):
                return self._taken_over(part, Reason.NONDETERMINISTIC)
            return self._executed(part)
        if part.origin is Origin.REVERT:
            return self._reverted(part)
        return self._taken_over(part, Reason(part.origin.value))

    def _executed(self, part: Part) -> RebuildStep:
        """Execute the migrations of one commit, each on the one before it, and compare the last."""
        base = part.base and self._commit(part.base)
        seconds = 0.0
        with ExitStack() as stack:
            found = [self._folder(stack, run) for run in part.runs]
            folders = [folder for folder in found if folder]
            if len(folders) < len(part.runs):
                return self._taken_over(part, Reason.FOLDER)
            runs = [
                Rerun(folder, run.marker.applied_at, run.execution.marker)
                for folder, run in zip(folders, part.runs, strict=True)
            ]
            results = execute_in_row(stack, self._runner, runs, base)
            for run in part.runs:
                try:
                    result = next(results)
                except NesTasksError as error:
                    if error.exit_code != 1:
                        raise
                    return RebuildStep(part, RebuildOutcome.FAILED, failed=run.name, failure=error)
                seconds += result.duration_seconds
            return self._compared(part, result.commit_ids[-1], seconds)

    def _folder(self, stack: ExitStack, run: Run) -> Folder | None:
        """Return the folder that a migration ran from: the current one, else one from git.

        Without either, it is the current one if it was accepted as giving the same data.
        """
        entry, settings = self._plan.get(run.name), self._project.settings
        today = entry.folder if entry else None
        if today and _holds(today, run.marker):
            return today
        make_folder(settings.state_folder)
        around = stack.enter_context(scratch_folder(settings.state_folder, "replay-"))
        inputs, original = run.marker.inputs, settings.migrations / run.name
        if write_version(around / run.name, original, inputs, is_input_path):
            (folder,) = discover(around, display_path=settings.migrations_label)
            if _holds(folder, run.marker):
                return folder
        blobs = [change.new or "" for change in run.execution.accepted]
        accepted = (marker for marker in read_markers(self._git, blobs) if marker)
        return today if today and any(_holds(today, one) for one in accepted) else None

    def _reverted(self, part: Part) -> RebuildStep:
        base = self._commit(part.commit.parent or "")
        data_dir, name = self._project.settings.data_dir, part.names[0]
        commit = commit_files(
            self._git,
            base,
            repeat_revert(self._git, base, data_dir, name, part.reverted),
            message=part.commit.subject,
            who=_signature(part.commit),
            ref=self.ref,
            sign=False,
        )
        return self._compared(part, commit)

    def _compared(self, part: Part, commit: str, seconds: float | None = None) -> RebuildStep:
        """Compare the result with the committed tree; the next part is built on it."""
        tree, wanted = self._git.tree_of(commit), part.commit.tree
        if tree == wanted:
            self._keep(part.commit, commit)
            return RebuildStep(part, RebuildOutcome.PROVEN, rebuilt_tree=tree, seconds=seconds)
        data_dir = self._project.settings.data_dir
        names = [run.name for run in part.runs]
        changes = real_changes(self._git, data_dir, wanted, tree, names)
        if not changes:
            # Later parts were executed on the committed tree, with its own markers.
            self._commit(part.commit.id)
            return RebuildStep(part, RebuildOutcome.PROVEN, rebuilt_tree=tree, seconds=seconds)
        return RebuildStep(
            part,
            RebuildOutcome.DIFFERENT,
            rebuilt_tree=tree,
            seconds=seconds,
            differing_files=len(changes),
            difference=first_of(self._git, data_dir, changes),
        )

    def _taken_over(self, part: Part, reason: Reason) -> RebuildStep:
        self._commit(part.commit.id)
        is_lost = reason is Reason.FOLDER
        return RebuildStep(
            part, RebuildOutcome.UNPROVEN if is_lost else RebuildOutcome.TAKEN_OVER, reason
        )

    def _commit(self, commit: str) -> str:
        """Return the rebuilt commit for a commit of the history; a missing one is taken over."""
        if commit not in self._rebuilt:
            original = self._history.commits[commit]
            who = _signature(original)
            known = [self._rebuilt[p] for p in original.parents if p in self._rebuilt]
            made = write_commit(
                self._git,
                tree=original.tree,
                parents=known,
                message=original.subject,
                author=who,
                committer=who,
                sign=False,
            )
            self._keep(original, made)
        return self._rebuilt[commit]

    def _keep(self, original: Commit, made: str) -> None:
        self._rebuilt[original.id] = made
        self._git.run("update-ref", self.ref, made)


def _holds(folder: Folder, marker: Marker) -> bool:
    """Return whether a folder matches a marker, apart from the README."""
    try:
        return without_readme(folder.hashes()) == without_readme(marker.inputs)
    except InvalidMigrationError:
        return False


def _signature(commit: Commit) -> Signature:
    """Return the identity for a commit that is never published."""
    return Signature(commit.committer, "", commit.committed_at)
