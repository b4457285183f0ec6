"""The folder of logs and caches beside `dodo.py`, which is never committed."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from .errors import UnavailableError
from .settings import STATE_FOLDER


def make_folder(folder: Path) -> None:
    """Make a folder in the state folder, which git ignores, as with caches of tools.

    Raises `OSError` when it cannot be made, and for a link in its place: what is written would
    leave the project.
    """
    for state in (folder, *folder.parents):
        if state.is_symlink():
            raise NotADirectoryError(errno.ENOTDIR, "it is a link", str(state))
        if state.name == STATE_FOLDER:
            folder.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError), (state / ".gitignore").open("x") as file:
                file.write("# Logs and caches of nes-tasks; deleting them loses nothing.\n*\n")
            return
    folder.mkdir(parents=True, exist_ok=True)


def check_folder(folder: Path, display_path: str) -> None:
    """Check that our folder and its entries are plain, or do not exist yet.

    A repository or a project from a stranger could let us write to other places by links. Raises
    `UnavailableError` with `display_path` for what is in its place.
    """
    try:
        mode = folder.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISDIR(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "not a folder"
        raise UnavailableError(
            f"{display_path} is {kind}, and nes-tasks keeps its own files there", hint="remove it"
        )
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise UnavailableError(
                    f"{display_path}/{entry.name} is a link, "
                    "and nes-tasks keeps its own files there",
                    hint="remove it",
                )
