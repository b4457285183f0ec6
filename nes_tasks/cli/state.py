"""doit's saved state for migrations is the database repository itself.

doit asks a *backend* what it saved about a task and a *checker* whether files are as they
were. For migrations both answer from the plan, hence from the committed markers; nothing is
ever saved, so nothing can disagree. Other tasks keep their state in a local file as usual.

The protocol (the keys ``deps:``, ``checker:``, ``ignore:``, ``_values_:``, ``result:``) is that
of doit 0.37, see ``doit/dependency.py`` there; it is not documented, so tests hold it fast.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from doit.dependency import DatabaseException, JsonDB, MD5Checker

from ..database.marker import Statistics, marker_path
from ..migrations import AppliedRecord, Entry
from ..state_folder import make_folder
from .session import Session, migration_name, session

# `asdict` would copy each number deeply, for each of a thousand migrations three times.
STATISTICS = [field.name for field in fields(Statistics)]
# The state of a migration's own files.
UNCHANGED = "unchanged"
# What is known of the input of a migration until somebody compares it.
LISTED = "listed"


def target_of(current: Session, name: str) -> str:
    """Return the target of a migration's task: its marker's path, as a person would type it."""
    return f"{current.database_label}/{marker_path(current.project.settings.data_dir, name)}"


def inputs_of(entry: Entry) -> Mapping[str, str]:
    """Return the path from the project's root of each input file, with its path in the folder.

    doit asks a dozen times about each migration, so the answer is kept.
    """
    kept = session().inputs
    if (known := kept.get(entry.name)) is None or known[0] is not entry:
        known = kept[entry.name] = entry, _inputs_of(entry)
        session().input_paths.update(known[1])
    return known[1]


def _inputs_of(entry: Entry) -> Mapping[str, str]:
    if entry.folder is None or entry.folder.files is None:
        return {}
    display_path = entry.folder.display_path
    return {f"{display_path}/{file.relative}": file.relative for file in entry.folder.files}


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
            try:
                super().dump()
            except UnboundLocalError as error:
                # doit closes the file even if it could not be opened.
                raise error.__context__ or error from None

    def get(self, task_id: str, dependency: str) -> Any:
        """Return what was saved about a task under a key, None when nothing was."""
        name = migration_name(task_id)
        return super().get(task_id, dependency) if name is None else _recorded(name, dependency)

    def in_(self, task_id: str) -> bool:
        """Return whether anything is known of a task."""
        name = migration_name(task_id)
        return super().in_(task_id) if name is None else session().record_of(name) is not None

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        """Save a value; of a migration nothing is saved, its marker is committed already."""
        name = migration_name(task_id)
        if name is None:
            self._changed = True
            super().set(task_id, dependency, value)
        else:
            session().has_run(name)

    def remove(self, task_id: str) -> None:
        """Forget a task; a migration is what the database says, whatever fails or is forgotten."""
        if migration_name(task_id) is None and super().in_(task_id):
            self._changed = True
            super().remove(task_id)

    def remove_all(self) -> None:
        """Forget all tasks but the migrations."""
        self._changed = True
        super().remove_all()


def _recorded(name: str, key: str) -> Any:
    """Return what is known of a migration under one of doit's keys.

    Its files are for doit always as they were: a folder that has changed since is drift, which is
    reported and never a reason to run it again.
    """
    current = session()
    record = current.record_of(name)
    if record is None:
        return None
    if (known := current.states.get(name)) is None or known[0] is not record:
        entry = current.plan.get(name)
        files = inputs_of(entry) if entry else {}
        state = {"checker:": CommittedChecker.__name__, "deps:": tuple(files)}
        # Over doit's own keys, as a file may be called like one of them.
        known = current.states[name] = record, {**state, **dict.fromkeys(files, UNCHANGED)}
    if key in known[1]:
        return known[1][key]
    if key == "_values_:":
        return values_of(name, record)
    return result_of(name, record) if key == "result:" else None


def values_of(name: str, record: AppliedRecord) -> dict[str, Any]:
    """Return what other tasks get from a migration by ``getargs``, all of it from its marker.

    The migration's name, author, date, description and time of application, and its statistics
    under the names that they have in the marker.
    """
    return {
        "migration": name,
        "author": record.author,
        "date": record.metadata.iso_date,
        "description": record.description,
        "applied_at": record.applied_at.isoformat() if record.applied_at else None,
        **{key: getattr(record.statistics, key) for key in STATISTICS},
    }


def result_of(name: str, record: AppliedRecord) -> str:
    """Return the result by which ``result_dep`` and ``file_dep`` know one execution from another.

    A checksum of what the marker says. Executed again, a migration has another one, because the
    time of application is part of it. Of each record it is computed once.
    """
    cache = session().results
    if (known := cache.get(name)) is None or known[0] is not record:
        known = cache[name] = record, _checksum(name, record)
    return known[1]


def _checksum(name: str, record: AppliedRecord) -> str:
    content = [values_of(name, record), sorted((record.inputs or {}).items())]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class CommittedChecker(MD5Checker):  # type: ignore[misc]
    """The checker: a marker is what is committed, whether or not its file is checked out."""

    def exists(self, file_path: str) -> bool:
        """Return whether a target is there; for a marker that means in the committed tree."""
        name = _marker_of(file_path)
        if name is None:
            return bool(super().exists(file_path))
        return session().record_of(name) is not None

    def info(self, file_path: str) -> Any:
        """Return the state to compare with the saved one; raises `OSError` for a missing file.

        An input of a migration was there when the folders were listed. Its state, which only
        another task of the project needs, is looked up by `check_modified`.
        """
        if file_path in session().input_paths:
            return LISTED
        name = _marker_of(file_path)
        if name is None:
            return super().info(file_path)
        result = _result(name)
        if result is None:
            raise FileNotFoundError(file_path)
        return result

    def check_modified(self, file_path: str, file_stat: Any, state: Any) -> bool:
        """Return whether a file differs from its saved state."""
        if state == UNCHANGED:
            return False
        if file_stat == LISTED:
            try:
                file_stat = super().info(file_path)
            except OSError:  # gone since
                return True
        if isinstance(file_stat, str) or isinstance(state, str):
            return bool(file_stat != state)
        return bool(super().check_modified(file_path, file_stat, state))

    def get_state(self, dep: str, current_state: Any) -> Any:
        """Return the state to be saved, None when it is the one that is saved already."""
        name = _marker_of(dep)
        if name is None:
            known = current_state if isinstance(current_state, list | tuple) else None
            return super().get_state(dep, known)
        result = _result(name)
        return None if result == current_state else result


def _marker_of(file_path: str) -> str | None:
    """Return the migration whose marker is at a path, None for another file."""
    current = session()
    name = file_path.rpartition("/")[0].rpartition("/")[2]
    is_marker = name in current.plan and file_path == target_of(current, name)
    return name if is_marker else None


def _result(name: str) -> str | None:
    record = session().record_of(name)
    return None if record is None else result_of(name, record)
