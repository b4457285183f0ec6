"""doit's commands, adapted to migrations: exit codes, names, and refusals."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

from doit import cmd_info
from doit.cmdparse import CmdParseError
from doit.dependency import DatabaseException
from doit.exceptions import InvalidCommand, InvalidDodoFile, InvalidTask

from ..errors import DatabaseError, NesTasksError, UsageError
from ..migrations import Entry, State
from .check_report import CHECK
from .console import INTERRUPTED, EscapedStream, guarded
from .help_text import manual
from .session import BACKEND, GROUP, Session, migration_name, session, task_name
from .suggestions import missing_dodo, unknown_task, wrong_option

# Headings of `doit help`, by the user's task.
APPLYING = "Applying"
LOOKING = "Looking"
CONTRIBUTING = "Contributing"
MAINTAINING = "Maintaining"

# Exit codes that every command can have besides 0 and 1.
OTHER_CODES = {
    2: "wrong use, such as an unknown name, option or setting",
    3: "the environment: git, a lock, the database, the remote",
    INTERRUPTED: "interrupted with Ctrl-C",
}


class BaseCommand:
    """What all commands share: expected errors are one line and one of our exit codes.

    In a project that does not use our state (another `dodo.py` in the same environment) the
    commands are doit's own.

    `group` is the heading of the command in `doit help`; `examples` are command lines with what
    they do. `exit_1_means` says when the exit code is 1, empty for never. `completes` is the kind
    of names that shells complete: ``tasks``, ``commands``, or a key of `completion.NAMES`.
    """

    group: ClassVar[str] = "doit itself"
    examples: ClassVar[tuple[tuple[str, str], ...]] = ()
    exit_1_means: ClassVar[str] = ""
    completes: ClassVar[str] = ""
    is_about_migrations: ClassVar[bool] = False

    name: Any
    doc_purpose: Any
    doc_usage: Any
    doc_description: Any
    cmdparser: Any
    loader: Any
    outstream: Any
    sel_tasks: Any
    sel_default_tasks: Any
    task_list: Any = None

    def parse_execute(self, in_args: list[str]) -> int:
        """Parse the command line and run the command; return its exit code."""
        words = in_args[: in_args.index("--")] if "--" in in_args else in_args
        if "--help" in words or words[:1] == ["-h"]:
            return guarded(self._print_manual)
        return guarded(lambda: self._parse_execute(in_args))

    def _print_manual(self) -> int:
        sys.stdout.write(f"{self.help()}\n")
        sys.stdout.flush()
        return 0

    def help(self) -> str:
        """Return the manual of the command."""
        return manual(self)

    @classmethod
    def exit_codes(cls) -> dict[int, str]:
        """Return what each exit code of the command means."""
        codes = {0: "done, or nothing to do", 1: cls.exit_1_means, **OTHER_CODES}
        return {code: meaning for code, meaning in codes.items() if meaning}

    def _parse_execute(self, in_args: list[str]) -> int:
        # doit may have been started with stdout closed.
        self.outstream = EscapedStream(self.outstream or sys.stdout)
        try:
            code: int = super().parse_execute(in_args)  # type: ignore[misc]
        except CmdParseError as error:
            names = self.loader.cmd_names
            raise wrong_option(str(error), self.name, self._known_options(), names) from error
        except InvalidCommand as error:
            raise self._wrong_name(error) from error
        except _database_errors() as error:
            if self.is_ours:
                raise UsageError(
                    "migrations keep their state in the database, not in a file of another "
                    "backend of doit",
                    hint="omit --backend",
                ) from error
            raise UsageError(" ".join(str(error).split())) from error
        except InvalidTask as error:
            raise UsageError(" ".join(str(error).split())) from error
        except InvalidDodoFile as error:
            if isinstance(error.__cause__, NesTasksError):
                raise error.__cause__ from None
            typed = "" if self.name == "run" else f" {self.name}"
            missing = missing_dodo(str(error), typed)
            raise missing or UsageError(" ".join(str(error).split())) from error
        return code

    def _known_options(self) -> list[str]:
        known = [f"--{name.rstrip('=')}" for name in self.cmdparser.get_long()]
        params = (param for task in self.task_list or () for param in task.params)
        return [*known, *{f"--{param['long']}" for param in params if param.get("long")}]

    def _wrong_name(self, error: InvalidCommand) -> UsageError:
        """Return the message for an unknown task; doit has several wordings of it."""
        is_no_task = re.match(r"'(.*)' is not a task\.$", str(error))
        word = error.not_found or (is_no_task and is_no_task[1])
        if not word:
            return UsageError(" ".join(str(error).split()))
        return self.no_such(word)

    def no_such(self, word: str) -> UsageError:
        """Return the error for an unknown task."""
        return unknown_task(word, [task.name for task in self.task_list])

    @cached_property
    def is_ours(self) -> bool:
        """Whether `dodo.py` keeps its state in a database, whatever ``--backend`` asks for."""
        return bool(self.loader.load_doit_config().get("backend") == BACKEND)

    def resolve(self, names: list[str], *, bare: bool = False) -> list[str]:
        """Return task names with short names of migrations replaced: migrate:5, migrate:005.

        With `bare` the group may be left out: 5. Raises `UsageError` for a migration that is not
        there.
        """
        known = {task.name for task in self.task_list}
        return [
            name if name in known else self._meant(name, bare=bare and ":" not in name)
            for name in names
        ]

    def _meant(self, name: str, *, bare: bool) -> str:
        if bare and not name.isdigit():
            with contextlib.suppress(UsageError):  # it may also be a mistyped task
                return task_name(session().plan.resolve(name).name)
            return name
        group, colon, wanted = (GROUP, ":", name) if bare else name.partition(":")
        if not colon or group not in (GROUP, CHECK) or "*" in wanted:  # doit resolves wildcards
            return name
        entry = session().plan.resolve(wanted)
        if entry.state is State.MISSING:
            raise UsageError(
                f"{entry.name} is applied, but its folder is missing", hint="doit list"
            )
        return task_name(entry.name, group)

    def name_migrations(self) -> bool:
        """Replace short names on the command line; return whether it names a migration."""
        if not self.is_ours or self.sel_default_tasks:
            return False
        self.sel_tasks = self.resolve(self.sel_tasks, bare=True)
        return any(map(is_of_migrations, self.sel_tasks))

    def other_tasks(self) -> list[str]:
        """Return the selected tasks that are not migrations."""
        return [name for name in self.sel_tasks or () if not is_of_migrations(name)]


def _database_errors() -> tuple[type[Exception], ...]:
    """Return the errors that doit's backends raise for a file they did not write."""
    sqlite3 = sys.modules.get("sqlite3")  # doit imports it only for its dbm backend
    return (DatabaseException, sqlite3.Error) if sqlite3 else (DatabaseException,)


def is_of_migrations(task: str) -> bool:
    """Return whether a task is a migration, or the group of them."""
    return task.partition(":")[0] == GROUP


def recover_interrupted(current: Session, command: str = "doit run") -> None:
    """Recover from a killed command; see `Project.recover_interrupted`."""
    current.project.recover_interrupted(command)


class _InOrder(set[str]):
    """A set with a stable order in output."""

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(super().__iter__()))


class Info(BaseCommand, cmd_info.Info):  # type: ignore[misc]
    """`doit info`: one task, and whether it would run."""

    doc_purpose = "show a task, and why it would run or not; for a migration also its commits"
    doc_usage = "TASK"
    doc_description = (
        "For a migration: its state, its files and its commits. For another task: its "
        "dependencies and targets, and whether they are up to date."
    )
    group = LOOKING
    examples = (("doit info migrate:5", "explains number 5; the same as doit info 5"),)
    exit_1_means = "the task is not up to date: doit would run it"
    completes = "tasks"

    def _execute(self, pos_args: list[str], hide_status: bool = False) -> int:
        if self.is_ours:
            pos_args = self.resolve(pos_args, bare=True)
        known = {task.name: task for task in self.task_list}
        for word in pos_args:
            if word not in known:
                raise self.no_such(word)
        for word in pos_args:
            known[word].file_dep = _InOrder(known[word].file_dep)
            known[word].params = []  # doit prints their internal form; doit help TASK explains them
        name = migration_name(pos_args[0]) if self.is_ours and len(pos_args) == 1 else None
        if name is None:
            return int(super()._execute(pos_args, hide_status))
        entry = session().plan[name]
        # doit would report "run" for a changed folder, which is never run again.
        task = known[pos_args[0]]
        if not hide_status:
            task.doc = f"{task.doc}\n\n{'status':<11}: {explain_state(entry)}"
        super()._execute(pos_args, hide_status=True)
        self._print_commits(name)
        return 0 if hide_status or entry.is_applied else 1

    def _print_commits(self, name: str) -> None:
        project = session().project
        run = project.executions(project.load_state().ledger, [name]).get(name)
        commits = run.live if run else ()
        if commits:
            self.outstream.write("\ncommits    : \n")
        for commit in commits:
            moment = f"{commit.committed_at:%Y-%m-%d %H:%M} UTC"
            self.outstream.write(f" - {commit.id}  {moment}  {commit.committer}\n")


def explain_state(entry: Entry) -> str:
    """Return the state of a migration in words, and what doit would do."""
    try:
        session().known_plan()
    except DatabaseError as missing:
        return f"unknown; {missing}"
    if entry.state is State.APPLIED:
        note = f"; {entry.note} since, which changes no data" if entry.note else ""
        return f"applied; up-to-date{note}"
    if entry.state is State.DRIFT:
        return (
            f"applied, and changed since: {entry.difference}\n"
            f"{'':13}doit does not run it again; {entry.drift_hint}"
        )
    if entry.state is State.PENDING:
        if blocker := session().plan.blocker(entry.name):
            return f"pending; it waits for {blocker.name}, which is not valid"
        after = f", after {entry.predecessor}" if entry.predecessor else ""
        return f"pending; doit applies it{after}"
    return f"not valid; {entry.problem}"
