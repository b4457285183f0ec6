"""The folder of logs and caches beside `dodo.py`: nothing in it is for a commit."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .settings import STATE_FOLDER


def make_folder(folder: Path) -> None:
    """Make a folder in the state folder, which tells git to ignore it, as caches of tools do.

    Raises `OSError` when it cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for state in (folder, *folder.parents):
        if state.name == STATE_FOLDER:
            with contextlib.suppress(FileExistsError), (state / ".gitignore").open("x") as file:
                file.write("# Logs and caches of nes-tasks; deleting them loses nothing.\n*\n")
            return
