"""Migrations that take too much: each limit ends in a clear failure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from attacks import (
    attack,
    needs_kernel,
)
from workspace import Workspace

LIMITS = {
    "time": ("while True: pass", {"time_limit": 1}, "ran longer than 1 s (time_limit)"),
    "sleep": ("import time; time.sleep(60)", {"time_limit": 1}, "ran longer than 1 s (time_limit)"),
    "stopped": (
        "os.kill(os.getpid(), signal.SIGSTOP)",
        {"time_limit": 1},
        "ran longer than 1 s (time_limit)",
    ),
    "memory": (
        "kept = [b'x' * 10**6 for n in range(2_000)]\nimport time; time.sleep(5)",
        {"memory_limit": 512 * 1024**2},
        "needed more than 512 MiB of memory (memory_limit)",
    ),
    "output": (
        "while True: print('x' * 1000)",
        {"output_limit": 1024**2},
        "printed more than 1 MiB (output_limit)",
    ),
    "output that ends": (
        "os.write(1, b'x' * 3000)",
        {"output_limit": 1000},
        "printed more than 1,000 bytes (output_limit)",
    ),
    "temporary files": (
        "import tempfile, time\n"
        "with tempfile.TemporaryFile() as file:\n    file.write(b'x')\n"
        "Path(tempfile.gettempdir(), 'big').write_bytes(bytes(300_000_000))\ntime.sleep(20)",
        {"memory_limit": 256 * 1024**2},
        "(memory_limit)",
    ),
    "threads": (
        "import threading, time\n"
        "for n in range(3_000):\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "time.sleep(60)",
        {},
        "more than 1,024 processes and threads",
    ),
}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
@pytest.mark.parametrize(("body", "limits", "words"), LIMITS.values(), ids=LIMITS.keys())
def test_each_limit_is_a_clear_failure(
    victim: Workspace, body: str, limits: dict[str, int], words: str
) -> None:
    victim.settings(**limits)
    before = victim.state()
    ran = attack(victim, body)
    assert ran.code == 1, ran
    assert "error: 002-attack failed: it " in ran.err
    assert words in ran.err
    assert victim.state() == before
    logs = (victim.root / ".nes-tasks" / "logs").glob("*.log")
    assert sum(log.stat().st_size for log in logs) < 2 * 1024**2


STOPS = {
    "once": "os.kill(os.getppid(), signal.SIGSTOP)\nwhile True: pass",
    "for ever": "while True: os.kill(os.getppid(), signal.SIGSTOP)",
    "while it asks": "os.kill(os.getppid(), signal.SIGSTOP)\nwhile True: context.log('x')",
}


@pytest.mark.skipif(sys.platform != "linux", reason="a script ends with its worker on Linux only")
@pytest.mark.parametrize("body", STOPS.values(), ids=STOPS.keys())
def test_who_stops_the_worker_does_not_run_for_ever(
    victim: Workspace, tmp_path: Path, body: str
) -> None:
    victim.settings(sandbox="off", time_limit=1)
    before = victim.state()
    ran = attack(victim, f"mark = '{tmp_path}'\n{body}", TMPDIR=str(tmp_path))
    assert ran.code == 1, ran
    assert "error: 002-attack failed: it ran longer than 1 s (time_limit)" in ran.err
    assert victim.state() == before
    assert list(tmp_path.glob("nes-tasks-*")) == []


@needs_kernel
def test_a_fork_bomb_is_ended_with_all_that_it_started(victim: Workspace) -> None:
    before = victim.state()
    body = "for n in range(9): os.fork()\nos.setsid()\nsignal.pause()"
    victim.settings(time_limit=2)
    ran = attack(victim, body, head="PROCESSES = True")
    assert ran.code == 1, ran
    assert victim.state() == before
