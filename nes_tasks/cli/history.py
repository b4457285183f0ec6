"""`doit history`: what was applied, when, by whom, in which commits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..clock import timestamp
from ..errors import UsageError
from .command import Command, is_applied, is_one_name, several
from .doit_commands import LOOKING
from .options import JSON, option
from .reporter import format_counts
from .session import session

if TYPE_CHECKING:
    from ..database.marker import Statistics
    from ..migrations import Entry
    from ..operations.history import HistoryEntry


AUTHOR = option(
    "author",
    "only those whose author's name or address contains TEXT, ignoring case",
    metavar="TEXT",
)
SINCE = option(
    "since",
    "only those applied on this date or later, or after this migration, tag or commit",
    metavar="POINT",
)
ENTITY = option("entity", "only those that changed this entity or relationship", metavar="ID")
LIMIT = option("limit", "only the newest N that match", type=int, default=None, metavar="N")


class History(Command):
    """List the applied migrations, or show all about one."""

    name = "history"
    doc_purpose = "list the applied migrations: time, committer, statistics, duration"
    doc_usage = "[NAME...] [--author TEXT] [--since POINT] [--entity ID] [--limit N] [--json]"
    doc_description = (
        "Lists them by their markers, with committer and duration from their commits. In "
        "a shallow clone, the missing commits of early migrations are omitted. With one "
        "name, the command shows all details of that migration. Several filters must all "
        "match; --limit applies to the matches. docs/reference/json.md describes the keys "
        "of --json."
    )
    group = LOOKING
    examples = (
        ("doit history", "lists them in a table"),
        ("doit history 5", "shows all details of number 5"),
        ("doit history 5..9", "lists numbers 5 to 9"),
        (
            "doit history --since 2026-01-31 --author asha",
            "lists those that she wrote, applied since that date",
        ),
        ("doit history --entity entity:person/asha-rai", "lists those that changed this entity"),
    )
    completes = "applied"
    cmd_options = (AUTHOR, SINCE, ENTITY, LIMIT, JSON)

    def _execute(
        self,
        author: str,
        since: str,
        entity: str,
        limit: int | None,
        json: bool,
        pos_args: list[str],
    ) -> int:
        from ..operations.history import HistoryFilter, applied_history, select

        if limit is not None and limit < 1:
            raise UsageError("--limit needs a positive number", hint="doit help history")
        names = [entry.name for entry in self._entries(pos_args)] if pos_args else None
        project = session().project
        session().known_plan()
        ledger = project.ledger()
        conditions = HistoryFilter.of(project, ledger, author=author, since=since, entity=entity)
        found = select(applied_history(project, ledger, names), conditions)
        found = found if limit is None else found[-limit:]
        if json:
            self.write_document([_document(run) for run in found])
        elif not found:
            is_all = not (names or conditions.is_filter)
            said = "No migration is applied.\n" if is_all else "No applied migration matches.\n"
            self.outstream.write(said)
        else:
            self.outstream.write(_details(found[0]) if is_one_name(pos_args) else _table(found))
        return 0

    def _entries(self, words: list[str]) -> list[Entry]:
        entries = several(words, is_applied, "applied")
        for entry in entries:
            if not entry.is_applied:
                raise UsageError(f"{entry.name} is not applied", hint="doit pending")
        return entries


def _moment(moment: datetime | None) -> str:
    """Return a time for people; one without a zone comes from the legacy system's records."""
    if moment is None:
        return "-"
    if moment.tzinfo is None:
        return f"{moment:%Y-%m-%d %H:%M}"
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _seconds(duration: float | None) -> str:
    return "-" if duration is None else f"{duration:.1f}"


def _table(found: list[HistoryEntry]) -> str:
    from .tables import add_names, new_table, rendered

    table = new_table()
    add_names(table, "Migration", (run.record.name for run in found))
    for heading in ("Applied", "By"):
        table.add_column(heading)
    for heading in ("Files", "Commits", "Seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for run in found:
        table.add_row(
            run.record.name,
            _moment(run.applied_at).removesuffix(" UTC"),
            run.committer or "-",
            f"{run.record.statistics.files:,}",
            f"{len(run.commits):,}",
            _seconds(run.duration),
        )
    return rendered(table)


def _details(run: HistoryEntry) -> str:
    record = run.record
    rows = {
        "Migration": record.name,
        "Description": record.description,
        "Author": record.author,
        "Date": str(record.date or "-"),
        "Applied": _moment(run.applied_at),
        "By": run.committer or "-",
        "Seconds": _seconds(run.duration),
        **_statistics(record.statistics),
    }
    lines = [f"{key:<14}{value}\n" for key, value in rows.items()]
    commits = [f"  {c.id}  {_moment(c.committed_at)}  {c.committer}\n" for c in run.commits]
    return "".join([*lines, *(["Commits\n"] if commits else []), *commits])


def _statistics(counts: Statistics) -> dict[str, str]:
    return {
        "Entities": format_counts(*counts.entities).replace("\n", ", "),
        "Relationships": format_counts(*counts.relationships).replace("\n", ", "),
        "Versions": f"{counts.versions_created:,} new",
        "Files": f"{counts.files:,}",
    }


def _document(run: HistoryEntry) -> dict[str, Any]:
    record, moment = run.record, run.applied_at
    applied_at = moment and (timestamp(moment) if moment.tzinfo else moment.isoformat())
    return {
        "name": record.name,
        "author": record.author or None,
        "date": record.metadata.iso_date,
        "description": record.description,
        "applied_at": applied_at,
        "committer": run.committer or None,
        "duration_seconds": run.duration,
        "statistics": asdict(record.statistics),
        "commits": [
            {
                "id": commit.id,
                "committed_at": timestamp(commit.committed_at),
                "author": commit.author,
                "committer": commit.committer,
            }
            for commit in run.commits
        ],
    }
