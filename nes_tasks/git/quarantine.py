"""A quarantine: objects in a folder of their own, invisible before they are installed.

git does the same with what a push brings
(https://git-scm.com/docs/git-receive-pack#_quarantine_environment). The folder lies among the
objects of the repository, so installing them is a matter of renaming.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from .command import Git

# `git prune` also treats names with tmp_ as leftovers, after two weeks.
ASIDE_PREFIX = "tmp_nes-tasks-"


class Quarantine:
    """A folder for new objects of one repository; gone after `install` or `discard`."""

    def __init__(self, git: Git) -> None:
        self.objects = git.objects
        self._aside = Path(tempfile.mkdtemp(prefix=ASIDE_PREFIX, dir=self.objects))

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which git writes here, and reads here and in the repository."""
        return {
            "GIT_OBJECT_DIRECTORY": str(self._aside),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(self.objects),
        }

    def install(self) -> None:
        """Move the objects into the repository.

        Raises `OSError` when that is not possible; nothing refers to the moved objects then.
        """
        try:
            _install(os.fspath(self._aside), os.fspath(self.objects))
        finally:
            self.discard()

    def discard(self) -> None:
        """Discard the objects that are not installed."""
        discard_quarantine(self._aside, self.objects)


def _install(source: str, target: str) -> None:
    """Move all files below `source` to the same places below `target`.

    A pack's index is moved last, since it makes the pack visible. Unfinished files of git stay
    behind.
    """
    with os.scandir(source) as entries:
        items = sorted(entries, key=lambda item: item.name.endswith(".idx"))
    for item in items:
        if item.name.startswith(("tmp_", ".tmp-")):
            continue
        there = f"{target}/{item.name}"
        if item.is_dir():
            with contextlib.suppress(FileExistsError):
                os.mkdir(there)  # noqa: PTH102 - paths are strings here, for speed
            _install(item.path, there)
            with contextlib.suppress(OSError):  # something stays behind
                os.rmdir(item.path)  # noqa: PTH106
        else:
            os.replace(item.path, there)  # noqa: PTH105


def discard_quarantine(aside: Path, objects: Path) -> None:
    """Delete a quarantine, with objects that were moved out of it and cannot be used.

    No other process writes to the folder: the caller holds the lock. A pack whose index is still
    inside is invisible to git and would stay forever.
    """
    for index in (aside / "pack").glob("*.idx"):
        if not (objects / "pack" / index.name).exists():
            for part in (objects / "pack").glob(f"{index.stem}.*"):
                part.unlink()
    shutil.rmtree(aside, ignore_errors=True)


def _quoted(path: Path) -> str:
    """Return `path` quoted for git, whatever characters it contains."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
