"""Files that operating systems, editors and tools create beside data.

They are not inputs of a migration: they are unintended, differ between machines, and would be
missing elsewhere once recorded. This is the only table of them. Its sources are the lists that most
projects ignore files by, https://github.com/github/gitignore (folder Global), and the manuals named
below.
"""

from __future__ import annotations

import os
from functools import lru_cache

# Names that begin with a dot are left out as well: .DS_Store and ._x of macOS, .~lock.x# of
# LibreOffice, .x.swp of Vim, .#x of Emacs, .nfs… of NFS, .ipynb_checkpoints of Jupyter.
# All comparisons ignore case, as the file systems of Windows and macOS do.

FILES = frozenset(
    {
        # Windows.gitignore: thumbnails, and how a folder is shown
        "thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini",
        # macOS.gitignore: a folder's own icon; its name ends in a carriage return
        "icon\r",
    }
)  # fmt: skip

FOLDERS = frozenset(
    {
        # https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
        "__pycache__",
        # macOS.gitignore: what its archiver adds to a zip, and shared volumes
        "__macosx", "network trash folder", "temporary items",
        # Windows.gitignore: the recycle bin; NTFS keeps the other one on each volume
        "$recycle.bin", "system volume information",
        # fsck(8) and Synology's index of a shared folder
        "lost+found", "@eadir",
    }
)  # fmt: skip

PREFIXES = (
    # MicrosoftOffice.gitignore: the lock file, as in ~$members.xlsx
    "~$",
)

SUFFIXES = (
    # Linux.gitignore, Emacs.gitignore, Vim.gitignore (x~, x.un~, x.swp of an unnamed buffer)
    "~", ".swp", ".swo",
    # Backup.gitignore; MicrosoftOffice.gitignore: backups of Excel and Word
    ".bak", ".xlk", ".wbk",
    # MicrosoftOffice.gitignore: ~WRL0001.tmp
    ".tmp",
    # Git.gitignore: leftovers of merge tools and patches
    ".orig", ".rej",
    # JetBrains writes files aside before it moves them: "safe write" in its manual
    "___jb_tmp___", "___jb_old___",
    # Windows.gitignore: shortcuts and crash dumps
    ".lnk", ".stackdump",
    # Python.gitignore
    ".pyc", ".pyo", "$py.class",
    # Unfinished downloads of Chrome and Firefox
    ".crdownload", ".part",
)  # fmt: skip


def is_leftover_path(relative: str) -> bool:
    """Return whether a file is a leftover, or hidden, by its path relative to the folder alone."""
    *folders, name = relative.split("/")
    return any(map(is_leftover_folder, folders)) or is_leftover_file(name)


def is_leftover(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry of a folder is a leftover, or hidden, by its name and kind."""
    if entry.is_dir(follow_symlinks=False):
        return is_leftover_folder(entry.name)
    return is_leftover_file(entry.name)


def is_leftover_folder(name: str) -> bool:
    """Return whether a folder of this name is a leftover, or hidden."""
    return name.startswith(".") or name.casefold() in FOLDERS


@lru_cache(maxsize=4096)  # most folders have files of the same names
def is_leftover_file(name: str) -> bool:
    """Return whether a file of this name is a leftover, or hidden."""
    if name.startswith(".") or name == "__pycache__":
        return True
    folded = name.casefold()
    return (
        folded in FILES
        or folded.startswith(PREFIXES)
        or folded.endswith(SUFFIXES)
        or (name.startswith("#") and name.endswith("#"))  # Emacs.gitignore: unsaved changes
    )
