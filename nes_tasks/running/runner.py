"""The runner: applies migrations, one at a time, completely or not at all."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from ..clock import now, timestamp
from ..database.creation import starts_empty
from ..database.ledger import Applied, Ledger
from ..database.repository import PRIVATE_REFS, Repository
from ..database.unrecorded import Unrecorded
from ..errors import LockHeldError, MigrationFailedError, MigrationRefusedError, NesTasksError
from ..migrations import (
    Folder,
    Migration,
    MigrationResult,
    MigrationStatus,
    Plan,
    check_may_run,
    due_names,
    load,
)
from ..migrations.lint import refuse_placeholders
from ..project import Project, ProjectState
from ..settings import display_path
from . import sandbox
from .collector import rare_collections
from .events import DryRunResult, EventKind, ProgressCallback, RunEvent
from .expectation import Expectation
from .interrupts import interrupts_deferred
from .recorded_inputs import hash_inputs, refuse_other_inputs
from .run_index import RunIndex
from .run_log import RunLog
from .script_terms import OFF, terms_of_run
from .task import ExecuteRequest, Task
from .worker import Worker
from .writer import ScriptEvents, ScriptOutcome, Writer

# The migrations of one run after which it tidies up: each git process looks through all packs.
TIDIED_AFTER = 20


class Runner:
    """Applies the migrations of one project.

    `progress` is called for each event. `command` is shown to others when they find the database in
    use, `clock` returns the time that a migration sees; without `may_record` no migration records
    network answers. With `keep_going` later migrations run even after those that are invalid or
    failed in this run. The migrations in `network` may use it, besides those of the setting of this
    name. With an `expectation` a migration sees the clock of its preview, and nothing is applied
    whose tree is another than the previewed one. The working tree of the database may stay
    `files_lag` seconds behind the branch, to follow several migrations at once, as long as scripts
    are confined. Use it in a ``with`` block or call `close`.
    """

    def __init__(
        self,
        project: Project,
        progress: ProgressCallback,
        *,
        command: str = "doit run",
        clock: Callable[[], datetime] = now,
        may_record: bool = True,
        expectation: Expectation | None = None,
        keep_going: bool = False,
        network: Collection[str] = (),
        files_lag: float = 0.0,
    ) -> None:
        self._project = project
        self._progress = progress
        self.command = command
        self._clock = clock
        self._expectation = expectation
        self._keep_going = keep_going
        self._files_lag = files_lag
        self._failed: set[str] = set()
        self._log = RunLog(project.settings.state_folder / "logs")
        self._running = ""
        self._worker = Worker(
            self._log.path,
            may_record=may_record,
            on_print=self._printed,
            warn=lambda text: self._tell(EventKind.WARNED, "", text),
        )
        self._may_record = may_record
        self._network = frozenset((*project.settings.network, *network))
        self._index = RunIndex(project.settings, progress)
        self._opened: Repository | None = None
        self._made = False
        self._applied = 0
        self._seen: ProjectState | None = None
        self._unrecorded: Unrecorded | None = None

    @property
    def repository(self) -> Repository:
        """The database repository; created or cloned when first needed."""
        if self._opened is None:
            settings = self._project.settings
            self._made = starts_empty(settings)
            self._opened = Repository.open(settings)
            self._opened.keep_processes()
            # A script that the kernel does not confine could see that files are behind.
            is_confined = settings.sandbox != OFF and sandbox.unavailable() is None
            self._opened.let_files_lag(self._files_lag if is_confined else 0.0)
        return self._opened

    def apply(self, name: str, *, force: bool = False) -> MigrationResult:
        """Apply the migration `name` (its full name) and return the result.

        Nothing happens, and the result says so, when it is applied already; `force` then executes
        it again in a new commit. Raises `MigrationRefusedError` or `InvalidMigrationError` when it
        may not run, `MigrationFailedError` when its script failed, `DatabaseError` when the
        database is not ready. After an error the database is unchanged.
        """
        try:
            return self._apply_next(name, force=force)
        except NesTasksError as error:
            if error.exit_code == 1:  # the fault of the script or its folder
                self._failed.add(name)
            raise

    def _apply_next(self, name: str, *, force: bool) -> MigrationResult:
        repository = self.repository
        with repository.locked(self.command):
            plan, ledger = self._state(repository)
            # Checked before its position: between applied ones its number seems too low.
            self._reject_if_unrecorded(ledger, name, force=force)
            decision = check_may_run(plan, name, force=force, passed_over=self._passed_over(plan))
            if not decision.run:
                return MigrationResult(name, MigrationStatus.SKIPPED, reason=decision.reason)
            # Check the files once per run; later local changes are detected, and not overwritten,
            # at publish time.
            repository.check_ready(files=not self._applied)
            folder = self._project.folder(name)
            return self._apply(repository, folder, ledger.commit, is_new=not decision.again)

    def _passed_over(self, plan: Plan) -> set[str]:
        if not self._keep_going:
            return set()
        return self._failed.union(entry.name for entry in plan.invalid)

    def _state(self, repository: Repository) -> ProjectState:
        """Return plan and ledger, cached until the branch tip moves.

        Reading them again for each of 1,000 migrations costs more than running them.
        """
        if self._seen is None or self._seen.ledger.commit != repository.head():
            self._seen = self._project.load_state()
        return self._seen

    def _reject_if_unrecorded(self, ledger: Ledger, name: str, *, force: bool = False) -> None:
        """Refuse a migration when it, or an earlier one, was run without leaving a marker.

        Nothing runs on top of a partial migration; `force` runs one that was run by hand. The check
        runs once: our own commits have markers.
        """
        if self._unrecorded is None:
            self._unrecorded = self._project.unrecorded(ledger)
        for partial in self._unrecorded.partial.values():
            raise partial.error(self._project.settings.database_label)
        if name in ledger.applied:
            return
        order = self._project.order
        for other in sorted(self._unrecorded.by_hand, key=order):
            is_here = other == name and not force
            if other not in ledger.applied and (is_here or order(other) < order(name)):
                commit = self._unrecorded.by_hand[other][0]
                raise MigrationRefusedError(
                    f"{other} has no marker, but commit {commit.id[:12]} says that it was run",
                    hint=f"doit adopt records it; doit migrate:{other} --force runs it",
                )

    def _apply(
        self, repository: Repository, folder: Folder, base: str | None, *, is_new: bool
    ) -> MigrationResult:
        executed = self._run_on_private_ref(repository, folder, base, published=True, is_new=is_new)
        with executed as (request, outcome), interrupts_deferred():
            self._meet_expectation(repository, request, outcome.commits[-1])
            repository.publish(request.ref, base, outcome.commits[-1], changes=outcome.changes)
            self._applied += 1
            result = self._result(folder.name, outcome)
            self._remember(request, result)
            commit, duration = result.commit_ids[-1], result.duration_seconds
            self._log.write(f"{folder.name}: applied as {commit} in {duration:.2f} s")
        if self._applied % TIDIED_AFTER == 0:
            repository.tidy()
        return result

    def _meet_expectation(
        self, repository: Repository, request: ExecuteRequest, commit: str
    ) -> None:
        if self._expectation is None:
            return
        tree = repository.tree_of(commit)
        note = self._expectation.compare(
            request.name, tree, deterministic=request.task.deterministic
        )
        if note:
            self._tell(EventKind.NOTED, request.name, note)

    def _remember(self, request: ExecuteRequest, result: MigrationResult) -> None:
        """Update plan and ledger to the commit that was just published."""
        assert self._seen is not None, "nothing is published without a look"
        plan, ledger = self._seen
        record = Applied(
            name=request.name,
            metadata=request.metadata,
            applied_at=request.clock,
            inputs=request.inputs,
            statistics=result.statistics,
        )
        applied = {**ledger.applied, request.name: record}
        self._seen = ProjectState(
            plan.with_applied(request.name, record),
            replace(ledger, commit=result.commit_ids[-1], applied=applied),
        )

    def record_of(self, name: str) -> Applied | None:
        """Return the cached record of a migration, None without one."""
        return self._seen.ledger.applied.get(name) if self._seen else None

    def dry_run(
        self,
        names: Sequence[str] | None = None,
        forced: Collection[str] = (),
        *,
        start: str | None = None,
        done: Collection[str] = (),
    ) -> Generator[DryRunResult, None, None]:
        """Execute migrations one on top of the other without publishing anything.

        All pending ones, or those up to the last of `names` (full names); of the applied ones
        those that are `forced`. The first one is executed on the commit `start` instead of the
        branch, which an earlier rehearsal of those that are `done` has left. The lock is held
        until the iterator is exhausted or closed; then the private refs are gone and the database
        is as it was. A working tree with uncommitted changes does not matter. Raises, at the
        migration that it is about, what `apply` would.
        """
        repository = self.repository
        refs: list[str] = []
        with repository.locked(self.command):
            try:
                plan, ledger = self._project.load_state()
                base = start or ledger.commit
                for name in due_names(plan, names, forced):
                    if name in done:
                        continue
                    again = plan[name].is_applied
                    self._reject_if_unrecorded(ledger, name, force=name in forced)
                    folder = plan[name].folder
                    assert folder is not None, "what may run has a folder"
                    executed = self._run_on_private_ref(repository, folder, base, is_new=not again)
                    with executed as (request, outcome):
                        refs.append(request.ref)
                    result = self._result(name, outcome)
                    commit = result.commit_ids[-1]
                    result.tree = repository.tree_of(commit)
                    unread = tuple(sorted(request.inputs.keys() - outcome.read))
                    yield DryRunResult(result, base, request.clock, outcome.peak_memory, unread)
                    base = commit
            finally:
                for ref in refs:
                    repository.discard(ref)

    def apply_on(self, name: str, base: str, ref: str) -> MigrationResult:
        """Execute a migration on the commit `base` instead of the branch tip.

        The private `ref` is then at its last commit; nothing is published. The caller holds the
        lock. Raises what `apply` would.
        """
        repository = self.repository
        plan, ledger = self._project.load_state(at=base)
        check_may_run(plan, name)
        self._reject_if_unrecorded(ledger, name)
        folder = plan[name].folder
        assert folder is not None, "check_may_run refuses a migration without a folder"
        with self._run_on_private_ref(repository, folder, base, published=True) as (
            request,
            outcome,
        ):
            repository.git.run("update-ref", ref, outcome.commits[-1])
            repository.discard(request.ref)
        return self._result(name, outcome)

    @contextmanager
    def run_at(
        self, folder: Folder, base: str | None, moment: datetime
    ) -> Iterator[MigrationResult]:
        """Execute a migration on the commit `base` as it would have been at `moment`.

        Its private ref is gone after the block, and nothing is published. The caller holds the lock
        and has checked that it may run. Raises what `apply` would when the script fails.
        """
        repository = self.repository
        executed = self._run_on_private_ref(repository, folder, base, moment, is_new=False)
        with executed as (request, outcome):
            result = self._result(folder.name, outcome)
        try:
            yield result
        finally:
            repository.discard(request.ref)

    @contextmanager
    def _run_on_private_ref(
        self,
        repository: Repository,
        folder: Folder,
        base: str | None,
        moment: datetime | None = None,
        *,
        published: bool = False,
        is_new: bool = True,
    ) -> Iterator[tuple[ExecuteRequest, ScriptOutcome]]:
        """Execute the script on a private ref; yield the request and its outcome.

        Only what is `published` is signed. An exception in the block is recorded as the migration's
        failure, and the ref is deleted.
        """
        name = folder.name
        migration, moment = load(folder, is_new=is_new), moment or self._time_for(name)
        if published and is_new:
            refuse_placeholders(folder)
        sign = published and repository.signs
        request = self._request(repository, folder, migration, base, moment, sign=sign)
        database = self._project.settings.database
        self._log.write(f"{name}: on {base or 'an empty database'} in {database}")
        self._running = name
        self._tell(EventKind.STARTED, name)
        try:
            with rare_collections():
                outcome = self._execute(repository, request)
                refuse_other_inputs(folder, request.inputs)
                yield request, outcome
        except BaseException as error:
            self._note_failure(name, error)
            repository.discard(request.ref)
            raise
        finally:
            self._tell(EventKind.ENDED, name)

    def _result(self, name: str, outcome: ScriptOutcome) -> MigrationResult:
        return MigrationResult(
            name,
            MigrationStatus.COMPLETED,
            statistics=outcome.statistics,
            duration_seconds=outcome.duration,
            logs=outcome.logs,
            commit_ids=[*outcome.commits],
            log_path=self._shown_log,
            environment=outcome.environment,
            verified=outcome.verified,
            hints=outcome.hints,
        )

    def _tell(self, kind: EventKind, name: str, text: str = "") -> None:
        self._progress(RunEvent(kind, name, text))

    def _printed(self, line: str) -> None:
        """Pass on a printed line; the worker has already logged it."""
        self._tell(EventKind.PRINTED, self._running, line)

    def _execute(self, repository: Repository, request: ExecuteRequest) -> ScriptOutcome:
        """Run the script in a process of the worker, and commit what it writes."""

        def log(message: str) -> None:
            self._log.write(f"{request.name}: {message}")
            self._tell(EventKind.LOGGED, request.name, message)

        def progress(label: str | None, done: int, total: int | None) -> None:
            self._progress(RunEvent(EventKind.PROGRESSED, request.name, label or "", done, total))

        def note(text: str) -> None:
            self._log.write(f"{request.name}: {text}")

        def hint(text: str) -> None:
            self._log.write(f"{request.name}: hint: {text}")
            self._tell(EventKind.NOTED, request.name, f"hint: {text}")

        events = ScriptEvents(log, progress, note, hint)
        with repository.transaction(request.base, request.ref) as transaction:
            task = replace(request.task, tree=transaction.base_tree)
            try:
                index = self._index.opener(repository, request.name, request.base)
                with self._worker.start(task, request.terms) as process:
                    if repository.files_due is not None:
                        process.meanwhile(repository.files_due, self._catch_up)
                    return Writer(request, transaction, process, events, index).run(repository.git)
            finally:
                self._worker.drain()

    def _request(
        self,
        repository: Repository,
        folder: Folder,
        migration: Migration,
        base: str | None,
        moment: datetime,
        *,
        sign: bool,
    ) -> ExecuteRequest:
        settings = self._project.settings
        inputs = hash_inputs(folder)
        terms = terms_of_run(
            settings, folder, migration, allowed=self._network, may_record=self._may_record
        )
        # The migration sees the same string that is recorded, whatever its precision.
        clock = timestamp(moment)
        return ExecuteRequest(
            task=Task(
                name=folder.name,
                folder=folder.directory,
                display_path=folder.display_path,
                script=str(migration.script_path),
                clock=clock,
                nes_package=settings.nes_package,
                deterministic=migration.deterministic,
                strict=settings.malformed_files == "refuse",
                data_dir=settings.data_dir,
                inputs=sorted(inputs),
                ignored=sorted(folder.ignored),
            ),
            terms=terms,
            metadata=migration.metadata,
            inputs=inputs,
            base=base,
            ref=f"{PRIVATE_REFS}/{uuid.uuid4().hex}",
            clock=datetime.fromisoformat(clock),
            committer=repository.committer(),
            batch_size=settings.batch_size,
            linear=settings.batches == "linear",
            sign=sign,
        )

    def _time_for(self, name: str) -> datetime:
        return self._expectation.clock(name) if self._expectation else self._clock()

    def _note_failure(self, name: str, error: BaseException) -> None:
        self._log.write(f"{name}: ended by {error!r}")
        if isinstance(error, MigrationFailedError):
            error.log_path = self._shown_log
            if error.traceback:
                self._log.write(f"{name}:\n{error.traceback}")

    @property
    def _shown_log(self) -> str | None:
        """The path of the log as users type it, None when it could not be written."""
        path = self._log.path
        return display_path(path, self._project.settings.root) if path.exists() else None

    def rest(self) -> None:
        """Leave the database to others for longer than between two migrations.

        Raises `DatabaseError` when the working tree cannot follow the branch.
        """
        if self._opened is not None:
            if self._opened.files_due is not None:
                # A process that holds the lock has updated the working tree first.
                with contextlib.suppress(LockHeldError), self._opened.locked(self.command):
                    self._catch_up()
            self._opened.rest()

    def _catch_up(self) -> None:
        """Let the working tree follow; the caller holds the lock."""
        with interrupts_deferred():
            self.repository.catch_up()

    def close(self) -> None:
        """Stop the worker, and tidy up the database.

        A new database is removed if no migration was applied. Raises what `rest` does.
        """
        self._worker.close()
        self._index.close()
        self._log.close()
        if self._opened is not None:
            with contextlib.closing(self._opened):
                self.rest()  # so that a lock which git could not remove is noticed
                self._tidy(self._opened)

    def _tidy(self, repository: Repository) -> None:
        with contextlib.suppress(NesTasksError):
            if self._applied:
                if not repository.is_unfinished:  # else the next command finishes it, as was said
                    with repository.locked(self.command):
                        repository.tidy()
            elif self._made:
                repository.remove_if_empty(self.command)

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
