"""`doit export`: the whole database as one SQLite file, or as CSV, JSON Lines or Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .command import Command, no_names
from .console import warn
from .diff import shown_point
from .doit_commands import LOOKING
from .format import counted, size
from .options import JSON, option
from .session import session

if TYPE_CHECKING:
    from ..operations.export import Exported
    from ..operations.export_target import Target
    from ..operations.points import Point

DEFAULT = "nes.db"
AT = option(
    "at",
    "export this state instead of the newest: a migration, tag, commit or date",
    metavar="POINT",
)
WRITE_TO = option(
    "output",
    f"write to this file or folder; the extension selects the format [default: {DEFAULT}]",
    default=DEFAULT,
    short="o",
)


class Export(Command):
    """Write the database as tables that other programs read."""

    name = "export"
    doc_purpose = "write the database as SQLite, CSV, JSON Lines or Parquet"
    doc_usage = "[-o FILE] [--at POINT] [--json]"
    doc_description = (
        "Writes all entities, names, identifiers, contacts, attributes, relationships, "
        "versions, authors and migrations as tables. The file extension selects the "
        "format: .db, .sqlite or .sqlite3 for SQLite with full-text search and views; "
        ".csv for a folder of CSV files; .zip for the same in an archive; .jsonl or "
        ".ndjson for JSON Lines; .parquet for a folder of Parquet files.\n\n"
        "The export is made from git's objects, never from the working tree. The same "
        "commit gives the same bytes. An earlier export is replaced when the new one is "
        "complete; anything else that is not empty is refused."
    )
    group = LOOKING
    examples = (
        ("doit export -o nes.db", "writes the newest state as SQLite"),
        ("doit export -o 2026.zip --at 2026-12-31", "writes the state of that date as zipped CSV"),
    )
    cmd_options = (AT, WRITE_TO, JSON)

    def _execute(self, at: str, output: str, json: bool, pos_args: list[str]) -> int:
        from ..operations.export_formats import check_installed
        from ..operations.export_target import target_of

        no_names(pos_args, self.name)
        target = target_of(output)
        check_installed(target.format)
        point = point_at(at)
        found = write_export(target, point)
        if json:
            self.write_document(found.to_dict())
            return 0
        replaced = ", in place of an earlier export" if target.is_replaced else ""
        rows = found.rows
        self.outstream.write(
            f"{output}: {size(found.size)}{replaced}\n"
            f"{counted(rows['entities'], 'entity', 'entities')}, "
            f"{counted(rows['relationships'], 'relationship')}, "
            f"{counted(rows['versions'], 'version')}, {counted(rows['migrations'], 'migration')}\n"
            f"as of {shown_point(point)}\n"
        )
        return 0


def point_at(text: str) -> Point:
    """Return the state that ``--at`` names, the newest one for an empty text."""
    from ..operations.points import Points

    session().known_plan()
    points = Points(session().project)
    return points.find(text) if text else points.newest


def write_export(target: Target, point: Point) -> Exported:
    """Write an export with progress, and warn of files that it could not read."""
    from ..operations.export import export
    from .progress import CommandProgress

    with CommandProgress() as progress:
        found = export(session().project, point, target, progress.update)
    if found.rows["unread"]:
        files = counted(found.rows["unread"], "file")
        warn(f"{files} left out, unreadable; see the table unread")
    return found
