"""Leftovers of killed git processes: locks and unfinished files.

git removes them itself unless it is killed; later commands then refuse to work, see
https://git-scm.com/docs/gitrepository-layout. A file does not show whether it is a leftover: the
caller passes the earliest time, and nothing is removed while any git is running in the repository.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import DatabaseError

# Below the folder that linked worktrees share; each worktree has HEAD and index of its own.
LOCKS = (
    "*.lock",
    "worktrees/*/*.lock",
    "refs/**/*.lock",
    "objects/*.lock",
    "objects/info/**/*.lock",
    "objects/pack/*.lock",
)
UNFINISHED_FILES = (
    "packed-refs.new",
    "shallow_??????",
    "objects/tmp_obj*",
    "objects/incoming-*",
    "objects/??/tmp_obj_*",
    "objects/info/**/tmp_*",
    "objects/pack/tmp_*",
    "objects/pack/.tmp-*",
)
# Marks a pack as being received, so that git does not touch it.
KEEPERS = (b"fetch-pack ", b"receive-pack ")
# Long-running processes that take no lock.
HARMLESS = {"cat-file", "credential-cache--daemon", "daemon", "fsmonitor--daemon"}
# File systems store times with different precision.
PRECISION_SECONDS = 2.0
PATIENCE_SECONDS = 10.0


def clear_leftovers(git_dir: Path, common: Path, top: Path, since: float, label: str) -> None:
    """Remove what killed gits have left in a repository since a moment (seconds of the epoch).

    The caller holds our lock, so a git of ours can only have outlived its command: it gets a few
    seconds to end. Files older than `since` belong to others. Raises `DatabaseError` when a git is
    still at work and a lock is there.
    """
    found = list(_leftovers(common, since - PRECISION_SECONDS))
    if not found:
        return
    deadline = time.monotonic() + PATIENCE_SECONDS
    while running := working_gits((top, common, git_dir)):
        if time.monotonic() > deadline:
            raise DatabaseError(
                f"git (process {running[0]}) is running in {label}",
                hint="wait until it ends, then run it again",
            )
        time.sleep(0.05)
    # Again: the git that we waited for has removed its own.
    for path in _leftovers(common, since - PRECISION_SECONDS):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def has_leftovers(common: Path, since: float) -> bool:
    """Return whether there are such files that are not older than `since`."""
    return any(_leftovers(common, since - PRECISION_SECONDS))


def locks(git_dir: Path, common: Path) -> list[Path]:
    """Return the locks that keep others from changing a branch or the index."""
    return [
        *{*git_dir.glob("*.lock"), *common.glob("*.lock"), *common.glob("refs/heads/**/*.lock")}
    ]


def _leftovers(common: Path, since: float) -> Iterator[Path]:
    for pattern in (*LOCKS, *UNFINISHED_FILES):
        yield from (path for path in common.glob(pattern) if _is_since(path, since))
    packs = common / "objects/pack"
    for keeper in packs.glob("*.keep"):
        with contextlib.suppress(OSError):
            if _is_since(keeper, since) and keeper.read_bytes().startswith(KEEPERS):
                yield keeper
    for pack in packs.glob("*.pack"):
        # The index is written last; without it git does not see the pack.
        if _is_since(pack, since) and not pack.with_suffix(".idx").exists():
            yield from (pack, *(p for p in [pack.with_suffix(".rev")] if p.exists()))


def _is_since(path: Path, moment: float) -> bool:
    try:
        return path.lstat().st_mtime >= moment
    except OSError:
        return False


def working_gits(folders: tuple[Path, ...]) -> list[int]:
    """Return the git processes that may be changing something in one of `folders`.

    On Linux those whose working directory is there or unknown; elsewhere all of them.
    """
    if not Path("/proc/self/stat").exists():
        return _all_gits()
    real = [os.path.realpath(folder) for folder in folders]
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if not _is_git(words):
            continue
        try:
            cwd = str((process / "cwd").readlink())
        except FileNotFoundError:
            continue  # it has ended
        except OSError:
            found.append(int(process.name))
            continue
        if any(cwd == folder or cwd.startswith(f"{folder}/") for folder in real):
            found.append(int(process.name))
    return found


def _is_git(words: list[str]) -> bool:
    program = os.path.basename(words[0])  # noqa: PTH119 - no path of ours
    return (program == "git" or program.startswith("git-")) and HARMLESS.isdisjoint(words)


def _all_gits() -> list[int]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=False
    )
    rows = (line.split() for line in listed.stdout.splitlines())
    return [int(row[0]) for row in rows if len(row) > 1 and _is_git(row[1:])]
