"""The listing: all files below a folder of one tree, as git walks them.

Unlike a snapshot it keeps nothing, so a folder of a million files needs no memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .command import Git

# A link or a submodule is not a file with content of its own.
FILE_MODES = (b"100644", b"100755")
LINK_MODE = b"120000"


class File(NamedTuple):
    """One file: its path from the repository's root, and its blob id."""

    path: str
    oid: str


def list_files(git: Git, tree: str, folder: str, *, links: bool = False) -> Iterator[File]:
    """Yield the files below `folder` of a tree (or commit), sorted by path; reads no blob.

    With `links` symbolic links are files as well, whose content is where they lead. Raises
    `GitError` for a tree that is not there.
    """
    # The format is ``mode SP type SP id TAB path``: https://git-scm.com/docs/git-ls-tree
    # Without a trailing slash it would be the folder itself, and a file of that name, too.
    rows = git.stream_records(
        "ls-tree",
        "-r",
        "-z",
        "--full-tree",
        tree,
        "--",
        f"{folder}/",
        env={"GIT_LITERAL_PATHSPECS": "1"},
    )
    modes = (*FILE_MODES, LINK_MODE) if links else FILE_MODES
    for row in rows:
        words, _, path = row.partition(b"\t")
        mode, _, oid = words.split()
        if mode in modes:
            yield File(path.decode(errors="surrogateescape"), oid.decode())
