"""What a small change costs as the database grows: everyday commands at each size.

    python benchmarks/growth.py --files 10000 100000
    python benchmarks/growth.py --files 10000 100000 1000000 --json benchmarks/growth.json

Each database is made by ``make_database.py``, with half of its files in one flat folder. A
migration then updates 137 persons. Prints CPU, wall time, memory, and how they compare with the
smallest size; asserts nothing. With ``--json`` it is written to a file, too, which
``plot_growth.py`` draws.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from full_size import DOIT, add, project, show
from make_database import build
from measuring import Measured, measure

CHANGED = 137
UPDATE = """\
AUTHOR = "A"
DATE = "2026-01-15"
DESCRIPTION = "Tag {changed} persons"


async def migrate(context):
    for number in range(0, {persons}, {step}):
        person = await context.db.get_entity(f"entity:person/person-{{number:07d}}")
        person.tags = ["tagged"]
        await context.publication.update_entity(person, context.author_id, "Tag")
"""
CREATE = """\
AUTHOR = "A"
DATE = "2026-01-15"
DESCRIPTION = "Add 500 persons"


async def migrate(context):
    for number in range(500):
        name = {"kind": "PRIMARY", "en": {"full": f"New Person {number}"}}
        data = {"slug": f"new-person-{number:03d}", "names": [name]}
        await context.publication.create_entity("person", data, context.author_id, "Add")
"""
COMMANDS = (
    ("doit status", ["status"]),
    ("doit preview, 137 updates", ["preview"]),
    ("doit run, 137 updates", ["run"]),
    ("doit run, nothing to do", ["run"]),
    ("doit list", ["list"]),
    ("doit show", ["show", "1"]),
    ("doit blame", ["blame", "entity:person/person-0000000"]),
    ("doit history", ["history"]),
    ("doit replay", ["replay"]),
    ("doit revert", ["revert", "1", "--yes"]),
)


def measure_size(work: Path, files: int) -> dict[str, Measured]:
    """Return what each command costs in a database of so many files."""
    root = project(work / str(files))
    build(root / "nes-db", files)
    persons = files // 2
    script = UPDATE.format(changed=CHANGED, persons=persons, step=persons // CHANGED + 1)
    add(root, "001-tag", script)
    found = {label: measure([*DOIT, *words], cwd=root) for label, words in COMMANDS}
    shutil.rmtree(root / "migrations" / "001-tag")
    add(root, "002-more", CREATE)
    found["doit run, 500 persons more"] = measure([*DOIT, "run"], cwd=root)
    shutil.rmtree(root)
    return found


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull)
    smallest: dict[str, Measured] = {}
    figures: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for files in options.files:
            found = measure_size(Path(folder), files)
            print(f"{files:,} files")
            for label, measured in found.items():
                show(f"  {label}", measured, smallest.get(label))
                figures.append({"command": label, "files": files, **asdict(measured)})
            smallest = smallest or found
    if options.json:
        load = os.getloadavg()[0]
        text = json.dumps({"load": load, "figures": figures}, indent=1)
        options.json.write_text(f"{text}\n")


if __name__ == "__main__":
    main()
