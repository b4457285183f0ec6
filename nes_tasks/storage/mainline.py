"""The mainline: the commits of a branch itself, without those that merges brought along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from .file_history import moment
from .git import Git
from .history import migration_of


class Step(NamedTuple):
    """One commit of a mainline; `migration` is the one that it belongs to by its subject."""

    id: str
    tree: str
    committed_at: datetime
    migration: str | None


def mainline(git: Git, commit: str) -> Iterator[Step]:
    """Yield the commits that lead to `commit`, oldest first, always by the first parent.

    Raises `GitError` for a commit that is not there.
    """
    # Of rev-list, unlike log, no configuration changes the output.
    form = "--format=%T%x1f%ct%x1f%s"
    options = ("--first-parent", "--reverse", "--encoding=UTF-8")
    rows = git.rows("rev-list", *options, form, commit, "--", end=b"\n")
    for header, line in zip(rows, rows, strict=True):
        tree, seconds, subject = line.decode(errors="replace").split("\x1f", 2)
        name = migration_of(subject)
        yield Step(header.split()[1].decode(), tree, moment(seconds), name)


def committed_at(git: Git, commit: str) -> datetime:
    """Return when a commit was made; raises `GitError` when it is not there."""
    return moment(git.text("rev-list", "--max-count=1", "--format=%ct", commit).split("\n")[1])
