"""What an object costs in migrations of many objects, in small and in large databases.

    python benchmarks/large_migrations.py
    python benchmarks/large_migrations.py --objects 50000 --files 10000 1000000 --json FILE

With `--objects` one database grows by so many persons, then relationships, and then all persons
are updated, far apart and in order. With `--files` 10,000 persons are created in databases of
these sizes, made by ``make_database.py``, and 5,000 updated far apart. Each is one migration; its
cost is the CPU time of its run less that of a run of an empty one before it. Asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

from full_size import DOIT, add, project
from make_database import build
from measuring import measure

HEAD = """\
AUTHOR = "A"
DATE = "2026-01-15"
DESCRIPTION = "Many objects"


async def migrate(context):
    publish = context.publication
"""
NOTHING = '    context.log("nothing")\n'
PERSONS = """\
    for number in range({count}):
        name = {{"kind": "PRIMARY", "en": {{"full": f"{label} Person {{number}}"}}}}
        data = {{"slug": f"{slug}-{{number:07d}}", "names": [name], "tags": ["new"]}}
        await publish.create_entity("person", data, context.author_id, "Add")
"""
RELATIONSHIPS = """\
    for number in range({count}):
        source = f"entity:person/person-{{number:07d}}"
        target = f"entity:person/person-{{(number * 7919) % {count}:07d}}"
        await publish.create_relationship(source, target, "AFFILIATED_WITH", None, "Add")
"""
# The step has no divisor in common with the counts here, so each person comes once.
UPDATES = """\
    for number in range({count}):
        number = number * {step} % {persons}
        person = await context.db.get_entity(f"entity:person/person-{{number:07d}}")
        person.tags = ["{tag}"]
        await publish.update_entity(person, None, "Tag")
"""
FAR_APART = 7919


class Place:
    """A project whose migrations are measured one after the other."""

    def __init__(self, root: Path) -> None:
        self.root = project(root)
        self._number = 0

    def cost(self, count: int, body: str) -> float:
        """Return the milliseconds of CPU of each of `count` objects of a migration."""
        nothing = self._run(NOTHING)
        return (self._run(body) - nothing) / count * 1000

    def _run(self, body: str) -> float:
        self._number += 1
        add(self.root, f"{self._number:03d}-many", HEAD + body)
        return measure([*DOIT, "run"], cwd=self.root).cpu


def in_one_database(work: Path, count: int) -> dict[str, float]:
    """Return what each object costs in a database that grows."""
    place = Place(work / "one")
    scripts = {
        "a person created": PERSONS.format(count=count, label="Some", slug="person"),
        "a relationship created": RELATIONSHIPS.format(count=count),
        "a person updated, far apart": UPDATES.format(
            count=count, persons=count, step=FAR_APART, tag="far"
        ),
        "a person updated, in order": UPDATES.format(
            count=count, persons=count, step=1, tag="near"
        ),
    }
    found = {label: place.cost(count, body) for label, body in scripts.items()}
    shutil.rmtree(place.root)
    return found


def among(work: Path, files: int) -> dict[str, float]:
    """Return what each object costs among so many files."""
    place = Place(work / str(files))
    build(place.root / "nes-db", files)
    updates = min(5_000, files // 2)
    persons = PERSONS.format(count=10_000, label="New", slug="new-person")
    found = {
        "a person created": place.cost(10_000, persons),
        "a person updated, far apart": place.cost(
            updates, UPDATES.format(count=updates, persons=files // 2, step=FAR_APART, tag="far")
        ),
    }
    shutil.rmtree(place.root)
    return found


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--files", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull)
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        figures["one database"] = in_one_database(Path(folder), options.objects)
        print(f"{options.objects:,} of each in one database")
        show(figures["one database"], {})
        smallest: dict[str, float] = {}
        for files in options.files:
            found = among(Path(folder), files)
            print(f"among {files:,} files")
            show(found, smallest)
            figures[f"among {files}"] = found
            smallest = smallest or found
    if options.json:
        content = {"load": os.getloadavg()[0], "figures": figures}
        options.json.write_text(f"{json.dumps(content, indent=1)}\n")


def show(found: dict[str, float], against: dict[str, float]) -> None:
    """Print the cost of each, and how quick it is against that in the smallest database."""
    for label, cost in found.items():
        rate = f", {against[label] / cost:.2f} times as quick" if label in against else ""
        print(f"  {label}: {cost:.2f} ms of CPU{rate}", flush=True)


if __name__ == "__main__":
    main()
