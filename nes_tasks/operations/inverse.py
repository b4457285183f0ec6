"""The inverse of commits: what they did to each file, and a commit that takes it back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import NamedTuple

from ..database.transaction import Signature
from ..git.command import Git
from ..git.diff import changed_files
from ..git.log import Commit
from ..git.object_writer import ObjectWriter
from ..git.trees import Tree, TreeEntry

# A file of the tree as the index names it: its mode and the id of its blob.
File = tuple[str, str]


class Span(NamedTuple):
    """One file before the first and after the last of some commits; None where it is absent.

    `is_broken` says that another commit changed it between two of them.
    """

    before: File | None
    after: File | None
    is_broken: bool = False


def spans(git: Git, commits: Iterable[Commit]) -> dict[str, Span]:
    """Return what `commits` (the oldest first) did to each file that they changed, by path.

    A merge among them stands for the side chain that it closes. Reads no blob, so none is
    fetched in a partial clone. A commit whose parent a shallow clone has cut off seems to have
    made every file.
    """
    found: dict[str, Span] = {}
    for base, commit in steps(commits):
        for change in changed_files(git, base or git.empty_tree(), commit.id):
            before = (change.old_mode, change.old) if change.old else None
            after = (change.new_mode, change.new) if change.new else None
            known = found.get(change.path)
            if known is None:
                found[change.path] = Span(before, after)
            else:
                broken = known.is_broken or known.after != before
                found[change.path] = Span(known.before, after, broken)
    return found


def steps(commits: Iterable[Commit]) -> list[tuple[str | None, Commit]]:
    """Return each commit with its parent, the merge alone for the chain that it closes."""
    steps: list[tuple[str | None, Commit]] = []
    for one in commits:
        if one.is_merge:
            last: str | None = one.parents[1]
            while steps and steps[-1][1].id == last:
                last = steps.pop()[0]
        steps.append((one.parent, one))
    return steps


def commit_files(
    git: Git,
    base: str,
    files: Mapping[str, File | None],
    *,
    message: str,
    who: Signature,
    ref: str,
    sign: bool,
    known: Mapping[bytes, Tree] | None = None,
) -> str:
    """Make a commit on `base` in which each path of `files` is as given, None for absent.

    The commit's author and committer are `who`; the private `ref` is made to hold it. With
    `sign` git signs it. `known` are trees that were read already, by their raw ids. Neither the
    index nor the files of the repository are touched.
    """
    changes = {
        os.fsencode(path): TreeEntry(file[0].encode(), bytes.fromhex(file[1])) if file else None
        for path, file in files.items()
    }
    with closing(ObjectWriter(git, id_digits=len(base), known=known)) as writer:
        commit = writer.commit(
            tree=writer.tree(git.tree_of(base), changes),
            parents=[base],
            message=message,
            author=who,
            committer=who,
            sign=sign,
        )
        writer.install()
    git.run("update-ref", ref, commit)
    return commit
