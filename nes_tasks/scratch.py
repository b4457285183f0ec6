"""Temporary folders that are removed soon after their process ends, even if it is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# No other program uses this prefix, so what is found under it is ours.
SUFFIX = ".nes-tasks-tmp"


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield a new folder in `parent`, which is removed after the block.

    Its process holds a lock on it. Folders of the same prefix without a held lock are those of
    killed processes, and are removed first. Raises `OSError` when it cannot be made.
    """
    for left in parent.glob(f"{prefix}*{SUFFIX}"):
        if left.is_dir() and (descriptor := _hold(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(descriptor)
    folder, descriptor = _make(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


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
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
