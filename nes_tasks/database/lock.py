"""The lock on a database repository: one run at a time, with a known holder.

While the lock is held a file names its holder. If that file exists without the lock being held,
its holder was killed, and its git processes may have left files behind: the file then stays under
another name until a command has cleaned up.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ..clock import now, timestamp
from ..errors import DatabaseError, GitError, LockHeldError

HOLDER = "lock-holder.json"
INTERRUPTED = "interrupted.json"


@contextmanager
def lock(folder: Path, command: str) -> Iterator[None]:
    """Hold the lock that lives in `folder`; `command` is shown to others who find it held.

    The operating system lets go of it when the process ends, however it ends. Raises
    `LockHeldError` at once when another process holds it, `DatabaseError` when nothing can be
    written there.
    """
    from filelock import FileLock, Timeout

    try:
        # Not the folders above it: a repository that is gone must not come back as an empty one.
        folder.mkdir(exist_ok=True)
        # A reader that checks whether it is held takes it for a moment, too.
        held = FileLock(folder / "lock", timeout=0.2)
        held.acquire(poll_interval=0.02)
    except Timeout:
        raise LockHeldError(
            f"the database is in use by {_holder(folder / HOLDER)}", hint="wait until it ends"
        ) from None
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        _sign(folder, command)
        yield
    except BaseException as error:
        if _may_leave_locks(error):
            keep_as_interrupted(folder)
        raise
    finally:
        with contextlib.suppress(OSError):
            (folder / HOLDER).unlink()
        held.release()


def _sign(folder: Path, command: str) -> None:
    """Write the holder of the lock; without it no command could clean up after us."""
    import socket  # lazy: only commands that take the lock need it

    who = {"pid": os.getpid(), "host": socket.gethostname(), "command": command}
    try:
        keep_as_interrupted(folder)
        (folder / HOLDER).write_text(json.dumps({**who, "since": timestamp(now())}), "utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> DatabaseError:
    return DatabaseError(f"cannot write to {folder}: {error.strerror}")


def keep_as_interrupted(folder: Path) -> None:
    """Keep the holder's file as that of an interrupted command; the oldest one counts.

    Its modification time is kept: leftovers cannot be older.
    """
    if not (folder / INTERRUPTED).exists():
        with contextlib.suppress(FileNotFoundError):
            (folder / HOLDER).replace(folder / INTERRUPTED)


def _may_leave_locks(error: BaseException | None) -> bool:
    """Return whether git or the disk caused an error."""
    while error is not None:
        if isinstance(error, GitError | OSError | KeyboardInterrupt):
            return True
        error = error.__cause__
    return False


def interrupted_since(folder: Path) -> float | None:
    """Return when the oldest killed command took the lock, in seconds since the epoch.

    None when all have ended well, or others have cleaned up after them. The caller holds the lock.
    """
    with contextlib.suppress(FileNotFoundError):
        return (folder / INTERRUPTED).stat().st_mtime
    return None


def forget_interrupted(folder: Path) -> None:
    """Record that everything is cleaned up."""
    (folder / INTERRUPTED).unlink(missing_ok=True)


def was_interrupted(folder: Path) -> bool:
    """Return whether a command was killed and no other has cleaned up yet. Writes nothing."""
    if (folder / INTERRUPTED).exists():
        return True
    return (folder / HOLDER).exists() and holder(folder) is None


def holder(folder: Path) -> str | None:
    """Return who holds the lock in `folder`, None when it is free.

    Writes nothing. Leftovers of a killed run do not count.
    """
    from filelock import FileLock, Timeout

    if not (folder / HOLDER).exists():
        return None
    try:
        with FileLock(folder / "lock", timeout=0):
            return None
    except Timeout:
        return _holder(folder / HOLDER)
    except OSError:
        return None


def _holder(path: Path) -> str:
    """Return who holds the lock; the file is for people only and may be gone already."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        who = json.loads(path.read_text(encoding="utf-8"))
        moment = datetime.fromisoformat(who["since"]).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{who['command']} (process {who['pid']} on {who['host']}, since {moment})"
    return "another run"
