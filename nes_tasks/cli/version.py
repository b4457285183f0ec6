"""`doit version`: the versions in use."""

from __future__ import annotations

import sys
from typing import Any

from doit.version import VERSION

from ..version import __version__
from .command import Command, no_names
from .doit_commands import LOOKING


class Version(Command):
    """Print the versions of nes-tasks, doit and Python; no project is needed."""

    name = "version"
    doc_purpose = "print the versions of nes-tasks, doit and Python"
    doc_usage = ""
    doc_description = (
        "doit --version prints the same in a project whose pyproject.toml names our "
        'loader ([tool.doit] loader = "nes_tasks"); elsewhere it prints only the version '
        "of doit."
    )
    group = LOOKING
    examples = (("doit version", "prints the versions, for a bug report"),)
    cmd_options = ()

    def execute(self, params: Any, args: list[str]) -> int:
        """Print one line for each."""
        no_names(args, self.name)
        self.outstream.write(versions())
        return 0


def versions() -> str:
    """Return the versions, one per line."""
    doit, python = (".".join(map(str, parts[:3])) for parts in (VERSION, sys.version_info))
    return f"nes-tasks {__version__}\ndoit {doit}\nPython {python}\n"
