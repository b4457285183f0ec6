"""What searches cost with the index, and what a scan of all files costs in their place.

    python benchmarks/searches.py --persons 50000

The database is made by ``make_database.py``, with as many relationships as persons. Each question
is asked in pairs, by a scan and of the index, one after the other; printed are medians of CPU
time, and of their ratios. Then come what it costs to make the index, to bring it up to date after
137 updates, and the memory that it needs. Asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from make_database import MAKER, build

from nes_tasks.database.transaction import Transaction
from nes_tasks.git.command import Git
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.index_connection import open_tables
from nes_tasks.services.index_file import IndexFile
from nes_tasks.services.search import SearchService

CHANGED = 137
# A scan of 50,000 files takes seconds, an answer of the index less than a clock can tell.
SCANS, ANSWERS = 3, 100

Question = Callable[[SearchService, int], Coroutine[Any, Any, object]]
QUESTIONS: dict[str, Question] = {
    "find_entity_by_name": lambda s, n: s.find_entity_by_name(f"Person {n}", "person"),
    "search_entities, a name": lambda s, n: s.search_entities(f"person {n}", limit=10),
    "search_entities, two letters": lambda s, n: s.search_entities(f"{n % 90 + 10}", limit=10),
    "search_entities, all fit": lambda s, n: s.search_entities("person", limit=10),
    "search_entities, a tag": lambda s, n: s.search_entities(tags=["tagged"], limit=10),
    "relationships of a person": lambda s, n: s.database.list_relationships_by_entity(
        f"entity:person/person-{n:07d}"
    ),
}


def cpu() -> float:
    """Return the CPU seconds of this process and of those it has waited for."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def timed(act: Callable[[], object]) -> float:
    """Return the CPU seconds that something takes."""
    began = cpu()
    act()
    return cpu() - began


def opened(folder: Path) -> IndexFile:
    """Return the index in a folder."""
    return IndexFile(folder, "v2", warn=print, progress=lambda *_: None)


def make(database: Path, index: Path) -> None:
    """Make the index, and print what that costs: in a process of its own, for its memory."""
    git = Git(database)
    seconds = timed(lambda: opened(index).at(git, git.tree_of("HEAD"), is_published=True))
    status = Path("/proc/self/status").read_text().splitlines()
    memory = next(int(row.split()[1]) for row in status if row.startswith("VmHWM")) / 1024
    size = sum(path.stat().st_size for path in index.iterdir()) / 1e6
    print(f"make the index: {seconds:.2f} s CPU, {memory:.0f} MiB of memory, {size:.0f} MB of disk")


def tag(git: Git, persons: int) -> None:
    """Commit an update of some persons, as a migration does."""
    head = git.text("rev-parse", "HEAD")
    with Transaction(git, base=head, ref="refs/heads/main", data_dir="v2") as store:
        for number in range(0, persons, persons // CHANGED + 1):
            path = f"entity/person/person-{number:07d}.json"
            data = store.read(path)
            assert data is not None
            store.write(path, data.replace(b'"slug":', b'"tags": ["tagged"], "slug":', 1))
        store.commit(
            [("migration-logs/001-tag/marker.toml", b"")],
            message=lambda *_: "Tag\n",
            author=MAKER,
            committer=MAKER,
            batch_size=1000,
        )


def ask(database: EntityDatabase, question: Question, persons: int, times: int) -> float:
    """Return the CPU milliseconds of one answer, of several to different questions."""
    search = SearchService(database)

    async def several() -> None:
        for number in range(times):
            await question(search, number * 7919 % persons)

    return timed(lambda: asyncio.run(several())) / times * 1000


def compare(git: Git, index: Path, persons: int, *, scans: int) -> None:
    """Print what each question costs by a scan and with the index."""
    head, tree = git.text("rev-parse", "HEAD"), git.tree_of("HEAD")
    path = opened(index).at(git, tree, is_published=True)
    assert path is not None
    with Transaction(git, base=head, ref="refs/x", data_dir="v2") as store:
        indexed = EntityDatabase(store, open_tables=lambda: open_tables(path, tree, "v2"))
        for label, question in QUESTIONS.items():
            ask(indexed, question, persons, 1)
            answers: list[float] = []
            ratios: list[float] = []
            for _ in range(max(scans, 1)):
                times = 10 if "fit" in label or "letters" in label else ANSWERS
                answers.append(ask(indexed, question, persons, times))
                if scans:
                    plain = EntityDatabase(store)
                    ratios.append(ask(plain, question, persons, 1) / answers[-1])
            less = f", 1/{median(ratios):,.0f} of a scan" if ratios else ""
            print(f"{label}: {median(answers):.3f} ms CPU{less}")


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--persons", type=int, default=50_000)
    parser.add_argument("--scans", type=int, default=SCANS, help="0 where they take too long")
    parser.add_argument("--make", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(*options.make)
        return
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull)
    with tempfile.TemporaryDirectory() as folder:
        database, index = Path(folder, "nes-db"), Path(folder, "index")
        print(f"{options.persons:,} persons, {options.persons:,} relationships", flush=True)
        build(database, 2 * options.persons, options.persons)
        subprocess.run([sys.executable, __file__, "--make", database, index], check=True)
        git = Git(database)
        tag(git, options.persons)
        with closing(opened(index)) as file:
            seconds = timed(lambda: file.at(git, git.tree_of("HEAD"), is_published=True))
        print(f"bring it up to date after {CHANGED} updates: {seconds:.2f} s CPU", flush=True)
        compare(git, index, options.persons, scans=options.scans)


if __name__ == "__main__":
    main()
