"""The difference of two trees: which files, and how many bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .command import Git


class Change(NamedTuple):
    """One file that differs: its path from the repository's root, and its blob ids.

    `old` is None for a file that was added, `new` for one that was deleted.
    """

    path: str
    old: str | None
    new: str | None


def changed_files(git: Git, old: str, new: str, *folders: str) -> Iterator[Change]:
    """Return the files that differ between two trees (or commits), sorted by path.

    They come as git finds them; with `folders` it is only those below them. No blob is read,
    so none is fetched in a partial clone. Raises `GitError` for a tree that is not there. The
    format is that of https://git-scm.com/docs/git-diff-tree#_raw_output_format
    """
    options = ("-r", "-z", "--no-renames", "--full-index")
    literal = {"GIT_LITERAL_PATHSPECS": "1"}
    fields = git.rows("diff-tree", *options, old, new, "--", *folders, env=literal)
    for row, path in zip(fields, fields, strict=True):
        _, _, was, now, _ = row.decode().split()
        yield Change(path.decode(errors="surrogateescape"), _present(was), _present(now))


def _present(oid: str) -> str | None:
    return oid if oid.strip("0") else None


def total_size(git: Git, blobs: Iterable[str]) -> int:
    """Return how many bytes the contents of `blobs` have together; raises `GitError`."""
    names = "".join(f"{oid}\n" for oid in blobs).encode()
    rows = git.run("cat-file", "--batch-check=%(objectsize)", stdin=names)
    return sum(int(row) for row in rows.split())
