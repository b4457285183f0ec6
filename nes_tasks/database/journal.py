"""The note that says a publication is under way; it outlives a power cut.

It lies in git's own folder. Whether there is one is asked at every run, so this loads nothing.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

FILE_NAME = "nes-tasks/publishing.json"


def note_of(git_dir: Path) -> Path:
    """Return where the note of a working tree is, given its git folder."""
    return git_dir / FILE_NAME


def is_noted(database: Path) -> bool:
    """Return whether a publication in the repository at `database` has begun and not ended."""
    return note_of(_git_dir(database)).exists()


def _git_dir(database: Path) -> Path:
    """Return git's folder: ``.git``, what that file names, or all of a bare repository.

    See https://git-scm.com/docs/gitrepository-layout.
    """
    dot_git = database / ".git"
    if dot_git.is_dir():
        return dot_git
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = dot_git.read_text(encoding="utf-8")
        return database / text.removeprefix("gitdir:").strip()
    return database
