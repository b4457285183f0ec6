"""The executions of migrations: their commits, and the trees before and after them.

The commit that introduced the record is authoritative, over all parents; a subject counts only
where there never was a record. A marker alone is not enough: it may have been written afterwards,
as adopting a database does, edited, or carried elsewhere by a rebase.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from ..git.command import Git
from ..git.incomplete_clone import fetch_files
from ..git.log import Commit, read_messages
from ..git.objects import ObjectReader
from .history import History, RecordChange, record_changes
from .ledger import LEGACY_FILE_NAME, Applied
from .marker import Marker, parse_duration, parse_subject
from .unrecorded import find_reverted

# An id that no object has.
UNKNOWN = "0" * 40


class Record(NamedTuple):
    """The marker at the branch's tip: its blob, and the base tree that it names."""

    blob: str
    base_tree: str


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of a migration.

    `commits` are its own, the oldest first; where they are the batches of a side chain, the merge
    that closes it is the last one. They are on `base` (None: no commit yet), whose tree is
    `base_tree`. `marker` is the blob of the marker that it wrote, None when it wrote none, as
    those by hand and of the legacy system. `live` are its commits and those of the executions
    that it repeated with --force. `earlier` counts the executions before it, repeated or
    reverted, `earlier_commits` all other commits that are the migration's. `squashed_with` are
    other migrations whose records the same commit brought. `accepted` are the changes of the marker
    since, oldest first, in which its folder was accepted as edited without changing the data.

    `is_truncated` says that a shallow clone ends in it or after it, so that base and earlier ones
    are not known; `base_tree` is then only what its marker names, which may not be here, or
    `UNKNOWN`. Without any `commits` it is all beyond that end.
    """

    commits: tuple[Commit, ...]
    base: str | None
    base_tree: str
    marker: str | None
    live: tuple[Commit, ...]
    earlier: int
    earlier_commits: int
    is_truncated: bool
    squashed_with: tuple[str, ...] = ()
    accepted: tuple[RecordChange, ...] = ()

    @property
    def commit(self) -> str:
        """The commit that it ended with."""
        return self.commits[-1].id

    @property
    def tree(self) -> str:
        """The tree that it left."""
        return self.commits[-1].tree


class Run(NamedTuple):
    """One execution with its migration and the marker that it wrote."""

    name: str
    marker: Marker
    execution: Execution


def records_of(applied: Mapping[str, Applied]) -> dict[str, Record | None]:
    """Return the record of each applied migration, None for one of the legacy system."""
    return {
        name: Record(record.marker_blob, record.base_tree)
        if record.marker_blob and record.base_tree
        else None
        for name, record in applied.items()
    }


def find_executions(history: History, records: Mapping[str, Record | None]) -> dict[str, Execution]:
    """Return the execution that each of the `records`, by migration, comes from.

    It is the one that wrote exactly the marker that is there now; when none did, because the
    marker was edited since, the last one of all. Where no execution wrote a marker, it is all
    commits that are named after the migration and were not reverted, else the one that brought
    its record of the legacy system. A migration without any of these is left out.

    The history is read once, whatever the number of migrations, and of files at most a few
    markers. Raises `GitError`.
    """
    found = {
        name: execution
        for name, record in records.items()
        if record and (execution := _Marked(history, name, record).execution())
    }
    rest = [name for name in records if name not in found]
    return found | _unmarked(history, rest)


def every_run(history: History) -> list[Run]:
    """Return every execution that wrote a marker, those repeated or reverted since included.

    They come in the order of the history, those of one commit by their clocks. A marker that
    was edited or adopted does not come from an execution, nor does an unreadable one.
    Reads every marker that there ever was; raises `GitError`.
    """
    written = [
        change for changes in history.records.values() for change in changes if change.is_marker
    ]
    blobs = list(dict.fromkeys(change.new or "" for change in written))
    markers = dict(zip(blobs, read_markers(history.git, blobs), strict=True))
    found: dict[tuple[str, str], Run] = {}
    for change in written:
        marker = markers[change.new or ""]
        if marker is None:
            continue
        record = Record(change.new or "", marker.base_tree)
        for execution in _Marked(history, change.migration, record).executions():
            run = Run(change.migration, marker, execution)
            found[execution.commit, change.migration] = run

    def order(run: Run) -> tuple[int, datetime, str]:
        return history.position[run.execution.commit], run.marker.applied_at, run.name

    return sorted(found.values(), key=order)


@dataclass(frozen=True, slots=True)
class _Row:
    """The commits of one execution, oldest first, and its base."""

    commits: tuple[Commit, ...]
    base: str | None
    is_truncated: bool


class _Marked:
    """The executions of one migration that wrote a marker."""

    def __init__(self, history: History, name: str, record: Record) -> None:
        self._history = history
        self._name = name
        self._record = record
        self._changes = history.records.get(name, [])
        self._markers = [change for change in self._changes if change.is_marker]
        self._writers = {change.commit for change in self._markers}
        self._rows = {change.commit: self._row(change) for change in self._markers}

    def execution(self) -> Execution | None:
        """Return the execution that the record comes from, None when no commit is known."""
        runs = self._runs
        return self._of(max(runs, key=self._rank)) if runs else None

    def executions(self) -> list[Execution]:
        """Return every execution that wrote exactly the marker of the record.

        There are several when a run has the clock of another one that was reverted.
        """
        same = [change for change in self._runs if change.new == self._record.blob]
        best = max(same, key=self._rank, default=None)
        return [self._of(change) for change in same if change is best or self._is_named(change)]

    @cached_property
    def _runs(self) -> list[RecordChange]:
        return [change for change in self._markers if self._is_run(change)]

    def _rank(self, change: RecordChange) -> tuple[bool, bool, bool, bool, int]:
        """Return the key by which the run that the record comes from is the greatest.

        A revert of a revert, and a rebased copy, bring the same marker again; so does another
        run with the same clock, after the first one was taken back. Where a shallow clone ends
        every marker is new, and the last one is the nearest.
        """
        at, at_end = self._history.position[change.commit], self._is_end(change.commit)
        same = change.new == self._record.blob
        is_named, is_on_base = self._is_named(change), self._is_on_base(change)
        gone = (
            self._history.position[change.commit] for change in self._changes if change.new is None
        )
        is_since = at > max(gone, default=-1)
        return same, is_on_base, is_named, is_since, at if at_end or not same else -at

    def _of(self, last: RecordChange) -> Execution:
        """Return the execution that wrote a marker."""
        row, runs = self._rows[last.commit], self._runs
        history, ends = self._history, self._history.ends
        # The boundary commit of a shallow clone contains the changes of all earlier ones.
        own = self._own(row)
        base_tree = self._record.base_tree
        if not row.is_truncated:
            base_tree = history.commits[row.base].tree if row.base else history.git.empty_tree()
        at = history.position[last.commit]
        # A commit that restores the same marker under another subject is not an execution.
        others = [run for run in runs if run.new != last.new or self._is_named(run)]
        known = {commit.id for commit in history.named.get(self._name, ())}
        known |= {commit.id for change in others for commit in self._rows[change.commit].commits}
        before = [change for change in others if history.position[change.commit] < at]
        return Execution(
            commits=own,
            base=row.base,
            base_tree=base_tree,
            marker=last.new,
            live=self._live(runs, last, own),
            earlier=sum(not self._is_end(change.commit) for change in before),
            earlier_commits=len(known - ends - {commit.id for commit in own}),
            is_truncated=row.is_truncated,
            squashed_with=() if self._is_end(last.commit) else self._squashed_with(last.commit),
            accepted=self._accepted(last),
        )

    def _accepted(self, last: RecordChange) -> tuple[RecordChange, ...]:
        """Return the acceptances since the marker was written that were not reverted."""
        history, row = self._history, [last]
        for change in self._changes[self._changes.index(last) + 1 :]:
            if change.old != row[-1].new or change.new is None:
                continue
            known = [change.new for change in row]
            if change.new in known:  # as after a `git revert` of an acceptance
                del row[known.index(change.new) + 1 :]
            elif history.accepted_by(change.commit) == self._name:
                row.append(change)
        return tuple(row[1:])

    def _own(self, row: _Row) -> tuple[Commit, ...]:
        """Return the commits of a row without shallow boundary commits of other migrations."""
        history = self._history
        return tuple(
            commit
            for commit in row.commits
            if commit.id not in history.ends or history.migration_of(commit.id) == self._name
        )

    def _is_end(self, commit: str) -> bool:
        return commit in self._history.ends

    def _ends_batches(self, commit: str) -> bool:
        """Return whether a commit follows on the last batch but one: its marker may be all."""
        below = self._history.subjects.get(self._history.commits[commit].parent or "")
        if below is None or below.migration != self._name:
            return False
        return below.batch == below.batches - 1

    def _is_named(self, change: RecordChange) -> bool:
        return self._history.migration_of(change.commit) == self._name

    def _is_on_base(self, change: RecordChange) -> bool:
        row = self._rows[change.commit]
        if row.is_truncated:
            return False
        return self._history.tree_before(row.commits[0]) == self._record.base_tree

    def _is_run(self, change: RecordChange) -> bool:
        """Return whether an execution wrote a marker, rather than an adoption or an edit."""
        commit = change.commit
        if self._is_end(commit) or self._is_named(change):
            return True
        if change.old is None:
            return self._ends_batches(commit) or not self._history.writes_markers_alone(commit)
        return self._is_on_base(change) or _is_later(self._history.git, change)

    def _row(self, change: RecordChange) -> _Row:
        """Return the commits of the execution that wrote a marker, lifted to its merge.

        They begin with the one on the tree that the marker names, or with the first of an
        unbroken row of the migration's commits if there is none on that tree.
        """
        history = self._history
        row = [history.commits[change.commit]]
        while history.tree_before(row[-1]) != self._record.base_tree and row[-1].parent:
            before = history.commits[row[-1].parent]
            if before.is_merge or before.id in self._writers:
                break
            if history.migration_of(before.id) != self._name:
                break
            row.append(before)
        row.reverse()
        return self._lifted(row) or _Row(tuple(row), row[0].parent, row[0].id in history.ends)

    def _lifted(self, row: Sequence[Commit]) -> _Row | None:
        """Return the row with the merge that closes it, None when no merge does.

        Such a merge has the tree of the last batch, and its first parent is what the first
        batch is on; so it changes nothing of its own.
        """
        history, last = self._history, row[-1]
        for merge in history.merges_of(last.id):
            base, is_named = merge.parents[0], history.migration_of(merge.id) == self._name
            chain = self._chain(last, base) if is_named else row
            if merge.tree != last.tree or not chain:
                continue
            is_whole = chain[0].parent == base
            # A shallow clone may have the base and the merge, but lack the batches.
            if (is_whole and (is_named or len(chain) > 1)) or (
                is_named and chain[0].id in history.ends
            ):
                return _Row((*chain, merge), base, is_truncated=False)
        return None

    def _chain(self, last: Commit, base: str) -> list[Commit]:
        """Return the commits from `base` to `last`; none when they are not of one migration."""
        history, chain = self._history, [last]
        while chain[-1].parent and chain[-1].parent != base:
            before = history.commits[chain[-1].parent]
            if before.is_merge or before.id in self._writers:
                return []
            chain.append(before)
        first = chain[-1]
        is_whole = first.parent == base or first.id in history.ends
        return chain[::-1] if is_whole else []

    def _live(
        self, runs: Sequence[RecordChange], last: RecordChange, own: tuple[Commit, ...]
    ) -> tuple[Commit, ...]:
        """Return the commits of all executions since the record was last absent."""
        rows: list[tuple[Commit, ...]] = [own]
        old, position = last.old, self._history.position
        for change in reversed(runs):
            if old is None:
                break
            if position[change.commit] < position[last.commit]:
                rows.append(self._own(self._rows[change.commit]))
                old = change.old
        return tuple(commit for row in reversed(rows) for commit in row)

    def _squashed_with(self, commit: str) -> tuple[str, ...]:
        others = set(self._history.new_markers.get(commit, ())) - {self._name}
        return tuple(sorted(others))


def _is_later(git: Git, change: RecordChange) -> bool:
    """Return whether a marker replaced that of an earlier execution.

    An edited marker still has the time of the same execution.
    """
    old, new = read_markers(git, [change.old or "", change.new or ""])
    # An unreadable marker comes from an edit; a later edit repaired it.
    return bool(old and new and old.applied_at != new.applied_at)


def read_markers(git: Git, blobs: Sequence[str]) -> list[Marker | None]:
    """Return the marker in each of the `blobs`, None for a blob that is not a marker."""
    if git.is_partial:
        fetch_files(git, blobs)
    found: list[Marker | None] = []
    with ObjectReader(git) as reader:
        for blob in reader.get_many(blobs):
            try:
                found.append(Marker.from_bytes(blob.data if blob else b""))
            except ValueError:
                found.append(None)
    return found


def _unmarked(history: History, names: Sequence[str]) -> dict[str, Execution]:
    """Return the commits of the migrations `names`, which wrote no marker, as far as known."""
    if not names:
        return {}
    reverted = find_reverted(history)
    found: dict[str, list[Commit]] = {}
    for name in names:
        gone = [c.commit for c in history.records.get(name, ()) if c.new is None]
        since = max((history.position[commit] for commit in gone), default=-1)
        found[name] = [
            commit
            for commit in history.named.get(name, ())
            if commit.id not in reverted and history.position[commit.id] > since
        ]
    unnamed = {name for name, row in found.items() if not row}
    for commit, name in _brought_alone(history.records.values()).items():
        if name in unnamed and commit not in history.ends and commit not in reverted:
            found[name] = [history.commits[commit]]
    return {name: _by_hand(history, name, row) for name, row in found.items() if row}


def _brought_alone(changes: Iterable[Iterable[RecordChange]]) -> dict[str, str]:
    """Return the migration whose record of the legacy system a commit brought, by commit.

    Its maintainers committed by hand, under any subject; files committed together with such a
    record were written by that migration. A commit that brought several, as one that imports a
    whole database does, is left out: its data cannot be attributed.
    """
    brought: dict[str, list[str]] = {}
    for change in (change for some in changes for change in some):
        if change.file_name == LEGACY_FILE_NAME and change.new and change.old is None:
            brought.setdefault(change.commit, []).append(change.migration)
    return {commit: names[0] for commit, names in brought.items() if len(names) == 1}


def _by_hand(history: History, name: str, row: Sequence[Commit]) -> Execution:
    is_truncated = row[0].id in history.ends
    known = {commit.id for commit in history.named.get(name, ())}
    return Execution(
        commits=tuple(row),
        base=row[0].parent,
        base_tree=UNKNOWN if is_truncated else history.tree_before(row[0]),
        marker=None,
        live=tuple(row),
        earlier=0,
        earlier_commits=len(known - {commit.id for commit in row}),
        is_truncated=is_truncated,
    )


def owners(executions: Mapping[str, Execution]) -> dict[str, str]:
    """Return the migration that each live commit of the `executions` is of, by commit."""
    return {commit.id: name for name, found in executions.items() for commit in found.live}


def migrations_of(git: Git, commits: Mapping[str, str], data_dir: str) -> dict[str, str]:
    """Return the migration that each of the `commits` (subjects by id) is of, if it is of one.

    It is the one whose record the commit brought, or renewed in an execution; several, separated
    by commas, where several commits were squashed. A batch brings no record: it says in
    its subject what it is a part of.
    """
    markers: dict[str, dict[str, None]] = {}
    changes = [change for change in record_changes(git, commits, data_dir) if change.new]
    for change in (change for change in changes if change.is_marker):
        named = parse_subject(commits[change.commit])
        is_named = named is not None and named.migration == change.migration
        if is_named or change.old is None or _is_later(git, change):
            markers.setdefault(change.commit, {})[change.migration] = None
    found = _brought_alone([changes])
    for commit, subject in commits.items():
        if parsed := parse_subject(subject):
            found[commit] = parsed.migration
    return found | {commit: ", ".join(names) for commit, names in markers.items()}


def durations(git: Git, executions: Mapping[str, Execution]) -> dict[str, float]:
    """Return the duration of each migration's script in seconds, where messages have it."""
    ending = {commit.id: name for name, run in executions.items() for commit in run.commits[-2:]}
    found: dict[str, float] = {}
    for commit, message in read_messages(git, ending):
        seconds = parse_duration(message)
        if seconds is not None:
            found[ending[commit]] = seconds
    return found
