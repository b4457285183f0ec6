"""seccomp: the system calls that a script cannot make, refused by the Linux kernel.

A filter in the kernel's BPF machine decides about each call by its number and its arguments
(https://docs.kernel.org/userspace-api/seccomp_filter.html). It covers what Landlock does not know:
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
from typing import NamedTuple

PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG = 38, 1
SET_MODE_FILTER, FLAG_TSYNC = 1, 1
ALLOW, ERRNO, KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
# Instructions: load a word of the call's data; jump if equal, at least, or any bit is set; return.
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
# Offsets in `struct seccomp_data`; of an argument the lower half, both machines being little-endian.
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
CLONE_THREAD = 0x10000
X32 = 0x40000000
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16


class _Machine(NamedTuple):
    architecture: int
    seccomp: int
    numbers: dict[str, int]


# Numbers of system calls: asm/unistd_64.h for x86_64, asm-generic/unistd.h for arm64. From 424
# on they are the same on both.
_COMMON = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430,
    "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435,
    "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "fchmodat2": 452,
    "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467,
}  # fmt: skip
_X86_64 = {
    "socket": 41, "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "chmod": 90,
    "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94, "ptrace": 101, "utime": 132,
    "pivot_root": 155, "prctl": 157, "adjtimex": 159, "chroot": 161, "acct": 163,
    "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168,
    "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173,
    "init_module": 175, "delete_module": 176, "quotactl": 179, "setxattr": 188,
    "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198,
    "fremovexattr": 199, "tkill": 200, "clock_settime": 227, "tgkill": 234, "utimes": 235,
    "mq_open": 240, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
    "mknodat": 259, "fchownat": 260, "futimesat": 261, "fchmodat": 268, "unshare": 272,
    "utimensat": 280, "perf_event_open": 298, "prlimit64": 302, "name_to_handle_at": 303,
    "open_by_handle_at": 304, "clock_adjtime": 305, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "kexec_file_load": 320,
    "bpf": 321, "execveat": 322, "userfaultfd": 323, "shmget": 29, "shmat": 30, "semget": 64,
    "msgget": 68, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "mknod": 133,
}  # fmt: skip
_ARM64 = {
    "socket": 198, "clone": 220, "execve": 221, "kill": 129, "fchmod": 52, "fchmodat": 53,
    "fchownat": 54, "fchown": 55, "ptrace": 117, "pivot_root": 41, "prctl": 167,
    "adjtimex": 171, "chroot": 51, "acct": 89, "settimeofday": 170, "mount": 40, "umount2": 39,
    "swapon": 224, "swapoff": 225, "reboot": 142, "sethostname": 161, "setdomainname": 162,
    "init_module": 105, "delete_module": 106, "quotactl": 60, "setxattr": 5, "lsetxattr": 6,
    "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16, "tkill": 130,
    "clock_settime": 112, "tgkill": 131, "mq_open": 180, "kexec_load": 104, "add_key": 217,
    "request_key": 218, "keyctl": 219, "mknodat": 33, "unshare": 97, "utimensat": 88,
    "perf_event_open": 241, "prlimit64": 261, "name_to_handle_at": 264,
    "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268, "process_vm_readv": 270,
    "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "kexec_file_load": 294,
    "bpf": 280, "execveat": 281, "userfaultfd": 282, "shmget": 194, "shmat": 196, "semget": 190,
    "msgget": 186, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240,
}  # fmt: skip
MACHINES = {
    "x86_64": _Machine(0xC000003E, 317, _X86_64 | _COMMON),
    "aarch64": _Machine(0xC00000B7, 277, _ARM64 | _COMMON),
}
# Calls that are looked at by their arguments, or refused in one of the cases below.
BY_ARGUMENTS = frozenset(
    {"clone", "clone3", "fork", "vfork", "execve", "execveat", "socket"}
    | {"kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "prlimit64", "prctl"}
)
# glibc uses clone where clone3 is not there; the filter cannot look into clone3's structure.
NOT_THERE = frozenset({"clone3"})
PROCESS_CALLS = frozenset({"fork", "vfork", "execve", "execveat"})


def is_available() -> bool:
    """Return whether the filter can be made for this machine."""
    return sys.platform == "linux" and platform.machine() in MACHINES


def die_with_parent(signal: int) -> None:
    """Have the kernel send `signal` to this process when its parent ends."""
    _prctl(PR_SET_PDEATHSIG, signal)


def give_up_new_rights() -> None:
    """Set ``no_new_privs``: no program that is started has more rights than this process."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def restrict(*, network: bool, processes: bool) -> None:
    """Refuse, from now on and in every thread, what a script may not ask the kernel for.

    Sockets are refused unless `network`, and then all but those of the internet; new processes
    and programs unless `processes`. Needs ``no_new_privs``. Raises `OSError` where the kernel
    refuses the filter.
    """
    machine = MACHINES[platform.machine()]
    code = b"".join(_filter(machine, network=network, processes=processes))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(machine.seccomp), SET_MODE_FILTER, FLAG_TSYNC, program) != 0:
        reason = ctypes.get_errno()
        raise OSError(reason, os.strerror(reason) if reason else "a thread has another filter")


def _filter(machine: _Machine, *, network: bool, processes: bool) -> Iterator[bytes]:
    """Yield the instructions. Each block ends with a return or goes on to the next."""
    numbers = machine.numbers
    pid = os.getpid()
    yield _load(ARCHITECTURE)
    yield from _unless(machine.architecture, KILL_PROCESS)
    yield _load(NUMBER)
    if platform.machine() == "x86_64":
        # The calls of another interface on the same machine, which have numbers of their own.
        yield _jump(AT_LEAST, X32, 0, 1)
        yield _return(ERRNO | errno.ENOSYS)
    for name in sorted(numbers.keys() - BY_ARGUMENTS):
        yield from _when(numbers[name], [_return(ERRNO | errno.EPERM)])
    for name in NOT_THERE:
        yield from _when(numbers[name], [_return(ERRNO | errno.ENOSYS)])
    if not processes:
        for name in PROCESS_CALLS & numbers.keys():
            yield from _when(numbers[name], [_return(ERRNO | errno.EPERM)])
        yield from _when(
            numbers["clone"],
            [
                _load(FIRST_ARGUMENT),
                _jump(ANY_BIT, CLONE_THREAD, 1, 0),
                _return(ERRNO | errno.EPERM),
                _return(ALLOW),
            ],
        )
    families = (AF_INET, AF_INET6, AF_NETLINK) if network else ()
    yield from _when(numbers["socket"], [_load(FIRST_ARGUMENT), *_only(families, errno.EACCES)])
    if not processes:
        for name in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
            yield from _when(numbers[name], [_load(FIRST_ARGUMENT), *_only((pid,), errno.EPERM)])
        yield from _when(
            numbers["prlimit64"], [_load(FIRST_ARGUMENT), *_only((0, pid), errno.EPERM)]
        )
    yield from _when(
        numbers["prctl"],
        [
            _load(FIRST_ARGUMENT),
            _jump(EQUAL, PR_SET_PDEATHSIG, 0, 1),
            _return(ERRNO | errno.EPERM),
            _return(ALLOW),
        ],
    )
    yield _return(ALLOW)


def _when(number: int, block: list[bytes]) -> Iterator[bytes]:
    """Yield a block that is for one system call and always returns."""
    yield _jump(EQUAL, number, 0, len(block))
    yield from block


def _unless(value: int, result: int) -> Iterator[bytes]:
    yield _jump(EQUAL, value, 1, 0)
    yield _return(result)


def _only(values: tuple[int, ...], reason: int) -> Iterator[bytes]:
    """Yield what allows a loaded argument that is one of the values, and refuses others."""
    for value in values:
        yield _jump(EQUAL, value, 0, 1)
        yield _return(ALLOW)
    yield _return(ERRNO | reason)


def _load(offset: int) -> bytes:
    return struct.pack("HBBI", LOAD, 0, 0, offset)


def _jump(kind: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("HBBI", kind, if_true, if_false, value)


def _return(value: int) -> bytes:
    return struct.pack("HBBI", RETURN, 0, 0, value)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
