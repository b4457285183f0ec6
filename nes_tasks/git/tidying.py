"""Joining what many small commits have stored, so that git finds objects quickly."""

from __future__ import annotations

from contextlib import suppress

from .command import Git

# So many packs are joined: each of git's processes looks through all of them.
MANY_PACKS = 10
# The tree of a large folder has tens of megabytes, and by default ten are in memory on each core.
JOINING_LIMITS = ("-c", "pack.windowMemory=64m", "-c", "pack.threads=1")


def tidy(git: Git) -> None:
    """Join the packs of a repository, or in a partial clone pack what is stored as single files.

    Next to nothing when it is little. A pack is joined only with others that have about as many
    objects together, so the whole repository is not rewritten as by ``git gc``: the
    incremental-repack of git's maintenance does that too. Best effort: failures are ignored.
    """
    # By joining packs git would forget which objects the remote has promised.
    if git.is_partial:
        _pack_single_files(git)
    elif sum(1 for _ in (git.objects / "pack").glob("*.pack")) >= MANY_PACKS:
        git.run_unchecked(*JOINING_LIMITS, "repack", "--geometric=2", "-d", "-q", "-n")


def _pack_single_files(git: Git) -> None:
    lock = git.objects / "maintenance.lock"
    is_foreign = lock.exists()
    git.run_unchecked("maintenance", "run", "--auto", "--quiet", "--task=loose-objects")
    if not is_foreign:  # git says nothing of a lock that it could not remove
        with suppress(OSError):
            lock.unlink(missing_ok=True)
