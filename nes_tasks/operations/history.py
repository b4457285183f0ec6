"""The applied migrations, from their records and their commits, and the people who made them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ..database.counts import with_statistics
from ..database.executions import Execution, durations
from ..database.ledger import Applied, Ledger
from ..errors import UsageError
from ..git.command import Git
from ..git.incomplete_clone import shallow_boundary
from ..git.log import Commit, read_commits
from ..project import Project
from ..text import quote
from .blame import document_path
from .points import Points, check_is_past, moment_of


def name_of(author: str) -> str:
    """Return the name in ``Name <address>``; for an address alone, its local part."""
    name = author.partition("<")[0].strip() or author.strip("<> ")
    return name.partition("@")[0] if " " not in name else name


def people_of(authors: Iterable[str]) -> Mapping[str, str]:
    """Return the name of the person behind each of `authors`, strings like ``Name <address>``.

    Authors with the same address, or with the same name but for capitals and blanks, are one
    person, also transitively: a new address with the same name, or a new name with the same
    address. The last name is used; the local part of an address only if there is no name.
    """
    written = list(authors)
    group: dict[str, str] = {}  # union-find: each key with its parent

    def root(key: str) -> str:
        while group.setdefault(key, key) != key:
            key = group[key]
        return key

    for author in written:
        first, *others = _keys(author)
        for key in others:
            group[root(key)] = root(first)
    names: dict[str, str] = {}
    for author in sorted(written, key=_has_name):  # stable, so that the last name wins
        names[root(_keys(author)[0])] = name_of(author)
    return {author: names[root(_keys(author)[0])] for author in written}


def _has_name(author: str) -> bool:
    return bool(author.partition("<")[0].strip()) and "@" not in author.partition("<")[0]


def _keys(author: str) -> list[str]:
    """Return the keys of an author: the name, and the address if there is one."""
    address = author.partition("<")[2].partition(">")[0].strip() or author.strip()
    name = " ".join(name_of(author).casefold().split())
    return [f"name {name}", *([f"address {address.casefold()}"] if "@" in address else [])]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An applied migration with its execution in the history.

    `record` is its marker's content, with the statistics of its commits where its own run did
    not count them. `execution` is None when no commit is known to be its own. `duration` is in
    seconds, None when it was not recorded.
    """

    record: Applied
    execution: Execution | None = None
    duration: float | None = None

    @property
    def commits(self) -> tuple[Commit, ...]:
        """Its commits that were not reverted, oldest first; also of runs that it repeated."""
        return self.execution.live if self.execution else ()

    @property
    def applied_at(self) -> datetime | None:
        """When it was applied: by its record, else by its last commit."""
        if self.record.applied_at or not self.commits:
            return self.record.applied_at
        return self.commits[-1].committed_at

    @property
    def applied_in_utc(self) -> datetime | None:
        """The same in UTC, also assumed for legacy records, which have no zone."""
        moment = self.applied_at
        return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment

    @property
    def committer(self) -> str:
        """The committer; empty when no commit is known."""
        return self.commits[-1].committer if self.commits else ""


def applied_history(
    project: Project, ledger: Ledger, names: Collection[str] | None = None
) -> list[HistoryEntry]:
    """Return the applied migrations, or those among `names`, by number. Writes nothing.

    Raises `GitError` when the history cannot be read.
    """
    if ledger.commit is None:
        return []
    git, data_dir = Git(project.settings.database), project.settings.data_dir
    found = project.executions(ledger, names)
    seconds = durations(git, found)
    wanted = sorted((n for n in ledger.applied if names is None or n in names), key=project.order)
    records = ((name, ledger.applied[name], found.get(name)) for name in wanted)
    return [
        HistoryEntry(with_statistics(git, record, run, data_dir), run, seconds.get(name))
        for name, record, run in records
    ]


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Conditions on applied migrations; None for a condition that is not set.

    `author` is a part of the name or address. `since` is the earliest time, `before` are commits of
    migrations that are too old. `touching` are the commits that changed an entity.
    """

    author: str | None = None
    since: datetime | None = None
    before: frozenset[str] | None = None
    touching: frozenset[str] | None = None

    @classmethod
    def of(
        cls,
        project: Project,
        ledger: Ledger,
        *,
        author: str = "",
        since: str = "",
        entity: str = "",
    ) -> HistoryFilter:
        """Return the filter of command-line values; an empty string sets no condition.

        `since` is a date, a time, or another point, whose own migration is not wanted. Raises
        `UsageError` for a point that is not there, and for an `entity` that no commit has changed.
        """
        moment = moment_of(since.strip(), is_end=False) if since else None
        git = Git(project.settings.database)
        before = None
        if moment:
            check_is_past(since.strip())
        elif since:
            point = Points(project).find(since)
            before = frozenset(commit.id for commit in read_commits(git, point.commit))
        touching = _touching(project, git, ledger, entity) if entity else None
        return cls(author.casefold() or None, moment, before, touching)

    @property
    def is_filter(self) -> bool:
        """Whether any condition is set."""
        return self != HistoryFilter()

    def matches(self, run: HistoryEntry) -> bool:
        """Return whether a migration matches the filter."""
        commits = {commit.id for commit in run.commits}
        if self.author and self.author not in run.record.author.casefold():
            return False
        if self.since and (run.applied_in_utc is None or run.applied_in_utc < self.since):
            return False
        if self.before is not None and commits <= self.before:
            return False
        return self.touching is None or bool(commits & self.touching)


def _touching(project: Project, git: Git, ledger: Ledger, entity: str) -> frozenset[str]:
    if ledger.commit is None:
        return frozenset()
    path = f"{project.settings.data_dir}/{document_path(entity)}"
    found = read_commits(git, "--full-history", ledger.commit, paths=[path])
    # The boundary commit of a shallow clone seems to create every file.
    commits = frozenset(commit.id for commit in found) - shallow_boundary(git)
    if not commits:
        raise UsageError(
            f"no commit in this clone has changed {quote(entity)}", hint=f"doit blame {entity}"
        )
    return commits


def select(entries: list[HistoryEntry], conditions: HistoryFilter) -> list[HistoryEntry]:
    """Return the applied migrations that match the filter."""
    return [run for run in entries if conditions.matches(run)]
