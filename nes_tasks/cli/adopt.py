"""`doit adopt`: take over a database that migrations were applied to before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from .command import Command, confirmed, no_names
from .console import print_stderr
from .doit_commands import MAINTAINING, recover_interrupted
from .options import DRY_RUN, YES
from .session import session

if TYPE_CHECKING:
    from ..operations.adopt import Proposal


class Adopt(Command):
    """Write markers for migrations that a legacy system applied, or a person by hand."""

    name = "adopt"
    doc_purpose = "record migrations that were applied to the database before"
    doc_usage = "[--dry-run | --yes]"
    doc_description = (
        "Migrations with a migration-logs/NNN-name/metadata.json, and those that commit "
        "messages name (Migration NNN-name, Run migration NNN-name, Run NNN-name), get a marker, "
        "all in one commit. What it would do is shown first.\n\n"
        "The checksums in the markers are those of the folders as they are now: from then on an "
        "edited folder is reported."
    )
    group = MAINTAINING
    examples = (
        ("doit adopt --dry-run", "shows which markers it would write"),
        ("doit adopt --yes", "writes them; without --yes it asks first"),
    )
    cmd_options = (DRY_RUN, YES)

    def _execute(self, dry_run: bool, yes: bool, pos_args: list[str]) -> int:
        from ..database.repository import Repository
        from ..operations.adopt import adopt, propose

        no_names(pos_args, self.name)
        recover_interrupted(session(), "doit adopt")
        if dry_run and yes:
            raise UsageError("--dry-run and --yes do not go together", hint="give one of them")
        project = session().project
        proposal = propose(project)
        self._show(proposal)
        if not proposal.adoptions:
            return 0
        if dry_run:
            print_stderr("nothing was written; doit adopt --yes writes these markers")
            return 0
        if not yes and not confirmed("Write these markers?", "doit adopt --yes"):
            print_stderr("nothing was written")
            return 0
        _, commit = adopt(project)
        label = project.settings.database_label
        self.outstream.write(f"Written in one commit: git -C {label} show --stat {commit}\n")
        if Repository.open(project.settings).remote.exists:
            print_stderr("it is not pushed yet; to publish: doit push")
        return 0

    def _show(self, proposal: Proposal) -> None:
        from .tables import add_names, new_table, rendered

        if proposal.adoptions:
            table = new_table()
            add_names(table, "Migration", (one.marker.migration for one in proposal.adoptions))
            for heading in ("Date", "Known from", "Folder"):
                table.add_column(heading, no_wrap=heading == "Date")
            for found in proposal.adoptions:
                marker = found.marker
                folder = "there" if found.has_folder else "missing"
                table.add_row(marker.migration, str(marker.date), found.evidence, folder)
            self.outstream.write(rendered(table))
        else:
            self.outstream.write("There is nothing to adopt.\n")
        for name in proposal.unmatched:
            self.outstream.write(f"{name}: no record of it being applied; left pending\n")
