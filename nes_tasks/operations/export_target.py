"""The target of an export: its format by extension, and whether it may be replaced."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..errors import UsageError
from ..text import quote
from .export_schema import APPLICATION_ID

MANIFEST = "export.json"
"""What a folder or archive of ours begins with; JSON Lines have the same in their first line."""

MADE_BY = "nes_tasks_export"
"""The key of the format in a manifest, by which it is known as one of ours."""


class Format(Enum):
    """A format of an export, with its description for help and errors."""

    SQLITE = "one SQLite file"
    CSV = "a folder of CSV files"
    CSV_ZIP = "CSV files in a zip"
    JSON_LINES = "JSON Lines"
    PARQUET = "a folder of Parquet files"


ENDINGS = {
    ".db": Format.SQLITE,
    ".sqlite": Format.SQLITE,
    ".sqlite3": Format.SQLITE,
    ".csv": Format.CSV,
    ".zip": Format.CSV_ZIP,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".parquet": Format.PARQUET,
}
FOLDERS = {Format.CSV: ".csv", Format.PARQUET: ".parquet"}


@dataclass(frozen=True, slots=True)
class Target:
    """The target of an export; `is_replaced` says that an earlier export exists."""

    path: Path
    format: Format
    is_replaced: bool


def target_of(text: str) -> Target:
    """Return the target for a path. Reads existing files, and writes nothing.

    Raises `UsageError` for an unknown extension, a path that cannot be written, and an existing
    file or folder that is neither an export nor empty.
    """
    path = Path(text)
    found = ENDINGS.get(path.suffix.lower())
    if found is None:
        raise UsageError(
            f"{quote(text)} does not have the extension of an export format",
            hint=f"use {', '.join(list(ENDINGS)[:-1])} or {list(ENDINGS)[-1]}",
        )
    check_target(path)
    actual = path.resolve()
    if not actual.exists():
        return Target(path, found, is_replaced=False)
    if found in FOLDERS:
        is_empty, is_ours = _folder(actual, FOLDERS[found])
    else:
        is_empty, is_ours = _file(actual, found)
    if not (is_empty or is_ours):
        raise UsageError(
            f"{path} is not an export, so it is not replaced", hint="give another name with -o"
        )
    return Target(path, found, is_replaced=is_ours)


def check_target(path: Path) -> None:
    """Raise `UsageError` when nothing can be put at `path`."""
    resolved = path.resolve()
    folder = resolved.parent
    if not folder.is_dir():
        problem = f"there is no folder {path.parent}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        problem = "permission denied"
    else:
        return
    raise UsageError(f"{path} cannot be written: {problem}", hint="give another place")


def _folder(path: Path, ending: str) -> tuple[bool, bool]:
    """Return whether a folder is empty, and whether it is an export and nothing else."""
    if not path.is_dir():
        return False, False
    names = {entry.name for entry in path.iterdir()}
    others = {name for name in names if name != MANIFEST and not name.endswith(ending)}
    return not names, not others and is_manifest(lambda: (path / MANIFEST).read_bytes())


def _file(path: Path, wanted: Format) -> tuple[bool, bool]:
    if not path.is_file():
        return False, False
    if not path.stat().st_size:
        return True, False
    if wanted is Format.SQLITE:
        return False, is_sqlite_export(path)
    if wanted is Format.JSON_LINES:
        with path.open("rb") as file:
            line = file.readline(10_000)
        return False, is_manifest(lambda: line)
    return False, is_manifest(lambda: _in_archive(path))


def is_sqlite_export(path: Path) -> bool:
    """Return whether a file is a SQLite export, by its header."""
    with path.open("rb") as file:
        header = file.read(100)
    magic = header.startswith(b"SQLite format 3\0")
    return magic and header[68:72] == APPLICATION_ID.to_bytes(4, "big")


def _in_archive(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(MANIFEST)


def is_manifest(read: Callable[[], bytes], key: str = MADE_BY) -> bool:
    """Return whether what `read` returns or raises is the manifest of something of ours."""
    try:
        content = json.loads(read())
    except (OSError, ValueError, KeyError, RecursionError, zipfile.BadZipFile):
        return False
    return isinstance(content, dict) and key in content
