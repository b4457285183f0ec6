"""The report: the contents, the history and the completeness of the database.

It is built only from the database repository: the files of one commit, and its history. The same
commit gives the same report everywhere, unless a clone is incomplete; `Gaps` says how.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial

from ..database.data_path import type_of
from ..database.executions import Execution, owners
from ..database.ledger import Ledger
from ..database.marker import FOLDER
from ..errors import DatabaseError
from ..git.command import Git
from ..git.diff import File, list_files
from ..git.incomplete_clone import lacks_trees, missing_files, shallow_boundary
from ..git.log import Commit, committed_at, read_commits
from ..git.objects import ObjectReader
from ..models.identifiers import SUFFIX
from ..project import Project
from .changes import ChangeSummary, summarize_changes
from .history import HistoryEntry, applied_history, name_of, people_of
from .report_coverage import Coverage, measure_coverage
from .report_growth import Point, measure_growth

RELATIONSHIP = "relationship:"


@dataclass(frozen=True, slots=True)
class FileCounts:
    """Counts of files.

    `entities` and `relationships` are by type (``location/ward``; ``FUNDED_BY``), `versions`
    by the type of what they are versions of, relationships as ``relationship:FUNDED_BY``.
    `records` are the files about migrations, `others` all other files.
    """

    entities: Mapping[str, int]
    relationships: Mapping[str, int]
    versions: Mapping[str, int]
    authors: int
    records: int
    others: int

    @property
    def files(self) -> int:
        """All files of the data folder."""
        by_type = (self.entities, self.relationships, self.versions)
        counted = sum(sum(counts.values()) for counts in by_type)
        return counted + self.authors + self.records + self.others


def count_files(
    files: Iterable[File], data_dir: str, progress: Callable[[int], None]
) -> FileCounts:
    """Count `files` by their paths; `progress` is called with how many there are so far."""
    by_kind: dict[str, Counter[str]] = {
        kind: Counter() for kind in ("entity", "relationship", "version")
    }
    single: Counter[str] = Counter()
    start = len(data_dir) + 1
    for number, file in enumerate(files, 1):
        parts = file.path[start:].split("/")
        kind = parts[0]
        if kind == FOLDER:
            single["records"] += 1
        elif not file.path.endswith(SUFFIX) or len(parts) < 2:
            single["others"] += 1
        elif kind in ("entity", "relationship"):
            by_kind[kind][type_of(parts)] += 1
        elif kind == "version" and len(parts) > 3:
            # The folder of a version's file names the object that it is a version of.
            by_kind[kind][type_of(parts[1:-1])] += 1
        else:
            single["authors" if kind == "author" and len(parts) == 2 else "others"] += 1
        if not number % 1000:
            progress(number)
    return FileCounts(
        entities=_sorted(by_kind["entity"]),
        relationships=_sorted(
            {name.removeprefix(RELATIONSHIP): n for name, n in by_kind["relationship"].items()}
        ),
        versions=_sorted(by_kind["version"]),
        authors=single["authors"],
        records=single["records"],
        others=single["others"],
    )


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


# Progress callback: (label, done, total or None).
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Gaps:
    """The missing parts of this clone: early commits, folders of early commits, or files."""

    is_shallow: bool
    lacks_trees: bool
    lacks_files: bool


@dataclass(frozen=True, slots=True)
class MigrationSummary:
    """One applied migration: its record, its commits, and its changes.

    `author` and `committer` are names without addresses, empty where nobody is known. `changes`
    is None where the history does not reach back to what it ran on.
    """

    run: HistoryEntry
    author: str
    committer: str
    changes: ChangeSummary | None

    @property
    def name(self) -> str:
        """The full name of the migration."""
        return self.run.record.name

    @property
    def applied_at(self) -> datetime | None:
        """When it was applied, in UTC.

        A legacy record has no zone; it is taken to be in UTC.
        """
        moment = self.run.applied_at
        if moment is None:
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    @property
    def applied_on(self) -> date | None:
        """The date of `applied_at`."""
        return self.applied_at.date() if self.applied_at else None


@dataclass(frozen=True, slots=True)
class Report:
    """The report about one `commit` of the database called `name`.

    A brief one has no `growth`, no changes of migrations and no `coverage`.
    """

    commit: str
    committed_at: datetime
    file_counts: FileCounts
    growth: tuple[Point, ...]
    summaries: tuple[MigrationSummary, ...]
    coverage: Coverage | None
    gaps: Gaps
    name: str


def make_report(project: Project, progress: Progress, *, brief: bool = False) -> Report:
    """Read the database and its history. Writes nothing to it.

    In a partial clone it only fetches missing records and folders of the last commit.

    A `brief` report uses only file names and records of migrations. Raises
    `DatabaseError` when there is nothing yet.
    """
    ledger = project.ledger()
    if ledger.commit is None:
        raise DatabaseError(
            f"{project.settings.database_label} has no commit to report on",
            hint="doit applies what is pending",
        )
    git, data_dir, commit = Git(project.settings.database), project.settings.data_dir, ledger.commit
    gaps = Gaps(bool(shallow_boundary(git)), lacks_trees(git), git.is_partial)

    def files() -> Iterator[File]:
        return list_files(git, commit, data_dir)

    file_counts = count_files(files(), data_dir, lambda n: progress("counting files", n, None))
    growth: tuple[Point, ...] = ()
    summaries = _summaries(project, ledger)
    executions = {summary.name: run for summary in summaries if (run := summary.run.execution)}
    coverage = None
    if not brief:
        if not gaps.lacks_trees:
            growth = measure_growth(
                git,
                read_commits(git, "--first-parent", commit),
                data_dir,
                _owners(project, ledger, executions),
                progress=partial(progress, "following the history"),
            )
            summaries = list(_with_changes(summaries, executions, git, data_dir, gaps, progress))
        total = sum(file_counts.entities.values()) + sum(file_counts.relationships.values())
        coverage = measure_coverage(
            git,
            files(),
            data_dir,
            missing=missing_files(git, f"{commit}^{{tree}}"),
            progress=lambda n: progress("reading entities and relationships", n, total),
        )
    return Report(
        commit=commit,
        committed_at=committed_at(git, commit),
        file_counts=file_counts,
        growth=growth,
        summaries=tuple(summaries),
        coverage=coverage,
        gaps=gaps,
        name=_database_name(project),
    )


def _database_name(project: Project) -> str:
    """Return the name of the database: that of the remote, else of its folder.

    Only the last part of an address is used, which has no credentials.
    """
    settings = project.settings
    address = (settings.remote_url or "").rstrip("/").removesuffix(".git")
    return re.split(r"[/:]", address)[-1] or settings.database.name


def _summaries(project: Project, ledger: Ledger) -> list[MigrationSummary]:
    """Return one summary per applied migration, in numeric order."""
    found: list[MigrationSummary] = []
    for run in applied_history(project, ledger):
        author = name_of(run.record.author) or _first(run.commits, "author")
        found.append(MigrationSummary(run, author, name_of(run.committer), None))
    return found


def _owners(
    project: Project, ledger: Ledger, executions: Mapping[str, Execution]
) -> Mapping[str, str]:
    """Return the migration of each commit, including reverted ones."""
    history = project.history(ledger)
    named = history.subjects.items() if history else ()
    return {commit: subject.migration for commit, subject in named} | owners(executions)


def _with_changes(
    summaries: Sequence[MigrationSummary],
    executions: Mapping[str, Execution],
    git: Git,
    data_dir: str,
    gaps: Gaps,
    progress: Progress,
) -> Iterator[MigrationSummary]:
    """Add what each migration changed, as far as the history reaches back."""
    with ObjectReader(git) as reader:
        contents = None if gaps.lacks_files else reader
        for number, summary in enumerate(summaries, 1):
            found = executions.get(summary.name)
            known = found is not None and not found.is_truncated
            changes = summarize_changes(git, contents, found, data_dir) if found and known else None
            yield replace(summary, changes=changes)
            progress("comparing migrations", number, len(summaries))


def _first(commits: Sequence[Commit], key: str) -> str:
    return name_of(getattr(commits[0], key)) if commits else ""


def people(summaries: Sequence[MigrationSummary]) -> Mapping[str, list[MigrationSummary]]:
    """Return the migrations of each person, in the order of their first one.

    Who writes the name in several ways, or has several addresses, is one person.
    """
    written = [summary.run.record.author or summary.author for summary in summaries]
    persons = people_of(author for author in written if author)
    found: dict[str, list[MigrationSummary]] = {}
    for author, summary in zip(written, summaries, strict=True):
        found.setdefault(persons.get(author, ""), []).append(summary)
    return found
