"""The ledger: the applied migrations, as recorded in the database repository.

It is read from the markers in a committed tree, never from the working tree or other files, so that
clones agree on it and a revert undoes it. The cache only saves the parsing: its key is the id of
the tree that holds the markers.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ..cache import load_cache, save_cache
from ..errors import DatabaseError
from ..git.command import Git, failure, reason
from ..git.incomplete_clone import fetch_files
from ..git.objects import GitObject, ObjectReader
from ..git.snapshot import Snapshot
from .marker import FILE_NAME, FOLDER, Described, Marker, Metadata, Statistics

# The record that a legacy system wrote for each applied migration.
LEGACY_FILE_NAME = "metadata.json"
CACHE_FORMAT = 3


@dataclass(frozen=True, slots=True)
class Applied(Described):
    """One applied migration as the ledger knows it.

    `inputs` is None when unknown: the record is one of a legacy system, which kept no
    checksums; nor are `marker_blob`, the id of its marker, and `base_tree`, which the marker names,
    known then. `applied_at` is the time it was applied.
    """

    name: str
    metadata: Metadata
    applied_at: datetime | None
    inputs: Mapping[str, str] | None
    statistics: Statistics
    base_tree: str | None = None
    marker_blob: str | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """All applied migrations at `commit` (None: no commit yet), by name."""

    commit: str | None
    applied: Mapping[str, Applied]


def read_ledger(
    database: Path,
    data_dir: str,
    *,
    branch: str | None = None,
    at: str | None = None,
    cache: Path | None = None,
) -> Ledger:
    """Read the ledger of the repository in the folder `database`. Writes nothing to it.

    A folder that does not exist or is empty has an empty ledger. `branch` is the branch to
    look at instead of HEAD, `at` a commit, `cache` a file for parsed markers. Raises
    `DatabaseError` when the folder is not a repository or a marker cannot be read.
    """
    if is_absent(database):
        return Ledger(None, {})
    git = Git(database)
    revision = at or (f"refs/heads/{branch}" if branch else "HEAD")
    logs = f"{revision}:{data_dir}/{FOLDER}"
    done = git.run_unchecked("cat-file", "--batch-check", stdin=f"{revision}\n{logs}\n".encode())
    if done.returncode:
        raise not_a_repository(database, failure(["cat-file"], done.stderr).stderr)
    answers = done.stdout.splitlines()
    commit, tree = _found(answers[0], b"commit"), _found(answers[1], b"tree")
    if commit is None and git.query("rev-parse", "--verify", "--quiet", revision):
        raise DatabaseError(
            f"{database} is damaged: git cannot read the commit of {revision}",
            hint=f"see git -C {database} fsck, or clone the database again",
        )
    if commit is None or tree is None:
        return Ledger(commit, {})
    known = load_cache(cache, CACHE_FORMAT)
    applied = _decoded(known)
    if applied is None or known["tree"] != tree:
        known = {"tree": tree, "entries": _read(git, tree, known if applied else {})}
        save_cache(cache, CACHE_FORMAT, known)
        applied = _decoded(known) or {}
    return Ledger(commit, applied)


def is_absent(database: Path) -> bool:
    """Return whether `database` is missing or an empty folder.

    Raises `DatabaseError` for what is not a folder and for one that cannot be read.
    """
    try:
        with os.scandir(database) as entries:
            return next(entries, None) is None
    except FileNotFoundError:
        if database.is_symlink():
            raise DatabaseError(
                f"{database} is a link to {database.readlink()}, which does not exist",
                hint="remove the link or change the setting `database`",
            ) from None
        return True
    except NotADirectoryError:
        raise DatabaseError(
            f"{database} is a file, not a database repository",
            hint="move it away or change the setting `database`",
        ) from None
    except PermissionError:
        raise DatabaseError(f"{database} cannot be read: permission denied") from None
    except OSError as error:  # such as a symbolic link to itself
        raise DatabaseError(
            f"{database} cannot be read: {error.strerror}",
            hint="remove it or change the setting `database`",
        ) from error


def not_a_repository(database: Path, stderr: str) -> DatabaseError:
    """Return the error for a folder in which git finds no repository; `stderr` is git's."""
    if "dubious ownership" in stderr:
        return DatabaseError(
            f"git does not trust {database}: it belongs to another user",
            hint=f"git config --global --add safe.directory {database}",
        )
    if lost := _lost_git_dir(database):
        return DatabaseError(
            f"{database}/.git points to {lost}, which is not a git repository: "
            "one of them was moved",
            hint=f"git submodule update --init {database}"
            if ".git/modules/" in lost
            else f"git worktree repair {database} in the repository that the worktree belongs to, "
            "or clone the database again",
        )
    if stderr and "not a git repository" not in stderr:
        return DatabaseError(f"{database} cannot be used: {reason(stderr)}")
    return DatabaseError(
        f"{database} is not a git repository",
        hint="move it away to start an empty one, or change the setting `database`",
    )


def _lost_git_dir(database: Path) -> str | None:
    """Return where the file ``.git`` points to, None when there is no such file.

    See https://git-scm.com/docs/gitrepository-layout.
    """
    with contextlib.suppress(OSError, UnicodeDecodeError):
        target = (database / ".git").read_text(encoding="utf-8").strip()
        return target.removeprefix("gitdir:").strip() or None
    return None


def _found(line: bytes, kind: bytes) -> str | None:
    words = line.split()
    return words[0].decode() if len(words) == 3 and words[1] == kind else None


def _read(git: Git, tree: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Parse the records below `tree`; rows of `known` with the same blob id are taken over."""
    rows: dict[str, Any] = {}
    blobs = _records(git, tree)
    old = known.get("entries", {})
    new = {name: blob for name, blob in blobs.items() if old.get(name, {}).get("blob") != blob[1]}
    wanted = [oid for _, oid in new.values()]
    if len(wanted) > 1 and git.is_partial:
        fetch_files(git, wanted)
    with ObjectReader(git) as reader:
        found = dict(zip(new, reader.get_many(wanted), strict=True))
    for name, (file_name, oid) in blobs.items():
        if name not in new:
            rows[name] = old[name]
            continue
        blob = found[name]
        path = f"{FOLDER}/{name}/{file_name}"
        if blob is None:
            raise DatabaseError(f"the database is damaged: {path} is missing", hint="see git fsck")
        try:
            parse = _from_marker if file_name == FILE_NAME else _from_legacy
            rows[name] = {"blob": oid, "applied": _encode(parse(name, blob))}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DatabaseError(
                f"{path} in the database cannot be read: {error}",
                hint="restore it from the history of the database",
            ) from error
    return rows


def _records(git: Git, tree: str) -> dict[str, tuple[str, str]]:
    """Return the file name and blob id of each migration's record, by migration, in order."""
    snapshot = Snapshot(git, tree)
    try:
        found: dict[str, tuple[str, str]] = {}
        for name in sorted(snapshot.folder("")):
            for file_name in (FILE_NAME, LEGACY_FILE_NAME):
                oid = snapshot.blob_id(f"{name}/{file_name}")
                if oid is not None:
                    found[name] = (file_name, oid)
                    break
        return found
    finally:
        snapshot.close()


def _from_marker(name: str, blob: GitObject) -> Applied:
    marker = Marker.from_bytes(blob.data)
    return Applied(
        name=name,
        metadata=marker.metadata,
        applied_at=marker.applied_at,
        inputs=marker.inputs,
        statistics=marker.statistics,
        base_tree=marker.base_tree,
        marker_blob=blob.oid,
    )


def _from_legacy(name: str, blob: GitObject) -> Applied:
    content = json.loads(blob.data)
    changes = (content.get("changes") or {}) if isinstance(content, dict) else None
    if not isinstance(changes, dict):
        raise ValueError("it is not the record of a migration")
    names = ("entities_created", "relationships_created", "versions_created")
    when, moment = content.get("date"), content.get("executed_at")
    return Applied(
        name=name,
        metadata=Metadata(
            author=str(content.get("author") or ""),
            date=date.fromisoformat(when[:10]) if when else None,
            description=str(content.get("description") or ""),
        ),
        # Local time without a zone: the machine that wrote it is unknown.
        applied_at=datetime.fromisoformat(moment) if moment else None,
        inputs=None,
        statistics=Statistics(**{key: int(changes.get(key) or 0) for key in names}),
    )


def _decoded(known: Mapping[str, Any]) -> dict[str, Applied] | None:
    """Return what a cache holds, None when it is empty or was damaged."""
    try:
        known["tree"]
        return {name: _decode(row["applied"]) for name, row in known["entries"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _encode(applied: Applied) -> dict[str, Any]:
    """Return a row of the cache: the fields of the dataclasses, dates in ISO format."""
    row = asdict(applied)
    row["metadata"]["date"] = applied.metadata.iso_date
    row["applied_at"] = applied.applied_at.isoformat() if applied.applied_at else None
    return row


def _decode(row: Mapping[str, Any]) -> Applied:
    when, moment = row["metadata"]["date"], row["applied_at"]
    fields = {
        "metadata": Metadata(
            **{**row["metadata"], "date": date.fromisoformat(when) if when else None}
        ),
        "applied_at": datetime.fromisoformat(moment) if moment else None,
        "statistics": Statistics(**row["statistics"]),
    }
    return Applied(**{**row, **fields})
