"""The report: what the database holds, how it came about, and how complete it is.

All of it comes from the database repository: the files of one commit, and its history. The same
commit gives the same report wherever it is made, unless a clone lacks a part of it; `Gaps` then
says which.
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
from .changes import Effect, measure_effect
from .history import Run, name_of, people_of, runs
from .report_coverage import Coverage, cover
from .report_growth import Point, measure_growth

RELATIONSHIP = "relationship:"


@dataclass(frozen=True, slots=True)
class Holdings:
    """Numbers of files.

    `entities` and `relationships` are by type (``location/ward``; ``FUNDED_BY``), `versions`
    by the type of what they are versions of, relationships as ``relationship:FUNDED_BY``.
    `records` are the files about migrations, `others` what belongs to no kind.
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


def count_holdings(
    files: Iterable[File], data_dir: str, progress: Callable[[int], None]
) -> Holdings:
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
    return Holdings(
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


# What is done, how far it is, and how far it goes where that is known.
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Gaps:
    """What this clone lacks: early commits, folders of early commits, or files."""

    is_shallow: bool
    lacks_trees: bool
    lacks_files: bool


@dataclass(frozen=True, slots=True)
class Chapter:
    """One applied migration: what its record and commits say, and what it changed.

    `author` and `committer` are names without addresses, empty where nobody is known. `effect`
    is None where the history does not reach back to what it ran on.
    """

    run: Run
    author: str
    committer: str
    effect: Effect | None

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
        """The day of `applied_at`."""
        return self.applied_at.date() if self.applied_at else None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about one `commit` of the database, which is called `name`.

    A brief one has no `growth`, no effects of migrations and no `coverage`.
    """

    commit: str
    committed_at: datetime
    holdings: Holdings
    growth: tuple[Point, ...]
    chapters: tuple[Chapter, ...]
    coverage: Coverage | None
    gaps: Gaps
    name: str


def make_report(project: Project, progress: Progress, *, brief: bool = False) -> Report:
    """Look at the database and its history. Writes nothing to it.

    Of a partial clone it fetches only the records and folders of the last commit that it lacks.

    A `brief` one is made from names of files and records of migrations alone. Raises
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

    holdings = count_holdings(files(), data_dir, lambda n: progress("counting files", n, None))
    growth: tuple[Point, ...] = ()
    chapters = _chapters(project, ledger)
    executions = {one.name: run for one in chapters if (run := one.run.execution)}
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
            chapters = list(_with_effects(chapters, executions, git, data_dir, gaps, progress))
        total = sum(holdings.entities.values()) + sum(holdings.relationships.values())
        coverage = cover(
            git,
            files(),
            data_dir,
            missing=missing_files(git, f"{commit}^{{tree}}"),
            progress=lambda n: progress("reading entities and relationships", n, total),
        )
    return Report(
        commit=commit,
        committed_at=committed_at(git, commit),
        holdings=holdings,
        growth=growth,
        chapters=tuple(chapters),
        coverage=coverage,
        gaps=gaps,
        name=_database_name(project),
    )


def _database_name(project: Project) -> str:
    """Return what people call the database: its name at the remote, else that of its folder.

    Of an address the last part is enough, and the only one without credentials.
    """
    settings = project.settings
    address = (settings.remote_url or "").rstrip("/").removesuffix(".git")
    return re.split(r"[/:]", address)[-1] or settings.database.name


def _chapters(project: Project, ledger: Ledger) -> list[Chapter]:
    """Return one chapter per applied migration, in numeric order."""
    found: list[Chapter] = []
    for run in runs(project, ledger):
        author = name_of(run.record.author) or _first(run.commits, "author")
        found.append(Chapter(run, author, name_of(run.committer), None))
    return found


def _owners(
    project: Project, ledger: Ledger, executions: Mapping[str, Execution]
) -> Mapping[str, str]:
    """Return the migration of each commit, also of those that were taken back later."""
    history = project.history(ledger)
    named = history.subjects.items() if history else ()
    return {commit: subject.migration for commit, subject in named} | owners(executions)


def _with_effects(
    chapters: Sequence[Chapter],
    executions: Mapping[str, Execution],
    git: Git,
    data_dir: str,
    gaps: Gaps,
    progress: Progress,
) -> Iterator[Chapter]:
    """Add what each migration changed, as far as the history reaches back."""
    with ObjectReader(git) as reader:
        contents = None if gaps.lacks_files else reader
        for number, chapter in enumerate(chapters, 1):
            found = executions.get(chapter.name)
            known = found is not None and not found.is_truncated
            effect = measure_effect(git, contents, found, data_dir) if found and known else None
            yield replace(chapter, effect=effect)
            progress("comparing migrations", number, len(chapters))


def _first(commits: Sequence[Commit], key: str) -> str:
    return name_of(getattr(commits[0], key)) if commits else ""


def people(chapters: Sequence[Chapter]) -> Mapping[str, list[Chapter]]:
    """Return the migrations of each person, in the order of their first one.

    Who writes the name in several ways, or has several addresses, is one person.
    """
    written = [chapter.run.record.author or chapter.author for chapter in chapters]
    persons = people_of(author for author in written if author)
    found: dict[str, list[Chapter]] = {}
    for author, chapter in zip(written, chapters, strict=True):
        found.setdefault(persons.get(author, ""), []).append(chapter)
    return found
