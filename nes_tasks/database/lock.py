"""The lock on a database repository: one run at a time, and it says whose."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ..clock import now, timestamp
from ..errors import DatabaseError, LockHeldError


@contextmanager
def lock(folder: Path, command: str) -> Iterator[None]:
    """Hold the lock that lives in `folder`; `command` is what others are told we are doing.

    The operating system lets go of it when the process ends, however it ends, so a killed run
    leaves nothing to clean up. Raises `LockHeldError` at once when another process holds it.
    """
    from filelock import FileLock, Timeout

    holder = folder / "lock-holder.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = FileLock(folder / "lock", timeout=0)
        held.acquire()
    except Timeout:
        raise LockHeldError(
            f"the database is in use by {_holder(holder)}", hint="wait until it ends"
        ) from None
    except OSError as error:
        raise DatabaseError(f"cannot write to {folder}: {error.strerror}") from error
    try:
        who = {"pid": os.getpid(), "host": socket.gethostname(), "command": command}
        text = json.dumps({**who, "since": timestamp(now())})
        with contextlib.suppress(OSError):  # the lock holds without it
            holder.write_text(text, encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink()
        held.release()


def holder(folder: Path) -> str | None:
    """Return who holds the lock that lives in `folder`, None when nobody does.

    Writes nothing. What a killed run has left of itself does not count.
    """
    from filelock import FileLock, Timeout

    if not (folder / "lock-holder.json").exists():
        return None
    try:
        with FileLock(folder / "lock", timeout=0):
            return None
    except Timeout:
        return _holder(folder / "lock-holder.json")
    except OSError:
        return None


def _holder(path: Path) -> str:
    """Return who holds the lock; the file is for people only and may be gone already."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        who = json.loads(path.read_text(encoding="utf-8"))
        moment = datetime.fromisoformat(who["since"]).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{who['command']} (process {who['pid']} on {who['host']}, since {moment})"
    return "another run"
