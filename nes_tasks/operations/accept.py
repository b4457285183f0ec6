"""Accepting: new hashes for a folder that was edited without changing its result.

The folder is executed again as it was, on its base and with its clock. Only if the data that come
out are those that are committed, a commit changes what the marker says of the folder: the hashes,
and author, date and description. The data do not change, and neither does what was executed when.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..clock import now
from ..database.creation import starts_empty
from ..database.history import RecordChange
from ..database.marker import FILE_NAME, FOLDER, Marker, acceptance_message, marker_path
from ..database.repository import PRIVATE_REFS, Repository
from ..database.transaction import Signature, Transaction
from ..errors import DatabaseError, MigrationRefusedError, UsageError
from ..git.incomplete_clone import truncated_history_error
from ..git.log import read_messages
from ..git.snapshot import Snapshot
from ..migrations import Entry, State
from ..project import Project
from ..running.events import ProgressCallback
from ..running.runner import Runner
from ..text import escape_control
from .fields import ABSENT
from .replay_runs import Candidate, SkipReason, candidates, execute_in_row, rerun_of
from .revert import commit_files
from .same_data import of_folder, real_changes
from .tree_difference import Difference, first_of

# Why a folder cannot be compared with what is committed, in words.
REASONS = {
    SkipReason.LEGACY: "a legacy system recorded it, without the tree that it ran on",
    SkipReason.ADOPTED: "its marker was written afterwards, not by its run",
    SkipReason.EDITED: "its marker was edited after the run",
    SkipReason.MOVED: "its commits do not follow on the tree that its marker names",
}
# The same of another migration whose commit is the same.
OF_OTHERS = {
    SkipReason.DRIFT: "its folder was edited as well",
    SkipReason.MISSING: "its folder is missing",
}


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What came of a folder that was edited.

    `changed`, `added` and `removed` are its files. With a first `difference` of the data, and
    `differing_files` in all, it cannot be accepted; `tree` and `replayed_tree` are then what is
    committed and what came out. `commit` is the one that accepts it, None when there is none.
    """

    name: str
    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    tree: str | None = None
    replayed_tree: str | None = None
    differing_files: int = 0
    difference: Difference | None = None
    commit: str | None = None

    @property
    def is_edited(self) -> bool:
        """Whether the folder is another than the one that is recorded."""
        return bool(self.changed or self.added or self.removed)

    @property
    def is_same(self) -> bool:
        """Whether it gives the data that are committed."""
        return self.difference is None

    @property
    def files(self) -> list[str]:
        """What became of each file of the folder, such as "changed README.md"."""
        kinds = {"changed": self.changed, "added": self.added, "removed": self.removed}
        return [f"{kind} {escape_control(file)}" for kind, row in kinds.items() for file in row]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/json.md."""
        return {
            "name": self.name,
            "changed": list(self.changed),
            "added": list(self.added),
            "removed": list(self.removed),
            "same_data": self.is_same,
            "commit": self.commit,
            "tree": self.tree,
            "replayed_tree": self.replayed_tree,
            "differing_files": self.differing_files,
            "difference": _difference(self.difference) if self.difference else None,
        }


def _difference(found: Difference) -> dict[str, Any]:
    sides = (found.change.old, found.change.new) if found.change else (ABSENT, ABSENT)
    committed, replayed = (None if side is ABSENT else side for side in sides)
    return {
        "path": found.path,
        "kind": found.kind.value,
        "field": (found.change.path or None) if found.change else None,
        "line": found.line,
        "committed": committed,
        "replayed": replayed,
    }


def accept(
    project: Project,
    progress: ProgressCallback,
    name: str,
    *,
    dry_run: bool = False,
    network: Collection[str] = (),
    command: str = "doit accept",
    clock: Callable[[], datetime] = now,
) -> Acceptance:
    """Execute the edited folder of `name` (its full name) again, and record it if nothing differs.

    With `dry_run` nothing is recorded. Raises `UsageError` when it is not applied,
    `MigrationRefusedError` when there is nothing to compare with, `MigrationFailedError` when the
    script fails, `DatabaseError` when a shallow clone does not reach back far enough or the
    database is not ready, and `LockHeldError` when it is in use; it is then as it was.
    """
    if starts_empty(project.settings):
        raise UsageError(f"{name} is not applied", hint=f"doit preview {name}")
    with Runner(project, progress, command=command, may_record=False, network=network) as runner:
        repository = runner.repository
        with repository.locked(command):
            if not dry_run:
                repository.check_ready()
            entry = project.load_state().plan[name]
            found = Acceptance(name, entry.changed, entry.added, entry.removed)
            is_recorded = bool(entry.record and entry.record.inputs)
            if entry.state is State.APPLIED and is_recorded and not found.is_edited:
                return found
            group = _group(project, name)
            found, marker = _executed(project, runner, group, found)
            if dry_run or not found.is_same:
                return found
            return replace(found, commit=_record(project, repository, marker, found, clock()))


def _group(project: Project, name: str) -> list[Candidate]:
    """Return what to execute: the migration, with those of the same commit in their order.

    Raises `MigrationRefusedError` when it cannot be compared.
    """
    found = candidates(project, [name])
    for one in sorted(found, key=lambda one: one.entry.name != name):
        _refuse(project, name, one)
    return found


def _refuse(project: Project, name: str, candidate: Candidate) -> None:
    """Raise an error if a candidate cannot be executed: that of `name`, or another with it."""
    entry, execution = candidate.entry, candidate.execution
    skip_reason = candidate.skip_reason
    if execution and execution.is_truncated:
        raise truncated_history_error(project.settings.database_label, [name])
    if entry.name != name and skip_reason in REASONS | OF_OTHERS:
        raise MigrationRefusedError(
            f"{name} cannot be accepted: one commit holds it and {entry.name}, which cannot be "
            f"executed again, since {(REASONS | OF_OTHERS)[skip_reason]}",
            hint=_way_out(entry),
        )
    if skip_reason is SkipReason.MISSING:
        raise MigrationRefusedError(f"the folder of {name} is missing", hint="doit list")
    if skip_reason in REASONS:
        raise MigrationRefusedError(
            f"{name} cannot be accepted, since there is no run to compare with: "
            f"{REASONS[skip_reason]}",
            hint=_way_out(entry),
        )
    if entry.problem:
        raise entry.problem


def _way_out(entry: Entry) -> str:
    display_path = entry.folder.display_path if entry.folder else entry.name
    return f"undo the change: git log -p -- {display_path}"


def _executed(
    project: Project, runner: Runner, group: Sequence[Candidate], found: Acceptance
) -> tuple[Acceptance, Marker]:
    """Execute the folder, with those of the same commit; return what differs, and a new marker."""
    git, data_dir, name = runner.repository.git, project.settings.data_dir, found.name
    names = [one.entry.name for one in group]
    candidate, execution = group[names.index(name)], group[0].execution
    assert execution and candidate.marker, "a migration without them is refused"
    with ExitStack() as stack:
        results = execute_in_row(stack, runner, map(rerun_of, group), execution.base)
        trees = [git.tree_of(result.commit_ids[-1]) for result in results]
        changes = real_changes(git, data_dir, execution.tree, trees[-1], names)
        with closing(Snapshot(git, trees[names.index(name)])) as snapshot:
            made = Marker.from_bytes(snapshot.read(marker_path(data_dir, name)) or b"")
        found = replace(found, tree=execution.tree, replayed_tree=trees[-1])
        if changes:
            first = first_of(git, data_dir, changes)
            found = replace(found, differing_files=len(changes), difference=first)
        return found, of_folder(candidate.marker, made)


def _record(
    project: Project, repository: Repository, marker: Marker, found: Acceptance, moment: datetime
) -> str:
    settings, base = project.settings, project.ledger().commit
    ref = f"{PRIVATE_REFS}/{uuid.uuid4().hex}"
    who = Signature(*repository.committer(), moment)
    message = acceptance_message(found.name, found.files)
    with Transaction(repository.git, base=base, ref=ref, data_dir=settings.data_dir) as transaction:
        commits = transaction.commit(
            [(f"{FOLDER}/{found.name}/{FILE_NAME}", marker.to_bytes())],
            message=lambda batch, batches: message,
            author=who,
            committer=who,
            batch_size=1,
            sign=repository.signs,
        )
    repository.publish(ref, base, commits[-1])
    return commits[-1]


def carry_over(
    project: Project,
    repository: Repository,
    change: RecordChange,
    tip: str,
    ref: str,
    moment: datetime,
) -> str | None:
    """Repeat an acceptance on top of the commit `tip`, as a commit that the private `ref` holds.

    None when `tip` has it already. Raises `DatabaseError` when the marker there is another one
    than the one that was accepted here.
    """
    git, data_dir = repository.git, project.settings.data_dir
    name, label = change.migration, project.settings.database_label
    path = marker_path(data_dir, name)
    with closing(Snapshot(git, git.tree_of(tip))) as snapshot:
        blob = snapshot.blob_id(path)
    if blob == change.new:
        return None
    if blob != change.old or change.new is None:
        raise DatabaseError(
            f"the folder of {name} was accepted in {label}, and its record at the remote is not "
            "the one that was accepted",
            hint=f"git -C {label} show {change.commit[:12]}; doit undo removes it",
        )
    messages = dict(read_messages(git, [change.commit]))
    who = Signature(*repository.committer(), moment)
    files = {path: ("100644", change.new)}
    return commit_files(
        git,
        tip,
        dict(files),
        message=messages[change.commit],
        who=who,
        ref=ref,
        sign=repository.signs,
    )
