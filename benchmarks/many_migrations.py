"""What a migration costs when there are many small ones, pending or applied.

    python benchmarks/many_migrations.py
    python benchmarks/many_migrations.py --pending 1000 --pairs 3 --json FILE

Pending: each changes nothing, or creates one entity; its cost is the CPU time of a run of all of
them less that of a run of one, divided. The floor beside it is what nothing can do without: a
fork of an empty Python, and git that checks and stores the same objects and moves the branch, and
updates the working tree in the end. Applied: a run with nothing to do, against doit alone with as
many tasks of as many files. Prints medians of pairs, the ratio first; asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from full_size import DOIT, git, project
from measuring import measure

HEAD = """\
AUTHOR = "A"
DATE = "2026-01-15"
DESCRIPTION = "A small change"


async def migrate(context):
"""
SCRIPTS = {
    "nothing": '    context.log("nothing")\n',
    "one entity": """\
    name = {{"kind": "PRIMARY", "en": {{"full": "Person {number}"}}}}
    data = {{"slug": "person-{number:04d}", "names": [name]}}
    await context.publication.create_entity("person", data, context.author_id, "Add")
""",
}
# With the script and the README these are five.
DATA_FILES = ("districts.csv", "persons.csv", "sources.json")
BARE = """\
DOIT_CONFIG = {{"default_tasks": ["migrate"], "dep_file": "doit.json", "backend": "json"}}


def task_migrate():
    for number in range({count}):
        folder = f"migrations/{{number:03d}}-small"
        yield {{
            "name": f"{{number:03d}}-small",
            "actions": ["true"],
            "file_dep": [f"{{folder}}/{{name}}" for name in {names}],
            "task_dep": [f"migrate:{{number - 1:03d}}-small"] if number else [],
        }}
"""


def small_project(root: Path, count: int, script: str, data_files: tuple[str, ...] = ()) -> Path:
    """Make a project with so many pending migrations and return its root."""
    project(root)
    for number in range(count):
        folder = root / "migrations" / f"{number:03d}-small"
        folder.mkdir()
        (folder / "migrate.py").write_text(HEAD + script.format(number=number))
        for name in ("README.md", *data_files):
            (folder / name).write_text(f"{name} of {number}\n")
    return root


def pending(work: Path, count: int, kind: str) -> tuple[float, float]:
    """Return what each of `count` pending migrations costs, and its floor, in ms of CPU."""
    script = SCRIPTS[kind]
    one = small_project(work / "one", 1, script)
    many = small_project(work / "many", count, script)
    start = measure([*DOIT, "run"], cwd=one).cpu
    whole = measure([*DOIT, "run"], cwd=many).cpu
    least = floor(many / "nes-db", work / "floor")
    shutil.rmtree(one)
    shutil.rmtree(many)
    return (whole - start) / (count - 1) * 1000, least / count * 1000


def floor(database: Path, work: Path) -> float:
    """Return the seconds of CPU for the commits of `database`, each by a fork and git alone."""
    copy = work / "database"
    subprocess.run(["git", "init", "-q", str(copy)], check=True)
    commits = git(database, "rev-list", "--reverse", "HEAD").decode().split()
    for number, commit in enumerate(commits):
        wanted = [commit, *(f"^{parent}" for parent in commits[number - 1 : number])]
        names = "\n".join(wanted).encode()
        pack = git(database, "pack-objects", "--revs", "--stdout", "-q", stdin=names)
        (work / commit).write_bytes(pack)
    (work / "commits").write_text("\n".join(commits))
    found = measure([sys.executable, __file__, "--floor", str(work)], cwd=work)
    shutil.rmtree(work)
    return found.cpu


def take_over(work: Path) -> None:
    """Do what `floor` measures."""
    copy = work / "database"
    command = ["git", "-C", str(copy)]
    before = git(copy, "hash-object", "-t", "tree", "/dev/null").decode().strip()
    refs = subprocess.Popen([*command, "update-ref", "--stdin"], stdin=subprocess.PIPE, text=True)
    assert refs.stdin
    for commit in (work / "commits").read_text().split():
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        with (work / commit).open("rb") as pack:
            check = ("index-pack", "--stdin", "--fix-thin", "--strict")
            subprocess.run([*command, *check], stdin=pack, stdout=subprocess.DEVNULL, check=True)
        refs.stdin.write(f"start\nupdate refs/heads/main {commit}\ncommit\n")
        refs.stdin.flush()
    refs.communicate()
    subprocess.run([*command, "read-tree", "-m", "-u", before, commit], check=True)


def applied(work: Path, count: int, pairs: int) -> list[tuple[float, float]]:
    """Return what a run with nothing to do costs, and a bare doit, in seconds of CPU."""
    root = small_project(work / "applied", count, SCRIPTS["nothing"], DATA_FILES)
    bare = work / "bare"
    shutil.copytree(root / "migrations", bare / "migrations")
    names = ("migrate.py", "README.md", *DATA_FILES)
    (bare / "dodo.py").write_text(BARE.format(count=count, names=names))
    measure([*DOIT, "run"], cwd=root)
    for command, cwd in ((DOIT, bare), ([*DOIT, "run"], root)):
        measure(command, cwd=cwd)  # fills the caches of both
    return [
        (measure([*DOIT, "run"], cwd=root).cpu, measure(DOIT, cwd=bare).cpu) for _ in range(pairs)
    ]


def report(label: str, unit: str, pairs: list[tuple[float, float]]) -> dict[str, object]:
    """Print the medians of pairs of a cost and its floor; return them for JSON."""
    ratio = median(ours / least for ours, least in pairs)
    ours, least = (median(column) for column in zip(*pairs, strict=True))
    print(f"{label}: {ratio:.2f} of the floor, {ours:.3g} against {least:.3g} {unit}", flush=True)
    return {"label": label, "unit": unit, "ratio": ratio, "cost": ours, "floor": least}


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pending", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--applied", type=int, nargs="*", default=[1000])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--floor", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull)
    if options.floor:
        take_over(options.floor)
        return
    figures: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for count in options.pending:
            for kind in SCRIPTS:
                pairs = [pending(work, count, kind) for _ in range(options.pairs)]
                label = f"{count:,} pending migrations, {kind}, each"
                figures.append(report(label, "ms of CPU", pairs))
        for count in options.applied:
            # Short runs vary more.
            pairs = applied(work, count, 3 * options.pairs)
            figures.append(report(f"{count:,} applied, nothing to do", "s of CPU", pairs))
    if options.json:
        content = {"load": os.getloadavg()[0], "figures": figures}
        options.json.write_text(f"{json.dumps(content, indent=1)}\n")


if __name__ == "__main__":
    main()
