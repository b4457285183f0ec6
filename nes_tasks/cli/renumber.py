"""`doit renumber`: give a migration a free number after a collision."""

from __future__ import annotations

from .command import Command, one_name
from .doit_commands import CONTRIBUTING, recover_interrupted
from .session import session


class Renumber(Command):
    """Give a migration that is not applied yet the next free number."""

    name = "renumber"
    doc_purpose = "give a pending migration the next free number"
    doc_usage = "NAME"
    doc_description = (
        "Renames the folder and changes nothing in it. Of two migrations with one number give "
        "the full name. One that is applied keeps its number, because its name is what the "
        "database knows it by."
    )
    group = CONTRIBUTING
    examples = (("doit renumber 005-add-ministers", "makes it 006-add-ministers, or later"),)
    exit_1_means = "it is applied, or the folder has no number"
    completes = "pending"

    def _execute(self, pos_args: list[str]) -> int:
        from ..operations.renumber import renumber

        name = one_name(pos_args, self.name).name
        recover_interrupted(session(), "doit renumber")
        new = renumber(session().project, name)
        folder = session().project.settings.migrations_label
        if new == name:
            self.outstream.write(f"{folder}/{name} has the next free number already.\n")
        else:
            self.outstream.write(f"Renamed {name} to {new}.\n")
        return 0
