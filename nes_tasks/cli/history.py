"""`doit history`: what was applied, when, by whom, in which commits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..clock import timestamp
from ..errors import UsageError
from .command import JSON, Command, one_name
from .doit_commands import LOOKING
from .session import session
from .summary import changes

if TYPE_CHECKING:
    from ..database.marker import Statistics
    from ..operations.history import Run


class History(Command):
    """List the applied migrations, or tell everything about one."""

    name = "history"
    doc_purpose = "list the applied migrations: when, by whom, commits, statistics, duration"
    doc_usage = "[--json] [NAME]"
    doc_description = (
        "What is applied is read from the markers, the rest from the commits. In a shallow "
        "clone the commits of early migrations are not there; they are left out then. With a "
        "name, one migration with its commits and all statistics. The keys of --json are told "
        "in docs/reference/json.md."
    )
    group = LOOKING
    examples = (
        ("doit history", "lists them in a table"),
        ("doit history 5", "tells everything about number 5"),
    )
    takes = "applied"
    cmd_options = (JSON,)

    def _execute(self, json: bool, pos_args: list[str]) -> int:
        from ..operations.history import runs

        wanted = one_name(pos_args, self.name) if pos_args else None
        session().known_plan()
        project = session().project
        if wanted and not wanted.is_applied:
            raise UsageError(f"{wanted.name} is not applied", hint="doit pending")
        found = runs(project, project.look()[1], [wanted.name] if wanted else None)
        if json:
            self.write_document([_document(run) for run in found])
        elif not found:
            self.outstream.write("No migration is applied.\n")
        else:
            self.outstream.write(_details(found[0]) if wanted else _table(found))
        return 0


def _moment(moment: datetime | None) -> str:
    """Return a time for people; one without a zone comes from the earlier system's records."""
    if moment is None:
        return "-"
    if moment.tzinfo is None:
        return f"{moment:%Y-%m-%d %H:%M}"
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _seconds(duration: float | None) -> str:
    return "-" if duration is None else f"{duration:.1f}"


def _table(found: list[Run]) -> str:
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


def _details(run: Run) -> str:
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
        "Entities": changes(*counts.entities).replace("\n", ", "),
        "Relationships": changes(*counts.relationships).replace("\n", ", "),
        "Versions": f"{counts.versions_created:,} new",
        "Files": f"{counts.files:,}",
    }


def _document(run: Run) -> dict[str, Any]:
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
