"""The inverse of commits: what they did to each file, and a commit that takes it back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ..database.transaction import Signature
from ..git.command import Git
from ..git.commit import write_commit
from ..git.log import Commit

# A file of the tree as the index names it: its mode and the id of its blob.
File = tuple[str, str]


class Span(NamedTuple):
    """One file before the first and after the last of some commits; None where there is none.

    `is_broken` says that somebody else changed it between two of them.
    """

    before: File | None
    after: File | None
    is_broken: bool = False


def spans(git: Git, commits: Iterable[Commit]) -> dict[str, Span]:
    """Return what `commits` (the oldest first) did to each file that they changed, by path.

    Reads no blob, so none is fetched in a partial clone. A commit whose parent a shallow clone
    has cut off seems to have made every file.
    """
    found: dict[str, Span] = {}
    for commit in commits:
        for path, before, after in _changes(git, commit):
            known = found.get(path)
            if known is None:
                found[path] = Span(before, after)
            else:
                broken = known.is_broken or known.after != before
                found[path] = Span(known.before, after, broken)
    return found


def _changes(git: Git, commit: Commit) -> Iterable[tuple[str, File | None, File | None]]:
    """Read https://git-scm.com/docs/git-diff-tree#_raw_output_format with the modes."""
    base = commit.parent or git.empty_tree()
    rows = git.run("diff-tree", "-r", "-z", "--no-renames", base, commit.id)
    fields = rows.split(b"\0")[:-1]
    for row, path in zip(fields[::2], fields[1::2], strict=True):
        was_mode, mode, was, now, _ = row.decode().removeprefix(":").split()
        before = (was_mode, was) if was.strip("0") else None
        yield os.fsdecode(path), before, (mode, now) if now.strip("0") else None


def commit_files(
    git: Git,
    base: str,
    files: Mapping[str, File | None],
    *,
    message: str,
    who: Signature,
    ref: str,
    sign: bool,
) -> str:
    """Make a commit on `base` in which each path of `files` is as given, None for absent.

    The commit's author and committer are `who`; the private `ref` is made to hold it. With
    `sign` git signs it. The index that it needs is one of its own, so neither the repository's
    nor its files are touched.
    """
    gone = ("0", "0" * len(base))
    with tempfile.TemporaryDirectory() as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.run("read-tree", base, env=env)
        rows = ((*(file or gone), os.fsencode(path)) for path, file in files.items())
        stdin = b"".join(b"%b %b\t%b\0" % (m.encode(), o.encode(), p) for m, o, p in rows)
        git.run("update-index", "-z", "--index-info", stdin=stdin, env=env)
        # A partial clone lacks blobs that are none of our business.
        tree = git.run("write-tree", "--missing-ok", env=env).decode().strip()
    commit = write_commit(
        git,
        tree=tree,
        parents=[base],
        message=message,
        author=who,
        committer=who,
        sign=sign,
    )
    git.run("update-ref", ref, commit)
    return commit
