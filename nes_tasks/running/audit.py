"""The rules of the sandbox enforced by Python audit hooks, where the kernel does not.

They make scripts fail alike on every system. They are not a protection: code that bypasses Python's
functions bypasses them. See https://docs.python.org/3/library/audit_events.html for the events.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

# A file descriptor of a folder that a path is relative to; -1 for none.
NO_FOLDER = -1
READING = frozenset({"os.listdir", "os.scandir"})


def _of_one(path: Any, *rest: Any) -> tuple[Any, ...]:
    return () if rest and rest[-1] != NO_FOLDER else (path,)


def _of_two(source: Any, target: Any, *folders: int) -> tuple[Any, ...]:
    return () if any(folder != NO_FOLDER for folder in folders) else (source, target)


# By event: the arguments that name changed paths. Paths relative to an open folder are allowed,
# since that folder is unknown.
CHANGING: dict[str, Callable[..., tuple[Any, ...]]] = {
    "os.mkdir": _of_one,
    "os.remove": _of_one,
    "os.rmdir": _of_one,
    "os.truncate": lambda path, length: (path,),
    "os.rename": _of_two,
    "os.link": _of_two,
    "os.symlink": lambda source, target, *folder: _of_one(target, *folder),
}
# Errors of these events name both paths.
OF_TWO = frozenset({"os.rename", "os.link", "os.symlink"})
PROCESSES = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"}
    | {"subprocess.Popen", "pty.spawn"}
)
SIGNALS = frozenset({"os.kill", "os.killpg"})
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def install(
    *,
    allowed: Iterable[Path],
    writable: Iterable[Path],
    forbidden: Iterable[Path],
    network: bool,
    processes: bool,
) -> None:
    """Install the hook that refuses forbidden operations; irrevocable in this process.

    Files below `writable` may be changed and no others. Those below `forbidden` may only be read
    where they are below `allowed` or `writable` too; all others may.
    """
    changed = _Places(writable)
    read, kept_from = _Places(allowed), _Places(forbidden)

    def check_reading(path: object) -> None:
        if not kept_from.have(path) or read.have(path) or changed.have(path):
            return
        if isinstance(path, int) or os.path.lexists(path):  # type: ignore[arg-type]
            raise _denied(path)

    def check_changing(path: object) -> None:
        if not changed.have(path):
            raise _denied(path)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in EVENTS:
            return
        if event == "open":
            path, _, flags = arguments
            (check_changing if flags & WRITING else check_reading)(path)
        elif event in READING:
            check_reading(arguments[0] or ".")
        elif event in CHANGING:
            paths = CHANGING[event](*arguments)
            if not all(map(changed.have, paths)):
                raise _denied(*(arguments[:2] if event in OF_TWO else paths))
        elif event == "socket.__new__":
            if not network and arguments[1] in (socket.AF_INET, socket.AF_INET6):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        elif not processes and (event in PROCESSES or arguments[0] != os.getpid()):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    sys.addaudithook(hook)


EVENTS = READING | CHANGING.keys() | PROCESSES | SIGNALS | {"open", "socket.__new__"}


def _denied(path: object, other: object = None) -> PermissionError:
    return PermissionError(errno.EACCES, os.strerror(errno.EACCES), path, None, other)


class _Places:
    """A set of folders and files that answers whether a path is below one of them."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = {os.path.realpath(folder) for folder in paths}
        self._folders = tuple(f"{folder.rstrip(os.sep)}{os.sep}" for folder in self._paths)

    def have(self, path: object) -> bool:
        """Return whether a path is below one of them; open file descriptors always are."""
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str | os.PathLike):
            return True
        real = os.path.realpath(path)
        return real in self._paths or real.startswith(self._folders)
