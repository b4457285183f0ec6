"""Where a command writes to when it is not the terminal."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import UnavailableError, UsageError

OUTPUT = {
    "name": "output",
    "short": "o",
    "long": "output",
    "type": str,
    "default": "",
    "help": "write to this file instead",
}


def check_writable(path: Path) -> None:
    """Fail early if the output file is not writable.

    Raises `UsageError` that says why.
    """
    folder = path.parent
    if path.is_dir() or not folder.is_dir():
        problem = "it is a folder" if path.is_dir() else f"there is no folder {folder}"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        problem = "permission denied"
    else:
        return
    raise UsageError(f"{path} cannot be written: {problem}", hint="give another file with -o")


def write_file(path: Path, data: bytes) -> None:
    """Write a result; raises `UnavailableError` when the disk is full or the like."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written: {error.strerror}") from error
