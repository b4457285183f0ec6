"""Reverting: one commit that takes a migration back, its data and its marker.

It restores the files that the migration changed, so it is refused when anything else has
changed them since, or refers to an entity that would be gone.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from ..clock import now
from ..database.marker import FOLDER
from ..database.repository import PRIVATE_REFS, Repository
from ..database.transaction import Signature
from ..errors import DatabaseError, MigrationRefusedError, UsageError, first_few
from ..git.command import Git
from ..git.diff import changed_files
from ..git.incomplete_clone import cut_off, shallow_ends
from ..git.log import read_commits, reverted
from ..git.snapshot import Snapshot
from ..models.identifiers import InvalidIdentifierError, id_of
from ..printable import printable
from ..project import Project
from .inverse import File, commit_files, spans

REFERENCE = re.compile(rb'"(entity:[^"\\]+)"')
# As many paths as a command line surely takes; the names of who changed them are wanted, not all.
ASKED = 100


@dataclass(frozen=True, slots=True)
class Reversal:
    """What reverting a migration would do, or did.

    `commits` are those that it undoes, `restored` what each file becomes (None: deleted), and
    `base` is the tip that was looked at.
    """

    name: str
    commits: tuple[str, ...]
    restored: dict[str, File | None]
    base: str

    @property
    def deleted(self) -> int:
        """How many files go away; the others get their earlier content back."""
        return sum(file is None for file in self.restored.values())


def propose(project: Project, name: str) -> Reversal:
    """Find out what reverting the migration `name` (its full name) would do. Changes nothing.

    Raises `MigrationRefusedError`, with names, when it is not applied or something else builds
    on it, and `DatabaseError` when the history does not reach back to it.
    """
    plan, ledger = project.look()
    if ledger.commit is None or not (entry := plan.get(name)) or not entry.is_applied:
        raise MigrationRefusedError(f"{name} is not applied", hint="doit history")
    place, git = project.settings.shown_database, Git(project.settings.database)
    undone = reverted(git, ledger.commit)
    known = project.history(ledger).get(name, ())
    live = [commit for commit in known if commit.id not in undone]
    if not live:
        raise DatabaseError(
            f"no commit of {place} says that it is one of {name}",
            hint=f"git -C {place} fetch --unshallow if the clone is shallow; else "
            f"git -C {place} revert COMMIT",
        )
    commits = [commit.id for commit in live]
    if not shallow_ends(git).isdisjoint(commits):
        raise cut_off(place, [name])
    changes = spans(git, live)
    snapshot = Snapshot(git, git.tree_of(ledger.commit))
    try:
        records = f"{project.settings.data_dir}/{FOLDER}/{name}"
        touched = [
            path
            for path, span in changes.items()
            if span.is_broken or snapshot.blob_id(path) != (span.after[1] if span.after else None)
            if not path.startswith(f"{records}/")
        ]
        restored = {path: span.before for path, span in changes.items()}
        restored |= dict.fromkeys(snapshot.walk(records))
    finally:
        snapshot.close()
    later = _Later(git, name, commits, ledger.commit, undone)
    if touched:
        raise later.refusal(place, touched, "changed what it changed")
    if referring := _referring(
        git, project.settings.data_dir, commits[-1], ledger.commit, restored
    ):
        raise later.refusal(place, referring, "refers to what it created")
    return Reversal(name, tuple(commits), restored, ledger.commit)


def revert(
    project: Project,
    name: str,
    *,
    reason: str | None = None,
    command: str = "doit revert",
    clock: Callable[[], datetime] = now,
) -> tuple[Reversal, str]:
    """Revert the migration `name` in one commit; return what was done and the commit.

    Raises what `propose` raises, `UsageError` for a reason of several lines, `LockHeldError`
    when the database is in use and `DatabaseError` when it is not ready; it is then as it was.
    """
    if reason is not None and (printable(reason) != reason or not reason.strip()):
        raise UsageError("the reason is not one line of text", hint=f"doit help {command[5:]}")
    repository = Repository.open(project.settings)
    with repository.locked(command):
        repository.check_ready()
        reversal = propose(project, name)
        ref = f"{PRIVATE_REFS}/{uuid.uuid4().hex}"
        who = Signature(*repository.committer(), clock())
        commit = commit_files(
            repository.git,
            reversal.base,
            reversal.restored,
            message=_message(reversal, who, reason),
            who=who,
            ref=ref,
            sign=repository.signs,
        )
        repository.publish(ref, reversal.base, commit)
    return reversal, commit


def _message(reversal: Reversal, who: Signature, reason: str | None) -> str:
    """Return a message as `git revert` writes it, which `storage.history` understands."""
    undone = "".join(f"This reverts commit {commit}.\n" for commit in reversal.commits)
    trailers = f"Author: {who.name} <{who.email}>\n" + (f"Reason: {reason}\n" if reason else "")
    return f'Revert "Migration: {reversal.name}"\n\n{undone}\n{trailers}'


class _Later:
    """The commits since a migration's first one that are not its own: they may build on it."""

    def __init__(
        self, git: Git, name: str, own: list[str], tip: str, undone: Collection[str]
    ) -> None:
        self._git = git
        self._name = name
        self._not_meant = {*own, *undone}
        self._range = f"{own[0]}..{tip}"

    def refusal(self, place: str, paths: list[str], deed: str) -> MigrationRefusedError:
        """Return the error that names who did something to `paths`, the newest first."""
        later = list(read_commits(self._git, self._range, paths=sorted(paths)[:ASKED]))
        names: dict[str, str] = {}  # what to call it, and how to revert it
        for commit in reversed(later):
            short = commit.id[:12]
            if commit.id in self._not_meant:
                continue
            if commit.migration:
                names[commit.migration] = f"doit revert {commit.migration}"
            else:
                names[f"{short} ({commit.subject})"] = f"git -C {place} revert {short}"
        first = next(iter(names.values()), f"git -C {place} log")
        return MigrationRefusedError(
            f"{self._name} cannot be reverted: {', '.join(names)} {deed} "
            f"({first_few(sorted(paths))})",
            hint=f"{first} comes first",
        )


def _referring(
    git: Git, data_dir: str, since: str, tip: str, restored: dict[str, File | None]
) -> list[str]:
    """Return the files written after the commit `since` that name an entity that would be gone.

    Versions are left out: they tell of the past.
    """
    deleted = (path for path, file in restored.items() if file is None)
    gone = set(filter(None, (_entity_of(path, data_dir) for path in deleted)))
    if not gone:
        return []
    kinds = (f"{data_dir}/entity", f"{data_dir}/relationship")
    written = (
        change.path
        for change in changed_files(git, since, tip, *kinds)
        if change.new and change.path not in restored
    )
    with closing(Snapshot(git, git.tree_of(tip))) as snapshot:
        files = snapshot.read_many(written)
        return [path for path, data in files if data and gone & set(REFERENCE.findall(data))]


def _entity_of(path: str, data_dir: str) -> bytes | None:
    """Return the id of the entity whose file is at `path`, None for a file of another kind."""
    below = path.removeprefix(f"{data_dir}/")
    if not below.startswith("entity/"):
        return None
    try:
        return id_of(below).encode()
    except InvalidIdentifierError:  # a file that somebody put there by hand
        return None
