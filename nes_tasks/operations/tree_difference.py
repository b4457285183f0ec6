"""The difference of two versions of a file: the first field, or else the first line."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from ..database.marker import FOLDER
from ..git.command import Git
from ..git.diff import Change, changed_files
from ..git.objects import ObjectReader
from .changes import is_content_field
from .fields import ABSENT, FieldChange, field_changes


class Kind(StrEnum):
    """How a file differs: in its content, in its mode alone, or by being on one side only."""

    CONTENT = "content"
    MODE = "mode"
    ONLY_COMMITTED = "only_committed"
    ONLY_REPLAYED = "only_replayed"


@dataclass(frozen=True, slots=True)
class Difference:
    """The first difference: a file, and the first field (or line, counted from 1) in it.

    `change` has the committed value as `old` and that of the replay as `new`; None where the
    file as a whole is on one side only.
    """

    path: str
    kind: Kind
    change: FieldChange | None = None
    line: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: an absent value has no key."""
        change = self.change or FieldChange("", ABSENT, ABSENT)
        sides = {"committed": change.old, "replayed": change.new}
        return {
            "path": self.path,
            "kind": self.kind.value,
            "field": change.path or None,
            "line": self.line,
            **{key: value for key, value in sides.items() if value is not ABSENT},
        }


def first_difference(git: Git, data_dir: str, old: str, new: str) -> tuple[int, Difference]:
    """Return the number of files that differ between two trees, and the first difference."""
    changes = list(changed_files(git, old, new))
    return len(changes), first_of(git, data_dir, changes)


def first_of(git: Git, data_dir: str, changes: Sequence[Change]) -> Difference:
    """Return the first difference of the changed files.

    Data files come before the records of runs, which count what is in the data.
    """
    records = f"{data_dir}/{FOLDER}/"
    first = min(changes, key=lambda change: (change.path.startswith(records), change.path))
    with ObjectReader(git) as reader:
        return difference_of(reader, first)


def difference_of(reader: ObjectReader, change: Change) -> Difference:
    """Return the first difference of two versions of a file. Reads only."""
    if change.old is None:
        return Difference(change.path, Kind.ONLY_REPLAYED)
    if change.new is None:
        return Difference(change.path, Kind.ONLY_COMMITTED)
    if change.old == change.new:
        return Difference(change.path, Kind.MODE)
    old, new = (found.data if found else b"" for found in reader.get_many([change.old, change.new]))
    return _of_contents(change.path, old, new)


def _of_contents(path: str, old: bytes, new: bytes) -> Difference:
    """Return the first field that differs, or the first line for other files."""
    read = tomllib.loads if path.endswith(".toml") else json.loads
    try:
        changes = field_changes(read(old.decode()), read(new.decode()))
    except (ValueError, RecursionError):
        changes = []
    # Every update rewrites the version summary; the actual changes follow it in the file.
    changes.sort(key=lambda change: not is_content_field(change.path))
    if changes and changes[0].path:
        return Difference(path, Kind.CONTENT, _as_json(changes[0]))
    lines, others = (data.decode(errors="replace").splitlines(keepends=True) for data in (old, new))
    at = next(
        (n for n, pair in enumerate(zip(lines, others, strict=False)) if pair[0] != pair[1]),
        min(len(lines), len(others)),
    )
    pair = (some[at] if at < len(some) else ABSENT for some in (lines, others))
    return Difference(path, Kind.CONTENT, FieldChange("", *pair), line=at + 1)


def _as_json(change: FieldChange) -> FieldChange:
    """Return the change with JSON values: TOML also has times."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return (
            value.isoformat() if isinstance(value, date) else value
        )  # datetime is a subclass of date

    return FieldChange(change.path, plain(change.old), plain(change.new))
