"""Write a file or folder atomically: under a temporary name, then renamed into place.

Writing may take minutes, be interrupted or fill the disk. The previous result then remains, and an
incomplete one is never used.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..cache import is_abandoned
from ..errors import UnavailableError

PART = ".part"


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target` for a file or folder, and move it there at the end.

    Entries of a replaced folder that the new one lacks are moved into it. Raises `UnavailableError`
    when the disk is full or the like.
    """
    target = target.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}{PART}")
    try:
        _remove_abandoned(target)
        _remove(part)
        yield part
        if part.is_dir():
            _move_folder(part, target)
        else:
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(target)
    except OSError as error:
        raise UnavailableError(f"{target.name} cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            _remove(part)


def _move_folder(part: Path, target: Path) -> None:
    """Replace a folder by a new one with two renames."""
    if not target.exists():
        part.rename(target)
        return
    old = target.with_name(f".{target.name}.{os.getpid()}.old{PART}")
    _remove(old)
    target.rename(old)
    try:
        part.rename(target)
    except BaseException:
        old.rename(target)
        raise
    for entry in list(old.iterdir()):
        if not (target / entry.name).exists():
            entry.rename(target / entry.name)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_abandoned(target: Path) -> None:
    """Remove unfinished files of killed processes."""
    for left in target.parent.glob(f".{target.name}.*{PART}"):
        pid = left.name.removeprefix(f".{target.name}.").partition(".")[0]
        if left.suffixes[-2:] != [".old", PART] and is_abandoned(pid):
            with contextlib.suppress(OSError):
                _remove(left)
