"""The status of a project, without changing anything or asking the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..database.counts import AheadAndBehind, count_ahead_and_behind
from ..database.creation import missing_submodule
from ..database.ledger import is_absent
from ..database.repository import Repository
from ..errors import NesTasksError
from ..git.remote import RemoteStatus
from ..git.safety import Programs
from ..migrations import Plan, State
from ..project import Project

# Up to this many names are listed one by one.
FEW = 3


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next command, and the reason."""

    command: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """The status of a project.

    `commit` is the branch's tip, None when there is no database or no commit; `branch` is None
    without a database or one checked out. `remote_status` is None without a remote, and counts
    commits; `migrations` counts the same in migrations, None where a clone lacks what it takes.
    `problem` prevents migrations from running, `holder` is the process that runs one now, and
    `is_unfinished` says that a command was killed and not recovered yet. `run_by_hand` are
    migrations without a record that commit messages name. `programs` are those that the repository
    names for git to run.
    """

    exists: bool
    plan: Plan
    commit: str | None = None
    branch: str | None = None
    remote_status: RemoteStatus | None = None
    migrations: AheadAndBehind | None = None
    problem: NesTasksError | None = None
    holder: str | None = None
    is_unfinished: bool = False
    run_by_hand: tuple[str, ...] = ()
    programs: Programs = field(default_factory=Programs)

    @property
    def is_known(self) -> bool:
        """Whether the applied migrations are known: not while a submodule is missing."""
        return self.exists or self.problem is None

    @property
    def counts(self) -> Mapping[State, int]:
        """The number of migrations in each state, as far as `is_known`."""
        return {state: len(self.plan.in_state(state)) for state in State}

    @property
    def next_step(self) -> NextStep | None:
        """The next command, None when there is nothing to do."""
        return next(self._next_steps(), None)

    def _next_steps(self) -> Iterator[NextStep]:
        remote_status, plan = self.remote_status, self.plan
        if self.holder:
            yield NextStep(
                "doit status", f"{self.holder} is running; check again when it has ended"
            )
        elif self.problem:
            yield NextStep(self.problem.hint or "doit status", self.problem.message)
        elif self.is_unfinished:
            yield NextStep("doit", "it completes or rolls back an interrupted command")
        if remote_status and remote_status.behind:
            yield NextStep(
                "doit sync", f"{remote_status.remote} has {_commits(remote_status.behind)} more"
            )
        if self.run_by_hand:
            names = _span(self.run_by_hand)
            yield NextStep("doit adopt", f"commit messages say that this was run before: {names}")
        if plan.due:
            yield NextStep("doit", f"it applies {_span([entry.name for entry in plan.due])}")
        for entry in plan.invalid:
            assert entry.problem, "an invalid entry says why"
            yield NextStep(entry.problem.hint or "doit list", entry.problem.message)
        if remote_status and remote_status.ahead:
            yield NextStep("doit push", f"{_commits(remote_status.ahead)} not pushed")
        for entry in plan.drifted:
            changed = f"{entry.name} was changed after it was applied"
            yield NextStep(f"doit info {entry.name}", f"{changed}: {entry.difference}")
        if self._unchecked:
            reason = f"{self._unchecked} of the applied folders have no recorded checksums"
            yield NextStep("doit adopt", reason)

    @property
    def _unchecked(self) -> int:
        """The number of folders whose record has no checksums."""
        entries = [entry for entry in self.plan if entry.folder is not None]
        return sum(entry.record is not None and entry.record.inputs is None for entry in entries)


def _span(names: Sequence[str]) -> str:
    """Return a few names, or the first and the last of many."""
    if len(names) <= FEW:
        return ", ".join(names)
    return f"{len(names):,} migrations, {names[0]} to {names[-1]}"


def _commits(count: int) -> str:
    return "1 commit" if count == 1 else f"{count} commits"


def get_status(project: Project) -> ProjectStatus:
    """Return the status. Writes nothing, creates no database, uses no network.

    Raises `DatabaseError` when the database cannot be read at all.
    """
    plan, ledger = project.load_state()
    if is_absent(project.settings.database):
        return ProjectStatus(False, plan, problem=missing_submodule(project.settings))
    repository = Repository.open(project.settings)
    branch, remote_status, problem, holder = None, None, None, repository.holder
    is_unfinished = holder is None and repository.is_unfinished
    try:
        branch = repository.branch
        if repository.remote.exists:
            remote_status = repository.remote.remote_status(ledger.commit)
        # The files lag behind during a publication; that is not a separate problem.
        if holder is None and not is_unfinished:
            repository.check_ready(filters=False)
    except NesTasksError as error:
        problem = error
    unrecorded = project.unrecorded(ledger)
    for partial in unrecorded.partial.values():
        problem = problem or partial.error(project.settings.database_label)
    # A migration between applied ones is invalid: its number is too low.
    names = tuple(entry.name for entry in plan if entry.name in unrecorded.by_hand)
    counts = None
    if remote_status:
        theirs, data_dir = remote_status.commit, project.settings.data_dir
        counts = count_ahead_and_behind(repository.git, ledger.commit, theirs, data_dir)
    state = (
        branch,
        remote_status,
        counts,
        problem,
        holder,
        is_unfinished,
        names,
        repository.programs,
    )
    return ProjectStatus(True, plan, ledger.commit, *state)
