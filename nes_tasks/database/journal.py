"""The journal of a publication: a write-ahead log with one record.

It lies in git's folder and survives a power cut. Each linked worktree has its own, since another
one could not complete the publication. Every run checks for it, so this module loads nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE_NAME = "nes-tasks/publishing.json"


@dataclass(frozen=True, slots=True)
class Publication:
    """The branch is to move from the commit `old` to `new`.

    `branch` and `ref`, the private ref that holds `new` until then, are full names. `kept` is the
    ref that `old` gets when `new` does not contain it. `checkout` says that the files of the
    working tree follow; `files` is the commit or tree that they are at, None for `old`.
    """

    branch: str
    old: str | None
    new: str
    ref: str | None = None
    kept: str | None = None
    checkout: bool = True
    files: str | None = None


class Journal:
    """The journal of the working tree whose git folder is `git_dir`: one publication or none."""

    def __init__(self, git_dir: Path) -> None:
        self._path = git_dir / FILE_NAME

    def exists(self) -> bool:
        """Return whether a publication has begun and not ended."""
        return self._path.exists()

    def begin(self, publication: Publication) -> None:
        """Write the publication to disk durably, before it begins. Raises `OSError`."""
        partial = self._path.with_suffix(".new")
        self._path.parent.mkdir(exist_ok=True)
        try:
            with partial.open("w", encoding="utf-8") as file:
                json.dump(asdict(publication), file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise
        _fsync_folder(self._path.parent)

    def read(self) -> Publication | None:
        """Return the publication that has not ended, None for none or an unreadable journal.

        It is complete before anything moves, so a damaged one can be ignored.
        """
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return Publication(**found) if _is_sound(found) else None
        return None

    def end(self) -> None:
        """Remove the journal: the publication is complete, or it never began."""
        self._path.with_suffix(".new").unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)


def _is_sound(found: object) -> bool:
    if not isinstance(found, dict) or not {"branch", "old", "new"} <= found.keys():
        return False
    texts = (found.get(key) for key in ("branch", "old", "new", "ref", "kept", "files"))
    return all(text is None or isinstance(text, str) for text in texts) and found["new"]


def _fsync_folder(folder: Path) -> None:
    """Make the new name durable; not every file system can sync a folder."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_publishing(database: Path) -> bool:
    """Return whether a publication in the repository at `database` has begun and not ended."""
    return (_git_dir(database) / FILE_NAME).exists()


def own_folder(database: Path) -> Path:
    """Return our folder in the repository at `database`, which its linked worktrees share."""
    git_dir = _git_dir(database)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        common = (git_dir / "commondir").read_text(encoding="utf-8").strip()
        return git_dir / common / "nes-tasks"
    return git_dir / "nes-tasks"


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
