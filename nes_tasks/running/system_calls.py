"""System calls without a Python function, made through the C library."""

from __future__ import annotations

import ctypes
import os
from functools import cache


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: object) -> int:
    """Make a system call and return its result; raises `OSError` with the kernel's reason."""
    return _checked(_library().syscall(ctypes.c_long(number), *arguments))


def prctl(option: int, value: int) -> None:
    """Change a property of this process (see the manual page); raises `OSError`."""
    _checked(_library().prctl(option, ctypes.c_ulong(value), 0, 0, 0))


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
