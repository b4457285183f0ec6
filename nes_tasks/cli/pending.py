"""`doit pending`: the migrations that are not applied yet."""

from __future__ import annotations

from typing import Any

from ..errors import UsageError
from ..migrations import Entry, State
from ..operations.pending import PendingMigration, pending
from ..text import escape_control
from .command import Command, no_names
from .console import warn
from .doit_commands import LOOKING
from .format import author_name, counted, size
from .options import JSON, flag
from .session import session

CHECK = flag("check", "exit with 1 if there are any")
COUNT = flag("count", "print only the number, counted as for --check")


FILES = flag("files", "list each file with its size")


class Pending(Command):
    """List the migrations that are not applied yet."""

    name = "pending"
    doc_purpose = "list the migrations that are not applied yet"
    doc_usage = "[--json | --count | --files] [--check]"
    doc_description = (
        "Lists them in the order of application, with the number and size of their files. "
        "A warning on stderr names each invalid folder: it blocks later migrations, and "
        "counts for --check. docs/reference/json.md describes the keys of --json."
    )
    group = LOOKING
    examples = (
        ("doit pending", "lists them in a table"),
        ("doit pending --files", "lists their files as well"),
        ("doit pending --check || doit", "applies them if there are any"),
        ("doit pending --count", "prints the number of pending migrations"),
    )
    exit_1_means = "with --check: something is pending or not valid"
    cmd_options = (JSON, CHECK, COUNT, FILES)

    def _execute(
        self, json: bool, check: bool, count: bool, files: bool, pos_args: list[str]
    ) -> int:
        no_names(pos_args, "pending")
        if json + count + files > 1:
            raise UsageError(
                "--json, --count and --files cannot be combined", hint="give one of them"
            )
        plan = session().known_plan()
        for entry in plan.invalid:
            warn(str(entry.problem))
        found = pending(plan)
        if json:
            self.write_document([{**described(item.entry), **_sizes(item)} for item in found])
        elif count:
            self.outstream.write(f"{len(found)}\n")
        elif plan.pending:
            due = [item for item in found if item.entry.state is State.PENDING]
            self.outstream.write(_listing(due) if files else _table(due))
        else:
            self.outstream.write("No migration is pending.\n")
        return 1 if check and found else 0


def described(entry: Entry) -> dict[str, Any]:
    """Return an entry of the plan as a JSON document."""
    about = entry.metadata
    return {
        "name": entry.name,
        "state": entry.state.value,
        "author": about.author if about else None,
        "date": about.iso_date if about else None,
        "description": about.description if about else None,
        "problem": str(entry.problem) if entry.problem else None,
        "difference": entry.difference or None,
    }


def _sizes(item: PendingMigration) -> dict[str, Any]:
    """Return the files of a migration for JSON, null when they cannot be listed."""
    files = item.files
    return {
        "files": None if files is None else [{"path": f.path, "bytes": f.size} for f in files],
        "bytes": None if files is None else item.size,
    }


def _table(found: list[PendingMigration]) -> str:
    from .tables import add_names, new_table, rendered

    table = new_table()
    add_names(table, "Migration", (item.entry.name for item in found))
    table.add_column("Date", no_wrap=True)
    for heading in ("Files", "Size"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("Author", "Description"):
        table.add_column(heading)
    for item in found:
        about = item.entry.metadata
        assert about, "a pending migration says what it is"
        author = escape_control(author_name(about.author))
        count = f"{len(item.files or ()):,}"
        described = escape_control(about.description)
        table.add_row(item.entry.name, about.date, count, size(item.size), author, described)
    return rendered(table)


def _listing(found: list[PendingMigration]) -> str:
    """Return each migration with its files below it, one a line."""
    lines: list[str] = []
    for item in found:
        files = item.files or ()
        lines.append(f"{item.entry.name}: {counted(len(files), 'file')}, {size(item.size)}")
        width = max((len(size(file.size)) for file in files), default=0)
        lines += [f"  {size(file.size):>{width}}  {escape_control(file.path)}" for file in files]
    return "\n".join([*lines, ""])
