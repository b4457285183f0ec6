"""The tasks of `dodo.py`: one for each migration folder."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from doit.exceptions import BaseFail, InvalidDodoFile, TaskFailed, UnmetDependency

from ..errors import NesTasksError, UnavailableError, environment_errors
from ..migrations import Entry, Plan, State
from ..settings import STATE_FOLDER
from ..text import escape_control
from .console import format_error
from .format import author_name
from .options import flag
from .reporter import MigrationReporter
from .session import BACKEND, GROUP, session, task_name
from .state import CommittedChecker, inputs_of, target_of

DOIT_CONFIG = {
    "backend": BACKEND,
    "dep_file": f"{STATE_FOLDER}/doit.json",
    "check_file_uptodate": CommittedChecker,
    "default_tasks": [GROUP],
    "reporter": MigrationReporter,
    "verbosity": 2,
    "minversion": "0.37.0",
}

FORCE = flag("force", "execute it again although it is applied, in a new commit")


class MigrationTaskFailed(TaskFailed):  # type: ignore[misc]
    """What doit is given when a migration failed: the words, and the exit code they go with."""

    def __init__(self, error: NesTasksError) -> None:
        super().__init__(format_error(error))
        self.exit_code = error.exit_code


def planned() -> Plan:
    """Return the plan; raises what doit expects of a `dodo.py` that cannot be used."""
    try:
        return session().plan
    except NesTasksError as error:
        raise InvalidDodoFile(str(error)) from error


def task_migrate() -> Iterator[dict[str, Any]]:
    """Apply all pending migrations, in order."""
    plan = planned()
    yield {
        "basename": GROUP,
        "name": None,
        "doc": "apply all pending migrations, in order",
        "uptodate": [not plan.pending and not plan.invalid],
    }
    for entry in plan:
        if entry.state is not State.MISSING:
            yield _task(entry)


def _task(entry: Entry) -> dict[str, Any]:
    current = session()
    return {
        "basename": GROUP,
        "name": task_name(entry.name).partition(":")[2],
        "doc": describe(entry),
        "actions": [(apply, [entry.name])],
        "file_dep": list(inputs_of(entry)),
        "task_dep": [task_name(entry.predecessor)] if entry.predecessor else [],
        "targets": [target_of(current, entry.name)],
        "uptodate": [unless_forced],
        "params": [FORCE],
        # Output kept for the end would pile up in memory; ours goes straight to stderr.
        "io": {"capture": False},
        "verbosity": 2,
    }


def describe(entry: Entry) -> str:
    """Return date, author and description of a migration as one line."""
    if entry.problem and not entry.is_applied:
        return f"invalid: {entry.problem.message}"
    about = entry.metadata
    assert about is not None
    day = about.iso_date or ""
    return escape_control("  ".join((f"{day:<10}", author_name(about.author), about.description)))


def unless_forced(task: Any) -> bool | None:
    """Let doit decide by the markers (None), or run the task because of ``--force``."""
    return False if (task.options or {}).get("force") else None


# doit asks for it once for each migration, and to work it out takes longer than to answer.
unless_forced.__signature__ = inspect.signature(unless_forced)  # type: ignore[attr-defined]


def apply(name: str, force: bool = False) -> dict[str, Any] | BaseFail:
    """Apply one migration: the action of its task.

    doit's options may skip the dependencies, run everything, or run it in another
    process; the runner looks again under the lock and has the last word.
    """
    current = session()
    if current.is_halted:
        return UnmetDependency("")  # what all of them need is not there: the rest waits
    try:
        with environment_errors():
            return current.runner.apply(name, force=force).to_dict()
    except NesTasksError as error:
        current.set_exit_code(error.exit_code)
        current.is_halted = error.exit_code == UnavailableError.exit_code
        return MigrationTaskFailed(error)
