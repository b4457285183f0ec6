"""Reverting: a commit that takes a migration back, its data and its marker.

It restores the files that the migration changed, so it is refused when anything else has
changed them since, or refers to an entity that would be gone.
"""

from __future__ import annotations

import os
import re
import shlex
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ..clock import now
from ..database.executions import owners
from ..database.history import History
from ..database.ledger import Ledger
from ..database.marker import FOLDER, parse_subject
from ..database.repository import PRIVATE_REFS, Repository
from ..database.transaction import Signature
from ..database.unrecorded import REVERT_SUBJECT, REVERTS
from ..errors import DatabaseError, MigrationRefusedError, UsageError, first_few
from ..git.command import Git
from ..git.diff import Change, changed_files
from ..git.incomplete_clone import truncated_history_error
from ..git.log import Commit, read_commits
from ..git.object_writer import ObjectWriter
from ..git.snapshot import Snapshot
from ..git.trees import Tree, TreeEntry
from ..models.identifiers import InvalidIdentifierError, id_of
from ..project import Project
from ..text import escape_control
from .points import Point

# A file of the tree as the index names it: its mode and the id of its blob.
File = tuple[str, str]


class Span(NamedTuple):
    """One file before the first and after the last of some commits; None where it is absent.

    `is_broken` says that another commit changed it between two of them.
    """

    before: File | None
    after: File | None
    is_broken: bool = False


def spans(git: Git, commits: Iterable[Commit]) -> dict[str, Span]:
    """Return what `commits` (the oldest first) did to each file that they changed, by path.

    A merge among them stands for the side chain that it closes. Reads no blob, so none is
    fetched in a partial clone. A commit whose parent a shallow clone has cut off seems to have
    made every file.
    """
    found: dict[str, Span] = {}
    for base, commit in steps(commits):
        for change in changed_files(git, base or git.empty_tree(), commit.id):
            before = (change.old_mode, change.old) if change.old else None
            after = (change.new_mode, change.new) if change.new else None
            known = found.get(change.path)
            if known is None:
                found[change.path] = Span(before, after)
            else:
                broken = known.is_broken or known.after != before
                found[change.path] = Span(known.before, after, broken)
    return found


def steps(commits: Iterable[Commit]) -> list[tuple[str | None, Commit]]:
    """Return each commit with its parent, the merge alone for the chain that it closes."""
    steps: list[tuple[str | None, Commit]] = []
    for one in commits:
        if one.is_merge:
            last: str | None = one.parents[1]
            while steps and steps[-1][1].id == last:
                last = steps.pop()[0]
        steps.append((one.parent, one))
    return steps


def commit_files(
    git: Git,
    base: str,
    files: Mapping[str, File | None],
    *,
    message: str,
    who: Signature,
    ref: str,
    sign: bool,
    known: Mapping[bytes, Tree] | None = None,
) -> str:
    """Make a commit on `base` in which each path of `files` is as given, None for absent.

    The commit's author and committer are `who`; the private `ref` is made to hold it. With
    `sign` git signs it. `known` are trees that were read already, by their raw ids. Neither the
    index nor the files of the repository are touched.
    """
    changes = {
        os.fsencode(path): TreeEntry(file[0].encode(), bytes.fromhex(file[1])) if file else None
        for path, file in files.items()
    }
    with closing(ObjectWriter(git, id_digits=len(base), known=known)) as writer:
        commit = writer.commit(
            tree=writer.tree(git.tree_of(base), changes),
            parents=[base],
            message=message,
            author=who,
            committer=who,
            sign=sign,
        )
        writer.install()
    git.run("update-ref", ref, commit)
    return commit


REFERENCE = re.compile(rb'"(entity:[^"\\]+)"')
# Limits the command line; only the names of those who changed some of the paths are needed.
MAX_PATHS = 100


@dataclass(frozen=True, slots=True)
class Reversal:
    """What reverting a migration would do, or did.

    `commits` are those that it undoes, `restored` what each file becomes (None: deleted), and
    `base` is the tip that was looked at. `together` are the migrations that go with it, since
    one commit brought them all. `changes` are the files of `base` that it changes, and
    `large_trees` folders of it that were read, by their raw ids.
    """

    name: str
    commits: tuple[Commit, ...]
    restored: dict[str, File | None]
    base: str
    together: tuple[str, ...] = ()
    changes: Sequence[Change] = ()
    large_trees: Mapping[bytes, Tree] = field(default_factory=dict, repr=False)

    @property
    def deleted(self) -> int:
        """How many files go away; the others get their earlier content back."""
        return sum(file is None for file in self.restored.values())


def propose(project: Project, name: str, *, at: str | None = None) -> Reversal:
    """Find out what reverting the migration `name` (its full name) would do. Changes nothing.

    `at` is the commit to look at instead of the branch. A migration that is there in part, some
    batches without the record, can be reverted, too. Raises `MigrationRefusedError`, with names,
    when it is not applied or something else builds on it, and `DatabaseError` when the history
    does not reach back to it.
    """
    plan, ledger = project.load_state(at)
    label, git = project.settings.database_label, Git(project.settings.database)
    partial = project.unrecorded(ledger).partial.get(name)
    is_applied = (entry := plan.get(name)) is not None and entry.is_applied
    if ledger.commit is None or not (is_applied or partial):
        raise MigrationRefusedError(f"{name} is not applied", hint="doit history")
    run = project.executions(ledger, [name]).get(name)
    if run and run.is_truncated:
        raise truncated_history_error(label, [name])
    if not (run or partial):
        raise DatabaseError(
            f"no commit of {label} belongs to {name} alone",
            hint=f"git -C {label} fetch --unshallow if the clone is shallow; else "
            f"git -C {label} revert COMMIT",
        )
    commits = partial.commits if partial else run.live if run else ()
    with closing(Snapshot(git, git.tree_of(ledger.commit))) as snapshot:
        restored, touched = _restored(project, git, snapshot, name, commits, bool(partial))
        changes = [*_changes(restored, snapshot)]
    later = _Later(project, ledger, name, commits)
    if touched:
        raise later.refusal(label, touched, "changed what it changed")
    data_dir = project.settings.data_dir
    if referring := _referring(git, data_dir, commits[-1].id, ledger.commit, restored):
        raise later.refusal(label, referring, "refers to what it created")
    together = run.squashed_with if run else ()
    trees = snapshot.large_trees
    return Reversal(name, commits, restored, ledger.commit, together, changes, trees)


def _restored(
    project: Project,
    git: Git,
    tip: Snapshot,
    name: str,
    commits: Sequence[Commit],
    is_partial: bool,
) -> tuple[dict[str, File | None], list[str]]:
    """Return what each file becomes, and the files that others have changed since.

    Of a part of a migration, what is as it was before has been taken back already.
    """
    changes = spans(git, commits)
    records = f"{project.settings.data_dir}/{FOLDER}/{name}"
    now = {path: tip.blob_id(path) for path in changes}
    touched = [
        path
        for path, span in changes.items()
        if span.is_broken or now[path] != (span.after[1] if span.after else None)
        if not path.startswith(f"{records}/")
        if not (is_partial and now[path] == (span.before[1] if span.before else None))
    ]
    return _before(changes, tip, records), touched


def _changes(restored: Mapping[str, File | None], tip: Snapshot) -> Iterator[Change]:
    """Yield what becomes of the `restored` files; of some it may be the mode alone."""
    for path, file in restored.items():
        old, new = tip.blob_id(path), file[1] if file else None
        if old or new:
            yield Change(path, old, new)


def _before(
    changes: Mapping[str, Span], snapshot: Snapshot, records: str
) -> dict[str, File | None]:
    """Return what each file becomes: what it was before, and of the `records` nothing."""
    restored = {path: span.before for path, span in changes.items()}
    return restored | dict.fromkeys(snapshot.walk(records))


def read_reversal(
    history: History, commit: Commit, message: str
) -> tuple[tuple[str, ...], tuple[Commit, ...]] | None:
    """Return the migrations and the commits that a commit of `revert` took back.

    None for any other commit, one of `git revert` included, and for one that names commits which
    are not in the history, as after a rebase.
    """
    subject = REVERT_SUBJECT.fullmatch(commit.subject)
    named = parse_subject(subject[1]) if subject else None
    ids = REVERTS.findall(message)
    if not (named and ids and commit.parent and "\n\nAuthor: " in message):
        return None
    if any(one not in history.commits for one in ids):
        return None
    names = re.findall(r"^Reverts: (.+)$", message, re.MULTILINE) or [named.migration]
    return tuple(names), tuple(history.commits[one] for one in ids)


def repeat_revert(
    git: Git, base: str, data_dir: str, name: str, commits: Sequence[Commit]
) -> dict[str, File | None]:
    """Return what each file becomes when `commits` of `name` are taken back on `base`.

    It is what `revert` does, without looking at who has built on it since.
    """
    with closing(Snapshot(git, git.tree_of(base))) as snapshot:
        return _before(spans(git, commits), snapshot, f"{data_dir}/{FOLDER}/{name}")


def after(project: Project, to: Point) -> list[str]:
    """Return the migrations that were applied after a point, the newest first.

    `to` is a point that `Points.find_below` gives. A migration that is there in part is among
    them. Raises `MigrationRefusedError` for one that was executed before the point and again
    after it: to revert it would take back both.
    """
    ledger = project.ledger()
    history = project.history(ledger)
    assert history is not None, "there is a point"
    kept = {one.id for one in read_commits(history.git, to.commit)}
    runs = {name: run for name, run in project.executions(ledger).items() if run.commits}
    ends = {name: run.commit for name, run in runs.items()}
    partial = project.unrecorded(ledger).partial
    ends |= {name: part.commits[-1].id for name, part in partial.items()}
    later = [name for name, commit in ends.items() if commit not in kept]
    for name in later:
        if name in runs and any(one.id in kept for one in runs[name].live):
            raise MigrationRefusedError(
                f"{name} was executed before {to.name} and again after it, and a revert would "
                "take back both",
                hint=f"doit undo --to {shlex.quote(to.name)} if it is not pushed; else "
                f"doit revert {name}",
            )
    order, position = project.order, history.position
    return sorted(later, key=lambda name: (position[ends[name]], order(name)), reverse=True)


def differing_files(project: Project, to: Point) -> list[str]:
    """Return the files of the data that are not as at a point, such as those changed by hand.

    The records of migrations do not count.
    """
    ledger = project.ledger()
    assert ledger.commit, "there is a point"
    git = Git(project.settings.database)
    records = f"{project.settings.data_dir}/{FOLDER}/"
    changed = changed_files(git, to.tree, git.tree_of(ledger.commit))
    return [change.path for change in changed if not change.path.startswith(records)]


def revert(
    project: Project,
    names: Sequence[str],
    *,
    reason: str | None = None,
    command: str = "doit revert",
    clock: Callable[[], datetime] = now,
) -> list[tuple[Reversal, str]]:
    """Revert the migrations `names` in this order, each in one commit; all of them or none.

    Returns what was done with each and its commit. Those that came in one commit with another
    one go with it. Raises what `propose` raises, `UsageError` for a reason of several lines,
    `LockHeldError` when the database is in use and `DatabaseError` when it is not ready; it is
    then as it was.
    """
    if reason is not None and (escape_control(reason) != reason or not reason.strip()):
        raise UsageError("the reason is not one line of text", hint=f"doit help {command[5:]}")
    if names and project.ledger().commit is None:  # nothing is made where nothing can be reverted
        raise MigrationRefusedError(f"{names[0]} is not applied", hint="doit history")
    repository = Repository.open(project.settings)
    with repository.locked(command):
        repository.check_ready()
        ref = f"{PRIVATE_REFS}/{uuid.uuid4().hex}"
        who = Signature(*repository.committer(), clock())
        done: list[tuple[Reversal, str]] = []
        gone: set[str] = set()
        try:
            for name in names:
                if name in gone:
                    continue
                reversal = propose(project, name, at=done[-1][1] if done else None)
                gone |= {name, *reversal.together}
                message = _message(reversal, who, reason)
                files, base = reversal.restored, reversal.base
                commit = commit_files(
                    repository.git,
                    base,
                    files,
                    message=message,
                    who=who,
                    ref=ref,
                    sign=repository.signs,
                    known=reversal.large_trees,
                )
                done.append((reversal, commit))
        except BaseException:
            repository.discard(ref)
            raise
        if done:
            # Several may change one file one after the other: then git says what differs.
            changes = done[0][0].changes if len(done) == 1 else None
            repository.publish(ref, done[0][0].base, done[-1][1], changes=changes)
    return done


def _message(reversal: Reversal, who: Signature, reason: str | None) -> str:
    """Return a message as `git revert` writes it: of a side chain it names the merge alone."""
    commits = [one for _, one in steps(reversal.commits)]
    undone = "".join(
        f"This reverts commit {one.id}, reversing\nchanges made to {one.parent}.\n"
        if one.is_merge
        else f"This reverts commit {one.id}.\n"
        for one in commits
    )
    names = "".join(f"Reverts: {name}\n" for name in (reversal.name, *reversal.together))
    trailers = f"Author: {who.name} <{who.email}>\n" + (f"Reason: {reason}\n" if reason else "")
    trailers += names if reversal.together else ""
    return f'Revert "Migration: {reversal.name}"\n\n{undone}\n{trailers}'


class _Later:
    """The commits since a migration's first one that are not its own: they may build on it."""

    def __init__(self, project: Project, ledger: Ledger, name: str, own: Sequence[Commit]) -> None:
        self._project = project
        self._ledger = ledger
        self._name = name
        self._own = [one.id for one in own]

    def refusal(self, label: str, paths: list[str], deed: str) -> MigrationRefusedError:
        """Return the error that names who did something to `paths`, the newest first."""
        history = self._project.history(self._ledger)
        assert history is not None, "the migration has commits"
        owner = owners(self._project.executions(self._ledger))
        span, some = f"{self._own[0]}..{history.tip}", sorted(paths)[:MAX_PATHS]
        names: dict[str, str] = {}  # what to call it, and how to revert it
        for commit in reversed(list(read_commits(history.git, span, paths=some))):
            short, migration = commit.id[:12], owner.get(commit.id)
            if commit.id in self._own:
                continue
            if migration:
                names[migration] = f"doit revert {migration}"
            elif commit.id not in history.subjects:  # one that was undone does not matter
                revert = "revert -m 1" if commit.is_merge else "revert"
                names[f"{short} ({commit.subject})"] = f"git -C {label} {revert} {short}"
        first = next(iter(names.values()), f"git -C {label} log")
        return MigrationRefusedError(
            f"{self._name} cannot be reverted: {', '.join(names) or 'something'} {deed} "
            f"({first_few(sorted(paths))})",
            hint=f"{first} comes first",
        )


def _referring(
    git: Git, data_dir: str, since: str, tip: str, restored: dict[str, File | None]
) -> list[str]:
    """Return the files written after the commit `since` that name an entity that would be gone.

    Versions are left out: they describe the past.
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
    except InvalidIdentifierError:  # a file put there by hand
        return None
