"""Incomplete clones: partial ones lack files, shallow ones lack early commits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import DatabaseError, first_few
from .command import Git
from .objects import ObjectReader


def lacks_trees(git: Git) -> bool:
    """Return whether the repository may lack the folders of early commits, too."""
    filters = (s.value for s in git.settings if s.name == ("remote", "partialclonefilter"))
    return any("tree:" in (value or "") for value in filters)


def missing_files(git: Git, tree: str) -> frozenset[bytes]:
    """Return the blob ids (raw) below `tree` that the repository lacks; nothing is fetched.

    Raises `GitError` for a tree that is not there.
    """
    if not git.is_partial:
        return frozenset()
    rows = git.stream_records(
        "rev-list", "--objects", "--no-object-names", "--missing=print", tree, end=b"\n"
    )
    return frozenset(bytes.fromhex(row[1:].decode()) for row in rows if row.startswith(b"?"))


def has_tree(git: Git, tree: str) -> bool:
    """Return whether a tree is here; a partial clone fetches it if it can."""
    return git.run_unchecked("cat-file", "-e", f"{tree}^{{tree}}").returncode == 0


def fetch_files(git: Git, oids: Iterable[str]) -> None:
    """Let a partial clone fetch the files with these blob ids that it lacks, all in one go.

    If objects are read one at a time, git connects to the remote for each. Packing is the
    plumbing command that first fetches all that is missing; the pack is not needed. Raises
    `GitError` when the remote cannot be reached.
    """
    rows = "".join(f"{oid}\n" for oid in oids)
    options = ("--stdout", "--quiet", "--window=0")
    git.run("pack-objects", *options, stdin=rows.encode(), discard=True)


def shallow_boundary(git: Git) -> frozenset[str]:
    """Return the commits whose parents a shallow clone does not have; none in a full one.

    git also lists the root commit when the depth ends exactly there; nothing is missing then.
    """
    path = os.fsdecode(git.run("rev-parse", "--git-path", "shallow").rstrip(b"\n"))
    file = git.folder / path
    ends = Path(file).read_text().split() if file.is_file() else []
    if not ends:
        return frozenset()
    with ObjectReader(git) as reader:
        headers = [
            found.data.partition(b"\n\n")[0] if found else b"" for found in reader.get_many(ends)
        ]
    return frozenset(
        end for end, header in zip(ends, headers, strict=True) if b"\nparent " in header
    )


def truncated_history_error(label: str, names: Sequence[str]) -> DatabaseError:
    """Return the error for migrations that a shallow clone does not reach back to before.

    `label` is the database as users know it. Without `names` the first commit of the history is
    missing.
    """
    where = f"before {first_few(names)}" if names else "the first commit"
    return DatabaseError(
        f"{label} does not reach back to {where}: it is a shallow clone",
        hint=f"git -C {label} fetch --unshallow",
    )
