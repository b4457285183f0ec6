"""The descendants of a process, and the memory that all of them use; from ``/proc`` of Linux."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE")
# Fields of /proc/PID/stat after the name, which may contain any character: see proc(5).
STATE, PARENT, THREADS, RESIDENT = 0, 1, 17, 21


class Use(NamedTuple):
    """The combined resources of processes: number of threads, and memory in bytes."""

    threads: int
    memory: int


def descendants(pid: int) -> Iterator[int]:
    """Yield the ids of the living processes that descend from `pid`, parents before children."""
    for child in _children(pid):
        yield child
        yield from descendants(child)


def _children(pid: int) -> list[int]:
    """Return the ids of the children that have not ended."""
    try:
        threads = [*(PROC / str(pid) / "task").iterdir()]
        lists = [(thread / "children").read_text() for thread in threads]
    except OSError:  # it has ended, or the kernel was built without these lists
        return [] if sys.platform != "linux" or not (PROC / str(pid)).exists() else _scan(pid)
    return [int(word) for text in lists for word in text.split() if _stat(int(word))]


def _scan(pid: int) -> list[int]:
    pids = (int(folder.name) for folder in PROC.iterdir() if folder.name.isdigit())
    known = ((found, _stat(found)) for found in pids)
    return [child for child, stat in known if stat and int(stat[PARENT]) == pid]


def _stat(pid: int) -> list[str]:
    """Return the fields of a living process; none of one that has ended."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return []
    fields = text.rpartition(")")[2].split()
    return [] if fields[STATE] in "ZX" else fields


def use_of(pids: list[int]) -> Use:
    """Return the resources of the processes; shared memory counts once."""
    stats = {pid: stat for pid in pids if (stat := _stat(pid))}
    threads = sum(int(stat[THREADS]) for stat in stats.values())
    resident = {pid: int(stat[RESIDENT]) * PAGE for pid, stat in stats.items()}
    if len(stats) == 1:
        return Use(threads, *resident.values())
    return Use(threads, sum(_share(pid, known) for pid, known in resident.items()))


def _share(pid: int, resident: int) -> int:
    """Return a process's proportional share of memory, or all of it where that is unknown."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return resident
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
