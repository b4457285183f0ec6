"""Track which files of its folder a script opens, so that a preview can list unread ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class FilesRead:
    """The paths of the files in `folder`, relative to it, that this process opens from now on.

    Files opened by native libraries or child processes are not tracked.
    """

    def __init__(self, folder: str) -> None:
        self.paths: set[str] = set()
        self._inside = tuple({f"{folder}{os.sep}", f"{os.path.realpath(folder)}{os.sep}"})
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if event != "open" and event != "sqlite3.connect":
            return
        path = arguments[0]
        if isinstance(path, bytes | os.PathLike):
            path = os.fsdecode(path)
        if not isinstance(path, str):
            return
        if not path.startswith(os.sep):
            path = os.path.abspath(path)  # noqa: PTH100 - no links are followed
        for inside in self._inside:
            if path.startswith(inside):
                self.paths.add(Path(path.removeprefix(inside)).as_posix())
