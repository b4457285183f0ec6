"""Landlock: the Linux kernel's interface to drop rights to files, TCP and signals.

Called through ctypes, as Python has no bindings of its own. The numbers are those of
``linux/landlock.h``; what each version of the interface ("ABI") can do is described in
https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .system_calls import call

# The same on every architecture.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
RULE_PATH_BENEATH = 1
VERSION_FLAG = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
# Number of file rights of each ABI version, from the first; later versions have as many as the
# last.
FILE_RIGHTS = (13, 14, 15, 15, 16)
# The kernel refuses a rule for a plain file with a right that only folders have.
RIGHTS_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
READING = READ_FILE | READ_DIR
MAKE_FILE, REMOVE_FILE = 1 << 8, 1 << 5
SHARING = READ_FILE | WRITE_FILE | TRUNCATE | MAKE_FILE | REMOVE_FILE
TRUNCATE_SINCE = 3
TCP_SINCE, TCP = 4, 0b11
SCOPES_SINCE, SCOPES = 6, 0b11  # abstract Unix sockets, signals


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class Opened(NamedTuple):
    """A file or folder that is kept open for rulesets."""

    descriptor: int
    is_folder: bool


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def version() -> int:
    """Return the version of the kernel's interface, 0 where there is none."""
    if sys.platform != "linux":
        return 0
    try:
        return call(CREATE_RULESET, None, 0, VERSION_FLAG)
    except OSError:
        return 0


def open_path(path: Path | str) -> Opened | None:
    """Open a path for rulesets, which the caller closes; None for one that is not there."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return None
    return Opened(descriptor, stat.S_ISDIR(os.fstat(descriptor).st_mode))


def make_ruleset(
    readable: Iterable[Path | Opened],
    writable: Iterable[Path],
    shared: Iterable[Path] = (),
    *,
    tcp: bool,
    execute: bool = False,
) -> int:
    """Return the file descriptor of a ruleset with these rights to files and no others.

    What is below `readable` may be read, and run as a program with `execute`; what is below
    `writable` may be read and changed; below `shared` files may be made, opened and removed by
    their names, which cannot be listed. Paths that are not there are left out, and what is opened
    already stays open. TCP is given up unless `tcp`. Where the kernel can, so are signals to
    processes that were not restricted by the same `enforce`, and their abstract Unix sockets.
    Raises `OSError` where the kernel refuses.
    """
    known = version()
    every = _every_right(known)
    rules = _Ruleset(
        every,
        TCP if known >= TCP_SINCE and not tcp else 0,
        SCOPES if known >= SCOPES_SINCE else 0,
    )
    # Older kernels refuse a longer structure, unless the rest is zero.
    ruleset = call(CREATE_RULESET, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    try:
        reading = READING | EXECUTE if execute else READING
        for paths, rights in (
            (readable, reading),
            (writable, every & ~EXECUTE),
            (shared, SHARING),
        ):
            for path in paths:
                _allow(ruleset, path, rights & every)
    except BaseException:
        os.close(ruleset)
        raise
    return ruleset


def _every_right(known: int) -> int:
    """Return the rights to files that a version of the interface knows."""
    return (1 << FILE_RIGHTS[min(known, len(FILE_RIGHTS)) - 1]) - 1


def allow_reading(ruleset: int, path: str) -> None:
    """Add what is below `path` to what a ruleset lets be read; raises `OSError`."""
    _allow(ruleset, path, READING)


def enforce(ruleset: int) -> None:
    """Leave this thread, and what it starts, the rights of a ruleset and no others.

    Needs ``no_new_privs``. Raises `OSError` where the kernel refuses.
    """
    call(RESTRICT_SELF, ruleset, 0)


def _allow(ruleset: int, path: Path | str | Opened, rights: int) -> None:
    at = path if isinstance(path, Opened) else open_path(path)
    if at is None:
        return
    rule = _PathBeneath(rights if at.is_folder else rights & RIGHTS_OF_FILES, at.descriptor)
    try:
        call(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        if at is not path:
            os.close(at.descriptor)
