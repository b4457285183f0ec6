"""The state that one `doit` command shares between tasks, saved state and reporter."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..database.ledger import is_absent
from ..git.command import Git
from ..project import Project
from ..settings import STATE_FOLDER, display_path, load_settings
from ..state_folder import check_folder
from .console import print_stderr, warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..database.ledger import Applied
    from ..migrations import AppliedRecord, Entry, Plan
    from ..operations.check import Checker
    from ..running.expectation import Expectation
    from ..running.runner import Runner

GROUP = "migrate"
# The seconds for which the files of the database may stay behind its branch.
FILES_LAG = 5.0
# The name of our backend, which identifies a project of ours.
BACKEND = "nes_tasks"


class Session:
    """The project of `dodo.py`, and the runner once something has to run."""

    def __init__(self, root: Path) -> None:
        settings = load_settings(root)
        check_folder(settings.state_folder, STATE_FOLDER)
        self.project = Project(settings)
        Git.announce_fetch = self._announce_fetch
        self.exit_code = 0
        self.expectation: Expectation | None = None
        # The migrations that --allow-network names.
        self.network: tuple[str, ...] = ()
        self.keep_going = False
        # Whether nothing but migrations is executed, in this process, which ends with `close`.
        self.in_a_row = False
        # Cached results of `state` by migration, with the entry or record that they are of.
        self.inputs: dict[str, tuple[Entry, Mapping[str, str]]] = {}
        self.input_paths: set[str] = set()
        self.states: dict[str, tuple[AppliedRecord, Mapping[str, Any]]] = {}
        self.results: dict[str, tuple[AppliedRecord, str]] = {}
        # Set after a failure of the environment, which would also stop the next migration.
        self.is_halted = False
        self._run_here: set[str] = set()
        self._recorded: Mapping[str, Applied] | None = None

    def _announce_fetch(self, folder: Path) -> None:
        """Print that a read-only command uses the network, which is the only time it does."""
        label = display_path(folder, self.project.settings.root)
        print_stderr(f"{label} is a partial clone; missing contents are fetched from its remote")

    def allow_network(self, names: list[str]) -> None:
        """Let the named migrations (short names are accepted) use the network.

        Raises `UsageError` for one that is not there.
        """
        self.network = tuple(self.plan.resolve(migration_name(name) or name).name for name in names)

    def set_exit_code(self, code: int) -> None:
        """Let the command end with `code`; of several failures the first decides."""
        self.exit_code = self.exit_code or code

    @cached_property
    def plan(self) -> Plan:
        """The plan as it was when the command started."""
        return self.project.plan

    @cached_property
    def database_label(self) -> str:
        """The database path relative to the project's root, as users type it."""
        return self.project.settings.database_label

    @cached_property
    def migrations_label(self) -> str:
        """The migrations path relative to the project's root, as users type it."""
        return self.project.settings.migrations_label

    def applied_since(self) -> list[str]:
        """Return the migrations applied since the command started."""
        before = {entry.name for entry in self.plan if entry.is_applied}
        now = self.project.load_state().plan
        return [entry.name for entry in now if entry.is_applied and entry.name not in before]

    @cached_property
    def runner(self) -> Runner:
        """The runner of this process; imported lazily, when the first migration runs."""
        from ..running.runner import Runner
        from .progress import MigrationProgress

        return Runner(
            self.project,
            MigrationProgress(),
            expectation=self.expectation,
            keep_going=self.keep_going,
            network=self.network,
            files_lag=FILES_LAG if self.in_a_row else 0.0,
        )

    def has_run(self, name: str) -> None:
        """Record that a migration was executed: its record differs from the plan's."""
        self._run_here.add(name)
        self._recorded = None

    def record_of(self, name: str) -> AppliedRecord | None:
        """Return the current record of a migration, None while it is not applied."""
        if name not in self._run_here:
            entry = self.plan.get(name)
            return entry.record if entry else None
        # With `doit -n` a child process has applied it, with a runner of its own.
        if "runner" in self.__dict__ and (record := self.runner.record_of(name)):
            return record
        if self._recorded is None:
            self._recorded = self.project.ledger().applied
        return self._recorded.get(name)

    def known_plan(self) -> Plan:
        """Return the plan; raises `DatabaseError` when the applied migrations are unknown.

        They are unknown while the database is a submodule that was not fetched.
        """
        settings = self.project.settings
        if is_absent(settings.database):
            from ..database.creation import refuse_missing_submodule

            refuse_missing_submodule(settings)
        return self.plan

    @cached_property
    def checker(self) -> Checker:
        """The checker of this process, created when the first folder is checked."""
        from ..operations.check import Checker

        return Checker(self.project, warn)

    def rest(self) -> None:
        """Leave the database to others: something else than a migration is about to run."""
        if "runner" in self.__dict__:
            self.runner.rest()

    def close(self) -> None:
        """Close the runner and the checker."""
        try:
            if "runner" in self.__dict__:
                self.runner.close()
        finally:
            if "checker" in self.__dict__:
                self.checker.close()


@cache
def session() -> Session:
    """Return the session of this process; doit has made the folder of `dodo.py` current.

    Raises `SettingsError` when the settings are wrong.
    """
    return Session(Path.cwd())


def task_name(migration: str, group: str = GROUP) -> str:
    """Return the doit task of a migration; doit takes a word with ``=`` for a variable."""
    return f"{group}:{migration.replace('=', '-')}"


def migration_name(task: str) -> str | None:
    """Return the migration of a doit task, None for a task of another kind."""
    group, colon, name = task.partition(":")
    return name if group == GROUP and colon else None
