"""Sizes of files and of memory, as people read them."""

from __future__ import annotations

UNITS = ("kB", "MB", "GB", "TB")


def size(count: int) -> str:
    """Return a number of bytes as short text, such as 31.4 MB; a kB has 1,000 of them."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in UNITS:
        value /= 1000
        if value < 999.95 or unit == UNITS[-1]:
            break
    return f"{value:,.1f} {unit}"
