"""Histories as people make them: the shapes that the commits of one migration can have."""

from __future__ import annotations

from typing import Protocol


class Repository(Protocol):
    """A repository to run git in."""

    def git(self, *args: str) -> str:
        """Run git and return what it printed."""


def batches_since(place: Repository, base: str) -> list[str]:
    """Return the commits since `base` without merges, oldest first."""
    return place.git("rev-list", "--reverse", "--no-merges", f"{base}..HEAD").split()


def close_with_a_merge(place: Repository, base: str, name: str, *trailers: str) -> str:
    """Let the batches since `base` be a side chain that a merge closes; return the merge.

    The merge has the tree of the last batch and the statistics of all.
    """
    *_, last = batches_since(place, base)
    count = len(batches_since(place, base))
    rows = "\n".join([*trailers, f"Migration: {name}", f"Batches: {count}"])
    message = f"Migration: {name}\n\nDo {name}\n\n{rows}"
    tree = place.git("rev-parse", f"{last}^{{tree}}")
    merge = place.git("commit-tree", tree, "-p", base, "-p", last, "-m", message)
    place.git("update-ref", "refs/heads/main", merge)
    return merge


def unfold(place: Repository, base: str) -> str:
    """Let the batches since `base` be the mainline themselves; return the last of them."""
    *_, last = batches_since(place, base)
    place.git("update-ref", "refs/heads/main", last)
    return last
