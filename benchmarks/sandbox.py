"""What confining costs: the same tiny migrations with and without the sandbox, in pairs.

    python benchmarks/sandbox.py --migrations 50 --pairs 5

Prints CPU and wall time of both, and the difference per migration in milliseconds; asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from full_size import DOIT, add, project, show
from measuring import Measured, measure, middle

SCRIPT = """\
AUTHOR = "A"
DATE = "2026-01-15"
DESCRIPTION = "Do nothing"


async def migrate(context):
    pass
"""


def run(root: Path, mode: str) -> Measured:
    """Apply all migrations of a project to a new database."""
    for made in ("nes-db", ".nes-tasks"):
        shutil.rmtree(root / made, ignore_errors=True)
    return measure([*DOIT, "run"], cwd=root, env={**os.environ, "NES_TASKS_SANDBOX": mode})


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--migrations", type=int, default=50)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull)
    with tempfile.TemporaryDirectory() as folder:
        root = project(Path(folder) / "project")
        for number in range(1, options.migrations + 1):
            add(root, f"{number:03d}-nothing", SCRIPT)
        pairs = [(run(root, "off"), run(root, "require")) for _ in range(options.pairs)]
    off, on = (middle([pair[side] for pair in pairs]) for side in (0, 1))
    show(f"{options.migrations} migrations, not confined", off)
    show(f"{options.migrations} migrations, confined", on, off)
    for name in ("cpu", "wall"):
        each = (getattr(on, name) - getattr(off, name)) / options.migrations * 1000
        print(f"per migration, {name}: {each:.1f} ms")


if __name__ == "__main__":
    main()
