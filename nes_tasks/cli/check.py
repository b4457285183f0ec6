"""`doit check`: what a reviewer would find, before a reviewer has to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from doit import create_after
from doit.exceptions import TaskFailed

from ..errors import NesTasksError
from ..migrations import Entry
from .check_report import CHECK
from .session import session, task_name
from .state import inputs_of
from .tasks import MigrationTaskFailed, planned

# The number of the rules: a folder that passed under other rules is checked again.
RULES = 2

TaskCreator = Callable[[], Iterator[dict[str, Any]]]

# A run need not make tasks of all folders twice.
when_asked_for: Callable[[TaskCreator], TaskCreator] = create_after()


@when_asked_for
def task_check() -> Iterator[dict[str, Any]]:
    """Check migration folders: what would keep them from being applied or merged."""
    plan = planned()
    yield {"basename": CHECK, "name": None, "doc": "check migration folders; a finding fails"}
    for entry in plan:
        if entry.folder is not None:
            yield {
                "basename": CHECK,
                "name": task_name(entry.name).partition(":")[2],
                "doc": f"check {entry.folder.shown}",
                "actions": [(check, [entry.name])],
                "file_dep": list(inputs_of(entry)),
                "uptodate": [(is_as_checked, [entry.name])],
                "io": {"capture": False},
                "verbosity": 2,
            }


def check(name: str) -> dict[str, Any] | TaskFailed:
    """Check one migration: the action of its task."""
    current = session()
    entry = current.plan[name]
    try:
        findings = current.checker.check(entry)
    except NesTasksError as error:
        return MigrationTaskFailed(error)
    lines = [str(finding) for finding in findings]
    if any(finding.is_error for finding in findings):
        return TaskFailed("\n".join(lines))
    return {"standing": standing(entry), "hints": lines}


def is_as_checked(task: Any, values: dict[str, Any], name: str) -> bool:  # noqa: ARG001 - doit's
    """Tell whether nothing but the files could have changed what a check finds."""
    return values.get("standing") == standing(session().plan[name])


def standing(entry: Entry) -> str:
    """Return all that a check depends on beside the files of the folder, as text.

    That is what the plan makes of it (another folder can take its number), the rules and where
    the script is loaded.
    """
    version = ".".join(map(str, sys.version_info[:2]))
    package = session().project.settings.nes_package
    problem = entry.problem or ""
    unadded = sorted(session().project.unadded.get(entry.name, ()))
    ignored = sorted(entry.folder.ignored) if entry.folder else []
    return (
        f"{RULES} {version} {package} {entry.state} {problem} {entry.difference} "
        f"{unadded} {ignored}"
    )
