"""`doit release`: tag a state of the database, with notes for its readers."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .command import Command
from .console import print_stderr
from .doit_commands import MAINTAINING
from .options import DRY_RUN, JSON, flag, option
from .session import session

if TYPE_CHECKING:
    from ..operations.release import Release as Found

AT = option(
    "at", "tag the state at this migration, commit or date instead of the newest", metavar="POINT"
)
SINCE = option(
    "since",
    "make the notes of what came after this point instead of the last release",
    metavar="POINT",
)
LIST = flag("list", "tag nothing; list the releases, with --json as a feed of them", name="listing")


class Release(Command):
    """Tag a state of the database, and say what is new in it."""

    name = "release"
    doc_purpose = "tag a state of the database, with notes about the changes since the last release"
    doc_usage = "[NAME] [--at POINT] [--since POINT] [--dry-run] [--json] | --list [--json]"
    doc_description = (
        "Tags a state of the database with release notes, made from the migrations since "
        "the last release: what is new, corrected and removed, by type and by "
        "contributor. The notes are the message of the annotated tag NAME, by default "
        "release- and the date in UTC. Totals and types are net: what was added and "
        "removed again does not count. The migrations of a contributor are counted one by "
        "one.\n\n"
        "An existing tag is never moved. Nothing is pushed; the command that pushes the "
        "tag is printed. Without a change since the last release, no tag is made."
    )
    group = MAINTAINING
    examples = (
        ("doit release --dry-run", "shows the notes, and tags nothing"),
        ("doit release winter-2026", "tags the newest state"),
        ("doit release --list --json", "lists all releases as JSON, for example for a feed"),
    )
    cmd_options = (AT, SINCE, DRY_RUN, LIST, JSON)

    def _execute(
        self, at: str, since: str, dry_run: bool, listing: bool, json: bool, pos_args: list[str]
    ) -> int:
        from ..operations.release import propose, release, releases

        session().known_plan()
        project = session().project
        if listing:
            if pos_args or at or since or dry_run:
                raise UsageError(
                    "--list shows all releases and goes with --json alone",
                    hint="doit help release",
                )
            self._list(releases(project), json)
            return 0
        if len(pos_args) > 1:
            raise UsageError("doit release takes one name", hint="doit help release")
        make = propose if dry_run else release
        found = make(project, pos_args[0] if pos_args else None, at=at or None, since=since or None)
        if json:
            self.write_document(found.to_dict())
        if found.is_empty:
            since_name = found.since.name if found.since else "the beginning"
            print_stderr(f"nothing changed since {since_name}; no tag was made")
        elif not json:
            words = ["--at", at] * bool(at) + ["--since", since] * bool(since)
            again = shlex.join(["doit", "release", found.name, *words])
            self._tell(found, again if dry_run else None)
        return 0

    def _tell(self, found: Found, proposed: str | None) -> None:
        from ..operations.release import notes

        settings = session().project.settings
        self.outstream.write(f"{notes(found)}\n\n")
        if proposed:
            self.outstream.write(
                f"Nothing was tagged; {proposed} tags {found.point.commit[:12]}.\n"
            )
            return
        self.outstream.write(
            f"Tagged {found.point.commit[:12]} as {found.name}. To publish the tag:\n"
            f"  git -C {settings.database_label} push {settings.remote} refs/tags/{found.name}\n"
        )

    def _list(self, found: list[Found], json: bool) -> None:
        if json:
            self.write_document([one.to_dict() for one in found])
        elif found:
            self.outstream.write(_table(found))
        else:
            self.outstream.write("There is no release yet.\n")


def _table(found: list[Found]) -> str:
    from ..operations.release import counted
    from .tables import add_names, new_table, rendered

    table: Any = new_table()
    add_names(table, "Release", (one.name for one in found))
    for heading in ("State of", "Commit", "Migrations", "Changes"):
        table.add_column(heading, no_wrap=heading in ("State of", "Commit"))
    for one in found:
        table.add_row(
            one.name,
            f"{one.point.committed_at:%Y-%m-%d}",
            one.point.commit[:12],
            f"{len(one.migrations):,}",
            counted(one.total),
        )
    return rendered(table)
