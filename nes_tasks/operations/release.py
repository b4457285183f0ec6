"""Releases: tagged states of the database, with notes made from the migrations since the last one.

A release is an annotated tag whose last paragraph says so. The notes stand in its message for
people; what programs get is made from the two commits again, so it can be asked of any release.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import chain, count
from typing import Any

from ..clock import now, timestamp
from ..database.data_path import type_of
from ..database.marker import Statistics, parse_trailers
from ..database.repository import Repository
from ..errors import GitError, UnavailableError, UsageError
from ..git.command import Git
from ..git.commit import Signature
from ..git.diff import changed_files
from ..git.incomplete_clone import shallow_boundary, truncated_history_error
from ..git.log import read_commits
from ..git.tag import TAGS, Tag, is_tag_name, read_tags, write_tag
from ..models.identifiers import SUFFIX
from ..project import Project
from ..text import escape_control, quote
from .changes import LOOKED_INTO, Counts
from .diff import between, point_document
from .history import applied_history, people_of
from .points import Point, Points

# The key of the trailer that makes a tag a release, and of the one that says what it follows on.
RELEASE, SINCE = "Release", "Since"


@dataclass(frozen=True, slots=True)
class Released:
    """One migration of a release: what its record says, and the person who wrote it."""

    name: str
    description: str
    person: str
    statistics: Statistics

    @property
    def counts(self) -> Counts:
        """The entities and relationships that it created, changed and deleted."""
        found = self.statistics
        return Counts(
            found.entities_created + found.relationships_created,
            found.entities_updated + found.relationships_updated,
            found.entities_deleted + found.relationships_deleted,
        )


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one person's migrations did in a release, each counted by itself."""

    person: str
    migrations: tuple[str, ...]
    counts: Counts


@dataclass(frozen=True, slots=True)
class Release:
    """A state of the database, and what became of it since the release before.

    `since` is that release, None for the first. `types` are the net changes by type, as in
    `Changes`. `reverted` are migrations that the release before had. `tagger` and `tagged_at`
    are None as long as there is no tag.
    """

    name: str
    point: Point
    since: Point | None
    types: Mapping[str, Counts]
    migrations: tuple[Released, ...]
    reverted: tuple[str, ...]
    tagger: str | None = None
    tagged_at: datetime | None = None

    @property
    def total(self) -> Counts:
        """The net changes of all types together."""
        return _sum(self.types.values())

    @property
    def is_empty(self) -> bool:
        """Whether nothing became of the database since the release before."""
        return not (self.types or self.migrations or self.reverted)

    @property
    def contributions(self) -> list[Contribution]:
        """What each person did, those with the most changes first."""
        by_person: defaultdict[str, list[Released]] = defaultdict(list)
        for one in self.migrations:
            by_person[one.person].append(one)
        found = [
            Contribution(person, tuple(o.name for o in row), _sum(o.counts for o in row))
            for person, row in by_person.items()
        ]
        return sorted(found, key=lambda one: (-_size(one.counts), one.person))

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/json.md."""
        return {
            "name": self.name,
            "point": point_document(self.point),
            "since": point_document(self.since) if self.since else None,
            "tagger": self.tagger,
            "tagged_at": timestamp(self.tagged_at) if self.tagged_at else None,
            "total": asdict(self.total),
            "types": [{"type": name, **asdict(counts)} for name, counts in self.types.items()],
            "migrations": [
                {
                    "name": one.name,
                    "description": one.description,
                    "person": one.person,
                    "statistics": asdict(one.statistics),
                }
                for one in self.migrations
            ],
            "taken_back": list(self.reverted),
            "contributors": [
                {
                    "person": one.person,
                    "migrations": list(one.migrations),
                    **asdict(one.counts),
                }
                for one in self.contributions
            ],
        }


def _sum(counts: Iterable[Counts]) -> Counts:
    total = Counts()
    for one in counts:
        total.created += one.created
        total.updated += one.updated
        total.deleted += one.deleted
    return total


def _size(counts: Counts) -> int:
    return counts.created + counts.updated + counts.deleted


def counted(counts: Counts) -> str:
    """Return what readers see of changes, such as "77 new, 1 corrected, 2 removed"."""
    rows = ((counts.created, "new"), (counts.updated, "corrected"), (counts.deleted, "removed"))
    return ", ".join(f"{count:,} {word}" for count, word in rows if count) or "nothing changed"


def notes(release: Release) -> str:
    """Return the notes for readers as plain text, several paragraphs."""
    since = release.since
    after = f"Since {since.name} ({since.committed_at:%Y-%m-%d})" if since else "The first release"
    parts = [f"{after}: {counted(release.total)}."]
    if release.types:
        rows = [f"  {name}: {counted(counts)}" for name, counts in release.types.items()]
        parts.append("\n".join(["By type:", *rows]))
    if release.migrations:
        rows = [f"  {one.name}: {escape_control(one.description)}" for one in release.migrations]
        parts.append("\n".join(["Migrations:", *rows]))
        rows = [
            f"  {escape_control(one.person)}: {counted(one.counts)} "
            f"({len(one.migrations)} migration{'' if len(one.migrations) == 1 else 's'})"
            for one in release.contributions
        ]
        parts.append("\n".join(["By contributor:", *rows]))
    if release.reverted:
        parts.append("\n".join(["No longer applied:", *(f"  {name}" for name in release.reverted)]))
    return "\n\n".join(parts)


def propose(
    project: Project,
    name: str | None,
    *,
    at: str | None = None,
    since: str | None = None,
    clock: Callable[[], datetime] = now,
) -> Release:
    """Find out what a release would say. Changes nothing.

    `name` is the tag, by default ``release-2026-01-31`` with the day in UTC, or the first free one
    of ``release-2026-01-31.2`` and so on; `at` names the state (the newest), `since` what it is
    compared with (the last release before it). Raises `UsageError` for a name that is taken, that
    git refuses, or that means a date or a migration, and `DatabaseError` when a shallow clone may
    lack the last release.
    """
    points = Points(project)
    point = points.find(at) if at else points.newest
    if name:
        _check_name(project, points, name)
    wanted = name or _free_name(project, f"release-{clock():%Y-%m-%d}")
    return _release(project, wanted, point, points.find(since) if since else _last(project, point))


def release(
    project: Project,
    name: str | None,
    *,
    at: str | None = None,
    since: str | None = None,
    clock: Callable[[], datetime] = now,
) -> Release:
    """Tag a state of the database; no tag is ever moved, and nothing is pushed.

    Raises what `propose` raises, and `UnavailableError` when the tag cannot be written or signed,
    which the setting `sign` or else git's tag.gpgSign asks for; there is no tag then. A release
    that `is_empty` is not made.
    """
    found = propose(project, name, at=at, since=since, clock=clock)
    if found.is_empty:
        return found
    repository = Repository.open(project.settings)
    who = Signature(*repository.committer(), clock())
    try:
        write_tag(
            repository.git,
            found.name,
            found.point.commit,
            _message(found),
            who,
            sign=repository.signs_tags,
        )
    except UnavailableError:
        # Another process was faster; its file stays.
        _check_name(project, Points(project), found.name)
        raise
    return replace(found, tagger=who.name, tagged_at=who.date)


def releases(project: Project) -> list[Release]:
    """Return the releases up to the newest state, the newest first. Reads only.

    Raises `DatabaseError` when a shallow clone lacks what one of them follows on.
    """
    ledger = project.ledger()
    if ledger.commit is None:
        return []
    found = []
    for tag in _tags(project, ledger.commit):
        since = parse_trailers(tag.message).get(SINCE, "").rpartition(" ")
        before = _at(project, since[2], since[0]) if since[2] else None
        made = _release(project, tag.name, _at(project, tag.commit, tag.name), before)
        found.append(replace(made, tagger=tag.tagger, tagged_at=tag.tagged_at))
    return found


def _tags(project: Project, commit: str) -> list[Tag]:
    """Return the tags of releases up to a commit, the newest first."""
    git = Git(project.settings.database)
    found = [
        tag
        for tag in read_tags(git, commit)
        if parse_trailers(tag.message).get(RELEASE) == tag.name
    ]
    if not found:
        return []
    order = {one.id: at for at, one in enumerate(read_commits(git, commit))}
    return sorted(found, key=lambda tag: (order[tag.commit], tag.tagged_at, tag.name), reverse=True)


def _last(project: Project, point: Point) -> Point | None:
    """Return the last release at a point or before it, None when there was none."""
    tags = _tags(project, point.commit)
    if tags:
        return _at(project, tags[0].commit, tags[0].name)
    if shallow_boundary(Git(project.settings.database)):
        raise truncated_history_error(project.settings.database_label, ["the last release"])
    return None


def _at(project: Project, commit: str, name: str) -> Point:
    git = Git(project.settings.database)
    try:
        found = next(read_commits(git, "--max-count=1", commit))
    except GitError as error:
        raise truncated_history_error(project.settings.database_label, [name]) from error
    return Point(name, found.id, found.tree, found.committed_at)


def _is_taken(project: Project, name: str) -> bool:
    git = Git(project.settings.database)
    return git.query("rev-parse", "--verify", "--quiet", f"{TAGS}{name}") is not None


def _free_name(project: Project, name: str) -> str:
    names = chain([name], (f"{name}.{number}" for number in count(2)))
    return next(one for one in names if not _is_taken(project, one))


def _check_name(project: Project, points: Points, name: str) -> None:
    git = Git(project.settings.database)
    if not is_tag_name(git, name):
        raise UsageError(f"git does not allow a tag {quote(name)}", hint="doit help release")
    if _is_taken(project, name):
        place = project.settings.database_label
        raise UsageError(
            f"{place} has a tag {name} already, and a tag is never moved",
            hint=f"give another name, such as {_free_name(project, name)}",
        )
    if meaning := points.meaning_of(name):
        raise UsageError(
            f"{name} means {meaning}", hint=f"give another name, such as release-{name}"
        )


def _release(project: Project, name: str, point: Point, since: Point | None) -> Release:
    """Put together what became of the database between two points."""
    git, data_dir = Git(project.settings.database), project.settings.data_dir
    old = since.tree if since else git.empty_tree()
    types: defaultdict[str, Counts] = defaultdict(Counts)
    for change in changed_files(
        git, old, point.tree, *(f"{data_dir}/{one}" for one in LOOKED_INTO)
    ):
        if change.path.endswith(SUFFIX):
            types[type_of(change.path[len(data_dir) + 1 :].split("/"))].add(change)
    found = between(project, old, point.tree)
    ledger = project.ledger(at=point.commit)
    before = set()
    if since:
        before = {one.id for one in read_commits(git, since.commit)}
    # The record of a folder that was merely accepted changed, too; its run is an old one.
    done = [
        run
        for run in applied_history(project, ledger, {*found.applied, *found.recorded_again})
        if run.record.name in found.applied
        or (run.execution and run.execution.commits and run.execution.commit not in before)
    ]
    persons = people_of(run.record.author or run.committer for run in done)
    return Release(
        name=name,
        point=replace(point, name=name, migration=None),
        since=since,
        types=dict(sorted(types.items())),
        migrations=tuple(
            Released(
                run.record.name,
                run.record.description,
                persons[run.record.author or run.committer],
                run.record.statistics,
            )
            for run in done
        ),
        reverted=tuple(found.reverted),
    )


def _message(found: Release) -> str:
    since = f"{SINCE}: {found.since.name} {found.since.commit}\n" if found.since else ""
    head = f"{found.name}: {counted(found.total)}"
    return f"{head}\n\n{notes(found)}\n\n{RELEASE}: {found.name}\n{since}"
