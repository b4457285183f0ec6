"""What only commit subjects show: migrations run without a record, and parts of one.

A subject is weak evidence: anybody can write it, and a revert leaves it as it is. So it counts
only for a migration of which no commit ever wrote a record.
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
    """Batches of a migration that are there without the others.

    `commits` are those that say they are batches, oldest first, of `batches` in all. `tip` is
    the commit that was looked at.
    """

    name: str
    commits: tuple[Commit, ...]
    batches: int
    tip: str

    @property
    def _there(self) -> str:
        numbers = {s.batch for one in self.commits if (s := parse_subject(one.subject))}
        return f"number{'' if len(numbers) == 1 else 's'} {', '.join(map(str, sorted(numbers)))}"

    def error(self, label: str) -> MigrationRefusedError:
        """Return the error that names it and the way out; `label` is the database's name."""
        is_on_top = self.commits[-1].id == self.tip
        command = "doit undo" if is_on_top else f"doit revert {self.name}"
        return MigrationRefusedError(
            f"{label} holds only a part of {self.name}: {self._there} of its "
            f"{self.batches} batches, without its record",
            hint=command,
        )


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """Migrations without a record that subjects name: run as a whole, or there in part."""

    by_hand: dict[str, list[Commit]]
    partial: dict[str, Partial]


def find_unrecorded(history: History, recorded: Collection[str]) -> Unrecorded:
    """Return the migrations that are not among `recorded`, but have an effect in the history.

    A commit that wrote a record which is gone now was undone, whatever messages and ids say.
    Raises `GitError`.
    """
    found = Unrecorded({}, {})
    names = [name for name in history.named if name not in recorded]
    if not names:
        return found
    undone = reverted(history)
    # It would have to be fetched there; then only messages count, and no part is noticed.
    is_treeless = lacks_trees(history.git)
    changes = {} if is_treeless else history.records_of(names)
    for name in names:
        named = [one for one in history.named[name] if one.id not in history.ends]
        live, batches = _live(history, named, changes.get(name, ()), undone)
        if live and _is_whole(history, live):
            found.by_hand[name] = live
        elif batches and not is_treeless and _leaves_files(history, batches, name):
            total = max(history.subjects[one.id].batches for one in batches)
            found.partial[name] = Partial(name, tuple(batches), total, history.tip)
    return found


def _live(
    history: History,
    named: Sequence[Commit],
    changes: Sequence[RecordChange],
    undone: Collection[str],
) -> tuple[list[Commit], list[Commit]]:
    """Return the commits that were not reverted, and the batches that may be partly there."""
    position = history.position
    gone = max((position[change.commit] for change in changes), default=-1)
    live = [one for one in named if position[one.id] > gone and one.id not in undone]
    writers = {change.commit for change in changes if change.new}
    batches = [
        one
        for one in live or named
        if history.subjects[one.id].batches > 1 and one.id not in writers and one.id not in undone
    ]
    return live, batches


def _is_whole(history: History, commits: Sequence[Commit]) -> bool:
    """Return whether the batches among `commits` are all that there should be."""
    numbers: dict[int, set[int]] = {}
    for one in commits:
        _, batch, batches = history.subjects[one.id]
        numbers.setdefault(batches, set()).add(batch)
    return all(len(there) == batches for batches, there in numbers.items())


def _leaves_files(history: History, commits: Sequence[Commit], name: str) -> bool:
    """Return whether files are still as `commits` left them, unchanged since."""
    git, last = history.git, commits[-1]
    logs = f"{history.data_dir}/{FOLDER}/{name}/"
    written = {
        change.path
        for _, change in changes_of_commits(git, [one.id for one in commits])
        if not change.path.startswith(logs)
    }
    tip = history.commits[history.tip]
    written -= {change.path for change in changed_files(git, last.tree, tip.tree)}
    paths = sorted(written)[:MAX_PATHS]
    if not paths:
        return False
    own = {one.id for one in commits}
    since = [
        one.id
        for one in read_commits(git, "--full-history", f"{last.id}..{tip.id}", paths=paths)
        if one.id not in own
    ]
    touched = {change.path for _, change in changes_of_commits(git, since)}
    return not touched.issuperset(paths)


def reverted(history: History) -> set[str]:
    """Return the commits that a ``git revert`` took back, by the lines that it writes.

    A revert that was itself reverted takes nothing back. After a rebase the line names a commit
    that is not there any more; then the subject decides. Raises `GitError`.
    """
    commits, undone = history.commits, set[str]()
    for by, message in reversed(list(read_messages(history.git, commits))):  # the newest first
        ids = REVERTS.findall(message)
        if by in undone or not ids:
            continue
        undone.update(commit for commit in ids if commit in commits)
        if any(commit not in commits for commit in ids):
            undone |= _by_subject(history, by, undone)
    return undone


def _by_subject(history: History, by: str, undone: Collection[str]) -> set[str]:
    """Return the commits before the revert `by` that its subject names, as far as still live."""
    found = REVERT_SUBJECT.fullmatch(history.commits[by].subject)
    if found is None:
        return set()
    before = [
        one
        for one in history.commits.values()
        if history.position[one.id] < history.position[by] and one.id not in undone
    ]
    named = parse_subject(found[1])
    if named and named.batches == 1:  # all commits of the migration, as `doit revert` does
        return {one.id for one in before if history.migration_of(one.id) == named.migration}
    return {one.id for one in before if one.subject == found[1]}
