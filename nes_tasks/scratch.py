"""Temporary folders that are removed soon after their process ends, even if it is killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# No other program uses this prefix, so what is found under it is ours.
SUFFIX = ".nes-tasks-tmp"


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield a new folder in `parent`, which is removed after the block.

    Folders of the same prefix that killed processes have left are removed first. Raises `OSError`
    when it cannot be made.
    """
    remove_leftovers(parent, prefix)
    with held_folder(parent, prefix) as folder:
        yield folder


def remove_leftovers(parent: Path, prefix: str) -> None:
    """Remove the folders of a prefix in `parent` that no process holds a lock on any more."""
    for left in parent.glob(f"{prefix}*{SUFFIX}"):
        if _is_own_folder(left) and (descriptor := _hold(left)) is not None:
            remove(left)
            os.close(descriptor)


@contextmanager
def held_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Give a new folder in `parent`, on which this process holds a lock; it is gone afterwards.

    Raises `OSError` when it cannot be made.
    """
    folder, descriptor = _make(parent, prefix)
    try:
        yield folder
    finally:
        remove(folder)
        os.close(descriptor)


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, however deep and whatever its modes."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
        if folder.exists():
            subprocess.run([*command, "--", folder], check=False, stderr=subprocess.DEVNULL)


def _is_own_folder(path: Path) -> bool:
    """Return whether it is a folder of this user, and no link: others write to ``/tmp``, too."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _make(parent: Path, prefix: str) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, suffix=SUFFIX, dir=parent))
        descriptor = _hold(folder)
        # Before the lock was held, another process may have removed it as a leftover.
        if descriptor is not None and folder.is_dir():
            return folder, descriptor
        if descriptor is not None:
            os.close(descriptor)


def _hold(folder: Path) -> int | None:
    """Lock a folder; return the descriptor that holds it, None when another process does."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except (FileNotFoundError, PermissionError):  # gone, or closed by what used it
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
