"""Disturb every command at every change of the file system that it makes; print a table.

``python tests/faults/crashtest.py [--every N] [SCENARIO...]``; it takes an hour or two. What goes
wrong is printed with the point and the action, and stays in the folder that is named.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import seccomp
from scenarios import SCENARIOS
from trial import ACTIONS, Trials


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try each Nth point only")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    parser.add_argument("scenario", nargs="*", default=list(SCENARIOS))
    chosen = parser.parse_args()
    if not seccomp.is_supported():
        print("system calls cannot be watched here: it needs Linux 5.5 on x86-64 or arm64")
        return 3
    bad = 0
    folder = Path(tempfile.mkdtemp(prefix="crashtest-"))
    print(f"{'':16}{'changes':>8}{'tried':>8}{'survived':>9}   in {folder}", flush=True)
    for name in chosen.scenario:
        trials = Trials(SCENARIOS[name], folder / name.replace(" ", "-"))
        total = trials.undisturbed[2]
        points = [(p, a) for p in range(1, total + 1, chosen.every) for a in ACTIONS]
        if chosen.every > 1:  # the actions take turns
            points = [
                (p, ACTIONS[i % len(ACTIONS)])
                for i, p in enumerate(range(1, total + 1, chosen.every))
            ]
        with ThreadPoolExecutor(chosen.jobs) as pool:
            results = list(pool.map(lambda one: trials.wrong(*one), points))
        failed = [(one, wrong) for one, wrong in zip(points, results, strict=True) if wrong]
        print(f"{name:16}{total:8}{len(points):8}{len(points) - len(failed):9}", flush=True)
        for (point, action), wrong in failed:
            print(f"  {action} at {point}: {'; '.join(wrong)}", flush=True)
        bad += len(failed)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
