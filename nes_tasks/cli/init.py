"""`doit init`: a new service repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from doit.cmd_base import Command

from ..clock import now
from ..errors import UsageError
from ..git.identity import configured_author
from ..migrations.scaffold import checked_author
from ..text import escape_control
from .create import AUTHOR
from .doit_commands import CONTRIBUTING, BaseCommand
from .options import option

FIRST_AUTHOR = {
    **AUTHOR,
    "help": 'the author of the example, as "Name <email>"; by default your git identity',
}
REMOTE_URL = option(
    "remote-url",
    "the address of the database repository; without it the database starts empty",
    metavar="URL",
)
WORKFLOWS = option(
    "workflows",
    "call the GitHub workflows of this repository of nes-tasks: OWNER/nes-tasks@COMMIT",
    metavar="WORKFLOWS",
)


class Init(BaseCommand, Command):  # type: ignore[misc]
    """Create a service repository, or add the files that an existing one lacks."""

    name = "init"
    doc_purpose = "create a repository for migrations"
    doc_usage = "[--author AUTHOR] [--remote-url URL] [--workflows WORKFLOWS] [FOLDER]"
    doc_description = (
        "Writes dodo.py, the settings, an example migration, README.md, requirements.txt "
        "and git's files into FOLDER, by default the current folder. --workflows also "
        "adds GitHub workflows for pull requests. Existing files are never changed, so "
        "repeat the command to add missing ones."
    )
    group = CONTRIBUTING
    examples = (
        ("doit init rivers", "creates the files in the folder rivers"),
        (
            "doit init --remote-url https://example.org/db.git",
            "creates them here, with the address of the database",
        ),
    )
    cmd_options = (FIRST_AUTHOR, REMOTE_URL, WORKFLOWS)
    outstream: Any = None

    def execute(self, params: Any, args: list[str]) -> int:
        """Make it; raises `UsageError` for more than one folder."""
        from ..operations.init import NewRepository, init

        if len(args) > 1:
            raise UsageError("doit init takes one folder", hint="doit init FOLDER")
        folder = Path(args[0] if args else ".")
        new = NewRepository(
            author=checked_author(params["author"] or _author(folder)),
            date=now().date(),
            remote_url=params["remote_url"] or None,
            workflows=params["workflows"] or None,
        )
        done = init(folder, new)
        where = escape_control(str(folder))
        for path in done.kept:
            self.outstream.write(f"Kept {path}.\n")
        if not done.created:
            self.outstream.write(f"Nothing is missing in {where}.\n")
            return 0
        self.outstream.write(f"Created in {where}:\n")
        self.outstream.write("".join(f"  {path}\n" for path in done.created))
        self.outstream.write("Then:\n")
        if args:
            self.outstream.write(f"  cd {where}\n")
        self.outstream.write("  doit check\n  doit preview\n")
        return 0


def _author(folder: Path) -> str:
    author = configured_author(folder if folder.is_dir() else Path())
    if author is None:
        raise UsageError(
            "git does not know who you are, and a migration needs an author",
            hint='doit init --author "Your Name <you@example.org>"',
        )
    return author
