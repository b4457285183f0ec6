"""The trees of applied migrations: which one each ran on, and which one it left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from ..storage.file_history import read_file_history
from ..storage.git import Git
from ..storage.history import Commit
from ..storage.ledger import EARLIER_FILE_NAME
from ..storage.marker import FOLDER, Marker, marker_path
from ..storage.objects import ObjectReader


class Span(NamedTuple):
    """What the last run of a migration is in the history.

    `first` says at which of its commits that run began. `base_tree` may be a tree that a
    shallow clone does not have.
    """

    first: int
    base_tree: str
    tree: str


def spans(
    git: Git, at: str, data_dir: str, commits: Mapping[str, Sequence[Commit]]
) -> dict[str, Span]:
    """Return the span of each migration that has `commits` (oldest first); `at` holds the markers.

    That run began where the tree before the commit is the one of the marker. A marker that
    somebody wrote later, for a run without one, does not have to fit: then it is the first
    commit. Reads only; raises `GitError`.
    """
    named = {name: found for name, found in commits.items() if found}
    everything = [commit for found in named.values() for commit in found]
    if not everything:
        return {}
    recorded = _recorded_bases(git, at, data_dir, list(named))
    before, after = iter(_trees_before(git, everything)), iter(_trees(git, everything, ""))
    result: dict[str, Span] = {}
    for name, found in named.items():
        bases = list(islice(before, len(found)))
        tree = list(islice(after, len(found)))[-1]
        base = recorded.get(name)
        fitting = [place for place, tree in enumerate(bases) if base and tree == base]
        # Not known in a shallow clone: then git is asked for what the marker names, or for nothing.
        unknown = "0" * len(found[0].id)
        first = fitting[-1] if fitting else 0
        result[name] = Span(first, bases[first] or base or unknown, tree or unknown)
    return result


def commits_by_record(git: Git, at: str, data_dir: str, name: str) -> list[Commit]:
    """Return the commit that brought the record of the earlier system: data came with it.

    None when a shallow clone does not reach back so far.
    """
    path = f"{data_dir}/{FOLDER}/{name}/{EARLIER_FILE_NAME}"
    found = [commit for commit in read_file_history(git, at, path)[:1] if not commit.is_cut]
    return [Commit(c.id, c.committed_at, c.author, c.committer) for c in found]


def _recorded_bases(git: Git, at: str, data_dir: str, names: Sequence[str]) -> dict[str, str]:
    """Return the trees that the markers say the migrations ran on."""
    with ObjectReader(git) as reader:
        markers = reader.get_many(f"{at}:{marker_path(data_dir, name)}" for name in names)
        pairs = zip(names, markers, strict=True)
        return {name: Marker.from_bytes(found.data).base_tree for name, found in pairs if found}


def _trees(git: Git, commits: Sequence[Commit], relation: str) -> list[str | None]:
    """Return the tree of each commit or of its relation (``^``), None where it is not there."""
    names = "".join(f"{commit.id}{relation}^{{tree}}\n" for commit in commits).encode()
    rows = git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=names)
    words = [row.split() for row in rows.decode().splitlines()]
    return [row[0] if row[1] == "tree" else None for row in words]


def _trees_before(git: Git, commits: Sequence[Commit]) -> list[str | None]:
    """Return the tree before each commit, None where a shallow clone does not have it."""
    empty = git.empty_tree()
    return [
        tree or (None if _has_parent(git, commit) else empty)
        for tree, commit in zip(_trees(git, commits, "^"), commits, strict=True)
    ]


def _has_parent(git: Git, commit: Commit) -> bool:
    """Return whether the commit says that it has a parent, even if a shallow clone lacks it."""
    header = git.run("cat-file", "commit", commit.id).partition(b"\n\n")[0]
    return b"\nparent " in header
