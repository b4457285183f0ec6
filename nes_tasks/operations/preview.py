"""The preview: execute pending migrations to show what they would change.

The migrations run as in a real run, each on top of the previous one, but no branch moves. So the
tree of a preview is the tree that a run would commit, given the same clock (`SOURCE_DATE_EPOCH`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from ..clock import now, timestamp
from ..database.creation import starts_empty
from ..database.marker import Metadata
from ..database.repository import PRIVATE_REFS
from ..errors import MigrationFailedError, NesTasksError, UsageError
from ..git.commit import Signature
from ..git.diff import changed_files
from ..git.incomplete_clone import has_tree
from ..git.object_writer import write_commit
from ..migrations import Migration, MigrationResult, Plan, State, load
from ..migrations.expected_counts import Deeds, fitting
from ..project import Project
from ..running.events import DryRunResult, ProgressCallback
from ..running.runner import Runner
from ..scratch import scratch_folder
from ..state_folder import make_folder
from .changes import SAMPLES_PER_TYPE, Changes, compare
from .review import Remark, folder_remarks, review_changes

FORMAT = 1
# Files that scripts need not read, or that libraries open without Python.
NOT_READ_HERE = frozenset({".md", ".py", ".parquet", ".feather", ".orc"})
CAPABILITIES = {
    "network": "It asks for the network: what it reads there is not in its folder, and what it "
    "reads here can leave.",
    "processes": "It asks to start other programs.",
}


@dataclass(frozen=True, slots=True)
class Previewed:
    """The preview of one migration.

    `about` is the metadata of its script. `result` is that of its run, with the tree that would
    be committed; `base_tree` is the tree to compare with, `clock` the time of the execution,
    `peak_memory` the memory of its process, in bytes. `verified` says that its function verify has
    passed. `expect` is the line EXPECT that fits what it does, and `expects` says that the script
    has one. `to_look_at` are doubts of the data.
    """

    about: Metadata
    clock: datetime
    base_tree: str
    result: MigrationResult
    changes: Changes
    peak_memory: int
    verified: bool = False
    expect: str = ""
    expects: bool = False
    to_look_at: tuple[Remark, ...] = ()

    @property
    def asks_for(self) -> list[str]:
        """The capabilities that its script requests, one sentence each."""
        return [text for name, text in CAPABILITIES.items() if getattr(self.about, name)]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        result = self.result
        return {
            "name": result.migration,
            "author": self.about.author,
            "date": self.about.iso_date,
            "description": self.about.description,
            "clock": timestamp(self.clock),
            "base_tree": self.base_tree,
            "tree": result.tree,
            "statistics": asdict(result.statistics),
            "commits": len(result.commit_ids),
            "duration_seconds": round(result.duration_seconds, 3),
            "peak_memory_bytes": self.peak_memory,
            "network": self.about.network,
            "processes": self.about.processes,
            "verified": self.verified,
            "expects": self.expects,
            "expect": self.expect,
            "to_look_at": [remark.to_dict() for remark in self.to_look_at],
            "environment": dict(result.environment),
            "logs": result.logs,
            "changes": self.changes.to_dict(),
        }


@dataclass(slots=True)
class Preview:
    """The preview of all migrations, as far as they ran.

    `base_commit` is the commit of the database that the first one ran on, None where there is none
    yet and when nothing ran. `prerequisites` are earlier migrations that had to be executed first.
    `failure` is what stopped the chain, and `not_run` what comes after it. `left_out` are those
    that a limit kept from being executed.
    """

    base_commit: str | None = None
    migrations: list[Previewed] = field(default_factory=list)
    prerequisites: list[str] = field(default_factory=list)
    failure: NesTasksError | None = None
    not_run: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def limited(self, updated_per_type: int) -> Preview:
        """Return the same preview with a limit of updated objects per type and migration."""
        shorter = [
            replace(previewed, changes=previewed.changes.limited(updated_per_type))
            for previewed in self.migrations
        ]
        return replace(self, migrations=shorter)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/preview.md."""
        return {
            "format": FORMAT,
            "base_commit": self.base_commit,
            "migrations": [migration.to_dict() for migration in self.migrations],
            "beneath": self.prerequisites,
            "failure": failure_document(self.failure),
            "not_run": self.not_run,
            "left_out": self.left_out,
        }


def failure_document(error: NesTasksError | None) -> dict[str, Any] | None:
    """Return an error as a JSON document, None without one."""
    if error is None:
        return None
    where = error.where if isinstance(error, MigrationFailedError) else None
    return {"message": error.message, "hint": error.hint, "where": where}


def preview(
    project: Project,
    progress: ProgressCallback,
    *,
    names: Sequence[str] = (),
    forced: Collection[str] = (),
    updated_per_type: int | None = None,
    samples_per_type: int | None = SAMPLES_PER_TYPE,
    network: Collection[str] = (),
    limit: int | None = None,
    after: Preview | None = None,
    command: str = "doit preview",
    clock: Callable[[], datetime] = now,
) -> Preview:
    """Execute pending migrations without applying them; return what they would change.

    `names` are full names, all pending ones without any; what is pending before them is
    executed, too. Those of them that are applied and `forced` are executed again, and those in
    `network` may use it. At most `limit` are executed, without their prerequisites. `after` is a
    preview of the first pending ones on the same commit: it is continued on the tree that it left,
    and is a part of the result. A migration that fails or is refused ends the preview and is part
    of it. Raises `UsageError` for a name that is applied already and for a preview whose tree is
    not there any more, `UnavailableError` when the database cannot be used.
    """
    plan = project.plan
    if not plan.pending and not plan.invalid and not names:
        return Preview()
    found = Preview()
    if after:
        found = Preview(after.base_commit, list(after.migrations))
    before = len(found.migrations)
    done = [previewed.result.migration for previewed in found.migrations]
    with (
        _open_project(project) as opened,
        Runner(opened, progress, command=command, clock=clock, network=network) as runner,
        _start(runner, found) as start,
        closing(runner.dry_run(names or None, forced, start=start, done=done)) as rehearsals,
    ):
        try:
            for dry_run in rehearsals:
                if not (found.migrations or found.prerequisites):
                    found.base_commit = dry_run.base
                _add(
                    found,
                    dry_run,
                    runner,
                    opened,
                    names,
                    (updated_per_type, samples_per_type),
                )
                if limit is not None and len(found.migrations) - before >= limit:
                    found.left_out = _left_out(plan, found, names, forced)
                    break
        except NesTasksError as error:
            if error.exit_code != 1 and not found.migrations:
                raise
            found.failure = error
            found.not_run = _not_run(plan, found, names, forced)
    return found


@contextmanager
def _start(runner: Runner, found: Preview) -> Iterator[str | None]:
    """Yield a commit of a preview's last tree; None for a preview that has not begun."""
    if not found.migrations:
        yield None
        return
    repository = runner.repository
    last = found.migrations[-1]
    tree = last.result.tree or ""
    if not has_tree(repository.git, tree):
        raise UsageError(
            f"what the preview of {last.result.migration} left is no longer in the database",
            hint="doit preview starts over",
        )
    who = Signature(*repository.committer(), last.clock)
    commit = write_commit(
        repository.git,
        tree=tree,
        parents=[found.base_commit] if found.base_commit else [],
        message="Continue a preview",
        author=who,
        committer=who,
        sign=False,
    )
    ref = f"{PRIVATE_REFS}/{uuid.uuid4().hex}"
    repository.git.run("update-ref", ref, commit)
    try:
        yield commit
    finally:
        repository.discard(ref)


def _left_out(
    plan: Plan, found: Preview, names: Sequence[str], forced: Collection[str]
) -> list[str]:
    """Return the migrations that the limit excludes."""
    executed = {previewed.result.migration for previewed in found.migrations}
    wanted = [e.name for e in plan if e.state is State.PENDING or e.name in forced]
    return [name for name in wanted if name not in executed and (not names or name in names)]


def _not_run(
    plan: Plan, found: Preview, names: Sequence[str], forced: Collection[str]
) -> list[str]:
    """Return the migrations after the one that failed."""
    order = [entry.name for entry in plan]
    last = max(map(order.index, names)) + 1 if names else len(order)
    executed = {
        *(previewed.result.migration for previewed in found.migrations),
        *found.prerequisites,
    }
    wanted = [n for n in order[:last] if not plan[n].is_applied or n in forced]
    return [name for name in wanted if name not in executed][1:]


@contextmanager
def _open_project(project: Project) -> Iterator[Project]:
    """Yield the project, with a temporary empty database if there is none.

    A database with a remote is cloned, as for a run.
    """
    settings = project.settings
    if not starts_empty(settings):
        yield project
        return
    make_folder(settings.state_folder)
    with scratch_folder(settings.state_folder, "preview-") as folder:
        yield Project(replace(settings, database=folder / "database"))


def _add(
    found: Preview,
    dry_run: DryRunResult,
    runner: Runner,
    project: Project,
    names: Sequence[str],
    limits: tuple[int | None, int | None],
) -> None:
    result, git = dry_run.result, runner.repository.git
    if names and result.migration not in names:
        found.prerequisites.append(result.migration)
        return
    base = dry_run.base
    base_tree = git.tree_of(base)
    entry = project.plan[result.migration]
    assert entry.folder is not None, "a migration that ran has a folder"
    migration = load(entry.folder, is_new=not entry.is_applied)
    assert result.tree is not None, "a rehearsal has a tree"
    files = list(changed_files(git, base_tree, result.tree))
    changes = compare(
        git,
        base_tree,
        result.tree,
        files=files,
        data_dir=project.settings.data_dir,
        updated_per_type=limits[0],
        samples_per_type=limits[1],
        with_size=True,
    )
    found.migrations.append(
        Previewed(
            migration.metadata,
            dry_run.clock,
            base_tree,
            result,
            changes,
            dry_run.peak_memory,
            verified=result.verified,
            expect=_expect(changes),
            expects=migration.metadata.expect is not None,
            to_look_at=(
                *folder_remarks(_unread(dry_run, migration), result.hints),
                *review_changes(
                    git,
                    result.tree,
                    files,
                    data_dir=project.settings.data_dir,
                    clock=dry_run.clock,
                ),
            ),
        )
    )


def _unread(dry_run: DryRunResult, migration: Migration) -> list[str]:
    """Return the data files that the script has not opened; those of other programs are unknown."""
    if migration.metadata.processes:
        return []
    return [
        path for path in dry_run.unread if PurePosixPath(path).suffix.lower() not in NOT_READ_HERE
    ]


def _expect(changes: Changes) -> str:
    counts = {
        name: Deeds(type_counts.created, type_counts.updated, type_counts.deleted)
        for name, type_counts in changes.types.items()
    }
    return fitting(counts) if counts else ""
