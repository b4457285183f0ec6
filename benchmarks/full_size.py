"""The migrations of a whole country, against what git alone needs for the same bytes.

    python benchmarks/full_size.py --data DIR

DIR holds locations/, parties/ and constituencies/. Four migrations create and change 7,580
locations, 124 parties and 165 constituencies: about 29,000 files. The floor is
``git fast-import`` of the same files, prepared, in the same commits, and ``git read-tree`` to
bring the working tree along. Prints CPU, wall time, memory and ratios; asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import Measured, measure, middle

PROJECT = Path(__file__).resolve().parent.parent
DODO = "from nes_tasks.dodo import *\n"
DOIT = [sys.executable, "-m", "doit"]

UPDATE = """\
AUTHOR = "A"
DATE = "2026-01-15"
DESCRIPTION = "Tag 137 wards"


async def migrate(context):
    wards = await context.db.list_entities(entity_type="location", sub_type="ward", limit=137)
    for ward in wards:
        ward.tags = [{tag!r}]
        await context.publication.update_entity(ward, context.author_id, "Tag")
"""


def project(folder: Path) -> Path:
    """Make an empty project."""
    (folder / "migrations").mkdir(parents=True)
    (folder / "dodo.py").write_text(DODO)
    (folder / "pyproject.toml").write_text("")
    return folder


def add(root: Path, name: str, script: str) -> None:
    """Add a migration to a project."""
    folder = root / "migrations" / name
    folder.mkdir()
    (folder / "migrate.py").write_text(script)
    (folder / "README.md").write_text(f"# {name}\n")


def country(root: Path, data: Path) -> None:
    """Add the migrations of the whole country with their data files."""
    source = PROJECT / "tests" / "compat" / "migrations"
    for folder in sorted(source.iterdir()):
        shutil.copytree(folder, root / "migrations" / folder.name)
    files = {
        "001": ["locations/en.json", "locations/np.json"],
        "003": ["parties/parties-2082.csv", "parties/parties-data-en.json"],
        "004": ["constituencies/constituencies.csv"],
    }
    for number, names in files.items():
        folder = next((root / "migrations").glob(f"{number}-*"))
        for name in names:
            shutil.copy(data / name, folder)


def floor(database: Path, work: Path) -> Measured:
    """Write the same commits with git alone and return what that costs."""
    work.mkdir()
    subprocess.run(["git", "init", "-q", str(work / "database")], check=True)
    copy, stream = work / "database", work / "stream"
    tips = prepare(database, stream)
    parts = [measure(["git", "fast-import", "--quiet", "--done"], cwd=copy, stdin=stream)]
    empty = git(copy, "hash-object", "-t", "tree", "/dev/null").decode().strip()
    for before, after in zip([empty, *tips], tips, strict=False):
        parts.append(measure(["git", "read-tree", "-m", "-u", before, after], cwd=copy))
    return Measured(
        sum(p.cpu for p in parts), sum(p.wall for p in parts), max(p.memory for p in parts)
    )


def prepare(database: Path, stream: Path) -> list[str]:
    """Write a fast-import stream of a database's commits; return the last tree of each run."""
    commits = git(database, "rev-list", "--reverse", "HEAD").decode().split()
    tips: dict[str, str] = {}
    with stream.open("wb") as out:
        for commit in commits:
            subject = git(database, "log", "-1", "--format=%s", commit).decode().split(" (")[0]
            tips[subject] = git(database, "rev-parse", f"{commit}^{{tree}}").decode().strip()
            rows = git(database, "diff-tree", "-r", "-z", "--root", "--no-commit-id", commit)
            fields = rows.split(b"\0")[:-1]
            ids = [row.split()[3] for row in fields[::2]]
            blobs = contents(database, ids)
            out.write(b"commit refs/heads/main\ncommitter A <a@b> 1 +0000\ndata 1\nx\n")
            for path, blob in zip(fields[1::2], blobs, strict=True):
                out.write(b"M 100644 inline %b\ndata %d\n%b\n" % (path, len(blob), blob))
        out.write(b"done\n")
    return list(tips.values())


def contents(database: Path, ids: list[bytes]) -> list[bytes]:
    """Return the contents of blobs."""
    out = git(database, "cat-file", "--batch", stdin=b"\n".join(ids) + b"\n")
    found, at = [], 0
    for _ in ids:
        end = out.index(b"\n", at)
        size = int(out[at:end].split()[2])
        found.append(out[end + 1 : end + 1 + size])
        at = end + size + 2
    return found


def git(folder: Path, *args: str, stdin: bytes = b"") -> bytes:
    """Run git and return its output."""
    return subprocess.run(
        ["git", "-C", str(folder), *args], input=stdin, capture_output=True, check=True
    ).stdout


def show(label: str, measured: Measured, against: Measured | None = None) -> None:
    """Print a line."""
    ratio = f"  {measured.cpu / against.cpu:5.2f} x CPU" if against else ""
    print(
        f"{label:<42} {measured.cpu:7.2f} s CPU {measured.wall:7.2f} s wall "
        f"{measured.memory:6.0f} MB{ratio}"
    )


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data")
    parser.add_argument("--pairs", type=int, default=3, help="runs of the whole country")
    options = parser.parse_args()
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull)
    with tempfile.TemporaryDirectory() as folder:
        full(Path(folder), options.data, options.pairs)


def full(work: Path, data: Path, pairs: int) -> None:
    """Measure the whole country against the floor, in pairs, and then a small change of it."""
    runs, floors = [], []
    for number in range(pairs):
        root = project(work / f"country-{number}")
        country(root, data)
        runs.append(measure([*DOIT, "run"], cwd=root))
        floors.append(floor(root / "nes-db", work / f"floor-{number}"))
    files = len(git(root / "nes-db", "ls-tree", "-r", "--name-only", "HEAD").split())
    print(f"four migrations, {files:,} files in the end (medians of {pairs} pairs)")
    show("git fast-import and read-tree (the floor)", middle(floors))
    show("doit run", middle(runs), middle(floors))
    ratios = [ours.cpu / least.cpu for ours, least in zip(runs, floors, strict=True)]
    print(f"ratio of each pair: {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    tagging = [tag_wards(root, number) for number in (5, 6, 7)]
    show("doit run, 137 updates (median of 3)", middle(tagging))


def tag_wards(root: Path, number: int) -> Measured:
    """Measure a run with one pending migration that updates 137 entities."""
    add(root, f"{number:03d}-tag", UPDATE.format(tag=f"tag-{number}"))
    return measure([*DOIT, "run"], cwd=root)


if __name__ == "__main__":
    main()
