"""The report of a large database: seconds, memory, and how they grow.

    python benchmarks/report.py --files 1000000

Makes a database of that many files with ``git fast-import``: a third each of entities, their
versions and relationships, in migrations of 50,000 files, each with a sub type of its own: a folder
of a million files would take ``fast-import`` hours. Prints CPU, wall
time, memory and the size of the page; asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

from full_size import git, project, show
from measuring import measure

from nes_tasks.database.marker import Marker, Statistics, marker_path

# Large commits, as git writes the whole list of a folder anew in each.
IN_A_MIGRATION, IN_A_COMMIT = 50_000, 50_000
QUICK = ("-c", "core.compression=1")
FIRST_DAY = 1_762_646_400  # 2025-11-09
DAY = 86_400


def files(count: int) -> Iterator[tuple[str, str]]:
    """Yield paths and contents, such as those of the published database."""
    for number in range(count // 3):
        slug, part = f"place-{number:07d}", f"kind-{number * 3 // IN_A_MIGRATION:02d}"
        source = {"title": {"en": {"value": f"Register {number % 40}"}}, "details": None}
        entity = {
            "slug": slug,
            "type": "location",
            "sub_type": part,
            "names": [{"kind": "PRIMARY", "en": {"full": slug}, "ne": {"full": "स्थान"}}],
            "tags": ["x"] if number % 3 else None,
            "attributions": [source],
            "area": number if number % 2 else None,
            "description": None,
        }
        text = json.dumps(entity, indent=2, sort_keys=True, ensure_ascii=False)
        yield f"v2/entity/location/{part}/{slug}.json", text
        yield f"v2/version/entity/location/{part}/{slug}/1.json", json.dumps({"number": number})
        ends = f"location/{part}/{slug}/location/district/district-{number % 77}"
        related = json.dumps({"type": "LOCATED_IN", "number": number})
        yield f"v2/relationship/{ends}/LOCATED_IN.json", related


def fill(out: IO[bytes], count: int) -> None:
    """Write a fast-import stream of migrations with their markers."""
    waiting = files(count)
    total = -(-count // IN_A_MIGRATION)
    for number in range(total):
        name = f"{number:03d}-part"
        size = min(IN_A_MIGRATION, count - number * IN_A_MIGRATION)
        batches = -(-size // IN_A_COMMIT)
        for batch in range(batches):
            moment = FIRST_DAY + number * DAY
            subject = f"Migration: {name} (Batch {batch + 1}/{batches})".encode()
            out.write(b"commit refs/heads/main\ncommitter Mina <m@example.org> %d +0000\n" % moment)
            out.write(b"data %d\n%b\n" % (len(subject), subject))
            for _ in range(min(IN_A_COMMIT, size - batch * IN_A_COMMIT)):
                path, text = next(waiting, ("v2/loose.json", "{}"))
                data = text.encode()
                out.write(b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data))
            if batch == batches - 1:
                data = marker(name, number)
                path = marker_path("v2", name)
                out.write(b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data))
    out.write(b"done\n")


def marker(name: str, number: int) -> bytes:
    """Return a marker that says that a migration is applied."""
    made = IN_A_MIGRATION // 3
    return Marker(
        migration=name,
        author=f"Author {number % 7}",
        date=date(2025, 11, 9),
        description="Add places and where they are located",
        applied_at=datetime.fromtimestamp(FIRST_DAY + number * DAY, UTC),
        base_tree="0" * 40,
        statistics=Statistics(entities_created=made, relationships_created=made),
    ).to_bytes()


def main() -> None:
    """Make the database and measure both versions of the report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=100_000)
    options = parser.parse_args()
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull)
    with tempfile.TemporaryDirectory() as folder:
        root = project(Path(folder) / "large")
        database = root / "nes-db"
        subprocess.run(["git", "init", "-q", "-b", "main", "--bare", database], check=True)
        writing = subprocess.Popen(
            ["git", "-C", database, *QUICK, "fast-import", "--quiet", "--done"],
            stdin=subprocess.PIPE,
        )
        assert writing.stdin
        fill(writing.stdin, options.files)
        writing.communicate()
        count = len(git(database, "ls-tree", "-r", "--name-only", "HEAD").split())
        print(f"{count:,} files")
        doit = [sys.executable, "-m", "doit", "report"]
        show("doit report --markdown", measure([*doit, "--markdown"], cwd=root))
        show("doit report", measure(doit, cwd=root))
        print(f"the page has {(root / 'report.html').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
