"""Pointer files: placeholders of large files that are not downloaded yet.

Git LFS: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md (less than 1,024 bytes, the
version first; ``hawser`` is the name of its pre-release). git-annex, for unlocked files:
https://git-annex.branchable.com/internals/pointer_file/
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..errors import InvalidMigrationError
from .inputs import InputFile

MAX_SIZE = 1024


class Pointer(NamedTuple):
    """A kind of pointer file, and the command that downloads the content."""

    kind: str
    command: str


GIT_LFS = Pointer("a Git LFS pointer", "git lfs pull")
GIT_ANNEX = Pointer("a git-annex pointer", "git annex get .")
STARTS = {
    b"version https://git-lfs.github.com/spec/": GIT_LFS,
    b"version https://hawser.github.com/spec/": GIT_LFS,
    b"/annex/objects/": GIT_ANNEX,
}


def pointer_in(path: Path, size: int) -> Pointer | None:
    """Return the kind of pointer that a file of `size` bytes is, None for a regular file.

    Raises `OSError` when it cannot be read.
    """
    if size >= MAX_SIZE:
        return None
    with path.open("rb") as file:
        head = file.read(max(map(len, STARTS)))
    return next((pointer for start, pointer in STARTS.items() if head.startswith(start)), None)


def refuse_pointers(files: Iterable[InputFile], display_path: str) -> None:
    """Check that the input files of a folder are not pointers; `display_path` names it in messages.

    A migration that ran on a pointer would record the wrong content. Raises
    `InvalidMigrationError`.
    """
    for file in files:
        if pointer := pointer_in(Path(file.path), file.size):
            raise InvalidMigrationError(
                f"{display_path}/{file.relative} is {pointer.kind}, not the data",
                hint=pointer.command,
            )
