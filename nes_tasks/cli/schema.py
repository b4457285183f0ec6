"""`doit schema`: JSON Schemas of the database's files."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError
from ..text import escape_control
from .command import Command, no_names
from .doit_commands import LOOKING
from .options import OUTPUT

FOLDER = {**OUTPUT, "help": "write to this folder, which is created if it is missing"}


class Schema(Command):
    """Write JSON Schemas of the database's files."""

    name = "schema"
    doc_purpose = "write JSON Schemas for the files of the database"
    doc_usage = "-o FOLDER"
    doc_description = (
        "Writes one schema (Draft 2020-12) for each kind of file: entities, "
        "relationships, versions, authors and markers. Editors use them to complete and "
        "check files; other programs learn what a file may contain. "
        "docs/reference/fields.md has the same for people."
    )
    group = LOOKING
    examples = (("doit schema -o schemas", "writes schemas/entity.schema.json and four others"),)
    cmd_options = (FOLDER,)

    def _execute(self, output: str, pos_args: list[str]) -> int:
        from ..operations.schema import write_schemas

        no_names(pos_args, self.name)
        if not output:
            raise UsageError("doit schema needs a folder", hint="doit schema -o schemas")
        if Path(output).exists() and not Path(output).is_dir():
            raise UsageError(f"{output} is not a folder", hint="give another one with -o")
        for path in write_schemas(Path(output)):
            self.outstream.write(f"{escape_control(str(path))}\n")
        return 0
