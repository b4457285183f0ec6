"""Counts: what an execution changed, and how many migrations two histories differ by.

They come from trees, never from recorded counts, and read no content.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ..git.command import Git
from ..git.diff import changed_files
from ..git.incomplete_clone import lacks_trees
from .executions import Execution
from .history import RECORDS
from .ledger import Applied
from .marker import FOLDER, Statistics


def measure(git: Git, execution: Execution, data_dir: str) -> Statistics:
    """Count what an execution changed, by kind of file, from its two trees.

    The records are not counted. Raises `GitError` for a tree that is not there.
    """
    counts = dict.fromkeys(Statistics.__dataclass_fields__, 0)
    plural = {"entity": "entities", "relationship": "relationships"}
    for change in changed_files(git, execution.base_tree, execution.tree, data_dir):
        kind = change.path[len(data_dir) + 1 :].split("/", 1)[0]
        if kind == FOLDER:
            continue
        counts["files"] += 1
        if kind in plural:
            deed = "created" if not change.old else "updated" if change.new else "deleted"
            counts[f"{plural[kind]}_{deed}"] += 1
        elif kind == "version" and not change.old:
            counts["versions_created"] += 1
    return Statistics(**counts)


def with_statistics(
    git: Git, applied: Applied, execution: Execution | None, data_dir: str
) -> Applied:
    """Return a record with the statistics of its commits where it was not their run's own.

    The legacy system counted wrongly at times, and adopting a database counts afterwards.
    """
    is_known = execution is not None and execution.marker is None and not execution.is_truncated
    if not is_known or lacks_trees(git):
        return applied
    assert execution is not None
    return replace(applied, statistics=measure(git, execution, data_dir))


class AheadAndBehind(NamedTuple):
    """The number of migrations that only we have, and that only the remote has."""

    ahead: int
    behind: int


def count_ahead_and_behind(
    git: Git, ours: str | None, theirs: str | None, data_dir: str
) -> AheadAndBehind | None:
    """Count the migrations changed on both sides since their common ancestor.

    A migration that was applied, applied again or reverted counts once. Uses no network: the
    answer is None where a clone does not hold that commit or its folders. Raises `GitError`.
    """
    base = git.query("merge-base", ours, theirs) if ours and theirs else None
    if lacks_trees(git) or (ours and theirs and not base):
        return None
    return AheadAndBehind(
        count_migrations(git, base, ours, data_dir), count_migrations(git, base, theirs, data_dir)
    )


def count_migrations(git: Git, old: str | None, new: str | None, data_dir: str) -> int:
    """Return the number of migrations whose record differs between the commits `old` and `new`."""
    before, after = git.tree_of(old), git.tree_of(new)
    logs = f"{data_dir}/{FOLDER}"
    changed = (change.path[len(logs) + 1 :] for change in changed_files(git, before, after, logs))
    parts = (path.partition("/") for path in changed)
    return len({name for name, _, file_name in parts if file_name in RECORDS})
