"""The loader of a project's tasks: doit's own, with early checks of the command line.

doit creates the loader that ``pyproject.toml`` names (``[tool.doit] loader``) before it answers
``doit --version`` and before it fails on an empty word. Everything else stays as doit has it.
"""

from __future__ import annotations

import sys

from doit.cmd_base import DodoTaskLoader

from ..errors import UsageError
from .version import versions


class ProjectLoader(DodoTaskLoader):  # type: ignore[misc]
    """Loads ``dodo.py`` as doit does; answers ``doit --version``, and refuses an empty word."""

    def __init__(self) -> None:
        if sys.argv[1:2] == ["--version"]:
            sys.stdout.write(versions())
            raise SystemExit(0)
        if "" in sys.argv[1:]:  # usually an unset variable in quotes
            sys.stderr.write("error: a word of the command line is empty; doit help\n")
            raise SystemExit(UsageError.exit_code)
        super().__init__()
