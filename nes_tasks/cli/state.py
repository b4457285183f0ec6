"""doit's saved state for migrations is the database repository itself.

doit asks a *backend* what it saved about a task and a *checker* whether files are as they
were. For migrations both answer from the plan, hence from the committed markers; nothing is
ever saved, so nothing can disagree. Other tasks keep their state in a local file as usual.

The protocol (the keys ``deps:``, ``checker:``, ``ignore:``, ``_values_:``, ``result:``) is that
of doit 0.37, see ``doit/dependency.py`` there; it is not documented, so tests hold it fast.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from doit.dependency import DatabaseException, JsonDB, MD5Checker

from ..database.marker import marker_path
from ..migrations import Entry, State
from ..state_folder import make_folder
from .session import Session, migration_name, session

# The state of a file whose content at the time of the run nobody recorded.
UNKNOWN = "unknown"


def target_of(current: Session, name: str) -> str:
    """Return the target of a migration's task: its marker's path, as a person would type it."""
    return f"{current.shown_database}/{marker_path(current.project.settings.data_dir, name)}"


def inputs_of(entry: Entry) -> dict[str, str]:
    """Return the path from the project's root of each input file, with its path in the folder."""
    if entry.folder is None or entry.folder.files is None:
        return {}
    shown = entry.folder.shown
    return {f"{shown}/{file.relative}": file.relative for file in entry.folder.files}


class CommittedState(JsonDB):  # type: ignore[misc]
    """The backend: markers for migrations, a JSON file for everything else."""

    desc = "committed markers of the database repository"

    def __init__(self, name: str, codec: Any, *, module_name: str | None = None) -> None:
        self._changed = False
        super().__init__(name, codec, module_name=module_name)

    def _load(self) -> dict[str, Any]:
        """Read the file; what it holds can be found out again, so a broken one is an empty one."""
        try:
            return dict(super()._load())
        except (DatabaseException, OSError, UnicodeDecodeError, TypeError, ValueError):
            return {}

    def dump(self) -> None:
        """Write the file if a task other than a migration has something new."""
        if self._changed:
            make_folder(Path(self.name).parent)
            super().dump()

    def get(self, task_id: str, dependency: str) -> Any:
        """Return what was saved about a task under a key, None when nothing was."""
        name = migration_name(task_id)
        return super().get(task_id, dependency) if name is None else _recorded(name, dependency)

    def in_(self, task_id: str) -> bool:
        """Return whether anything is known of a task."""
        name = migration_name(task_id)
        return super().in_(task_id) if name is None else _record_of(name) is not None

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        """Save a value; of a migration nothing is saved, its marker is committed already."""
        if migration_name(task_id) is None:
            self._changed = True
            super().set(task_id, dependency, value)

    def remove(self, task_id: str) -> None:
        """Forget a task; a migration is what the database says, whatever fails or is forgotten."""
        if migration_name(task_id) is None and super().in_(task_id):
            self._changed = True
            super().remove(task_id)

    def remove_all(self) -> None:
        """Forget all tasks but the migrations."""
        self._changed = True
        super().remove_all()


def _record_of(name: str) -> Entry | None:
    entry = session().plan.get(name)
    return entry if entry is not None and entry.is_applied else None


def _recorded(name: str, key: str) -> Any:
    """Return what the marker of a migration says under one of doit's keys."""
    entry = _record_of(name)
    if entry is None or entry.record is None:
        return None
    if key == "checker:":
        return CommittedChecker.__name__
    folder = f"{entry.folder.shown}/" if entry.folder else ""
    inputs = entry.record.inputs
    if not inputs:
        return UNKNOWN if key.startswith(folder) else None
    if key == "deps:":
        return tuple(f"{folder}{path}" for path in inputs)
    # Nothing but a path: a file may be called like one of doit's keys.
    return inputs.get(key.removeprefix(folder)) if key.startswith(folder) else None


class CommittedChecker(MD5Checker):  # type: ignore[misc]
    """The checker: a marker exists when it is committed, an input is compared by its hash."""

    def exists(self, file_path: str) -> bool:
        """Return whether a target is there; for a marker that means in the committed tree."""
        current = session()
        entry = current.plan.get(file_path.rpartition("/")[0].rpartition("/")[2])
        if entry is not None and file_path == target_of(current, entry.name):
            return entry.is_applied
        return bool(super().exists(file_path))

    def check_modified(self, file_path: str, file_stat: os.stat_result, state: Any) -> bool:
        """Return whether a file differs from its saved state."""
        if isinstance(state, str):
            return state != UNKNOWN and _differs(file_path)
        return bool(super().check_modified(file_path, file_stat, state))


def _differs(file_path: str) -> bool:
    """Return whether the plan found this input to be another than the recorded one."""
    current = session()
    below = file_path.removeprefix(f"{current.shown_migrations}/")
    name, _, relative = below.partition("/")
    entry = current.plan[name]
    return entry.state is State.DRIFT and relative in {*entry.changed, *entry.added}
