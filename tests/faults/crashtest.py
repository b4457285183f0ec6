"""Disturb every command at every change of the file system that it makes; print a table.

``python tests/faults/crashtest.py [--every N] [--turns] [SCENARIO...]``: all takes some hours,
a quarter of that with ``--turns``. What goes wrong is printed with the point and the action, and
stays in the folder that is named.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import seccomp  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402
from trial import ACTIONS, Trials  # noqa: E402


def main() -> int:
    """Try what the command line asks for; return 1 when something did not survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try each Nth point only")
    parser.add_argument("--turns", action="store_true", help="one action a point, each in its turn")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    parser.add_argument("scenario", nargs="*", default=list(SCENARIOS))
    chosen = parser.parse_args()
    if not seccomp.is_supported():
        print("system calls cannot be watched here: it needs Linux 5.5 on x86-64 or arm64")
        return 3
    folder = Path(tempfile.mkdtemp(prefix="crashtest-"))
    print(f"{'':16}{'changes':>8}{'tried':>8}{'survived':>9}   in {folder}", flush=True)
    failed = [
        try_all(Trials(SCENARIOS[name], folder / name.replace(" ", "-")), chosen)
        for name in chosen.scenario
    ]
    return 1 if any(failed) else 0


def try_all(trials: Trials, options: argparse.Namespace) -> int:
    """Try the points of one command, print a row, and return how many it did not survive."""
    total = trials.undisturbed[2]
    chosen = range(1, total + 1, options.every)
    if options.turns:
        points = list(zip(chosen, cycle(ACTIONS), strict=False))
    else:
        points = [(point, action) for point in chosen for action in ACTIONS]
    with ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(trials.wrong, *zip(*points, strict=True))
    failed = {point: wrong for point, wrong in zip(points, results, strict=True) if wrong}
    row = f"{trials.scenario.name:16}{total:8}{len(points):8}{len(points) - len(failed):9}"
    print(row, flush=True)
    for (point, action), wrong in failed.items():
        print(f"  {action} at {point}: {'; '.join(wrong)}", flush=True)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
