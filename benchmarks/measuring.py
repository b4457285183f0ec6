"""Measuring programs: CPU of a process and all it started, wall time, and peak memory."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Measured:
    """Seconds of CPU (user and system, all descendants), seconds of wall time, peak MB."""

    cpu: float
    wall: float
    memory: float


def measure(
    command: Sequence[str],
    *,
    cwd: Path,
    env: dict[str, str] | None = None,
    stdin: Path | None = None,
) -> Measured:
    """Run a command to its end; raises when it fails.

    Memory is the sum over all its processes of their proportional share, sampled: a page that
    a forked process shares with its parent counts once.
    """
    with (stdin or Path(os.devnull)).open("rb") as source:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        sampler = Sampler(process.pid)
        sampler.start()
        assert process.stdout
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        sampler.stop()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{output.decode()}")
    return Measured(usage.ru_utime + usage.ru_stime, wall, sampler.peak / 1e6)


class Sampler(threading.Thread):
    """Follows the memory of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0
        self._over = threading.Event()

    def run(self) -> None:
        """Sample until stopped."""
        while not self._over.wait(0.1):
            self.peak = max(self.peak, sum(map(share, descendants(self.pid))))

    def stop(self) -> None:
        """Take no more samples."""
        self._over.set()
        self.join()


def descendants(pid: int) -> list[int]:
    """Return a process and all that it started and that are still there."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def share(pid: int) -> int:
    """Return the proportional share of memory of a process in bytes, 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(row.split()[1]) * 1000 for row in text.splitlines() if "Pss:" in row), 0)


def middle(measured: Sequence[Measured]) -> Measured:
    """Return the medians of several runs."""
    return Measured(
        *(median(getattr(m, key) for m in measured) for key in ("cpu", "wall", "memory"))
    )
