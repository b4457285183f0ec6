"""Push local migrations to the remote, and fetch those of others.

Migrations that were applied here and there at the same time are not merged: local ones are executed
again on top of the remote branch. A migration depends on its base, so its result may differ from
the earlier one, which it replaces.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from ..clock import now
from ..database.counts import AheadAndBehind, count_ahead_and_behind
from ..database.creation import refuse_missing_submodule
from ..database.history import RecordChange, record_changes
from ..database.ledger import Ledger, is_absent
from ..database.repository import KEPT_REFS, PRIVATE_REFS, Repository
from ..errors import DatabaseError, InvalidMigrationError, MigrationRefusedError, first_few
from ..git.diff import changes_of_commits
from ..git.log import read_commits
from ..git.remote import RemoteStatus
from ..git.transfer_progress import OnTransfer
from ..migrations import Entry, MigrationResult, Plan, State
from ..project import Project
from ..running.runner import Runner
from .accept import carry_over


class SyncOutcome(StrEnum):
    """The outcome of a synchronization.

    Absent: the remote has no such branch yet. Current: it has no new commits. Forwarded: its
    commits were fetched. Reapplied: the local branch was also rebuilt on them.
    """

    ABSENT = "absent"
    CURRENT = "current"
    FORWARDED = "forwarded"
    REAPPLIED = "reapplied"


@dataclass(frozen=True, slots=True)
class Synchronization:
    """The result of a synchronization.

    `fetched` counts the remote's commits that were not here, `fetched_migrations` their migrations.
    `reapplied` are the results of what was executed again, `dropped` the migrations that the remote
    has applied, too. `accepted` are those whose folders were accepted as edited here, which is
    carried over. `backup_ref` is the ref that holds the branch as it was, when it was rebuilt.
    `ahead` and `ahead_migrations` count what the remote does not have. Counts of migrations are
    None where a clone lacks what it takes to count them. `branches` are those that the remote has,
    when the configured one is not among them.
    """

    outcome: SyncOutcome
    fetched: int = 0
    reapplied: tuple[MigrationResult, ...] = ()
    dropped: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    backup_ref: str | None = None
    ahead: int = 0
    branches: tuple[str, ...] = ()
    fetched_migrations: int | None = None
    ahead_migrations: int | None = None


@dataclass(frozen=True, slots=True)
class PushResult:
    """The result of a push.

    `commits` is 0 when the remote had everything already. `migrations` counts the migrations
    among them, None where a clone lacks what it takes to count.
    """

    remote: str
    branch: str
    commits: int
    migrations: int | None


def push(project: Project, on_progress: OnTransfer | None = None) -> PushResult | None:
    """Push the branch; return what was sent, None when there is no database yet.

    Nothing is sent when the remote is known to have everything. Raises `UnavailableError` when it
    cannot be done, `DatabaseError` for a submodule that was not fetched, and
    `MigrationRefusedError` for a part of a migration; the commits stay where they are.
    """
    refuse_missing_submodule(project.settings)
    if is_absent(project.settings.database):
        return None
    repository = Repository.open(project.settings)
    head = repository.head()
    remote_status = repository.remote.remote_status(head)
    counts = _ahead_and_behind(project, repository, head, remote_status.commit)
    if remote_status.ahead or not repository.remote.exists:
        project.refuse_partial(project.ledger())
        repository.push(on_progress)
    return PushResult(
        remote_status.remote,
        repository.branch,
        remote_status.ahead,
        counts.ahead if counts else None,
    )


def _ahead_and_behind(
    project: Project, repository: Repository, ours: str | None, theirs: str | None
) -> AheadAndBehind | None:
    return count_ahead_and_behind(repository.git, ours, theirs, project.settings.data_dir)


def fetch(
    runner: Runner,
    project: Project,
    on_progress: OnTransfer | None = None,
    *,
    command: str = "doit sync",
) -> str | None:
    """Fetch the branch; return its tip at the remote, None when there is no such branch.

    A missing database is cloned. Leftovers of a killed command are cleaned up first. Raises
    `UnavailableError` when the remote cannot be reached, `DatabaseError` when there is neither a
    database nor a `remote_url`, or it is a submodule that git has to make.
    """
    settings = project.settings
    refuse_missing_submodule(settings)
    if is_absent(settings.database) and not settings.remote_url:
        raise DatabaseError(
            f"{settings.database_label} does not exist yet, so there is nothing to sync",
            hint="doit makes it; the setting remote_url says what to clone",
        )
    repository = runner.repository
    with repository.locked(command, fetches=True):
        return repository.remote.fetch(on_progress)


def synchronize(
    runner: Runner,
    project: Project,
    theirs: str | None,
    *,
    command: str = "doit sync",
    clock: Callable[[], datetime] = now,
) -> Synchronization:
    """Bring the branch on top of `theirs`, what `fetch` has just returned.

    Raises `DatabaseError` when the database is not ready or has commits that cannot be applied
    again, and what `Runner.apply` raises when one of its migrations fails on top of the remote.
    After an error the branch and its files are unchanged.
    """
    repository = runner.repository
    with repository.locked(command):
        repository.check_ready()
        ours = repository.head()
        remote_status = repository.remote.remote_status(ours)
        ahead, behind = _ahead_and_behind(project, repository, ours, theirs) or (None, None)
        if theirs is None or not remote_status.behind:
            return Synchronization(
                SyncOutcome.CURRENT if theirs else SyncOutcome.ABSENT,
                ahead=remote_status.ahead,
                ahead_migrations=ahead,
                branches=() if theirs else tuple(repository.remote.branches()),
            )
        ref = f"{PRIVATE_REFS}/{uuid.uuid4().hex}"
        repository.git.run("update-ref", ref, theirs)
        try:
            if ours is None or not remote_status.ahead:
                repository.publish(ref, ours, theirs)
                return Synchronization(
                    SyncOutcome.FORWARDED, remote_status.behind, fetched_migrations=behind
                )
            done = _rebuild(runner, project, ref, ours, remote_status, clock())
            return replace(done, fetched_migrations=behind)
        except BaseException:
            repository.discard(ref)
            raise


def _rebuild(
    runner: Runner,
    project: Project,
    ref: str,
    ours: str,
    remote_status: RemoteStatus,
    moment: datetime,
) -> Synchronization:
    """Execute our own migrations on top of the remote's tip and move the branch there."""
    repository, theirs = runner.repository, remote_status.commit
    assert theirs is not None
    again, dropped, acceptances = _to_reapply(project, repository, ours, theirs)
    results: list[MigrationResult] = []
    tip = theirs
    for name in again:
        results.append(_reapply(runner, name, tip, ref))
        tip = results[-1].commit_ids[-1]
    accepted: list[str] = []
    for change in acceptances:
        if change.migration not in again:
            made = carry_over(project, repository, change, tip, ref, moment)
            accepted += [change.migration] if made else []
            tip = made or tip
    backup_ref = f"{KEPT_REFS}/{moment.astimezone(UTC):%Y%m%dT%H%M%S%f}-{ours[:12]}"
    repository.publish(ref, ours, tip, backup_ref=backup_ref)
    ahead = repository.remote.remote_status(tip).ahead
    return Synchronization(
        SyncOutcome.REAPPLIED,
        remote_status.behind,
        tuple(results),
        tuple(dropped),
        tuple(dict.fromkeys(accepted)),
        backup_ref,
        ahead,
        ahead_migrations=len({*again, *accepted}),
    )


def _reapply(runner: Runner, name: str, tip: str, ref: str) -> MigrationResult:
    try:
        return runner.apply_on(name, tip, ref)
    except InvalidMigrationError as error:
        raise MigrationRefusedError(
            f"{name} cannot be applied on top of the remote: {error.message}",
            hint=f"{error.hint}, then doit sync" if error.hint else None,
        ) from error


def _to_reapply(
    project: Project, repository: Repository, ours: str, theirs: str
) -> tuple[list[str], list[str], list[RecordChange]]:
    """Return the migrations to execute on top of `theirs`, and those that it has already.

    The third part are acceptances of edited folders, in the order of the history.

    Raises `DatabaseError` for commits between them that are not migrations, and
    `MigrationRefusedError` for a migration whose folder is not what it was applied from.
    """
    label, remote = project.settings.database_label, repository.remote
    base = repository.git.query("merge-base", ours, theirs)
    if base is None:
        raise DatabaseError(
            f"{label} and {remote.name}/{remote.branch} have no commit in common here",
            hint=f"if the clone is shallow, git -C {label} fetch --unshallow; else clone it again",
        )
    plan, here = project.load_state(at=ours)
    before, there = project.load_state(at=base).ledger, project.load_state(at=theirs)
    names, accepted = _own_migrations(repository, project, ours, theirs, here, before)
    wanted = [_under_its_name_of_today(plan[name], there[0]) for name in names]
    dropped = [name for name in wanted if name in there[1].applied]
    return [name for name in wanted if name not in there[1].applied], dropped, accepted


def _own_migrations(
    repository: Repository, project: Project, ours: str, theirs: str, here: Ledger, before: Ledger
) -> tuple[list[str], list[RecordChange]]:
    """Return the migrations of the commits that `theirs` lacks, in the order of the commits.

    And what they accepted of migrations that `theirs` has, or that are among these. A merge that
    has nothing of its own does not count: what it merged is counted by itself.
    """
    label, remote, git = project.settings.database_label, repository.remote, repository.git
    project.refuse_partial(here)
    new = [name for name in here.applied if name not in before.applied]
    runs = project.executions(here, new)
    owner = {commit.id: name for name, run in runs.items() for commit in run.live}
    names: dict[str, None] = {}
    by_hand: list[str] = []
    history = project.history(here)
    accepted: list[RecordChange] = []
    for commit in read_commits(git, ours, f"^{theirs}"):
        name = owner.get(commit.id)
        if name:
            for one in sorted({name, *runs[name].squashed_with}, key=project.order):
                names[one] = None
        elif history and history.accepted_by(commit.id):
            accepted += record_changes(git, [commit.id], project.settings.data_dir)
        elif not (commit.is_merge and not any(changes_of_commits(git, [commit.id]))):
            by_hand.append(f"{commit.id[:12]} ({commit.subject})")
    if by_hand:
        raise DatabaseError(
            f"{label} has commits that cannot be applied again, as they are not first runs of "
            f"migrations: {first_few(by_hand)}",
            hint=f"git -C {label} rebase --rebase-merges {remote.name}/{remote.branch}, "
            "then doit push",
        )
    return list(names), accepted


def _under_its_name_of_today(entry: Entry, there: Plan) -> str:
    """Return the current name of an applied migration's folder.

    A contributor who finds the number used at the remote renames the folder; its files
    show that it is the same.
    """
    if entry.name in there and there[entry.name].is_applied:
        return entry.name
    if entry.state is State.APPLIED:
        return entry.name
    if entry.state is State.DRIFT:
        raise MigrationRefusedError(
            f"{entry.name} was changed after it was applied ({entry.difference}), so it cannot "
            "be applied again on top of the remote as it was",
            hint="undo the change to its folder, then doit sync",
        )
    renamed = _with_inputs(entry, there.pending)
    if renamed is None:
        raise MigrationRefusedError(
            f"{entry.name} is applied here but not on the remote, and its folder is missing",
            hint="bring its folder back, then doit sync",
        )
    return renamed


def _with_inputs(entry: Entry, candidates: Collection[Entry]) -> str | None:
    inputs = dict(entry.record.inputs or {}) if entry.record else {}
    for candidate in candidates:
        if inputs and candidate.folder and candidate.folder.hashes(None) == inputs:
            return candidate.name
    return None
