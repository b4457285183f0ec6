"""The library for other programs: applied and pending migrations as objects.

It does what the commands do, and prints nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from . import project as projects
from .errors import InvalidMigrationError, MigrationFailedError, NesTasksError, environment_errors
from .migrations import Entry, Migration, MigrationResult, MigrationStatus, Plan, load
from .running.events import EventKind, ProgressCallback, RunEvent, ignore
from .settings import STATE_FOLDER, Settings, load_settings
from .state_folder import check_folder

if TYPE_CHECKING:
    from .database.ledger import Applied
    from .git.transfer_progress import OnTransfer
    from .operations.sync import PushResult
    from .running.runner import Runner

COMMAND = "another program"


class Project:
    """A folder of migrations with its database repository.

    Each method reads folders and database again. Where a name is asked for, a number is enough.
    Problems of the whole project are raised: `SettingsError` and `UsageError` for wrong use,
    `UnavailableError` when git, the database, the lock or the remote stand in the way. Problems of
    one migration are in its `MigrationResult`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def open(cls, path: str | Path = ".", environ: Mapping[str, str] | None = None) -> Project:
        """Open the project whose ``dodo.py`` and ``pyproject.toml`` are in the folder `path`.

        ``NES_TASKS_*`` variables of `environ`, by default those of the process, win over the
        settings in ``pyproject.toml``. Nothing is created or changed. Raises `SettingsError` for
        wrong settings and where there is no folder of migrations.
        """
        root = Path(path)
        settings = load_settings(root, environ)
        check_folder(settings.state_folder, STATE_FOLDER)
        project = cls(settings)
        _ = project._plan()
        return project

    def discover(self) -> list[Migration]:
        """Return the valid migration folders in their order; `invalid` has the others."""
        found = map(_read, self._plan())
        return [migration for migration in found if isinstance(migration, Migration)]

    def invalid(self) -> dict[str, InvalidMigrationError]:
        """Return the errors of the folders that `discover` leaves out, by name."""
        found = {entry.name: entry.problem or _read(entry) for entry in self._plan()}
        return {
            n: migration
            for n, migration in found.items()
            if isinstance(migration, InvalidMigrationError)
        }

    def applied(self) -> list[Applied]:
        """Return the records of the applied migrations in their order.

        Records without a folder are included.
        """
        plan, ledger = self._project().load_state()
        return [ledger.applied[entry.name] for entry in plan if entry.is_applied]

    def pending(self) -> list[Migration]:
        """Return the valid migrations that are not applied, in execution order."""
        return [entry.migration for entry in self._plan().pending if entry.migration]

    def is_applied(self, name: str) -> bool:
        """Return whether a migration is applied; raises `UsageError` for an unknown name."""
        return self._plan().resolve(name).is_applied

    def run(
        self,
        name: str,
        *,
        force: bool = False,
        dry_run: bool = False,
        progress: ProgressCallback = ignore,
    ) -> MigrationResult:
        """Apply one migration; those before it must be applied.

        The status is COMPLETED, SKIPPED when it is applied already (`force` executes it again, in a
        new commit), or FAILED: its script failed, or it is invalid, or may not be applied now. On
        failure the database is unchanged. With `dry_run` nothing is applied: earlier pending
        migrations are executed as well, and the result has `tree`, the id of the tree that would be
        committed, and no commits. `progress` is called with everything that happens, in this
        thread.
        """
        name = self._plan().resolve(name).name
        if dry_run:
            return self._try(name, force, progress)
        with self._runner(progress) as (runner, record):
            return record.result_of(name, lambda: runner.apply(name, force=force))

    def run_all(
        self, *, stop_on_failure: bool = True, progress: ProgressCallback = ignore
    ) -> list[MigrationResult]:
        """Apply all pending migrations in order; return a result for each of them.

        An invalid folder is a failure in its place. After a failure the others are SKIPPED with the
        `reason`; without `stop_on_failure` they are applied without the failed ones, as with ``doit
        --continue``. Those need a new number to be applied later.
        """
        results: list[MigrationResult] = []
        blocker: str | None = None
        due = [entry.name for entry in self._plan() if not entry.is_applied]
        if not due:
            return results
        with self._runner(progress, keep_going=not stop_on_failure) as (runner, record):
            for name in due:
                if blocker is not None:
                    reason = f"{blocker} must be applied before it"
                    results.append(MigrationResult(name, MigrationStatus.SKIPPED, reason=reason))
                    continue
                result = record.result_of(name, lambda name=name: runner.apply(name))  # type: ignore[misc]
                results.append(result)
                if stop_on_failure and result.status is MigrationStatus.FAILED:
                    blocker = name
        return results

    def push(self, progress: OnTransfer | None = None) -> PushResult | None:
        """Push the branch of the database; return what was sent, None without a database.

        `progress` is called with the progress of git. Raises `UnavailableError` when it
        fails: the commits stay in the database.
        """
        from .operations.sync import push

        with environment_errors():
            project = self._project()
            project.recover_interrupted(COMMAND)
            return push(project, progress)

    def _project(self) -> projects.Project:
        return projects.Project(self.settings)

    def _plan(self) -> Plan:
        with environment_errors():
            return self._project().plan

    @contextmanager
    def _runner(
        self, progress: ProgressCallback, *, keep_going: bool = False
    ) -> Iterator[tuple[Runner, _Record]]:
        from .running.runner import Runner

        record = _Record(progress)
        with environment_errors():
            project = self._project()
            project.recover_interrupted(COMMAND)
            with Runner(project, record, command=COMMAND, keep_going=keep_going) as runner:
                yield runner, record

    def _try(self, name: str, force: bool, progress: ProgressCallback) -> MigrationResult:
        """Execute a migration without applying it."""
        from .operations.preview import preview

        record = _Record(progress)
        with environment_errors():
            project = self._project()
            if project.plan[name].is_applied and not force:
                return MigrationResult(name, MigrationStatus.SKIPPED, reason="already applied")
            forced = [name] if force else []

            def execute() -> MigrationResult:
                found = preview(project, record, names=[name], forced=forced, command=COMMAND)
                if found.failure:
                    raise found.failure
                [previewed] = found.migrations
                result = previewed.result
                result.commit_ids = []  # nothing refers to them, so git prunes them later
                return result

            return record.result_of(name, execute)


class _Record:
    """Passes events on, and collects the result of one migration."""

    def __init__(self, progress: ProgressCallback) -> None:
        self._progress = progress
        self._running: str | None = None
        self._logs: list[str] = []

    def __call__(self, event: RunEvent) -> None:
        if event.kind is EventKind.STARTED:
            self._running, self._logs = event.migration, []
        elif event.kind is EventKind.LOGGED:
            self._logs.append(event.text)
        self._progress(event)

    def result_of(self, name: str, execute: Callable[[], MigrationResult]) -> MigrationResult:
        """Return the result of `execute`, or a failure for its error about a migration."""
        self._running, self._logs = None, []
        began = time.perf_counter()
        try:
            return execute()
        except NesTasksError as error:
            if error.exit_code != NesTasksError.exit_code:
                raise
            is_other = self._running not in (None, name)  # an earlier migration, in a dry run
            failed = error if isinstance(error, MigrationFailedError) else None
            return MigrationResult(
                name,
                MigrationStatus.FAILED,
                duration_seconds=time.perf_counter() - began,
                logs=[] if is_other else self._logs,
                error=str(error),
                where=failed.where if failed else None,
                log_path=failed.log_path if failed else None,
            )


def _read(entry: Entry) -> Migration | InvalidMigrationError | None:
    """Return the migration of a folder or its error; None without a folder."""
    if entry.migration or entry.folder is None:
        return entry.migration
    try:
        return load(entry.folder, is_new=not entry.is_applied)
    except InvalidMigrationError as error:
        return entry.problem or error
