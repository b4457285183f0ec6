"""Undo: remove the newest unpushed migrations from the branch, each as a whole.

Unlike a revert it leaves no commit behind, so it is for commits that are not shared yet. The
previous branch stays under a ref of its own.
"""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

from ..clock import now
from ..database.creation import refuse_missing_submodule
from ..database.executions import Execution
from ..database.history import History
from ..database.ledger import Ledger
from ..database.repository import KEPT_REFS, PRIVATE_REFS, Repository
from ..database.transaction import ROOT_MESSAGE
from ..errors import MigrationRefusedError, first_few
from ..git.command import Git
from ..git.commit import Signature
from ..git.diff import changes_of_commits
from ..git.incomplete_clone import truncated_history_error
from ..git.log import Commit, read_commits
from ..git.object_writer import write_commit
from ..project import Project
from .points import Point


@dataclass(frozen=True, slots=True)
class Unit:
    """Commits that are taken off together: those of one migration, or of several in one commit.

    They are on `base`, None for the beginning of the history. `is_partial` says that only a part
    of the migration is there, `is_repeat` that an earlier execution of it remains, and
    `is_acceptance` that it is not an execution: its folder was accepted as edited.
    """

    names: tuple[str, ...]
    commits: tuple[Commit, ...]
    base: str | None
    is_partial: bool = False
    is_repeat: bool = False
    is_acceptance: bool = False


@dataclass(frozen=True, slots=True)
class Undoing:
    """What undoing would do, or did.

    `units` are taken off, the newest first, with `commits` in all. The branch moves from `old` to
    `new`, None for an empty database. `backup_ref` holds the previous branch, None as long as
    nothing was done.
    """

    units: tuple[Unit, ...]
    commits: int
    old: str
    new: str | None
    backup_ref: str | None = None

    @property
    def names(self) -> list[str]:
        """The migrations that are taken off, the newest first."""
        units = [unit for unit in self.units if not unit.is_acceptance]
        return list(dict.fromkeys(name for unit in units for name in unit.names))

    @property
    def acceptances(self) -> list[str]:
        """The migrations that stay, and whose edited folder is not accepted any more."""
        names = dict.fromkeys(n for unit in self.units if unit.is_acceptance for n in unit.names)
        return [name for name in names if name not in self.names]


def propose(project: Project, to: Point | None = None) -> Undoing:
    """Find out what undoing would do: the newest migration, or all that came after `to`.

    `to` is a point that `Points.find_below` gives. Changes nothing. Raises
    `MigrationRefusedError` when there is nothing to undo, it was pushed already or other commits
    are on top of it, `DatabaseError` when the history does not reach back to what is below it.
    """
    ledger = _ledger(project)
    label = project.settings.database_label
    units: list[Unit] = []
    assert ledger.commit, "there is one"
    tip: str | None = ledger.commit
    while tip is not None:
        layer = _Layer(project, tip)
        if to is not None and layer.is_at(to):
            break
        found, tip = layer.newest(to)
        units += found
        if to is None:
            break
        if tip is None or not _contains(layer.git, tip, to.commit):
            raise MigrationRefusedError(
                f"{to.name} cannot stay: one commit, or a merge, joins it with what came after it",
                hint=f"doit history {to.migration}" if to.migration else "doit history",
            )
    if not units:
        assert to is not None, "without a point there is a unit, or an error"
        undoing = "doit undo removes it" if to.migration else "doit undo removes the newest one"
        raise MigrationRefusedError(f"nothing was applied after {to.name}", hint=undoing)
    if to is None and len(units) > 1:
        raise MigrationRefusedError(
            f"a merge joins {units[0].names[0]} with {first_few(units[1].names)}, so it cannot be "
            "taken off alone",
            hint=f"doit revert {units[0].names[0]}",
        )
    repository = Repository.open(project.settings)
    gone = list(read_commits(repository.git, ledger.commit, *([f"^{tip}"] if tip else [])))
    _refuse_pushed(repository, label, units, gone, to)
    return Undoing(tuple(units), len(gone), ledger.commit, tip)


def undo(
    project: Project,
    to: Point | None = None,
    *,
    command: str = "doit undo",
    clock: Callable[[], datetime] = now,
) -> Undoing:
    """Remove the newest migrations from the branch; return what was done.

    Raises what `propose` raises, `LockHeldError` when the database is in use and `DatabaseError`
    when it is not ready; it is then as it was.
    """
    _ledger(project)  # nothing is made where there is nothing to undo
    repository = Repository.open(project.settings)
    with repository.locked(command):
        repository.check_ready()
        found, moment = propose(project, to), clock()
        ref = f"{PRIVATE_REFS}/{uuid.uuid4().hex}"
        new = found.new or _beginning(repository, moment)
        backup_ref = f"{KEPT_REFS}/{moment.astimezone(UTC):%Y%m%dT%H%M%S%f}-{found.old[:12]}"
        repository.git.run("update-ref", ref, new)
        try:
            repository.publish(ref, found.old, new, backup_ref=backup_ref)
        except BaseException:
            repository.discard(ref)
            raise
    return Undoing(found.units, found.commits, found.old, new, backup_ref)


def _ledger(project: Project) -> Ledger:
    """Return the ledger of the branch; raises `MigrationRefusedError` before its first commit.

    Raises `DatabaseError` for a submodule that was not fetched.
    """
    refuse_missing_submodule(project.settings)
    ledger = project.ledger()
    if ledger.commit is None:
        label = project.settings.database_label
        raise MigrationRefusedError(f"{label} holds no migration to undo", hint="doit status")
    return ledger


def _beginning(repository: Repository, moment: datetime) -> str:
    """Return an empty commit to go back to: the branch begins with a migration."""
    git, who = repository.git, Signature(*repository.committer(), moment)
    return write_commit(
        git,
        tree=git.empty_tree(),
        parents=(),
        message=ROOT_MESSAGE,
        author=who,
        committer=who,
        sign=repository.signs,
    )


def way_back(project: Project, done: Undoing) -> str:
    """Return the command that brings the branch back as it was."""
    repository = Repository.open(project.settings)
    git = f"git -C {project.settings.database_label}"
    if not repository.has_checkout:
        return f"{git} update-ref refs/heads/{repository.branch} {done.backup_ref}"
    is_below = repository.git.run_unchecked("merge-base", "--is-ancestor", str(done.new), done.old)
    # Only where nothing can be lost that was applied since.
    command = "merge --ff-only" if not is_below.returncode else "reset --keep"
    return f"{git} {command} {done.backup_ref}"


def _refuse_pushed(
    repository: Repository,
    label: str,
    units: Iterable[Unit],
    gone: Iterable[Commit],
    to: Point | None,
) -> None:
    remote = repository.settings.remote
    if not repository.remote.exists:
        return
    unpushed = _unpushed(repository.git, str(repository.head()), remote)
    pushed = {one.id for one in gone} - unpushed
    for unit in units:
        if any(one.id in pushed for one in unit.commits):
            name = unit.names[0]
            hint = f"doit revert {name} reverts it with a new commit"
            if to is not None:
                point = shlex.quote(to.name)
                hint = f"doit revert --to {point} reverts what is after with new commits"
            raise MigrationRefusedError(
                f"{name} was pushed to {remote} already, so others may have it", hint=hint
            )
    if pushed:
        raise MigrationRefusedError(
            f"{label} has commits of {remote} that would go as well", hint="doit revert NAME"
        )


def _unpushed(git: Git, tip: str, remote: str) -> set[str]:
    """Return the ids of the commits up to `tip` that `remote`, as of the last fetch, lacks."""
    return {one.id for one in read_commits(git, tip, "--not", f"--remotes={remote}")}


def _contains(git: Git, tip: str, commit: str) -> bool:
    """Return whether `commit` is `tip` or in its history."""
    return git.run_unchecked("merge-base", "--is-ancestor", commit, tip).returncode == 0


class _Layer:
    """The branch as it is with the commit `tip` on top, and the migrations that end there."""

    def __init__(self, project: Project, tip: str) -> None:
        self._project = project
        self._ledger: Ledger = project.ledger(tip)
        history = project.history(self._ledger)
        assert history is not None, "there is a commit"
        self._history: History = history
        self._runs: Mapping[str, Execution] = project.executions(self._ledger)
        self._units = {unit.commits[-1].id: unit for unit in self._all_units()}

    def _all_units(self) -> Iterable[Unit]:
        for name, run in self._runs.items():
            if run.commits and not run.is_truncated:
                names = tuple(
                    sorted({name, *run.squashed_with}, key=self._project.order, reverse=True)
                )
                is_repeat = len(run.live) > len(run.commits)
                yield Unit(names, run.commits, run.base, is_repeat=is_repeat)
            for change in run.accepted:
                one = self._history.commits[change.commit]
                yield Unit((name,), (one,), one.parent, is_acceptance=True)
        for partial in self._project.unrecorded(self._ledger).partial.values():
            row = [partial.commits[-1]]
            for one in reversed(partial.commits[:-1]):
                if row[-1].parent == one.id:
                    row.append(one)
            if row[-1].id not in self._history.ends:
                yield Unit((partial.name,), tuple(row[::-1]), row[-1].parent, is_partial=True)

    @property
    def git(self) -> Git:
        """The repository of the branch."""
        return self._history.git

    def is_at(self, to: Point) -> bool:
        """Return whether nothing that came after a point is there; a migration stays accepted."""
        return self._history.tip == to.commit or to.migration in self._names_at_tip()

    def _names_at_tip(self) -> tuple[str, ...]:
        """Return the migrations whose last commit is on top, or right below acceptances of it."""
        top = unit = self._units.get(self._history.tip)
        while top and unit and unit.is_acceptance and unit.names == top.names:
            unit = self._units.get(unit.base or "")
        if not top or not unit or not set(top.names) <= set(unit.names):
            return ()
        return unit.names

    def newest(self, to: Point | None = None) -> tuple[list[Unit], str | None]:
        """Return what is on top, and the commit below it.

        It is several units only where a merge joins them with something else. `to` is what stays:
        the side of a merge that has it is kept, and no error suggests to take it back.
        """
        history, tip = self._history, self._history.tip
        unit = self._units.get(tip)
        if unit and self._is_all(unit):
            return [unit], unit.base
        if history.commits[tip].is_merge and self._is_clean(tip):
            sides = [
                (units, side)
                for side in history.commits[tip].parents
                if (units := self._units_since(side))
            ]
            kept = [one for one in sides if to and _contains(self.git, one[1], to.commit)]
            if sides := kept or sides:
                # Of a merge with what others have pushed, the side that is ours alone goes.
                return min(sides, key=lambda one: (self._is_pushed(one[0]), len(one[0])))
        raise self._refusal(to)

    def _is_pushed(self, units: Iterable[Unit]) -> bool:
        """Return whether the remote, as of the last fetch, has a commit of the units."""
        history, remote = self._history, self._project.settings.remote
        unpushed = _unpushed(history.git, history.tip, remote)
        return any(one.id not in unpushed for unit in units for one in unit.commits)

    def _is_all(self, unit: Unit) -> bool:
        """Return whether the commits of a unit are consecutive, without any made by hand."""
        return {one.id for one in self._span(unit)} == {one.id for one in unit.commits}

    def _is_clean(self, merge: str) -> bool:
        """Return whether a merge has nothing of its own, only what its sides have."""
        return not any(changes_of_commits(self._history.git, [merge]))

    def _units_since(self, side: str) -> list[Unit]:
        """Return the units that all commits since `side` are of, newest first; none if others."""
        history = self._history
        span = read_commits(history.git, f"{side}..{history.tip}")
        left = {one.id: one for one in span if one.id != history.tip}
        units = []
        for one in reversed(list(left.values())):
            if one.id in self._units and one.id in left:
                unit = self._units[one.id]
                if not all(commit.id in left for commit in unit.commits):
                    return []
                units.append(unit)
                for commit in unit.commits:
                    del left[commit.id]
        return [] if left else units

    def _refusal(self, to: Point | None) -> Exception:
        """Return the error that names the commits on top of the newest migration, or in it."""
        history, label = self._history, self._project.settings.database_label
        cut = [name for name, run in self._runs.items() if run.is_truncated]
        if history.tip in history.ends or (cut and not self._units):
            return truncated_history_error(label, cut or [history.tip[:12]])
        newest_first = reversed(history.commits.values())
        unit = self._units.get(history.tip)
        if unit is None:
            above = takewhile(lambda one: one.id not in self._units, newest_first)
            foreign, where = list(above), "on top of"
            unit = next((u for u in self._below(foreign) if u), None)
        else:
            foreign, where = [one for one in self._span(unit) if one not in unit.commits], "within"
        names = first_few([f"{one.id[:12]} ({one.subject})" for one in foreign])
        if unit is None:
            return MigrationRefusedError(
                f"{label} holds no migration to undo, only {names}", hint="doit history"
            )
        name = unit.names[0]
        hint = f"doit revert {name} reverts it and leaves them"
        if to is not None and _contains(history.git, to.commit, unit.commits[-1].id):
            # To revert them by hand would bring back what a revert among them took away.
            is_as_before = history.commits[history.tip].tree == to.tree
            hint = f"doit diff {shlex.quote(to.name)} shows what they changed"
            hint = "the data are as at that point already" if is_as_before else hint
        elif to is not None:
            hint = f"doit revert --to {shlex.quote(to.name)} reverts what is after and leaves them"
        return MigrationRefusedError(
            f"{where} {name} there are commits that are not a migration: {names}", hint=hint
        )

    def _below(self, above: Sequence[Commit]) -> Iterable[Unit | None]:
        """Return the unit of each commit below those `above`, the newest first."""
        rest = list(self._history.commits.values())[: len(self._history.commits) - len(above)]
        return (self._units.get(one.id) for one in reversed(rest))

    def _span(self, unit: Unit) -> list[Commit]:
        """Return all commits from the base of a unit to the tip, oldest first."""
        below = [f"^{unit.base}"] if unit.base else []
        return list(read_commits(self._history.git, self._history.tip, *below))
