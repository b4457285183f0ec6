"""The loader of a project's tasks: doit's own, and the one place where it asks us for `--version`.

doit makes the loader that ``pyproject.toml`` names (``[tool.doit] loader``) before it answers
``doit --version``, and it asks no command about that. Everything else stays as doit has it.
"""

from __future__ import annotations

import sys

from doit.cmd_base import DodoTaskLoader

from .version import versions


class ProjectLoader(DodoTaskLoader):  # type: ignore[misc]
    """Loads ``dodo.py`` as doit does; answers ``doit --version`` with our versions."""

    def __init__(self) -> None:
        if sys.argv[1:2] == ["--version"]:
            sys.stdout.write(versions())
            raise SystemExit(0)
        super().__init__()
