"""What a small change costs as the database grows: everyday commands at each size.

    python benchmarks/growth.py --files 10000 100000

Each database is made with ``git fast-import``: half of the files are persons in one flat folder,
the worst case for git (to make one of a million would take hours), and half are their versions.
The working tree is sparse, as the maintainer guide advises for large databases. A migration then
updates 137 persons. Prints CPU, wall time, memory, and how they compare with the smallest size;
asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from full_size import DOIT, add, project, show
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
COMMANDS = (
    ("doit status", ["status"]),
    ("doit preview, 137 updates", ["preview"]),
    ("doit run, 137 updates", ["run"]),
    ("doit run, nothing to do", ["run"]),
    ("doit show", ["show", "1"]),
    ("doit replay", ["replay"]),
    ("doit revert", ["revert", "1", "--yes"]),
)


def person(number: int) -> tuple[str, bytes, bytes]:
    """Return the slug of a person, the file of the entity, and that of its first version."""
    slug = f"person-{number:07d}"
    summary = {
        "author": {"id": "author:a-b", "name": "A", "slug": "a-b"},
        "change_description": "Source",
        "created_at": "2026-01-15T00:00:00.000000Z",
        "entity_or_relationship_id": f"entity:person/{slug}",
        "type": "ENTITY",
        "version_number": 1,
    }
    entity = {
        "slug": slug,
        "type": "person",
        "names": [{"kind": "PRIMARY", "en": {"full": f"Person {number}"}}],
        "created_at": summary["created_at"],
        "version_summary": summary,
    }
    version = {**summary, "snapshot": entity}
    return slug, json.dumps(entity, indent=2).encode(), json.dumps(version, indent=2).encode()


def build(folder: Path, files: int) -> None:
    """Make a database of so many files in one commit, with a sparse working tree."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    command = ["git", "-C", str(folder), "-c", "pack.compression=1", "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        out = process.stdin
        assert out
        out.write(b"commit refs/heads/main\ncommitter A <a@b> 1768435200 +0000\ndata 1\nx\n")
        for number in range(files // 2):
            slug, entity, version = person(number)
            for path, data in (
                (f"v2/entity/person/{slug}.json", entity),
                (f"v2/version/entity/person/{slug}/1.json", version),
            ):
                out.write(b"M 100644 inline %b\ndata %d\n" % (path.encode(), len(data)))
                out.write(data + b"\n")
    for step in (
        ["sparse-checkout", "set", "v2/migration-logs"],
        ["read-tree", "-m", "-u", "HEAD"],
    ):
        subprocess.run(["git", "-C", str(folder), *step], check=True, capture_output=True)


def measure_size(work: Path, files: int) -> dict[str, Measured]:
    """Return what each command costs in a database of so many files."""
    root = project(work / str(files))
    build(root / "nes-db", files)
    persons = files // 2
    script = UPDATE.format(changed=CHANGED, persons=persons, step=persons // CHANGED + 1)
    add(root, "001-tag", script)
    found = {label: measure([*DOIT, *words], cwd=root) for label, words in COMMANDS}
    shutil.rmtree(root)
    return found


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, nargs="+", default=[10_000, 100_000])
    options = parser.parse_args()
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull)
    smallest: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory() as folder:
        for files in options.files:
            found = measure_size(Path(folder), files)
            print(f"{files:,} files")
            for label, measured in found.items():
                show(f"  {label}", measured, smallest.get(label))
            smallest = smallest or found


if __name__ == "__main__":
    main()
