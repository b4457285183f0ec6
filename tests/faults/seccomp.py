"""The kernel's own hook into system calls, by ctypes: no compiler, no privileges, no package.

A process installs a filter of its system calls and hands the supervisor a file descriptor that
tells of each one before it is carried out; the supervisor lets it pass, answers with an error,
or kills. The filter is inherited by every child, so git is watched as well as Python. See
seccomp(2), seccomp_unotify(2); it needs Linux 5.5 on x86-64 or arm64.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import platform
import struct
from pathlib import Path
from typing import NamedTuple

SECCOMP = {"x86_64": 317, "aarch64": 277}
# How a system call names the file that it changes: by an open file in argument `fd`, or by a path
# in argument `path` that is relative to the folder in argument `folder` (None: the current one).
X86_64 = {
    1: ("write", "fd", 0),
    18: ("write", "fd", 0),
    20: ("write", "fd", 0),
    40: ("write", "fd", 0),  # sendfile
    326: ("write", "fd", 2),  # copy_file_range
    285: ("write", "fd", 0),  # fallocate
    2: ("create", None, 0),
    85: ("create", None, 0),
    257: ("create", 0, 1),
    82: ("rename", None, 1),
    264: ("rename", 2, 3),
    316: ("rename", 2, 3),
    87: ("unlink", None, 0),
    263: ("unlink", 0, 1),
    84: ("unlink", None, 0),
    83: ("mkdir", None, 0),
    258: ("mkdir", 0, 1),
    86: ("link", None, 1),
    265: ("link", 2, 3),
    88: ("link", None, 1),
    266: ("link", 1, 2),
    74: ("fsync", "fd", 0),
    75: ("fsync", "fd", 0),
    76: ("truncate", None, 0),
    77: ("truncate", "fd", 0),
}
AARCH64 = {
    64: ("write", "fd", 0),
    66: ("write", "fd", 0),
    68: ("write", "fd", 0),
    71: ("write", "fd", 0),
    285: ("write", "fd", 2),
    47: ("write", "fd", 0),
    56: ("create", 0, 1),
    38: ("rename", 2, 3),
    276: ("rename", 2, 3),
    35: ("unlink", 0, 1),
    34: ("mkdir", 0, 1),
    37: ("link", 2, 3),
    36: ("link", 1, 2),
    82: ("fsync", "fd", 0),
    83: ("fsync", "fd", 0),
    45: ("truncate", None, 0),
    46: ("truncate", "fd", 0),
}
CALLS: dict[int, tuple[str, int | str | None, int]] = {
    "x86_64": X86_64,
    "aarch64": AARCH64,
}.get(platform.machine(), {})  # type: ignore[assignment]
# Which argument holds the flags of those that open a file: only creating ones are of interest.
OPENING = {"x86_64": {2: 1, 257: 2}, "aarch64": {56: 2}}.get(platform.machine(), {})

ALLOW, NOTIFY = 0x7FFF0000, 0x7FC00000
LOAD, JUMP_EQUAL, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
NEW_LISTENER, CONTINUE = 1 << 3, 1
RECEIVE = 3 << 30 | 80 << 16 | ord("!") << 8
SEND = 3 << 30 | 24 << 16 | ord("!") << 8 | 1
AT_FDCWD = 0xFFFFFF9C


class Call(NamedTuple):
    """A system call that waits for an answer: who makes it, which one, with which arguments."""

    id: int
    pid: int
    number: int
    arguments: tuple[int, ...]


def is_supported() -> bool:
    """Return whether this machine is one whose system calls can be watched."""
    return bool(CALLS) and platform.system() == "Linux" and _is_permitted()


def _is_permitted() -> bool:
    """Try it in a child, as a container may forbid it."""
    pid = os.fork()
    if pid == 0:
        try:
            os.close(install())
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def install() -> int:
    """Watch this process and its children to come; return the descriptor to listen at."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = _program()
    lines = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(lines))
    if libc.prctl(38, 1, 0, 0, 0):  # PR_SET_NO_NEW_PRIVS
        raise OSError(ctypes.get_errno(), "prctl")
    listener = int(libc.syscall(SECCOMP[platform.machine()], 1, NEW_LISTENER, program))
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return listener


def _program() -> bytes:
    """Return the filter in the kernel's classic BPF."""

    def line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("HBBI", code, if_true, if_false, value)

    rows = line(LOAD, 0)  # the number of the call
    for number in CALLS:
        if number in OPENING:
            rows += line(JUMP_EQUAL, number, 0, 4)
            rows += line(LOAD, 16 + 8 * OPENING[number])
            rows += line(JUMP_ANY_BIT, os.O_CREAT | os.O_TRUNC, 0, 1)
            rows += line(RETURN, NOTIFY) + line(RETURN, ALLOW)
        else:
            rows += line(JUMP_EQUAL, number, 0, 1) + line(RETURN, NOTIFY)
    return rows + line(RETURN, ALLOW)


def receive(listener: int) -> Call | None:
    """Return the next call, None when its process is gone already."""
    buffer = bytearray(80)
    try:
        fcntl.ioctl(listener, RECEIVE, buffer)
    except FileNotFoundError:
        return None
    number, pid, _, call, _, _, *arguments = struct.unpack("QIIiIQ6Q", buffer)
    return Call(number, pid, call, tuple(arguments))


def answer(listener: int, call: Call, error: int = 0) -> None:
    """Let a call pass, or fail with an error number."""
    response = struct.pack("QqiI", call.id, 0, -error, 0 if error else CONTINUE)
    with contextlib.suppress(FileNotFoundError):  # killed meanwhile
        fcntl.ioctl(listener, SEND, response)


def changed_file(call: Call) -> tuple[str, str] | None:
    """Return what a call does and the path that it does it to, None for none (a pipe, …)."""
    kind, folder, index = CALLS[call.number]
    try:
        if folder == "fd":
            descriptor = call.arguments[index] & 0xFFFFFFFF
            path = str(Path(f"/proc/{call.pid}/fd/{descriptor}").readlink())
            return (kind, path) if path.startswith("/") else None
        name = _string(call.pid, call.arguments[index])
        if name.startswith("/"):
            return kind, os.path.normpath(name)
        descriptor = AT_FDCWD if folder is None else call.arguments[int(folder)] & 0xFFFFFFFF
        base = "cwd" if descriptor == AT_FDCWD else f"fd/{descriptor}"
        return kind, os.path.normpath(Path(f"/proc/{call.pid}/{base}").readlink() / name)
    except OSError:
        return None


def _string(pid: int, address: int) -> str:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        data = b""
        while b"\0" not in data:
            # Up to the end of a page: the next one may not be there.
            some = memory.read(4096 - (address + len(data)) % 4096)
            if not some:
                break
            data += some
    return os.fsdecode(data.partition(b"\0")[0])
