"""`doit export`: the whole database as one SQLite file, or as CSV, JSON Lines or Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .command import Command, no_names
from .console import warn
from .diff import shown_point
from .doit_commands import LOOKING
from .format import counted, size
from .session import session

if TYPE_CHECKING:
    from ..operations.export_tables import Exported
    from ..operations.export_target import Target
    from ..operations.points import Point

DEFAULT = "nes.db"
AT = {
    "name": "at",
    "long": "at",
    "type": str,
    "default": "",
    "help": "export this state instead of the newest: a migration, tag, commit or date",
}
WRITE_TO = {
    "name": "output",
    "short": "o",
    "long": "output",
    "type": str,
    "default": DEFAULT,
    "help": f"write to this file or folder, whose ending says in which format ({DEFAULT})",
}


class Export(Command):
    """Write the database as tables that other programs read."""

    name = "export"
    doc_purpose = "write the database as SQLite, CSV, JSON Lines or Parquet"
    doc_usage = "[-o FILE] [--at POINT]"
    doc_description = (
        "One file with all entities, names, identifiers, contacts, attributes, relationships, "
        "versions, authors and migrations, which SQLite, Datasette and the like open. The ending "
        "of FILE says the format: .db, .sqlite or .sqlite3 is SQLite with full text search and "
        "views; .csv a folder of CSV files, .zip the same in one file; .jsonl or .ndjson JSON "
        "Lines; .parquet a folder of Parquet files.\n\n"
        "It is read from git's objects, whatever the working tree looks like. The same commit "
        "gives the same bytes. An earlier export is replaced when the new one is whole; nothing "
        "else ever is."
    )
    group = LOOKING
    examples = (
        ("doit export -o nes.db", "writes the newest state as SQLite"),
        ("doit export -o 2026.zip --at 2026-12-31", "writes the state of a day as CSV in a zip"),
    )
    cmd_options = (AT, WRITE_TO)

    def _execute(self, at: str, output: str, pos_args: list[str]) -> int:
        from ..operations.export_formats import check_installed
        from ..operations.export_target import target_of

        no_names(pos_args, self.name)
        target = target_of(output)
        check_installed(target.format)
        point = point_at(at)
        found = write_export(target, point)
        replaced = ", in place of an earlier export" if target.is_replaced else ""
        self.outstream.write(
            f"{output}: {size(_bytes(target.path))}{replaced}\n"
            f"{counted(found.entities, 'entity', 'entities')}, "
            f"{counted(found.relationships, 'relationship')}, "
            f"{counted(found.versions, 'version')}, {counted(found.migrations, 'migration')}\n"
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
    from .progress import Steps

    with Steps() as steps:
        found = export(session().project, point, target, steps.progressed)
    if found.unread:
        files = counted(found.unread, "file")
        warn(f"{files} left out, unreadable; see the table unread")
    return found


def _bytes(path: Path) -> int:
    """Return the size of a file, or of the files in a folder."""
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)
