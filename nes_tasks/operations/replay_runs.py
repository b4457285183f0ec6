"""Execute applied migrations again as they were, to verify the history.

A run is a function of its base tree, its folder and its clock. All three are recorded, so the
result must equal the committed one. Nothing is published.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import uuid
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from ..database.executions import Execution
from ..database.marker import Marker, marker_path
from ..database.repository import PRIVATE_REFS, Repository
from ..errors import GitError, NesTasksError, UsageError
from ..git.command import Git
from ..git.commit import Signature
from ..git.diff import list_files
from ..git.incomplete_clone import truncated_history_error
from ..git.objects import ObjectReader
from ..git.snapshot import Snapshot
from ..git.trees import FILE_MODE
from ..migrations import Entry, Folder, MigrationResult, State
from ..project import Project
from ..running.runner import Runner
from ..settings import Settings
from .revert import commit_files
from .same_data import is_of_edited_folder

# Maximum number of commits to search; folders of migrations are rarely edited more often.
MAX_COMMITS = 200


class _Version(NamedTuple):
    """The folder in one commit: the blobs of its files by their path relative to it."""

    git: Git
    commit: str
    files: Mapping[str, str]


def commit_with(
    folder: Path, inputs: Mapping[str, str], is_input: Callable[[str], bool]
) -> str | None:
    """Return the newest commit in which `folder` held exactly the files `inputs`.

    They are given as SHA-256 by path relative to the folder; a path that `is_input` denies does
    not count. The folder itself need not exist any more, but its parent must. None when no
    commit of its repository's branch holds them, or there is no repository.
    """
    found = _find(folder, inputs, is_input)
    return found.commit if found else None


def write_version(
    target: Path, folder: Path, inputs: Mapping[str, str], is_input: Callable[[str], bool]
) -> bool:
    """Write the files that `folder` held when they were the `inputs` to the new folder `target`.

    Parameters are those of `commit_with`. Returns whether a commit holds them; otherwise nothing
    is written. Raises `OSError`.
    """
    found = _find(folder, inputs, is_input)
    if found is None:
        return False
    paths = [path for path in found.files if is_input(path)]
    with ObjectReader(found.git) as reader:
        blobs = reader.get_many([found.files[path] for path in paths])
        for path, blob in zip(paths, blobs, strict=True):
            assert blob is not None, "it was read a moment ago"
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(blob.data)
    return True


def _find(
    folder: Path, inputs: Mapping[str, str], is_input: Callable[[str], bool]
) -> _Version | None:
    around = Git(folder.parent, around=True)
    asked = around.run_unchecked("rev-parse", "--show-toplevel", "--show-prefix")
    rows = os.fsdecode(asked.stdout).split("\n")
    if asked.returncode or len(rows) < 2:
        return None
    git, path = Git(Path(rows[0])), f"{rows[1]}{folder.name}"
    digests: dict[str, str] = {}
    wanted = {name: digest for name, digest in inputs.items() if is_input(name)}
    try:
        asked_for = ("rev-list", f"--max-count={MAX_COMMITS}", "HEAD", "--", path)
        commits = git.run(*asked_for, env={"GIT_LITERAL_PATHSPECS": "1"}).decode().split()
        with ObjectReader(git) as reader:
            for commit in commits:
                found = list_files(git, commit, path)
                files = {file.path.removeprefix(f"{path}/"): file.oid for file in found}
                if {name for name in files if is_input(name)} != wanted.keys():
                    continue
                if all(_digest(reader, files[name], digests) == wanted[name] for name in wanted):
                    return _Version(git, commit, files)
    except GitError:  # no commit yet, or damaged: the search is best effort
        return None
    return None


def completing_command(settings: Settings) -> str | None:
    """Return the command that gets the rest of the migrations' history, None if all is here."""
    done = Git(settings.migrations, around=True).run_unchecked(
        "rev-parse", "--is-shallow-repository"
    )
    if done.stdout.strip() != b"true":
        return None
    return f"git -C {shlex.quote(settings.migrations_label)} fetch --unshallow"


def _digest(reader: ObjectReader, blob: str, known: dict[str, str]) -> str:
    if blob not in known:
        found = reader.get(blob)
        known[blob] = hashlib.sha256(found.data).hexdigest() if found else ""
    return known[blob]


class SkipReason(StrEnum):
    """The reason why a migration is not executed again.

    Earlier: a legacy system recorded it, without base and inputs. Adopted: its marker was
    written afterwards, not by its run. Nondeterministic: its script declares it. Drift, missing:
    its folder is not what it ran from, or is gone. Edited: its marker was changed after the run.
    Moved: its commits do not follow on the tree that its marker names. Squashed: one commit holds
    it and another migration that cannot be executed, and only together could they be proven.
    """

    LEGACY = "earlier"
    ADOPTED = "adopted"
    NONDETERMINISTIC = "nondeterministic"
    DRIFT = "drift"
    MISSING = "missing"
    EDITED = "edited"
    MOVED = "moved"
    SQUASHED = "squashed"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An applied migration, with the execution that wrote its marker.

    `marker`, with the `blob` that holds it, is None for one that a legacy system recorded,
    `execution` where no run is known.
    """

    entry: Entry
    marker: Marker | None
    blob: str | None
    execution: Execution | None
    skip_reason: SkipReason | None


@dataclass(frozen=True, slots=True)
class ReplayRun:
    """The execution of a candidate.

    Its candidate has a `skip_reason`, or it was executed: then `tree` is the result, or `error` the
    failure, `seconds` the duration, and `environment` its environment.
    """

    candidate: Candidate
    tree: str | None = None
    error: NesTasksError | None = None
    seconds: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)


def replay_runs(
    runner: Runner,
    project: Project,
    names: Sequence[str],
    counted: Callable[[int], None],
) -> Generator[ReplayRun, None, None]:
    """Execute the applied migrations `names` (full names) again; all of them without any.

    The lock is held until the iterator is exhausted or closed. `counted` is called first, with the
    number of executions. The others are executed after a failure, too. Nondeterministic migrations
    must be named. Raises `UsageError` for a name that is not applied, and `DatabaseError`, before
    anything is executed, when a shallow clone does not reach back far enough.
    """
    repository = runner.repository
    with repository.locked(runner.command), closing(ObjectReader(repository.git)) as reader:
        found = candidates(project, names)
        _refuse_truncated(project, found)
        counted(sum(candidate.skip_reason is None for candidate in found))
        for group in _groups(found):
            if group[0].skip_reason:
                yield ReplayRun(group[0])
            else:
                yield from _execute(runner, group, reader)


def _groups(found: Iterable[Candidate]) -> list[list[Candidate]]:
    """Return the candidates, grouped by the commit that holds them."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in found:
        run = None if candidate.skip_reason else candidate.execution
        key = run.commit if run and run.squashed_with else candidate.entry.name
        groups.setdefault(key, []).append(candidate)
    return list(groups.values())


def _execute(
    runner: Runner, group: Sequence[Candidate], reader: ObjectReader
) -> Generator[ReplayRun, None, None]:
    """Execute the migrations of one commit, each on the one before it.

    What comes out of the last one is compared. It proves them all: each marker names the tree
    that the one before left.
    """
    base = group[0].execution.base if group[0].execution else None
    runs = [rerun_of(one) for one in group]
    done: list[MigrationResult] = []
    with ExitStack() as stack:
        results = execute_in_row(stack, runner, runs, base)
        for candidate in group:
            try:
                result = next(results)
            except NesTasksError as error:
                if error.exit_code != 1:
                    raise
                for one in group:
                    together = replace(one, skip_reason=SkipReason.SQUASHED)
                    yield ReplayRun(one, error=error) if one is candidate else ReplayRun(together)
                return
            done.append(result)
        tree = _tree(reader, result)
        for candidate, result in zip(group, done, strict=True):
            yield ReplayRun(
                candidate,
                tree,
                seconds=result.duration_seconds,
                environment=result.environment,
            )


class Rerun(NamedTuple):
    """A migration to execute as it was: its folder, its clock, and the marker that it wrote then.

    `recorded` is the blob of that marker, None where it is not known.
    """

    folder: Folder
    moment: datetime
    recorded: str | None


def rerun_of(candidate: Candidate) -> Rerun:
    """Return how a candidate without an obstacle is executed."""
    folder, marker, execution = candidate.entry.folder, candidate.marker, candidate.execution
    assert folder and marker and execution, "what lacks one of them is not executed"
    return Rerun(folder, marker.applied_at, execution.marker)


def execute_in_row(
    stack: ExitStack, runner: Runner, runs: Iterable[Rerun], base: str | None
) -> Iterator[MigrationResult]:
    """Execute migrations as they were, the first on the commit `base`, each on the one before it.

    What comes out stays as long as `stack` is open. Raises what `Runner.run_at` raises.
    """
    before: Rerun | None = None
    for run in runs:
        if before and base:
            base = _as_recorded(stack, runner.repository, base, before)
        result = stack.enter_context(runner.run_at(run.folder, base, run.moment))
        base, before = result.commit_ids[-1], run
        yield result


def _as_recorded(stack: ExitStack, repository: Repository, commit: str, run: Rerun) -> str:
    """Return the commit that a run ended with, with the marker that it wrote then.

    The next marker names the tree before it, so that an edit of the folder which changes no data
    would change that marker as well.
    """
    git, path = repository.git, marker_path(repository.settings.data_dir, run.folder.name)
    with closing(Snapshot(git, git.tree_of(commit))) as snapshot:
        made = snapshot.blob_id(path)
    if made is None or run.recorded in (None, made):
        return commit
    with closing(ObjectReader(git)) as reader:
        if not is_of_edited_folder(reader, run.recorded, made):
            return commit
    ref = f"{PRIVATE_REFS}/{uuid.uuid4().hex}"
    stack.callback(repository.discard, ref)
    return commit_files(
        git,
        commit,
        {path: (FILE_MODE.decode(), run.recorded)},
        message=f"Marker of {run.folder.name}",
        who=Signature(*repository.committer(), run.moment),
        ref=ref,
        sign=False,
    )


def _tree(reader: ObjectReader, result: MigrationResult) -> str:
    """Return the tree of the last commit, which is its first header."""
    found = reader.get(result.commit_ids[-1])
    assert found is not None, "it was written a moment ago"
    return found.data.split(b"\n", 1)[0].removeprefix(b"tree ").decode()


def candidates(project: Project, names: Collection[str] = ()) -> list[Candidate]:
    """Return the applied migrations `names`, all of them without any, in their order.

    A folder accepted as edited can be replayed, and so can one with another README. Executes
    and writes nothing. Raises `UsageError` for a name that is not applied.
    """
    plan, ledger = project.load_state()
    for name in names:
        entry = plan.get(name)
        if entry is None or not entry.is_applied:
            raise UsageError(f"{name} is not applied", hint=f"doit preview {name}")
    executions = project.executions(ledger, names or None)
    squashed = {other for run in executions.values() for other in run.squashed_with}
    together = squashed & ledger.applied.keys()
    if names and not together <= set(names):
        return candidates(project, {*names, *together})
    entries = [entry for entry in plan if entry.is_applied and (not names or entry.name in names)]
    if ledger.commit is None or not entries:
        return []
    git, data_dir = Git(project.settings.database), project.settings.data_dir
    position = {entry.name: at for at, entry in enumerate(plan)}
    recorded = _markers(git, ledger.commit, data_dir, [entry.name for entry in entries])
    found: list[Candidate] = []
    for entry in entries:
        blob, marker = recorded.get(entry.name, (None, None))
        execution = executions.get(entry.name)
        if execution and execution.marker is None:
            execution = None  # a manual change is not a run
        others = execution.squashed_with if execution else ()
        is_first = all(
            position[entry.name] < position.get(other, len(position)) for other in others
        )
        skip_reason = _skip_reason_of(
            entry, marker, blob, execution, is_first=is_first, named=entry.name in names
        )
        found.append(Candidate(entry, marker, blob, execution, skip_reason))
    return [_with_others(candidate, found) for candidate in found]


def _markers(
    git: Git, commit: str, data_dir: str, names: Sequence[str]
) -> dict[str, tuple[str, Marker]]:
    """Return the blobs and contents of the markers at `commit` of those migrations that have one.

    Raises `ValueError` for a file that is not a marker.
    """
    paths = {marker_path(data_dir, name): name for name in names}
    with closing(Snapshot(git, git.tree_of(commit))) as snapshot:
        return {
            paths[path]: (blob, Marker.from_bytes(data))
            for path, data in snapshot.read_many(paths)
            if data is not None and (blob := snapshot.blob_id(path))
        }


def _with_others(candidate: Candidate, found: Sequence[Candidate]) -> Candidate:
    """Return the candidate, skipped if another one of the same commit is."""
    run = candidate.execution
    if candidate.skip_reason or not run or not run.squashed_with:
        return candidate
    fit = {
        candidate.entry.name
        for candidate in found
        if not candidate.skip_reason and candidate.execution
    }
    if fit.issuperset(run.squashed_with):
        return candidate
    return replace(candidate, skip_reason=SkipReason.SQUASHED)


def _skip_reason_of(
    entry: Entry,
    marker: Marker | None,
    blob: str | None,
    execution: Execution | None,
    *,
    is_first: bool,
    named: bool,
) -> SkipReason | None:
    if marker is None:
        return SkipReason.LEGACY
    if execution is None:
        return SkipReason.ADOPTED
    known = (execution.marker, *(change.new for change in execution.accepted[-1:]))
    if not execution.is_truncated and blob not in known:
        return SkipReason.EDITED
    if not execution.is_truncated and is_first and execution.base_tree != marker.base_tree:
        return SkipReason.MOVED
    if not (marker.deterministic or named):
        return SkipReason.NONDETERMINISTIC
    if entry.state is State.MISSING:
        return SkipReason.MISSING
    if entry.state is State.DRIFT:
        return SkipReason.DRIFT
    return None


def _refuse_truncated(project: Project, found: Iterable[Candidate]) -> None:
    """Raise an error if a shallow clone lacks the base of a candidate."""
    cut = [
        candidate.entry.name
        for candidate in found
        if not candidate.skip_reason and candidate.execution and candidate.execution.is_truncated
    ]
    if cut:
        raise truncated_history_error(project.settings.database_label, cut)
