"""The executions of migrations, as the history holds them: which tree each ran on and left.

A marker alone does not tell: it may have been written afterwards, as adopting a database does,
edited, or carried elsewhere by a rebase. What counts is the commit that brought it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from ..git.command import Git
from ..git.incomplete_clone import shallow_ends
from ..git.log import Commit, read_commits, reverted
from ..git.snapshot import Snapshot
from .marker import FILE_NAME, Marker, marker_path
from .records import recorded_with, written_records

# The id that no object has.
UNKNOWN = "0" * 40


class Recorded(NamedTuple):
    """A marker as the branch's tip holds it, and its blob."""

    blob: str
    marker: Marker


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of a migration.

    `commits` are its own, the oldest first; the first of them is on `base` (None: no commit
    yet), whose tree is `base_tree`. `marker` is the blob of the marker that it wrote, None when
    it wrote none, as those by hand and of the earlier system. `earlier` counts the executions of
    the same migration before it, repeated or reverted, `earlier_commits` all other commits that
    are named after the migration.

    `is_cut` says that a shallow clone ends in it or after it, so that base and earlier ones are
    not known; `base_tree` is then only what its marker names, which may not be here, or
    `UNKNOWN`. Without any `commits` it is all beyond that end.
    """

    commits: tuple[Commit, ...]
    base: str | None
    base_tree: str
    marker: str | None
    earlier: int
    earlier_commits: int
    is_cut: bool

    @property
    def commit(self) -> str:
        """The commit that it ended with."""
        return self.commits[-1].id

    @property
    def tree(self) -> str:
        """The tree that it left."""
        return self.commits[-1].tree


def read_markers(
    git: Git, commit: str, data_dir: str, names: Iterable[str]
) -> dict[str, Recorded | None]:
    """Return the markers of the migrations `names` at `commit`, None for one that has none.

    Raises `ValueError` for a file that is no marker, `GitError` for a commit that is not there.
    """
    paths = {name: marker_path(data_dir, name) for name in names}
    found: dict[str, Recorded | None] = dict.fromkeys(paths)
    with closing(Snapshot(git, git.tree_of(commit))) as snapshot:
        contents = dict(snapshot.read_many(paths.values()))
        for name, path in paths.items():
            data, blob = contents[path], snapshot.blob_id(path)
            if data is not None and blob is not None:
                found[name] = Recorded(blob, Marker.from_bytes(data))
    return found


def find_executions(
    git: Git, commit: str, data_dir: str, recorded: Mapping[str, Recorded | None]
) -> dict[str, Execution]:
    """Return the execution up to `commit` that each of the `recorded` migrations comes from.

    It is the last one that wrote exactly the marker that is there now; when none did, because
    the marker was edited since, the last one of all. Where no execution wrote a marker, it is all
    commits that are named after the migration and were not reverted, else the one that brought
    its record of the earlier system. A migration without any of these is left out.

    The history is read once, whatever the number of migrations, and no file but the markers.
    Raises `GitError`.
    """
    history = _History(git, commit, data_dir, recorded)
    rows = {
        name: row
        for name, wanted in recorded.items()
        if wanted and (row := history.row(name, wanted))
    }
    rest = [name for name in recorded if name not in rows]
    rows |= _by_hand(git, commit, data_dir, history, rest)
    return {
        name: history.execution(name, rows[name], wanted)
        for name, wanted in recorded.items()
        if name in rows
    }


class _History:
    """All commits up to one; which are named after the migrations, and which wrote a marker."""

    def __init__(
        self, git: Git, commit: str, data_dir: str, recorded: Mapping[str, Recorded | None]
    ) -> None:
        self.commits = {one.id: one for one in read_commits(git, commit)}
        self.ends = shallow_ends(git)
        self.named: defaultdict[str, list[Commit]] = defaultdict(list)
        self.written: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._empty = git.empty_tree()
        bases = {wanted.marker.base_tree for wanted in recorded.values() if wanted}
        candidates: list[str] = []
        for one in self.commits.values():
            if one.migration and one.migration in recorded:
                self.named[one.migration].append(one)
            elif one.id not in self.ends and self._tree_before(one) not in bases:
                continue
            candidates.append(one.id)
        for record in written_records(git, candidates, data_dir):
            if record.file_name == FILE_NAME:
                self.written[record.migration][record.commit] = record.blob

    def _tree_before(self, commit: Commit) -> str:
        return self.commits[commit.parent].tree if commit.parent else self._empty

    def row(self, name: str, wanted: Recorded) -> list[Commit]:
        """Return the commits of the execution that the marker comes from, none without any.

        They begin with the one on the tree that the marker names, or with the first of an
        unbroken row of the migration's commits if there is none on that tree.
        """
        written, base_tree = self.written[name], wanted.marker.base_tree
        # Somebody may have changed the subject, or made one commit of several. Where a shallow
        # clone ends everything looks new, and nobody knows who wrote it.
        known = [
            one
            for one in map(self.commits.__getitem__, reversed(written))
            if one.migration == name or one.id in self.ends or self._tree_before(one) == base_tree
        ]
        if not known:
            return []
        row = [max(known, key=lambda one: (written[one.id] == wanted.blob, one.migration == name))]
        while self._tree_before(row[-1]) != base_tree and row[-1].parent:
            before = self.commits[row[-1].parent]
            if before.migration != name or before.id in written:
                break
            row.append(before)
        return row[::-1]

    def execution(self, name: str, row: Sequence[Commit], wanted: Recorded | None) -> Execution:
        """Return the execution that consists of the commits in `row`."""
        first, last, written = row[0], row[-1], self.written[name]
        is_cut = first.id in self.ends
        base_tree = self._tree_before(first)
        if is_cut:
            base_tree = wanted.marker.base_tree if wanted and last.id in written else UNKNOWN
        # The one that a shallow clone ends with holds what all before it did.
        own = tuple(one for one in row if one.migration == name or one.id not in self.ends)
        before = takewhile(lambda commit: commit != last.id, written)
        named = {one.id for one in self.named[name]}
        return Execution(
            commits=own,
            base=first.parent,
            base_tree=base_tree,
            marker=written.get(last.id),
            earlier=sum(commit in named and commit not in self.ends for commit in before),
            earlier_commits=len(named.difference(one.id for one in own)),
            is_cut=is_cut,
        )


def _by_hand(
    git: Git, commit: str, data_dir: str, history: _History, names: Sequence[str]
) -> dict[str, list[Commit]]:
    """Return the commits of the migrations `names`, which wrote no marker, as far as known."""
    if not names:
        return {}
    undone = reverted(git, commit)
    found = {name: [one for one in history.named[name] if one.id not in undone] for name in names}
    unnamed = {name for name, row in found.items() if not row}
    if unnamed:
        left = (one for one in history.commits if one not in history.ends and one not in undone)
        for brought, name in recorded_with(git, left, data_dir).items():
            if name in unnamed:
                found[name] = [history.commits[brought]]
    return {name: row for name, row in found.items() if row}
