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
    doc_purpose = "record migrations that were applied by other means"
    doc_usage = "[--dry-run | --yes]"
    doc_description = (
        "Writes a marker for each migration that has a "
        "migration-logs/NNN-name/metadata.json, or that the subject of a commit names "
        "(Migration NNN-name, Run migration NNN-name, Run NNN-name). All markers are one "
        "commit. The command shows them first, and asks.\n\n"
        "The markers hold the checksums of the current folders, so later edits are "
        "reported."
    )
    group = MAINTAINING
    examples = (
        ("doit adopt --dry-run", "shows which markers it would write"),
        ("doit adopt --yes", "writes them without asking"),
    )
    cmd_options = (DRY_RUN, YES)

    def _execute(self, dry_run: bool, yes: bool, pos_args: list[str]) -> int:
        from ..database.repository import Repository
        from ..operations.adopt import adopt, propose

        no_names(pos_args, self.name)
        recover_interrupted(session(), "doit adopt")
        if dry_run and yes:
            raise UsageError("--dry-run and --yes cannot be combined", hint="give one of them")
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
            add_names(
                table, "Migration", (adoption.marker.migration for adoption in proposal.adoptions)
            )
            for heading in ("Date", "Known from", "Folder"):
                table.add_column(heading, no_wrap=heading == "Date")
            for found in proposal.adoptions:
                marker = found.marker
                folder = "present" if found.has_folder else "missing"
                table.add_row(marker.migration, str(marker.date), found.evidence, folder)
            self.outstream.write(rendered(table))
        else:
            self.outstream.write("There is nothing to adopt.\n")
        for name in proposal.unmatched:
            self.outstream.write(f"{name}: no record of it being applied; left pending\n")
