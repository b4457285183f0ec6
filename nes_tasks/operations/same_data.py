"""Compare the data of two trees, ignoring what markers record of the folder.

Editing a folder changes the marker even if the result is the same: it has the hash of each file,
and the script's author, date and description. Everything else must be equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..database.marker import Marker, marker_path
from ..git.command import Git
from ..git.diff import Change, changed_files
from ..git.objects import ObjectReader
from ..migrations.loader import README


def of_folder(marker: Marker, other: Marker) -> Marker:
    """Return `marker` with the folder's data of `other`."""
    metadata = replace(other.metadata, deterministic=marker.metadata.deterministic)
    return replace(marker, inputs=other.inputs, metadata=metadata)


def without_readme(inputs: Mapping[str, str] | None) -> dict[str, str]:
    """Return the inputs that can affect the result, without the README."""
    return {path: digest for path, digest in (inputs or {}).items() if path != README}


def real_changes(git: Git, data_dir: str, old: str, new: str, names: Iterable[str]) -> list[Change]:
    """Return the files that differ between two trees, but for the markers of `names`.

    Those may differ only in the data of the folder. Reads no other file. Raises `GitError`.
    """
    markers = {marker_path(data_dir, name) for name in names}
    changes = list(changed_files(git, old, new))
    with ObjectReader(git) as reader:
        return [
            change
            for change in changes
            if change.path not in markers or not _differ_by_folder(reader, change)
        ]


def _differ_by_folder(reader: ObjectReader, change: Change) -> bool:
    if change.old is None or change.new is None or change.old_mode != change.new_mode:
        return False
    return is_of_edited_folder(reader, change.old, change.new)


def is_of_edited_folder(reader: ObjectReader, old: str, new: str) -> bool:
    """Return whether the markers in two blobs differ in what they say of the folder alone."""
    found = reader.get_many([old, new])
    try:
        before, after = (Marker.from_bytes(one.data if one else b"") for one in found)
    except ValueError:
        return False
    return of_folder(before, after) == after
