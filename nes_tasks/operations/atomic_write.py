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
def atomic_write(place: Path) -> Iterator[Path]:
    """Yield a temporary path beside `place` for a file or folder, and move it there at the end.

    Entries of a replaced folder that the new one lacks are moved into it. Raises `UnavailableError`
    when the disk is full or the like.
    """
    place = place.resolve()
    part = place.with_name(f".{place.name}.{os.getpid()}{PART}")
    try:
        _remove_abandoned(place)
        _remove(part)
        yield part
        if part.is_dir():
            _move_folder(part, place)
        else:
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(place)
    except OSError as error:
        raise UnavailableError(f"{place.name} cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            _remove(part)


def _move_folder(part: Path, place: Path) -> None:
    """Replace a folder by a new one with two renames."""
    if not place.exists():
        part.rename(place)
        return
    old = place.with_name(f".{place.name}.{os.getpid()}.old{PART}")
    _remove(old)
    place.rename(old)
    try:
        part.rename(place)
    except BaseException:
        old.rename(place)
        raise
    for entry in list(old.iterdir()):
        if not (place / entry.name).exists():
            entry.rename(place / entry.name)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_abandoned(place: Path) -> None:
    """Remove unfinished files of killed processes."""
    for left in place.parent.glob(f".{place.name}.*{PART}"):
        pid = left.name.removeprefix(f".{place.name}.").partition(".")[0]
        if left.suffixes[-2:] != [".old", PART] and is_abandoned(pid):
            with contextlib.suppress(OSError):
                _remove(left)
