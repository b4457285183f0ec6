"""What a small change costs as a database grows: git processes, objects read, bytes written.

Work is counted, as seconds would depend on the machine; `benchmarks/growth.py` measures those.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from workspace import Workspace

from nes_tasks import project as project_module
from nes_tasks.git.objects import GitObject, ObjectReader
from nes_tasks.git.tidying import MANY_PACKS
from nes_tasks.git.trees import Tree, TreeEntry
from nes_tasks.migrations import Folder, loader
from nes_tasks.operations.blame import provenance
from nes_tasks.operations.revert import revert
from nes_tasks.operations.show import applied_changes
from nes_tasks.project import Project
from nes_tasks.running.runner import TIDIED_AFTER, Runner
from nes_tasks.settings import load_settings

SMALL, LARGE = 5_000, 50_000
CHANGED = 137
NAME = "001-tag"
UPDATE = """\
for number in range({changed}):
    person = await context.db.get_entity(f"entity:person/person-{{number:07d}}")
    person.tags = ["tagged"]
    await context.publication.update_entity(person, context.author_id, "Tag")
"""
# Of git's own: what it starts itself, and looking after the whole repository at the end of a run.
HOUSEKEEPING = {"maintenance", "prune-packed", "pack-objects", "repack"}


@dataclass
class Work:
    """What was done: git commands started, objects read by kind, bytes stored by kind."""

    commands: list[str]
    read: Counter[str]
    stored: Counter[str]
    bytes_stored: Counter[str]


def commands(trace: Path) -> list[str]:
    """Return the git commands of a trace (https://git-scm.com/docs/api-trace2)."""
    events = map(json.loads, trace.read_text().splitlines()) if trace.exists() else ()
    found = (_command(event["argv"]) for event in events if event["event"] == "start")
    return [command for command in found if command not in HOUSEKEEPING]


def _command(argv: list[str]) -> str:
    words = iter(argv[1:])
    for word in words:
        if word not in ("-c", "-C"):
            return word
        next(words)
    return ""


def expansions(trace: Path) -> int:
    """Return how often git has put all files of a repository into a sparse index."""
    return trace.read_text().count('"label":"ensure_full_index"')


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which git notes each of its processes."""
    path = tmp_path / "trace"
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[trace2]\n\teventTarget = {path}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    return path


def stored(workspace: Workspace) -> tuple[Counter[str], Counter[str]]:
    """Return how many objects there are of each kind, and the bytes that they take on the disk."""
    rows = workspace.git(
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objecttype) %(objectsize:disk)",
    )
    count: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for row in rows.splitlines():
        kind, taken = row.split()
        count[kind] += 1
        size[kind] += int(taken)
    return count, size


@pytest.fixture(scope="module")
def databases(
    tmp_path_factory: pytest.TempPathFactory, project: Path
) -> Iterator[dict[int, Workspace]]:
    """A database of each size, with one migration that is pending."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(project / "benchmarks"))
        from make_database import build

        made = {}
        for files in (SMALL, LARGE):
            workspace = made[files] = Workspace(tmp_path_factory.mktemp("growth") / str(files))
            build(workspace.db, files)
            workspace.migration(NAME, UPDATE.format(changed=CHANGED))
        yield made
        for workspace in made.values():
            shutil.rmtree(workspace.root)


@pytest.fixture
def counted(trace: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The objects that are read from git through its pipe, by kind."""
    read: Counter[str] = Counter()
    get_many = ObjectReader.get_many

    def counting(self: ObjectReader, names: Iterable[str]) -> Iterator[GitObject | None]:
        for found in get_many(self, names):
            read[found.kind if found else "missing"] += 1
            yield found

    monkeypatch.setattr(ObjectReader, "get_many", counting)
    return read


class Counting:
    """Counts the work of what is done in its block."""

    def __init__(self, workspace: Workspace, trace: Path, read: Counter[str]) -> None:
        self.workspace, self.trace, self.read = workspace, trace, read

    def __enter__(self) -> Counting:
        self.before = stored(self.workspace)
        self.read.clear()
        self.trace.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        started, read = commands(self.trace), Counter(self.read)
        count, size = stored(self.workspace)
        self.work = Work(started, read, count - self.before[0], size - self.before[1])


def opened(workspace: Workspace) -> Project:
    return Project(load_settings(workspace.root))


def applied(workspace: Workspace, trace: Path, read: Counter[str]) -> Work:
    with (
        Counting(workspace, trace, read) as counting,
        Runner(opened(workspace), lambda _: None) as runner,
    ):
        runner.apply(NAME)
    return counting.work


def test_a_small_change_costs_the_same_in_a_database_ten_times_as_large(
    databases: dict[int, Workspace], trace: Path, counted: Counter[str]
) -> None:
    small, large = (applied(databases[files], trace, counted) for files in (SMALL, LARGE))
    assert large.commands == small.commands
    assert large.read <= small.read  # the tree of a large folder is read once for all
    assert large.stored == small.stored
    assert large.stored["blob"] > CHANGED
    for kind in ("blob", "commit"):
        assert large.bytes_stored[kind] < small.bytes_stored[kind] * 1.05
    # A pack has to hold the base of each delta, so the flat folder is stored whole once; but for
    # that as many bytes are stored.
    flat = [_size_of(databases[files], "HEAD:v2/entity/person") for files in (SMALL, LARGE)]
    folders = [
        _size_of(databases[files], "HEAD:v2/version/entity/person") for files in (SMALL, LARGE)
    ]
    grown = large.bytes_stored["tree"] - small.bytes_stored["tree"]
    assert grown < sum(flat) - 2 * flat[0] + sum(folders) - 2 * folders[0]


def _size_of(workspace: Workspace, tree: str) -> int:
    return int(workspace.git("cat-file", "-s", tree))


def looked_at(project: Project) -> None:
    """Do what `doit show`, `doit blame` and `doit history` do."""
    plan, ledger = project.load_state()
    applied_changes(project, plan[NAME])
    provenance(project, "entity:person/person-0000001")
    project.executions(ledger)


def test_the_history_is_read_by_what_changed_and_not_by_what_there_is(
    databases: dict[int, Workspace], trace: Path, counted: Counter[str]
) -> None:
    looks, reverts = [], []
    for files in (SMALL, LARGE):
        workspace = databases[files]
        if not workspace.applied():
            applied(workspace, trace, counted)
        with Counting(workspace, trace, counted) as counting:
            looked_at(opened(workspace))
        looks.append(counting.work)
        assert not expansions(trace)
        with Counting(workspace, trace, counted) as counting:
            revert(opened(workspace), [NAME])
        assert not expansions(trace)
        reverts.append(counting.work)
    for small, large in (looks, reverts):
        assert large.commands == small.commands
        assert large.read <= small.read  # a large folder that was read is not read again
        assert large.stored == small.stored
    assert not looks[0].stored
    assert looks[0].read["blob"] > CHANGED
    assert reverts[0].stored == {"commit": 1}  # the files and folders of before are there


def test_a_migration_more_is_a_git_process_more(tmp_path: Path, trace: Path) -> None:
    """It checks and stores the objects; another changes all refs, and the files follow at once."""
    started = []
    for count in (2, 5):
        workspace = Workspace(tmp_path / str(count))
        for number in range(count):
            workspace.migration(f"{number:03d}-tiny")
        trace.unlink(missing_ok=True)
        assert workspace.doit(GIT_CONFIG_GLOBAL=os.environ["GIT_CONFIG_GLOBAL"]).code == 0
        started.append(Counter(commands(trace)))
    more = started[1] - started[0]
    assert more.pop("read-tree", 0) <= 3  # on a slow machine they follow in between as well
    assert more == {"index-pack": 3}


def test_many_migrations_leave_a_few_packs(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "project")
    for number in range(TIDIED_AFTER + 5):
        workspace.migration(f"{number:03d}-tiny")
    with Runner(opened(workspace), lambda _: None) as runner:
        for number in range(TIDIED_AFTER + 5):
            runner.apply(f"{number:03d}-tiny")
        objects = workspace.db / ".git/objects"
        assert len(list((objects / "pack").glob("*.pack"))) < MANY_PACKS
    assert {item.name for item in objects.iterdir()} == {"info", "pack"}
    workspace.git("fsck", "--strict")


def test_the_list_of_applied_migrations_is_not_taken_apart_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names_read: list[bytes] = []
    folders_listed: list[Path] = []
    entries, listing = Tree.__iter__, loader.discover

    def counting(self: Tree) -> Iterator[tuple[bytes, TreeEntry]]:
        for name, entry in entries(self):
            names_read.append(name)
            yield name, entry

    def noting(folder: Path, **options: Any) -> list[Folder]:
        folders_listed.append(folder)
        return listing(folder, **options)

    monkeypatch.setattr(Tree, "__iter__", counting)
    monkeypatch.setattr(project_module, "discover", noting)
    counts = []
    for applied_before in (3, 12):
        workspace = Workspace(tmp_path / str(applied_before))
        for number in range(applied_before + 2):
            workspace.migration(f"{number:03d}-tiny")
        with Runner(opened(workspace), lambda _: None) as runner:
            for number in range(applied_before + 1):
                runner.apply(f"{number:03d}-tiny")
            names_read.clear()
            folders_listed.clear()
            runner.apply(f"{applied_before + 1:03d}-tiny")
            counts.append((len(names_read), len(folders_listed)))
    assert counts[0] == counts[1]
    assert counts[0][1] == 0
