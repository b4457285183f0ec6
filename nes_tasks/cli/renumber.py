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
        "Renames the folder; its files stay as they are. If two migrations share a "
        "number, give the full name. An applied migration keeps its number, because the "
        "database knows it by its name."
    )
    group = CONTRIBUTING
    examples = (
        ("doit renumber 005-add-ministers", "renames it to 006-add-ministers, or a later number"),
    )
    exit_1_means = "it is applied, or the folder has no number"
    completes = "pending"

    def _execute(self, pos_args: list[str]) -> int:
        from ..operations.renumber import renumber

        name = one_name(pos_args, self.name).name
        recover_interrupted(session(), "doit renumber")
        new = renumber(session().project, name)
        folder = session().project.settings.migrations_label
        if new == name:
            self.outstream.write(f"{folder}/{name} already has the next free number.\n")
        else:
            self.outstream.write(f"Renamed {name} to {new}.\n")
        return 0
