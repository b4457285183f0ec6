"""`doit accept`: record that an edited folder gives the same data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .command import Command, one_name
from .console import print_stderr
from .doit_commands import MAINTAINING
from .options import ALLOW_NETWORK, DRY_RUN, JSON
from .session import session

if TYPE_CHECKING:
    from ..operations.accept import Acceptance


class Accept(Command):
    """Execute the edited folder of an applied migration, and accept it if nothing differs."""

    name = "accept"
    doc_purpose = "accept an edited folder whose result is still the same"
    doc_usage = "NAME [--dry-run] [--json] [--allow-network NAME]"
    doc_description = (
        "For an edit that does not change the data: a comment, line ends, an author's new "
        "name. The folder is executed again on its base tree and with its clock, as by "
        "doit replay. If the data are the same, one commit updates the folder's record in "
        "the marker: hashes of files, author, date and description. Otherwise nothing is "
        "written, and the first difference is shown.\n\n"
        "The record of the run stays, so doit show, replay and revert work as before. "
        "doit undo removes the commit if it is not pushed. To change the data, write a "
        "new migration."
    )
    group = MAINTAINING
    examples = (
        ("doit accept 5 --dry-run", "checks whether number 5 still gives the same data"),
        ("doit accept 5", "records the folder if it does"),
    )
    exit_1_means = "the result differs, the script fails, or there is no run to compare with"
    completes = "applied"
    cmd_options = (DRY_RUN, JSON, ALLOW_NETWORK)

    def _execute(
        self, dry_run: bool, json: bool, allow_network: list[str], pos_args: list[str]
    ) -> int:
        from ..operations.accept import accept
        from .progress import MigrationProgress

        name = one_name(pos_args, self.name).name
        current = session()
        current.allow_network(allow_network)
        found = accept(
            current.project,
            MigrationProgress("Replaying", logs=False),
            name,
            dry_run=dry_run,
            network=current.network,
        )
        if json:
            self.write_document(found.to_dict())
        else:
            self._tell(found, dry_run)
        return 0 if found.is_same else 1

    def _tell(self, found: Acceptance, dry_run: bool) -> None:
        from .changes_text import diff_command, difference_lines, files_differ

        if not found.is_edited:
            self.outstream.write(f"{found.name} is as it was recorded; nothing to accept.\n")
        elif found.difference:
            files = files_differ(found.differing_files)
            lines = [f"{found.name} gives other data: {files}", *difference_lines(found.difference)]
            lines.append(diff_command(found.tree or "", found.replayed_tree or ""))
            self.outstream.write("\n".join([*lines, ""]))
            print_stderr(
                "nothing was recorded; undo the change, or write a new migration: doit create NAME"
            )
        else:
            listed = ", ".join(found.files)
            self.outstream.write(f"{found.name} gives the same data ({listed}).\n")
            if found.commit:
                self.outstream.write(f"Accepted as {found.commit[:12]}.\n")
            elif dry_run:
                print_stderr(f"nothing was recorded; doit accept {found.name} does it")
