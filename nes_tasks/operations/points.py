"""Points of the history, as people name them: a migration, a tag, a branch, a commit or a date.

Each names one state of the database: a migration the one that it left, a date the last one of
that day. All commands that compare, tag or export a state resolve it here, so that a name
has the same meaning in each.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from ..clock import now
from ..database.ledger import Ledger
from ..errors import NesTasksError, UsageError
from ..git.command import Git
from ..git.incomplete_clone import shallow_boundary, truncated_history_error
from ..git.log import Commit, read_commits
from ..migrations import Entry
from ..project import Project
from ..text import quote

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(rf"{DATE.pattern}[T ][0-9]{{2}}:[0-9]{{2}}.*")
HEX = re.compile(r"[0-9a-f]+")
# A number of fewer digits is the one of a migration; git itself abbreviates to at least as many.
SHORTEST_ID = 7
MIGRATION = "migrate:"
# Nowhere on Earth a day begins earlier than this before it does in UTC.
EARLIEST_ZONE = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Point:
    """One state of the database.

    `name` is how it was asked for, with a migration's name in full; `migration` says that it is
    what that migration left.
    """

    name: str
    commit: str
    tree: str
    committed_at: datetime
    migration: str | None = None


@dataclass(frozen=True, slots=True)
class _Meaning:
    """One thing that a word can mean: its commit, and the words that mean nothing else."""

    commit: str
    kind: str
    unambiguous: str
    name: str
    migration: str | None = None


def moment_of(text: str, *, is_end: bool) -> datetime | None:
    """Return the moment that a date or time in ISO 8601 names, None for any other word.

    Of a date it is the end or the beginning of the day in UTC; a time without a zone is in UTC.
    Raises `UsageError` for a day that no calendar has.
    """
    try:
        if DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time.max if is_end else time.min, UTC)
        if TIME.fullmatch(text):
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{quote(text)} is not a valid date: {error}", hint="write it as 2026-01-31"
        ) from error
    return None


def check_is_past(text: str) -> None:
    """Raise `UsageError` for a date or time that is not there yet, anywhere on Earth."""
    begin = moment_of(text, is_end=False)
    ahead = EARLIEST_ZONE if DATE.fullmatch(text) else timedelta(0)
    if begin and begin > now() + ahead:
        raise UsageError(f"{text} is in the future", hint="HEAD is the newest state")


class Points:
    """The points of one project's database, as it is when the first one is asked for."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._git = Git(project.settings.database)

    @cached_property
    def ledger(self) -> Ledger:
        """What is applied at the tip of the branch."""
        return self.project.ledger()

    @property
    def newest(self) -> Point:
        """The tip of the branch; raises `UsageError` before the first commit."""
        return self._point(_Meaning(self._tip, "the newest state", "HEAD", "now"))

    def find(self, text: str) -> Point:
        """Return the point that a person means by `text`. Reads only.

        A migration is named as everywhere, by its number, name or a part of it; ``migrate:5`` is
        never anything else. Tags, branches, commits and ``HEAD~2`` are git's. A date such as
        2026-01-31 is the last state of that day in UTC, a time 2026-01-31T12:00 the one then; of
        the first parents alone, so that it is never in the side chain of a migration.

        Raises `UsageError` for what is not there, what can mean several states, a migration that
        is not applied, and a time that is not there yet; `DatabaseError` for what a shallow clone
        lacks.
        """
        wanted = text.strip()
        found = list(self._meanings(wanted))
        if len({meaning.commit for meaning in found}) > 1:
            kinds = " or ".join(meaning.kind for meaning in found)
            words = " or ".join(meaning.unambiguous for meaning in found)
            raise UsageError(f"{quote(wanted)} can mean {kinds}", hint=f"give {words}")
        if not found:
            raise self._unknown(wanted)
        return self._point(found[0])

    def find_below(self, text: str) -> Point:
        """Return the point that a person means by `text`, for the data to go back to.

        Raises what `find` raises, and `UsageError` for a point that the branch never had, or that
        lies within a migration, which is taken back as a whole.
        """
        point, history = self.find(text), self.project.history(self.ledger)
        assert history is not None, "there is a point"
        if point.commit not in history.commits:
            raise UsageError(
                f"{point.name} is not in the history of the branch, so the branch "
                "cannot go back to it",
                hint=f"doit diff {shlex.quote(point.name)} shows what differs",
            )
        kept = {one.id for one in read_commits(history.git, point.commit)}
        for name, commits in self._rows_of_commits().items():
            if commits[-1].id not in kept and any(one.id in kept for one in commits):
                below = f", --to {commits[0].parent[:12]} does not" if commits[0].parent else ""
                raise UsageError(
                    f"{point.name} lies within {name}, which is taken back as a whole",
                    hint=f"--to {name} keeps it{below}",
                )
        return point

    def _rows_of_commits(self) -> dict[str, Sequence[Commit]]:
        """Return the commits of each migration's execution, or of the part that is there."""
        project, ledger = self.project, self.ledger
        rows = {name: run.commits for name, run in project.executions(ledger).items()}
        partial = project.unrecorded(ledger).partial
        rows |= {name: part.commits for name, part in partial.items()}
        return {name: row for name, row in rows.items() if row}

    def names(self) -> list[str]:
        """Return the points that have a name of their own: migrations, then tags and branches."""
        applied = [entry.name for entry in self.project.plan if entry.is_applied]
        refs = ("refs/tags", "refs/heads", "refs/remotes")
        shown = "--format=%(refname:strip=2)"
        return [*applied, *(self._git.text("for-each-ref", shown, *refs).splitlines())]

    def meaning_of(self, text: str) -> str | None:
        """Return what a word means already that could be the name of a tag, None for nothing."""
        for meaning in self._revisions(text):
            return meaning.kind
        if entry := self._exact(text):
            return f"the migration {entry.name}"
        if DATE.fullmatch(text) or TIME.fullmatch(text):
            return f"the date {text}"
        return "the number of a migration" if text.isascii() and text.isdigit() else None

    @property
    def _tip(self) -> str:
        if self.ledger.commit is None:
            raise UsageError(
                f"{self.project.settings.database_label} has no commit yet, so it has no state "
                "to name",
                hint="doit pending",
            )
        return self.ledger.commit

    def _point(self, meaning: _Meaning) -> Point:
        commit = next(read_commits(self._git, "--max-count=1", meaning.commit))
        return Point(meaning.name, commit.id, commit.tree, commit.committed_at, meaning.migration)

    def _meanings(self, wanted: str) -> Iterator[_Meaning]:
        """Give what a word can mean; a part of a migration's name only if it means nothing else."""
        tip, plan = self._tip, self.project.plan
        if wanted.startswith(MIGRATION):
            yield self._of_migration(plan.resolve(wanted.removeprefix(MIGRATION)))
            return
        known = list(self._revisions(wanted))
        yield from known
        if entry := self._exact(wanted):
            if entry.is_applied or not known:
                yield self._of_migration(entry)
        elif known:
            # The other meaning of a tag that is called like a day counts if there is one.
            with suppress(NesTasksError):
                yield from self._of_date(wanted, tip)
        elif moment_of(wanted, is_end=True):
            yield from self._of_date(wanted, tip)
        elif self._is_part_of_a_name(wanted):
            yield self._of_migration(plan.resolve(wanted))

    def _exact(self, wanted: str) -> Entry | None:
        """Return the migration of a number or full name, None for any other word."""
        plan = self.project.plan
        if wanted.isascii() and wanted.isdigit():
            number = wanted.lstrip("0") or "0"
            has_number = any(str(entry.prefix) == number for entry in plan)
            return plan.resolve(wanted) if has_number else None
        return plan.get(wanted.rstrip("/").rpartition("/")[2])

    def _is_part_of_a_name(self, wanted: str) -> bool:
        """Return whether a word is a part of names; if of several, `resolve` lists them."""
        try:
            self.project.plan.resolve(wanted)
        except UsageError as error:
            return "can mean" in error.message
        return True

    def _of_migration(self, entry: Entry) -> _Meaning:
        if not entry.is_applied:
            raise UsageError(
                f"{entry.name} is not applied, so there is no state after it",
                hint=f"doit preview {entry.name}",
            )
        name, label = entry.name, self.project.settings.database_label
        found = self.project.executions(self.ledger, [name]).get(name)
        if found is None or not found.commits:
            if shallow_boundary(self._git):
                raise truncated_history_error(label, [name])
            raise UsageError(
                f"no commit of {label} belongs to {name} alone",
                hint="name a commit or a date instead",
            )
        return _Meaning(found.commit, f"the migration {name}", f"{MIGRATION}{name}", name, name)

    def _revisions(self, wanted: str) -> Iterator[_Meaning]:
        """Give the tag, the branch, or else what git itself takes the word for."""
        if not wanted or not wanted.isprintable():
            return
        names = [f"refs/tags/{wanted}", f"refs/heads/{wanted}", wanted]
        lines = "".join(f"{name}^{{commit}}\n" for name in names)
        answers = self._git.run("cat-file", "--batch-check", stdin=lines.encode()).splitlines()
        tag, branch, other = map(_commit, answers)
        if tag:
            yield _Meaning(tag, f"the tag {wanted}", names[0], wanted)
        if branch:
            yield _Meaning(branch, f"the branch {wanted}", names[1], wanted)
        is_short = bool(HEX.fullmatch(wanted)) and len(wanted) < SHORTEST_ID
        if other and not (tag or branch or is_short):
            yield _Meaning(other, f"the commit {other[:12]}", other, wanted)

    def _of_date(self, wanted: str, tip: str) -> Iterator[_Meaning]:
        """Give the last commit of the main line at a date or time, if the word is one."""
        moment = moment_of(wanted, is_end=True)
        if moment is None:
            return
        check_is_past(wanted)
        label = self.project.settings.database_label
        line = list(read_commits(self._git, "--first-parent", tip))
        found = next((one for one in reversed(line) if one.committed_at <= moment), None)
        if found:
            explicit = f"{wanted}T23:59:59" if DATE.fullmatch(wanted) else wanted
            yield _Meaning(found.id, f"the date {wanted}", explicit, wanted)
            return
        if line[0].id in shallow_boundary(self._git):
            raise truncated_history_error(label, [wanted])
        begin = f"{line[0].committed_at:%Y-%m-%d %H:%M} UTC"
        raise UsageError(
            f"{wanted} is before the first commit of {label}, {begin}", hint="doit history"
        )

    def _unknown(self, wanted: str) -> UsageError:
        try:
            self.project.plan.resolve(wanted)
        except UsageError as error:
            return UsageError(
                f"there is no migration, tag, commit or date {quote(wanted)}", hint=error.hint
            )
        raise AssertionError("a migration of that name is a meaning")


def _commit(answer: bytes) -> str | None:
    words = answer.split()
    return words[0].decode() if len(words) == 3 and words[1] == b"commit" else None
