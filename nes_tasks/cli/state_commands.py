"""doit's commands for saved state and targets; they never change applied migrations."""

from __future__ import annotations

import inspect
from typing import Any

from doit import cmd_clean, cmd_dumpdb, cmd_forget, cmd_ignore, cmd_resetdep

from ..errors import UsageError
from .console import print_stderr
from .doit_commands import BaseCommand, is_of_migrations
from .session import migration_name

UNDO = "doit revert NAME undoes one"


class Clean(BaseCommand, cmd_clean.Clean):  # type: ignore[misc]
    """`doit clean`: skips migrations, whose results are history."""

    doc_purpose = "remove targets of tasks other than migrations"
    examples = (("doit clean --dry-run lint", "shows what the task lint would remove"),)
    completes = "tasks"

    def _execute(self, **options: Any) -> int:
        if self.name_migrations():
            print_stderr(f"nothing of a migration is removed: its result is history; {UNDO}")
        if self.is_ours and not self.sel_default_tasks:
            options["pos_args"] = self.other_tasks()
            if not options["pos_args"]:
                return 0
        for task in self.task_list:
            if migration_name(task.name) is not None:
                task.task_dep = []  # doit recurses along the chain of tasks, and ours is long
        super()._execute(**options)
        return 0

    _execute.__signature__ = inspect.signature(cmd_clean.Clean._execute)  # type: ignore[attr-defined]


class Forget(BaseCommand, cmd_forget.Forget):  # type: ignore[misc]
    """`doit forget`: local state only; what is applied stays applied."""

    doc_purpose = "clear the saved state of tasks other than migrations"
    examples = (("doit forget check", "makes the next doit check check every folder"),)
    completes = "tasks"

    def _execute(self, forget_sub: bool, forget_disable_default: bool, forget_all: bool) -> int:
        if self.is_ours and (self.name_migrations() or self.sel_default_tasks or forget_all):
            print_stderr(
                f"migrations are not forgotten: the database itself says what is applied; {UNDO}"
            )
            self.sel_tasks = self.other_tasks()
            if not (self.sel_tasks or forget_all):
                return 0
        return int(super()._execute(forget_sub, forget_disable_default, forget_all) or 0)


class ResetDep(BaseCommand, cmd_resetdep.ResetDep):  # type: ignore[misc]
    """`doit reset-dep`: local state only; the inputs of a migration are recorded when it runs."""

    name = "reset-dep"
    doc_purpose = "mark the files of tasks as unchanged; migrations stay as they are"
    doc_description = "Marks the files that tasks depend on as unchanged, and executes nothing."
    examples = (("doit reset-dep lint", "marks the files of the task lint as unchanged"),)
    completes = "tasks"

    def _execute(self, pos_args: list[str]) -> int:
        if self.is_ours:
            if pos_args and self.name_migrations():
                print_stderr(f"the inputs of a migration are recorded when it is executed; {UNDO}")
            self.task_list = [t for t in self.task_list if not is_of_migrations(t.name)]
            pos_args = [] if self.sel_default_tasks else self.other_tasks()
            if not (pos_args or self.sel_default_tasks):
                return 0
        return int(super()._execute(pos_args) or 0)


class DumpDB(BaseCommand, cmd_dumpdb.DumpDB):  # type: ignore[misc]
    """`doit dumpdb`: for files of doit's own, which migrations do not use."""

    name = "dumpdb"
    doc_purpose = "show a dbm file of another doit project; migrations have none"
    doc_description = "What is applied is in the database: doit history and doit list show it."
    outstream: Any = None  # the base class does not have it
    examples = (("doit dumpdb --db-file .doit.db", "shows the file of another project"),)

    def execute(self, opt_values: Any, pos_args: list[str]) -> int:
        """Print the file; raises `UsageError` when it is not one of dbm."""
        from dbm import whichdb

        path = opt_values["dep_file"]
        if not whichdb(path):
            raise UsageError(
                f"{path} is not a dbm file, which is all that doit dumpdb can show: migrations "
                "keep their state in the database",
                hint="doit history",
            )
        super().execute(opt_values, pos_args)
        return 0


class Ignore(BaseCommand, cmd_ignore.Ignore):  # type: ignore[misc]
    """`doit ignore`: not for migrations, each builds on the one before it."""

    doc_purpose = "skip a task from now on; migrations cannot be ignored"
    examples = (("doit ignore lint", "skips the task lint until doit forget lint"),)
    completes = "tasks"

    def _execute(self, pos_args: list[str]) -> int:
        if self.is_ours:
            pos_args = self.resolve(pos_args, bare=True)
        named = [name for name in pos_args if is_of_migrations(name)]
        if self.is_ours and named:
            raise UsageError(
                f"{named[0]} cannot be ignored: later migrations build on it",
                hint="remove its folder if it must not be applied",
            )
        return int(super()._execute(pos_args) or 0)
