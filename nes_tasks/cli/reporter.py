"""The reporter: what `doit run` prints while it runs, and the table at its end."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from doit.exceptions import BaseFail, TaskFailed, UnmetDependency
from doit.reporter import ConsoleReporter

from ..errors import NesTasksError, UnavailableError, environment_errors
from ..migrations import MigrationResult, MigrationStatus
from .check_report import CHECK, CheckReport, is_check
from .console import drop, format_error, print_stderr
from .format import short_list
from .session import GROUP, migration_name, session
from .tables import add_names, new_table, rendered


class MigrationReporter(ConsoleReporter):  # type: ignore[misc]
    """Reports migrations as one table at the end; other tasks as doit does.

    Migrations that are up to date are not listed: a database has hundreds of them.
    """

    desc = "a summary of the applied migrations"

    def __init__(self, outstream: Any, options: Any) -> None:
        super().__init__(outstream, options)
        self.results: list[MigrationResult] = []
        self.failed: list[str] = []
        self.wanted: set[str] = set()
        self.concerned = False
        self.checks = CheckReport()

    def initialize(self, tasks: Any, selected_tasks: Any) -> None:
        """Record which migrations the run is about, if any."""
        self.concerned = any(name.partition(":")[0] == GROUP for name in selected_tasks)
        names = [entry.name for entry in session().plan]
        last = len(names) if GROUP in selected_tasks else 0
        for name in filter(None, map(migration_name, selected_tasks)):
            last = max(last, names.index(name) + 1)
        self.wanted = set(names[:last])

    def execute_task(self, task: Any) -> None:
        """Announce a task; migrations announce themselves when their script starts."""
        if migration_name(task.name) is None and not is_check(task.name):
            if task.name != GROUP:
                session().rest()
            super().execute_task(task)

    def add_success(self, task: Any) -> None:
        """Keep the result of a migration for the summary, and print the hints of a check."""
        if is_check(task.name):
            self.write(self.checks.passed(task))
        elif migration_name(task.name) is not None:
            self.results.append(MigrationResult.from_dict(task.values))

    def skip_uptodate(self, task: Any) -> None:
        """Print nothing for migrations that are applied or checked."""
        if is_check(task.name):
            self.checks.unchanged += 1
        elif task.name.partition(":")[0] != GROUP:
            super().skip_uptodate(task)

    def add_failure(self, task: Any, fail: BaseFail) -> None:
        """Print a failure at once."""
        name = migration_name(task.name)
        if task.name in (CHECK, GROUP) and isinstance(fail, UnmetDependency):
            pass  # problems of its parts are reported already
        elif is_check(task.name) and isinstance(fail, TaskFailed):
            session().set_exit_code(getattr(fail, "exit_code", 1))
            self.write(self.checks.add(fail.message.splitlines()))
        elif name is None:
            session().set_exit_code(1 if isinstance(fail, TaskFailed) else 2)
            super().add_failure(task, fail)
        elif not isinstance(fail, UnmetDependency):  # it waits; the summary says so
            self.failed.append(name)
            session().set_exit_code(getattr(fail, "exit_code", 1))
            print_stderr(fail.message if hasattr(fail, "exit_code") else fail.get_msg().strip())

    def write(self, text: str) -> None:
        """Write to stdout; with a closed pipe or a full disk the run goes on."""
        try:
            self.outstream.write(text)
            self.outstream.flush()
        except OSError as error:
            drop(self.outstream)
            if not isinstance(error, BrokenPipeError):
                session().set_exit_code(UnavailableError.exit_code)
                print_stderr(f"error: the summary cannot be written: {error.strerror}")

    def complete_run(self) -> None:
        """Print the summary; doit also calls this when a run is interrupted."""
        super().complete_run()
        self.write(self.checks.conclusion())
        if self.concerned:
            self._conclude(interrupted=sys.exc_info()[0] is not None)

    def _conclude(self, *, interrupted: bool) -> None:
        done = [r for r in self.results if r.status is MigrationStatus.COMPLETED]
        if self.failed and (waiting := self._waiting(done)):
            print_stderr(f"not run, because they come after it: {short_list(waiting)}")
        if done:
            self.write(summary(done))
            self._speak_of_the_remote(may_push=not interrupted)
        elif not (interrupted or self.failures_seen):
            self.write(f"{self._nothing_to_do()}\n")
            # An earlier run may have been killed between publishing and pushing.
            self._speak_of_the_remote(may_push=True)

    def _waiting(self, done: list[MigrationResult]) -> list[str]:
        """Return the selected migrations after the first one that failed."""
        ran = {result.migration for result in done}
        entries = list(session().plan)
        first = next(at for at, entry in enumerate(entries) if entry.name in self.failed)
        return [
            entry.name
            for entry in entries[first + 1 :]
            if entry.name in self.wanted.difference(ran, self.failed) and not entry.is_applied
        ]

    @property
    def failures_seen(self) -> bool:
        """Whether anything went wrong in this run."""
        return session().exit_code != 0 or bool(self.runtime_errors)

    def _nothing_to_do(self) -> str:
        """Return a line that says that nothing was to do, and what else is pending."""
        current = session()
        # Skipped migrations may be applied in the clone that this run has just made.
        plan = current.project.load_state().plan if self.results else current.plan
        if plan.pending:
            later = len(plan.pending)
            noun = "1 more is" if later == 1 else f"{later} more are"
            return f"nothing to do, it is applied already; {noun} pending: doit"
        count = len(plan.applied) + len(plan.drifted)
        noun = "migration is" if count == 1 else "migrations are"
        return f"{current.database_label} is up to date: {count} {noun} applied, nothing to do."

    def _speak_of_the_remote(self, *, may_push: bool) -> None:
        """Push if the settings say so, else print what is not pushed and the command."""
        current = session()
        project = current.project
        try:
            with environment_errors():
                waiting = project.unpushed()
                if not waiting:
                    return
                commits = "1 commit is" if waiting == 1 else f"{waiting} commits are"
                if project.settings.push and may_push:
                    from ..operations.sync import push

                    push(project)
                    print_stderr(f"{commits} pushed to {project.settings.remote}")
                else:
                    print_stderr(f"{commits} not pushed yet; to publish: doit push")
        except NesTasksError as error:
            current.set_exit_code(error.exit_code)
            print_stderr(format_error(error))


def summary(results: Iterable[MigrationResult]) -> str:
    """Return a table of what was applied: one line for each migration, and a total."""
    rows = list(results)
    table = new_table()
    add_names(table, "Migration", (row.migration for row in rows))
    for heading in ("Entities", "Relationships", "Files", "Commits", "Seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in rows:
        counts = result.statistics
        table.add_row(
            result.migration,
            format_counts(*counts.entities),
            format_counts(*counts.relationships),
            f"{counts.files:,}",
            f"{len(result.commit_ids):,}",
            f"{result.duration_seconds:.1f}",
        )
    if len(rows) > 1:
        table.add_section()
        table.add_row(*_total(rows))
    return rendered(table)


def format_counts(created: int, updated: int, deleted: int) -> str:
    """Return three counts as short text, one a line: 7 new, 17 changed, 1 deleted."""
    parts = [(created, "new"), (updated, "changed"), (deleted, "deleted")]
    return "\n".join(f"{count:,} {word}" for count, word in parts if count) or "-"


def _total(rows: list[MigrationResult]) -> list[str]:
    counts = [row.statistics for row in rows]
    return [
        f"{len(rows)} migrations",
        format_counts(*map(sum, zip(*(statistics.entities for statistics in counts), strict=True))),
        format_counts(
            *map(sum, zip(*(statistics.relationships for statistics in counts), strict=True))
        ),
        f"{sum(one.files for one in counts):,}",
        f"{sum(len(row.commit_ids) for row in rows):,}",
        f"{sum(row.duration_seconds for row in rows):.1f}",
    ]
