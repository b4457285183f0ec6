"""The table at the end of a run."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table

from ..migrations import MigrationResult

# A pipe has no width; nothing that goes into one is cut.
PIPE_WIDTH = 1000


def summary(results: Iterable[MigrationResult]) -> str:
    """Return a table of what was applied: one line for each migration, and a total."""
    # A terminal that knows only ASCII cannot draw the line below the heading.
    lines = box.SIMPLE_HEAD if sys.stdout.encoding.lower().startswith("utf") else box.ASCII2
    table = Table(box=lines, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Migration", overflow="fold")
    for heading in ("Entities", "Relationships", "Files", "Commits", "Seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows = list(results)
    for result in rows:
        counts = result.statistics
        table.add_row(
            result.migration,
            changes(counts.entities_created, counts.entities_updated, counts.entities_deleted),
            changes(
                counts.relationships_created,
                counts.relationships_updated,
                counts.relationships_deleted,
            ),
            f"{counts.files:,}",
            f"{len(result.commit_ids):,}",
            f"{result.duration_seconds:.1f}",
        )
    if len(rows) > 1:
        table.add_section()
        table.add_row(*_total(rows))
    return rendered(table)


def changes(created: int, updated: int, deleted: int) -> str:
    """Return three counts as short text, one a line: 7 new, 17 changed, 1 deleted."""
    parts = [(created, "new"), (updated, "changed"), (deleted, "deleted")]
    return "\n".join(f"{count:,} {word}" for count, word in parts if count) or "-"


def _total(rows: list[MigrationResult]) -> list[str]:
    def total(name: str) -> int:
        return sum(getattr(row.statistics, name) for row in rows)

    return [
        f"{len(rows)} migrations",
        changes(total("entities_created"), total("entities_updated"), total("entities_deleted")),
        changes(
            total("relationships_created"),
            total("relationships_updated"),
            total("relationships_deleted"),
        ),
        f"{total('files'):,}",
        f"{sum(len(row.commit_ids) for row in rows):,}",
        f"{sum(row.duration_seconds for row in rows):.1f}",
    ]


def rendered(table: Table) -> str:
    """Return a table as text for stdout: as wide as the terminal, or as it needs in a pipe."""
    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH
    console = Console(file=io.StringIO(), width=wide, color_system=None)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())
