"""`doit create`: a new migration from the template."""

from __future__ import annotations

import shlex
from pathlib import Path

from ..clock import now
from ..errors import UsageError
from ..git.gitattributes import keeps_line_ends
from ..git.identity import configured_author
from ..migrations.scaffold import (
    ATTRIBUTES,
    SCRIPT,
    DataDraft,
    Scaffold,
    new_scaffold,
    template_of,
    write_attributes,
)
from .command import Command
from .console import warn
from .doit_commands import CONTRIBUTING
from .options import option
from .session import session

AUTHOR = option(
    "author",
    'the author, as "Name <email>"; by default your git identity',
    metavar="AUTHOR",
)
FROM = option(
    "from",
    "copy this CSV file or workbook, and draft the script for its columns",
    name="from_file",
    metavar="FILE",
)


class Create(Command):
    """Create the folder of a new migration with the next free number."""

    name = "create"
    doc_purpose = "create a migration from the template"
    doc_usage = "[--author AUTHOR] [--from FILE] NAME"
    doc_description = (
        "Creates migrations/NNN-name/ with a README.md and a script that has examples. "
        "NNN is the highest number of the folders and the database plus one. The name "
        "becomes lower-case words joined by hyphens. Existing folders are never changed.\n\n"
        "--from FILE reads a CSV file or workbook: its column names, even below a title, "
        "and what its values are. The script is then a first draft that uses each column.\n\n"
        "The migration cannot be applied until you have replaced each [TODO …].\n\n"
        "In a git checkout where git would convert line ends, migrations/.gitattributes "
        "is also created, since inputs are hashed byte for byte. A project can have its "
        "own template in templates/migration/."
    )
    group = CONTRIBUTING
    examples = (
        ('doit create "Add the ministers of 2026"', "creates NNN-add-the-ministers-of-2026"),
        ('doit create add-rivers --author "Asha Rai <asha@example.org>"', "sets the author"),
        ("doit create add-members --from members.xlsx", "drafts the script for this workbook"),
    )
    cmd_options = (AUTHOR, FROM)

    def _execute(self, author: str, from_file: str, pos_args: list[str]) -> int:
        text = _name(pos_args)
        current = session()
        settings = current.project.settings
        scaffold = new_scaffold(
            text,
            current.plan.next_number,
            author or _author(settings.root, text),
            now().date(),
        )
        directory = settings.migrations_label
        data = _draft(Path(from_file)) if from_file else None
        template = template_of(settings.root)
        folder = scaffold.write(settings.migrations, template, directory, data)
        self._tell(scaffold, directory)
        if not keeps_line_ends(settings.root, folder / SCRIPT):
            self._keep_line_ends(settings.migrations, directory)
        return 0

    def _keep_line_ends(self, migrations: Path, directory: str) -> None:
        path = f"{directory}/{ATTRIBUTES}"
        if write_attributes(migrations, directory):
            self.outstream.write(
                f"Created {path}, which keeps git from converting line ends; commit it as well.\n"
            )
        else:
            warn(f"git may convert line ends of inputs; add the line '* -text' to {path}")

    def _tell(self, scaffold: Scaffold, directory: str) -> None:
        name, folder = scaffold.name, f"{directory}/{scaffold.name}"
        self.outstream.write(
            f"Created {folder}. Fill in every [TODO …] in:\n"
            f"  {folder}/migrate.py\n"
            f"  {folder}/README.md\n"
            "Then:\n"
            f"  doit check:{name}\n"
            f"  doit preview {name}\n"
            f"  doit migrate:{name}\n"
        )


def _name(words: list[str]) -> str:
    """Return the name that was typed; raises `UsageError` when there is none."""
    if not words:
        raise UsageError("the new migration needs a name", hint="doit create add-ministers")
    return " ".join(words)


def _draft(file: Path) -> DataDraft:
    """Return the draft for a file; raises `UsageError` when it cannot be read."""
    from ..operations.draft import draft
    from ..running.readers import InputFileError

    if not file.is_file():
        raise UsageError(f"there is no file {file}", hint="give the path of a CSV file or workbook")
    try:
        return DataDraft(file, draft(file))
    except InputFileError as error:
        raise UsageError(error.message, hint=error.hint) from None


def _author(root: Path, text: str) -> str:
    """Return git's configured author; raises `UsageError` without one."""
    author = configured_author(root)
    if author is None:
        raise UsageError(
            "git does not know who you are, and a migration needs an author",
            hint=f'doit create --author "Your Name <you@example.org>" {shlex.quote(text)}',
        )
    return author
