"""List the files of a tree, the differences between two trees, and what commits changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    # Without a trailing slash it would list the folder itself, or a file of that name.
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


OPTIONS = ("-r", "-z", "--raw", "--no-renames", "--full-index")
# ``git diff-tree`` reads the index, which it does not use, and before git 2.41 it puts all files of
# the repository into a sparse one for that: seconds for a million of them.
NO_INDEX = ".nes-tasks-no-index"


class Change(NamedTuple):
    """One file that differs: its path from the repository's root, its blob ids and modes.

    `old` is None for a file that was added, `new` for one that was deleted.
    """

    path: str
    old: str | None
    new: str | None
    old_mode: str = ""
    new_mode: str = ""


def changed_files(git: Git, old: str, new: str, *folders: str) -> Iterator[Change]:
    """Return the files that differ between two trees (or commits), sorted by path.

    They are yielded as git finds them; with `folders` only those below them. No blob is read,
    so none is fetched in a partial clone. Raises `GitError` for a tree that is not there.
    """
    fields = git.stream_records(
        "diff-tree", *OPTIONS, old, new, "--", *folders, env=_environment(git)
    )
    for row, path in zip(fields, fields, strict=True):
        yield _change(row, path)


def changes_of_commits(
    git: Git, commits: Iterable[str], *folders: str
) -> Iterator[tuple[str, Change]]:
    """Yield what each of the `commits` changed against its parent, in their order.

    A merge yields only what differs from all of its parents; `old` is that of the first.
    The commit where a shallow clone ends seems to have added every file. Reads trees only; raises
    `GitError`.
    """
    ids = "".join(f"{commit}\n" for commit in commits).encode()
    if not ids:
        return
    arguments = ("--stdin", "--root", "-c", *OPTIONS, "--", *folders)
    commit = ""
    fields = iter(git.run("diff-tree", *arguments, stdin=ids, env=_environment(git)).split(b"\0"))
    for field in filter(None, fields):
        if field.startswith(b":"):
            yield commit, _change(field, next(fields))
        else:
            commit = field.decode()


def _environment(git: Git) -> dict[str, str]:
    """Return the environment for literal paths and a missing index file."""
    return {"GIT_LITERAL_PATHSPECS": "1", "GIT_INDEX_FILE": str(git.folder.absolute() / NO_INDEX)}


def _change(row: bytes, path: bytes) -> Change:
    """Parse the raw format, that of merges included.

    It is a colon for each parent, their modes and the one of the result, likewise the ids, and
    a status: https://git-scm.com/docs/git-diff-tree#_raw_output_format
    """
    words = row.decode().lstrip(":").split()
    count = len(words) // 2
    modes, ids = words[:count], words[count : 2 * count]
    return Change(
        path.decode(errors="surrogateescape"),
        _present(ids[0]),
        _present(ids[-1]),
        modes[0],
        modes[-1],
    )


def _present(oid: str) -> str | None:
    return oid if oid.strip("0") else None


def total_size(git: Git, blobs: Iterable[str]) -> int:
    """Return how many bytes the contents of `blobs` have together; raises `GitError`."""
    names = "".join(f"{oid}\n" for oid in blobs).encode()
    rows = git.run("cat-file", "--batch-check=%(objectsize)", stdin=names)
    return sum(int(row) for row in rows.split())
