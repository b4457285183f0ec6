"""`doit pending`: the migrations that are not applied yet."""

from __future__ import annotations

from typing import Any

from ..errors import UsageError
from ..migrations import Entry
from ..printable import printable
from .command import JSON, Command, no_names
from .console import warn
from .doit_commands import LOOKING
from .format import author_name
from .session import session

CHECK = {
    "name": "check",
    "long": "check",
    "type": bool,
    "default": False,
    "help": "exit with 1 when there is any",
}
COUNT = {
    "name": "count",
    "long": "count",
    "type": bool,
    "default": False,
    "help": "print only how many there are, counted as for --check",
}


class Pending(Command):
    """List the migrations that are not applied yet."""

    name = "pending"
    doc_purpose = "list the migrations that are not applied yet"
    doc_usage = "[--json | --count] [--check]"
    doc_description = (
        "In the order in which doit applies them. Folders that are not valid are warned of on "
        "stderr; they keep later ones from being applied, and count for --check. The keys of "
        "--json are told in docs/reference/json.md."
    )
    group = LOOKING
    examples = (
        ("doit pending", "lists them in a table"),
        ("doit pending --check || doit", "applies them if there are any"),
        ("doit pending --count", "prints how many there are"),
    )
    failure = "with --check: something is pending or not valid"
    cmd_options = (JSON, CHECK, COUNT)

    def _execute(self, json: bool, check: bool, count: bool, pos_args: list[str]) -> int:
        no_names(pos_args, "pending")
        if json and count:
            raise UsageError("--json and --count do not go together", hint="give one of them")
        plan = session().known_plan()
        for entry in plan.invalid:
            warn(str(entry.problem))
        if json:
            self.write_document([described(entry) for entry in (*plan.invalid, *plan.pending)])
        elif count:
            self.outstream.write(f"{len(plan.invalid) + len(plan.pending)}\n")
        elif plan.pending:
            self.outstream.write(_table(plan.pending))
        else:
            self.outstream.write("No migration is pending.\n")
        return 1 if check and (plan.pending or plan.invalid) else 0


def described(entry: Entry) -> dict[str, Any]:
    """Return an entry of the plan as JSON has it."""
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


def _table(entries: tuple[Entry, ...]) -> str:
    from .tables import add_names, new_table, rendered

    table = new_table()
    add_names(table, "Migration", (entry.name for entry in entries))
    for heading in ("Date", "Author", "Description"):
        table.add_column(heading, no_wrap=heading == "Date")
    for entry in entries:
        about = entry.metadata
        assert about, "a pending migration says what it is"
        author = printable(author_name(about.author))
        table.add_row(entry.name, about.date, author, printable(about.description))
    return rendered(table)
