"""The history up to one commit: all its commits, and their changes to records.

It only has facts; `executions` and `unrecorded` draw conclusions from them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..git.command import Git
from ..git.diff import changed_files, changes_of_commits
from ..git.incomplete_clone import lacks_trees, shallow_boundary
from ..git.log import Commit, read_commits
from .ledger import LEGACY_FILE_NAME
from .marker import FILE_NAME, FOLDER, Subject, parse_acceptance, parse_subject

RECORDS = (FILE_NAME, LEGACY_FILE_NAME)


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A commit's change of a record: the blobs `old` and `new`, None without a record."""

    commit: str
    migration: str
    file_name: str
    old: str | None
    new: str | None

    @property
    def is_marker(self) -> bool:
        """Whether it wrote a marker."""
        return self.file_name == FILE_NAME and self.new is not None


def record_changes(git: Git, commits: Iterable[str], data_dir: str) -> Iterator[RecordChange]:
    """Yield the changes of records by each of the `commits`, in their order.

    A merge counts with what differs from all of its parents. Reads trees only; raises `GitError`.
    """
    logs = f"{data_dir}/{FOLDER}"
    for commit, change in changes_of_commits(git, commits, logs):
        name, _, file_name = change.path.removeprefix(f"{logs}/").partition("/")
        if file_name in RECORDS:
            yield RecordChange(commit, name, file_name, change.old, change.new)


class History:
    """All commits up to `tip`, over all parents; everything is read lazily."""

    def __init__(self, git: Git, tip: str, data_dir: str) -> None:
        self.git = git
        self.tip = tip
        self.data_dir = data_dir

    @cached_property
    def commits(self) -> dict[str, Commit]:
        """All commits by id, parents before their children."""
        return {commit.id: commit for commit in read_commits(self.git, self.tip)}

    @cached_property
    def position(self) -> dict[str, int]:
        """The place of each commit in the order of `commits`."""
        return {commit: at for at, commit in enumerate(self.commits)}

    @cached_property
    def ends(self) -> frozenset[str]:
        """The boundary commits of a shallow clone: everything in them looks new."""
        return shallow_boundary(self.git)

    @cached_property
    def subjects(self) -> dict[str, Subject]:
        """The parsed subjects that name a migration, by commit."""
        parsed = ((commit.id, parse_subject(commit.subject)) for commit in self.commits.values())
        return {commit: subject for commit, subject in parsed if subject}

    @cached_property
    def named(self) -> dict[str, list[Commit]]:
        """The commits whose subjects name a migration, by its name, oldest first."""
        found: dict[str, list[Commit]] = {}
        for commit, subject in self.subjects.items():
            found.setdefault(subject.migration, []).append(self.commits[commit])
        return found

    @cached_property
    def records(self) -> dict[str, list[RecordChange]]:
        """The changes of each migration's records, oldest first.

        A clone without the folders of early commits would fetch them one by one; there, only the
        commits that name a migration are looked at.
        """
        named = {**self.subjects, **self._accepting}
        wanted = named if lacks_trees(self.git) else self.commits
        found: defaultdict[str, list[RecordChange]] = defaultdict(list)
        for change in record_changes(self.git, wanted, self.data_dir):
            found[change.migration].append(change)
        return dict(found)

    @cached_property
    def _accepting(self) -> dict[str, str]:
        """The migration whose folder a commit accepts by its subject, by commit."""
        parsed = ((commit.id, parse_acceptance(commit.subject)) for commit in self.commits.values())
        return {commit: name for commit, name in parsed if name}

    def accepted_by(self, commit: str) -> str | None:
        """Return the migration whose folder a commit accepts as it was edited, None for others.

        Such a commit changes only markers, whatever its subject says.
        """
        name = self._accepting.get(commit)
        is_one = name and commit not in self.ends and self.writes_markers_alone(commit)
        return name if is_one else None

    @cached_property
    def new_markers(self) -> dict[str, list[str]]:
        """The migrations whose markers a commit made, by commit."""
        found: dict[str, list[str]] = {}
        for name, changes in self.records.items():
            for change in changes:
                if change.is_marker and change.old is None:
                    found.setdefault(change.commit, []).append(name)
        return found

    def records_of(self, names: Sequence[str]) -> dict[str, list[RecordChange]]:
        """Return the same for the migrations `names` only, which is faster for a few."""
        if not names:
            return {}
        folders = [f"{self.data_dir}/{FOLDER}/{name}" for name in names]
        wanted = [
            commit.id
            for commit in read_commits(self.git, "--full-history", self.tip, paths=folders)
        ]
        found: dict[str, list[RecordChange]] = {name: [] for name in names}
        for change in record_changes(self.git, wanted, self.data_dir):
            if change.migration in found:
                found[change.migration].append(change)
        return found

    @cached_property
    def _merges(self) -> dict[str, list[Commit]]:
        found: dict[str, list[Commit]] = {}
        for commit in self.commits.values():
            if len(commit.parents) == 2:
                found.setdefault(commit.parents[1], []).append(commit)
        return found

    def merges_of(self, commit: str) -> list[Commit]:
        """Return the merges whose second parent is `commit`."""
        return self._merges.get(commit, [])

    def migration_of(self, commit: str) -> str | None:
        """Return the migration that the subject of a commit names, None without one."""
        subject = self.subjects.get(commit)
        return subject.migration if subject else None

    def tree_before(self, commit: Commit) -> str:
        """Return the tree of the first parent, the empty one without any."""
        return self.commits[commit.parent].tree if commit.parent else self._empty_tree

    @cached_property
    def _empty_tree(self) -> str:
        return self.git.empty_tree()

    def writes_markers_alone(self, commit: str) -> bool:
        """Return whether a commit changes only markers, as adopting a database does."""
        one = self.commits[commit]
        for change in changed_files(self.git, self.tree_before(one), one.tree):
            parts = change.path.removeprefix(f"{self.data_dir}/{FOLDER}/").split("/")
            if len(parts) != 2 or parts[1] != FILE_NAME:
                return False
        return True
