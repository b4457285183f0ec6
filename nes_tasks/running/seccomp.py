"""seccomp: system calls that the Linux kernel refuses to a script.

A BPF filter in the kernel decides about each call by its number and its arguments
(https://docs.kernel.org/userspace-api/seccomp_filter.html). It covers what Landlock does not:
processes, sockets of every kind, other processes' memory, modes and owners of files.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from .system_calls import call, prctl

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38
SET_MODE_FILTER, FLAG_TSYNC = 1, 1
ALLOW, ERRNO, KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
# Instructions: load a word of the call's data; jump if equal, at least, or any bit is set; return.
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
# Offsets in `struct seccomp_data`; of an argument the lower half: both machines are little-endian.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
CLONE_THREAD, CLONE_PARENT = 0x10000, 0x8000
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.
CLONE_NEW_ANY = 0x7E020000
F_SETOWN, F_SETSIG, F_SETOWN_EX = 8, 10, 15
TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP = 0x5412, 0x541C, 0x8901, 0x8902
X32 = 0x40000000
AF_INET, AF_INET6, AF_NETLINK = 2, 10, 16
# Stands for the id of the process in a filter that is compiled before the fork; no process has it.
OWN_ID = 0x7FFFFFFF


class _Machine(NamedTuple):
    architecture: int
    seccomp: int
    numbers: dict[str, int]


# Numbers of system calls: asm/unistd_64.h for x86_64, asm-generic/unistd.h for arm64. From 424
# on they are the same on both.
_COMMON = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431,
    "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435, "pidfd_getfd": 438,
    "openat2": 437, "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443,
    "memfd_secret": 447, "process_mrelease": 448, "fchmodat2": 452, "setxattrat": 463,
    "removexattrat": 466, "open_tree_attr": 467,
}  # fmt: skip
_X86_64 = {
    "socket": 41, "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "kill": 62,
    "tgkill": 234, "tkill": 200, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
    "prlimit64": 302, "prctl": 157, "fcntl": 72, "ioctl": 16, "chmod": 90, "fchmod": 91,
    "fchmodat": 268, "utime": 132, "utimes": 235, "utimensat": 280, "futimesat": 261, "chown": 92,
    "fchown": 93, "lchown": 94, "fchownat": 260, "ptrace": 101, "pivot_root": 155,
    "adjtimex": 159, "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165,
    "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170,
    "setdomainname": 171, "iopl": 172, "ioperm": 173, "init_module": 175, "delete_module": 176,
    "quotactl": 179, "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197,
    "lremovexattr": 198, "fremovexattr": 199, "clock_settime": 227, "mq_open": 240,
    "mq_unlink": 241, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
    "mknod": 133, "mknodat": 259, "unshare": 272, "perf_event_open": 298,
    "name_to_handle_at": 303, "open_by_handle_at": 304, "clock_adjtime": 305, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313,
    "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323, "memfd_create": 319, "shmget": 29,
    "shmat": 30, "shmctl": 31, "semget": 64, "semop": 65, "semtimedop": 220, "semctl": 66,
    "msgget": 68, "msgsnd": 69, "msgrcv": 70, "msgctl": 71, "setpriority": 141,
    "sched_setaffinity": 203, "sched_setparam": 142, "sched_setscheduler": 144,
    "sched_setattr": 314, "ioprio_set": 251, "migrate_pages": 256, "move_pages": 279,
    "fanotify_init": 300, "inotify_init": 253, "inotify_init1": 294, "syslog": 103,
    "vhangup": 153, "lookup_dcookie": 212, "truncate": 76, "open": 2, "openat": 257,
}  # fmt: skip
_ARM64 = {
    "socket": 198, "clone": 220, "execve": 221, "execveat": 281, "kill": 129, "tgkill": 131,
    "tkill": 130, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "prlimit64": 261,
    "prctl": 167, "fcntl": 25, "ioctl": 29, "fchmod": 52, "fchmodat": 53, "utimensat": 88,
    "fchown": 55, "fchownat": 54, "ptrace": 117, "pivot_root": 41, "adjtimex": 171, "chroot": 51,
    "acct": 89, "settimeofday": 170, "mount": 40, "umount2": 39, "swapon": 224, "swapoff": 225,
    "reboot": 142, "sethostname": 161, "setdomainname": 162, "init_module": 105,
    "delete_module": 106, "quotactl": 60, "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7,
    "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16, "clock_settime": 112,
    "mq_open": 180, "mq_unlink": 181, "kexec_load": 104, "add_key": 217, "request_key": 218,
    "keyctl": 219, "mknodat": 33, "unshare": 97, "perf_event_open": 241, "name_to_handle_at": 264,
    "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268, "process_vm_readv": 270,
    "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "kexec_file_load": 294,
    "bpf": 280, "userfaultfd": 282, "memfd_create": 279, "shmget": 194, "shmat": 196,
    "shmctl": 195, "semget": 190, "semop": 193, "semtimedop": 192, "semctl": 191, "msgget": 186,
    "msgsnd": 189, "msgrcv": 188, "msgctl": 187, "setpriority": 140, "sched_setaffinity": 122,
    "sched_setparam": 118, "sched_setscheduler": 119, "sched_setattr": 274, "ioprio_set": 30,
    "migrate_pages": 238, "move_pages": 239, "fanotify_init": 262, "inotify_init1": 26,
    "syslog": 116, "vhangup": 58, "lookup_dcookie": 18, "truncate": 45, "openat": 56,
}  # fmt: skip
MACHINES = {
    "x86_64": _Machine(0xC000003E, 317, _X86_64 | _COMMON),
    "aarch64": _Machine(0xC00000B7, 277, _ARM64 | _COMMON),
}
# Changes of a file's mode and times are ignored without an error: shutil.copy2 would fail
# otherwise.
IGNORED = frozenset({"chmod", "fchmod", "fchmodat", "fchmodat2", "utime", "utimes", "futimesat"})
# glibc uses clone where clone3 is not there; the filter cannot look into its structure.
NOT_THERE = frozenset({"clone3"})
NEW_PROCESSES = frozenset({"fork", "vfork", "execve", "execveat"})
SIGNALS = frozenset({"kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"})
# Calls that truncate a file by its name.
TRUNCATION = frozenset({"truncate", "open", "openat", "openat2"})
# Calls that depend on their arguments or on the script's permissions.
CONDITIONAL = SIGNALS | NEW_PROCESSES | TRUNCATION | {"clone", "socket", "prlimit64"}
# By call: the index of an argument, and its refused values.
REFUSED_VALUES = {
    "prctl": (0, (PR_SET_PDEATHSIG,)),
    # The receiver of a signal for readable data, which may be a foreign process.
    "fcntl": (1, (F_SETOWN, F_SETSIG, F_SETOWN_EX)),
    "ioctl": (1, (TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP)),
}


def is_available() -> bool:
    """Return whether the filter can be made for this machine."""
    return sys.platform == "linux" and platform.machine() in MACHINES


def die_with_parent(signal: int) -> None:
    """Make the kernel send `signal` to this process when its parent ends."""
    prctl(PR_SET_PDEATHSIG, signal)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends (a subreaper)."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def give_up_new_rights() -> None:
    """Set ``no_new_privs``: started programs cannot have more rights than this process."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def restrict(filter_code: bytes) -> None:
    """Install the filter that `compiled` has returned, for all threads of this process.

    Needs ``no_new_privs``. Raises `OSError` where the kernel refuses the filter.
    """
    code = filter_code.replace(_is(OWN_ID), _is(os.getpid()))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HP", len(code) // 8, ctypes.addressof(buffer))
    number = MACHINES[platform.machine()].seccomp
    if call(number, SET_MODE_FILTER, FLAG_TSYNC, program) != 0:
        raise OSError(errno.EAGAIN, "a thread has another filter")


@cache
def compiled(*, network: bool, processes: bool, truncation: bool = True) -> bytes:
    """Return the filter that refuses forbidden system calls on this machine.

    Sockets are refused unless `network`, and then all but those of the internet; new processes
    and programs unless `processes`. Without `truncation` no file is emptied by its name, for
    kernels whose Landlock does not know that right.
    """
    machine = MACHINES[platform.machine()]
    filters = _filter(machine, network=network, truncation=truncation)
    return b"".join((*filters, *_processes(machine.numbers, processes), _return(ALLOW)))


def _filter(machine: _Machine, *, network: bool, truncation: bool) -> Iterator[bytes]:
    """Yield the instructions. Each block ends with a return or goes on to the next."""
    numbers = machine.numbers
    yield _load(ARCHITECTURE)
    yield from _unless(machine.architecture, KILL_PROCESS)
    yield _load(NUMBER)
    if machine is MACHINES["x86_64"]:
        # The calls of another interface on the same machine, which have numbers of their own.
        yield _jump(AT_LEAST, X32, 0, 1)
        yield _return(ERRNO | errno.ENOSYS)
    special = {"utimensat"} | CONDITIONAL | IGNORED | NOT_THERE | REFUSED_VALUES.keys()
    for name in sorted(numbers.keys() - special):
        yield from _when(numbers[name], [_return(ERRNO | errno.EPERM)])
    for name in sorted(IGNORED & numbers.keys()):
        yield from _when(numbers[name], [_return(ERRNO)])
    for name in NOT_THERE:
        yield from _when(numbers[name], [_return(ERRNO | errno.ENOSYS)])
    for name, (index, values) in REFUSED_VALUES.items():
        yield from _when(numbers[name], [_load(ARGUMENTS + 8 * index), *_none_of(values)])
    yield from _when(numbers["utimensat"], _times())
    yield from _sockets(numbers, network)
    if not truncation:
        yield from _truncation(numbers)


def _times() -> list[bytes]:
    """Return the instructions for setting the times of a file.

    Those of an open one may be set (the path is NULL). By its name they stay as they are: to set
    them to now (the times are NULL) is refused, since pathlib's `touch` would take success for a
    file that exists; others are ignored.
    """
    return [
        _load(ARGUMENTS + 8),
        _jump(EQUAL, 0, 0, 3),
        _load(ARGUMENTS + 8 + 4),
        _jump(EQUAL, 0, 0, 1),
        _return(ALLOW),
        _load(ARGUMENTS + 16),
        _jump(EQUAL, 0, 0, 3),
        _load(ARGUMENTS + 16 + 4),
        _jump(EQUAL, 0, 0, 1),
        _return(ERRNO | errno.EPERM),
        _return(ERRNO),
    ]


def _sockets(numbers: dict[str, int], network: bool) -> Iterator[bytes]:
    families = (AF_INET, AF_INET6, AF_NETLINK) if network else ()
    yield from _when(numbers["socket"], [_load(ARGUMENTS), *_only(families, errno.EACCES)])


def _processes(numbers: dict[str, int], processes: bool) -> Iterator[bytes]:
    """Yield the instructions about processes, which may not get namespaces or another parent."""
    if processes:
        flags, if_set, if_not = CLONE_NEW_ANY | CLONE_PARENT, 0, 1
    else:
        flags, if_set, if_not = CLONE_THREAD, 1, 0
        for name in sorted(NEW_PROCESSES & numbers.keys()):
            yield from _when(numbers[name], [_return(ERRNO | errno.EPERM)])
    yield from _when(
        numbers["clone"],
        [
            _load(ARGUMENTS),
            _jump(ANY_BIT, flags, if_set, if_not),
            _return(ERRNO | errno.EPERM),
            _return(ALLOW),
        ],
    )
    if not processes:
        own = [_load(ARGUMENTS), *_only((OWN_ID,), errno.EPERM)]
        for name in sorted(SIGNALS):
            yield from _when(numbers[name], own)
        own_or_none = [_load(ARGUMENTS), *_only((0, OWN_ID), errno.EPERM)]
        yield from _when(numbers["prlimit64"], own_or_none)


def _truncation(numbers: dict[str, int]) -> Iterator[bytes]:
    """Yield the instructions that refuse truncating by name, for old versions of Landlock."""
    yield from _when(numbers["truncate"], [_return(ERRNO | errno.EACCES)])
    yield from _when(numbers["openat2"], [_return(ERRNO | errno.ENOSYS)])
    for name, index in (("open", 1), ("openat", 2)):
        if name in numbers:
            yield from _when(
                numbers[name],
                [
                    _load(ARGUMENTS + 8 * index),
                    _jump(ANY_BIT, os.O_TRUNC, 0, 2),
                    _jump(ANY_BIT, os.O_ACCMODE, 1, 0),
                    _return(ERRNO | errno.EACCES),
                    _return(ALLOW),
                ],
            )


def _when(number: int, block: list[bytes]) -> Iterator[bytes]:
    """Yield a block for one system call that always returns."""
    yield _jump(EQUAL, number, 0, len(block))
    yield from block


def _unless(value: int, result: int) -> Iterator[bytes]:
    yield _jump(EQUAL, value, 1, 0)
    yield _return(result)


def _only(values: tuple[int, ...], reason: int) -> Iterator[bytes]:
    """Yield instructions that allow the listed values of a loaded argument, and refuse others."""
    for value in values:
        yield _is(value)
        yield _return(ALLOW)
    yield _return(ERRNO | reason)


def _none_of(values: tuple[int, ...]) -> Iterator[bytes]:
    """Yield instructions that refuse the listed values of a loaded argument, and allow others."""
    for value in values:
        yield _is(value)
        yield _return(ERRNO | errno.EPERM)
    yield _return(ALLOW)


def _is(value: int) -> bytes:
    """Return the instruction that leads to the next one for a value, else over it."""
    return _jump(EQUAL, value, 0, 1)


def _load(offset: int) -> bytes:
    return struct.pack("HBBI", LOAD, 0, 0, offset)


def _jump(kind: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("HBBI", kind, if_true, if_false, value)


def _return(value: int) -> bytes:
    return struct.pack("HBBI", RETURN, 0, 0, value)
