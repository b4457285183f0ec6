"""Long histories of commands in any order, against a model of a few lines."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from faults import damage, disturbed, leftovers
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from workspace import Ran, Workspace

# Executing it again changes nothing but the marker.
BODY = """\
if await context.db.get_entity("entity:person/{slug}") is None:
    await context.publication.create_entity(
        entity_type="person",
        entity_data={{"slug": "{slug}", "names": [{{"kind": "PRIMARY", "en": {{"full": "A B"}}}}]}},
    )
"""


class Histories(RuleBasedStateMachine):
    """Two people with a remote; `applied` and `pending` are what the first one must find."""

    @initialize()
    def begin(self) -> None:
        self.top = Path(tempfile.mkdtemp())
        self.mine = Workspace(self.top / "mine/project")
        self.theirs = Workspace(self.top / "theirs/project")
        remote = self.top / "remote.git"
        self.mine.git_in(self.top, "init", "-q", "--bare", "-b", "main", str(remote))
        for project in (self.mine, self.theirs):
            project.settings(remote_url=remote.as_uri(), out_of_order="allow")
        self.applied: list[str] = []
        self.pending: list[str] = []
        self.pushed: set[str] = set()
        self.number = 0
        # What `doit undo` removes: the newest commit, as long as it is a first run.
        self.newest: str | None = None
        self.create()
        self.migrate()
        self.push()

    def teardown(self) -> None:
        shutil.rmtree(self.top, ignore_errors=True)

    def doit(self, *args: str, code: int = 0, project: Workspace | None = None) -> Ran:
        ran = (project or self.mine).doit(*args)
        assert ran.code == code, (args, ran)
        return ran

    def new(self, project: Workspace) -> str:
        self.number += 1
        name = f"{self.number:03}-step"
        project.migration(name, BODY.format(slug=f"person-{self.number}"))
        return name

    @rule()
    def create(self) -> None:
        self.pending.append(self.new(self.mine))

    @precondition(lambda self: self.pending)
    @rule()
    def edit(self) -> None:
        readme = self.mine.migrations / self.pending[-1] / "README.md"
        readme.write_text(readme.read_text() + "\nMore.\n")

    @rule()
    def migrate(self) -> None:
        self.doit()
        self.all_applied()

    def all_applied(self) -> None:
        self.newest = self.pending[-1] if self.pending else self.newest
        self.applied += self.pending
        self.pending = []

    @precondition(lambda self: self.applied)
    @rule()
    def force(self) -> None:
        self.doit(f"migrate:{self.applied[-1]}", "--force")
        self.applied += self.pending if self.pending and self.pending[0] < self.applied[-1] else []
        self.pending = [name for name in self.pending if name not in self.applied]
        self.newest = None

    @rule()
    def fail(self) -> None:
        self.number += 1
        folder = self.mine.migration(f"{self.number:03}-bad", "raise ValueError('x')")
        self.doit(code=1)
        shutil.rmtree(folder)
        self.all_applied()

    @precondition(lambda self: self.applied and self.applied[-1] not in self.pushed)
    @rule()
    def revert(self) -> None:
        self.doit("revert", self.applied[-1], "--yes")
        self.newest = None
        self.pending = sorted([*self.pending, self.applied.pop()])

    @precondition(lambda self: self.newest and self.newest not in self.pushed)
    @rule()
    def undo(self) -> None:
        self.doit("undo", "--yes")
        self.applied.remove(self.newest)
        self.pending = sorted([*self.pending, self.newest])
        self.newest = None

    @precondition(lambda self: self.pending)
    @rule()
    def renumber(self) -> None:
        before = {folder.name for folder in self.mine.migrations.iterdir()}
        self.doit("renumber", self.pending[0])
        after = {folder.name for folder in self.mine.migrations.iterdir()}
        self.pending = sorted({*self.pending} - (before - after) | (after - before))
        self.number = max(self.number, *(int(name[:3]) for name in after))

    @rule(point=st.integers(1, 260))
    def kill(self, point: int) -> None:
        disturbed(self.mine, [], point)
        self.migrate()
        assert leftovers(self.mine) == []

    @rule()
    def push(self) -> None:
        ran = self.mine.doit("push")
        if ran.code:
            assert ran.err.endswith("doit sync\n"), ran.err
            self.doit("sync")
            self.doit("push")
        self.pushed |= {*self.applied}

    @rule()
    def sync(self) -> None:
        """A colleague publishes something; it comes here, below what only we have."""
        for name in self.pushed:
            shutil.copytree(
                self.mine.migrations / name, self.theirs.migrations / name, dirs_exist_ok=True
            )
        if self.theirs.db.exists():
            self.doit("sync", project=self.theirs)
        name = self.new(self.theirs)
        self.doit(project=self.theirs)
        self.doit("push", project=self.theirs)
        shutil.copytree(self.theirs.migrations / name, self.mine.migrations / name)
        self.doit("sync")
        own = [one for one in self.applied if one not in self.pushed]
        self.applied = [one for one in self.applied if one in self.pushed] + [name, *own]
        self.pushed.add(name)
        self.newest = None

    @rule(shallow=st.booleans())
    def clone(self, shallow: bool) -> None:
        with tempfile.TemporaryDirectory(dir=self.top) as folder:
            copy = Workspace(Path(folder) / "project")
            shutil.copytree(self.mine.migrations, copy.migrations, dirs_exist_ok=True)
            depth = ["--depth", "1"] if shallow else []
            copy.git_in(copy.root, "clone", "-q", *depth, self.mine.db.as_uri(), "nes-db")
            assert sorted(copy.applied()) == sorted(self.applied)
            found = json.loads(self.doit("status", "--json", project=copy).out)["counts"]
            assert (found["applied"], found["pending"]) == (len(self.applied), len(self.pending))

    @invariant()
    def all_is_well(self) -> None:
        if not hasattr(self, "applied") or not self.mine.db.exists():
            return
        assert sorted(self.mine.applied()) == sorted(self.applied)
        assert self.mine.git("status", "--porcelain") == ""
        assert damage(self.mine) == ""


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
class TestHistories(Histories.TestCase):  # type: ignore[misc, valid-type]
    """Few and short here: each step is a process."""

    settings = settings(
        max_examples=4,
        stateful_step_count=7,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
