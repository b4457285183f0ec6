"""Migrations without a record that only commit subjects show: run by hand, or in part.

A subject is weak evidence: anybody can write it, and it survives a revert. So it counts only for a
migration that never had a record.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..errors import MigrationRefusedError
from ..git.diff import changed_files, changes_of_commits
from ..git.incomplete_clone import lacks_trees
from ..git.log import Commit, read_commits, read_messages
from .history import History, RecordChange
from .marker import FOLDER, parse_subject

REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{40,64})", re.MULTILINE)
REVERT_SUBJECT = re.compile(r'Revert "(.*)"')
# Limit of paths on a command line; a part of a migration shows in each of them.
MAX_PATHS = 100


@dataclass(frozen=True, slots=True)
class Partial:
    """Batches of a migration that are present without the others.

    `commits` are those that say they are batches, oldest first, of `batches` in all. `tip` is the
    commit that was examined.
    """

    name: str
    commits: tuple[Commit, ...]
    batches: int
    tip: str

    @property
    def _there(self) -> str:
        numbers = {s.batch for commit in self.commits if (s := parse_subject(commit.subject))}
        return f"number{'' if len(numbers) == 1 else 's'} {', '.join(map(str, sorted(numbers)))}"

    def error(self, label: str) -> MigrationRefusedError:
        """Return the error with its hint; `label` is the database's name."""
        is_on_top = self.commits[-1].id == self.tip
        command = "doit undo" if is_on_top else f"doit revert {self.name}"
        return MigrationRefusedError(
            f"{label} holds only a part of {self.name}: {self._there} of its "
            f"{self.batches} batches, without its record",
            hint=command,
        )


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """Migrations without a record that subjects name: whole, or partly present."""

    by_hand: dict[str, list[Commit]]
    partial: dict[str, Partial]


def find_unrecorded(history: History, recorded: Collection[str]) -> Unrecorded:
    """Return the migrations that are not among `recorded`, but have an effect in the history.

    A commit whose record no longer exists was reverted, whatever messages and ids say.
    Raises `GitError`.
    """
    found = Unrecorded({}, {})
    names = [name for name in history.named if name not in recorded]
    if not names:
        return found
    reverted = find_reverted(history)
    # A partial clone would have to fetch it; there only messages count, and parts are not detected.
    is_treeless = lacks_trees(history.git)
    changes = {} if is_treeless else history.records_of(names)
    for name in names:
        named = [commit for commit in history.named[name] if commit.id not in history.ends]
        live, batches = _live(history, named, changes.get(name, ()), reverted)
        if live and _is_whole(history, live):
            found.by_hand[name] = live
        elif batches and not is_treeless and _leaves_files(history, batches, name):
            total = max(history.subjects[commit.id].batches for commit in batches)
            found.partial[name] = Partial(name, tuple(batches), total, history.tip)
    return found


def _live(
    history: History,
    named: Sequence[Commit],
    changes: Sequence[RecordChange],
    reverted: Collection[str],
) -> tuple[list[Commit], list[Commit]]:
    """Return the live commits, and the batches that may be partly present."""
    position = history.position
    gone = max((position[change.commit] for change in changes), default=-1)
    live = [commit for commit in named if position[commit.id] > gone and commit.id not in reverted]
    writers = {change.commit for change in changes if change.new}
    batches = [
        commit
        for commit in live or named
        if history.subjects[commit.id].batches > 1
        and commit.id not in writers
        and commit.id not in reverted
    ]
    return live, batches


def _is_whole(history: History, commits: Sequence[Commit]) -> bool:
    """Return whether the batches among `commits` are complete."""
    numbers: dict[int, set[int]] = {}
    for commit in commits:
        _, batch, batches = history.subjects[commit.id]
        numbers.setdefault(batches, set()).add(batch)
    return all(len(there) == batches for batches, there in numbers.items())


def _leaves_files(history: History, commits: Sequence[Commit], name: str) -> bool:
    """Return whether the files of `commits` are unchanged since."""
    git, last = history.git, commits[-1]
    logs = f"{history.data_dir}/{FOLDER}/{name}/"
    written = {
        change.path
        for _, change in changes_of_commits(git, [commit.id for commit in commits])
        if not change.path.startswith(logs)
    }
    tip = history.commits[history.tip]
    written -= {change.path for change in changed_files(git, last.tree, tip.tree)}
    paths = sorted(written)[:MAX_PATHS]
    if not paths:
        return False
    own = {commit.id for commit in commits}
    since = [
        commit.id
        for commit in read_commits(git, "--full-history", f"{last.id}..{tip.id}", paths=paths)
        if commit.id not in own
    ]
    touched = {change.path for _, change in changes_of_commits(git, since)}
    return not touched.issuperset(paths)


def find_reverted(history: History) -> set[str]:
    """Return the commits that ``git revert`` reverted, by the lines that it writes.

    A reverted revert does not count. After a rebase the line names a commit that no longer exists;
    then the subject decides. Raises `GitError`.
    """
    commits, reverted = history.commits, set[str]()
    for by, message in reversed(list(read_messages(history.git, commits))):  # the newest first
        ids = REVERTS.findall(message)
        if by in reverted or not ids:
            continue
        reverted.update(commit for commit in ids if commit in commits)
        if any(commit not in commits for commit in ids):
            reverted |= _by_subject(history, by, reverted)
    return reverted


def _by_subject(history: History, by: str, reverted: Collection[str]) -> set[str]:
    """Return the live commits before the revert `by` that its subject names."""
    found = REVERT_SUBJECT.fullmatch(history.commits[by].subject)
    if found is None:
        return set()
    before = [
        commit
        for commit in history.commits.values()
        if history.position[commit.id] < history.position[by] and commit.id not in reverted
    ]
    named = parse_subject(found[1])
    if named and named.batches == 1:  # all commits of the migration, as `doit revert` does
        return {
            commit.id for commit in before if history.migration_of(commit.id) == named.migration
        }
    return {commit.id for commit in before if commit.subject == found[1]}
