"""The table at the end of a run."""

from __future__ import annotations

from collections.abc import Iterable

from ..migrations import MigrationResult
from .tables import add_names, new_table, rendered


def summary(results: Iterable[MigrationResult]) -> str:
    """Return a table of what was applied: one line for each migration, and a total."""
    rows = list(results)
    table = new_table()
    add_names(table, "Migration", (row.migration for row in rows))
    for heading in ("Entities", "Relationships", "Files", "Commits", "Seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in rows:
        counts = result.statistics
        table.add_row(
            result.migration,
            format_counts(*counts.entities),
            format_counts(*counts.relationships),
            f"{counts.files:,}",
            f"{len(result.commit_ids):,}",
            f"{result.duration_seconds:.1f}",
        )
    if len(rows) > 1:
        table.add_section()
        table.add_row(*_total(rows))
    return rendered(table)


def format_counts(created: int, updated: int, deleted: int) -> str:
    """Return three counts as short text, one a line: 7 new, 17 changed, 1 deleted."""
    parts = [(created, "new"), (updated, "changed"), (deleted, "deleted")]
    return "\n".join(f"{count:,} {word}" for count, word in parts if count) or "-"


def _total(rows: list[MigrationResult]) -> list[str]:
    counts = [row.statistics for row in rows]
    return [
        f"{len(rows)} migrations",
        format_counts(*map(sum, zip(*(one.entities for one in counts), strict=True))),
        format_counts(*map(sum, zip(*(one.relationships for one in counts), strict=True))),
        f"{sum(one.files for one in counts):,}",
        f"{sum(len(row.commit_ids) for row in rows):,}",
        f"{sum(row.duration_seconds for row in rows):.1f}",
    ]
