"""doit's commands, made fit for migrations: exit codes, names, and what must be refused."""

from __future__ import annotations

import contextlib
import inspect
import re
import shutil
import sys
from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

from doit import cmd_info, cmd_list, cmd_run
from doit.cmdparse import CmdParseError
from doit.dependency import DatabaseException
from doit.exceptions import InvalidCommand, InvalidDodoFile, InvalidTask

from ..database.journal import is_publishing, own_folder
from ..database.ledger import is_absent
from ..database.lock import was_interrupted
from ..errors import LockHeldError, NesTasksError, UsageError
from ..migrations import State
from ..migrations.loader import order
from ..printable import abridged
from .check_report import CHECK
from .console import INTERRUPTED, EscapedStream, drop, guarded, say, warn
from .help_text import manual
from .session import BACKEND, GROUP, Session, migration_name, session, task_name
from .suggestions import missing_dodo, unknown_command, unknown_task, wrong_option
from .tasks import describe

# Headings of `doit help`, by what a person is about to do.
APPLYING = "Applying"
LOOKING = "Looking"
CONTRIBUTING = "Contributing"
MAINTAINING = "Maintaining"

# The exit codes that every command can end with beside 0 and 1.
OTHER_CODES = {
    2: "wrong use, such as an unknown name, option or setting",
    3: "the environment: git, a lock, the database, the remote",
    INTERRUPTED: "interrupted with Ctrl-C",
}


class Guarded:
    """What all commands share: expected errors are one line and one of our exit codes.

    In a project that does not use our state (another `dodo.py` in the same environment) the
    commands are doit's own.

    `group` is the heading of the command in `doit help`; `examples` are command lines with what
    they do; `failure` says when the exit code is 1, empty for never. `takes` is what shells
    complete its names with: ``tasks``, ``commands``, or a key of `completion.NAMES`.
    """

    group: ClassVar[str] = "doit itself"
    examples: ClassVar[tuple[tuple[str, str], ...]] = ()
    failure: ClassVar[str] = ""
    takes: ClassVar[str] = ""
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
        codes = {0: "done, or nothing to do", 1: cls.failure, **OTHER_CODES}
        return {code: meaning for code, meaning in codes.items() if meaning}

    def _parse_execute(self, in_args: list[str]) -> int:
        # Standard output was perhaps closed when doit looked.
        self.outstream = EscapedStream(self.outstream or sys.stdout)
        try:
            code: int = super().parse_execute(in_args)  # type: ignore[misc]
        except CmdParseError as error:
            raise wrong_option(str(error), self.name, self._known_options()) from error
        except InvalidCommand as error:
            raise self._wrong_name(error) from error
        except _database_errors() as error:
            if self.is_ours:
                raise UsageError(
                    "migrations keep their state in the database, not in a file of another "
                    "backend of doit",
                    hint="leave --backend out",
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
        """Return what to say of a word that is no task; doit says it in several ways."""
        is_no_task = re.match(r"'(.*)' is not a task\.$", str(error))
        word = error.not_found or (is_no_task and is_no_task[1])
        if not word:
            return UsageError(" ".join(str(error).split()))
        return self.no_such(word)

    def no_such(self, word: str) -> UsageError:
        """Return the error for a word that is no task."""
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
            with contextlib.suppress(UsageError):  # it may be a mistyped task just as well
                return task_name(session().plan.resolve(name).name)
            return name
        group, colon, wanted = (GROUP, ":", name) if bare else name.partition(":")
        if not colon or group not in (GROUP, CHECK) or "*" in wanted:  # doit knows wildcards
            return name
        entry = session().plan.resolve(wanted)
        if entry.state is State.MISSING:
            raise UsageError(
                f"{entry.name} is applied, but its folder is missing", hint="doit list --all"
            )
        return task_name(entry.name, group)

    def name_migrations(self) -> bool:
        """Replace short names on the command line; return whether it names a migration."""
        if not self.is_ours or self.sel_default_tasks:
            return False
        self.sel_tasks = self.resolve(self.sel_tasks, bare=True)
        return any(map(is_of_migrations, self.sel_tasks))

    def other_tasks(self) -> list[str]:
        """Return the selected tasks that are no migrations."""
        return [name for name in self.sel_tasks or () if not is_of_migrations(name)]


def _database_errors() -> tuple[type[Exception], ...]:
    """Return what doit's backends raise for a file that is not theirs."""
    sqlite3 = sys.modules.get("sqlite3")  # which doit imports for its backend of that name only
    return (DatabaseException, sqlite3.Error) if sqlite3 else (DatabaseException,)


def is_of_migrations(task: str) -> bool:
    """Return whether a task is a migration, or the group of them."""
    return task.partition(":")[0] == GROUP


def with_parameters(method: Any, *names: str) -> inspect.Signature:
    """Return the signature of a command's method with more parameters."""
    signature = inspect.signature(method)
    added = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    return signature.replace(parameters=[*signature.parameters.values(), *added])


EXPECT = {
    "name": "expect",
    "long": "expect",
    "type": str,
    "default": "",
    "help": "apply only what gives the trees of this preview (doit preview --json -o FILE), "
    "with its clock",
}


ALLOW_NETWORK = {
    "name": "allow_network",
    "long": "allow-network",
    "type": list,
    "default": [],
    "metavar": "NAME",
    "help": "let this migration use the network, which its script can then tell anything; may be "
    "repeated",
}


class Run(Guarded, cmd_run.Run):  # type: ignore[misc]
    """`doit run`: apply what is pending."""

    doc_purpose = "apply pending migrations, or run other tasks"
    doc_description = (
        "Without a name all pending migrations are applied in order; `run` can be left out. "
        "doit migrate:005-add-ministers stops after that one, and with --force behind its name "
        "it is executed again although it is applied. 5 and 005 are short for a name. "
        "doit run --expect FILE applies what a preview has shown, or nothing of it.\n\n"
        "Each migration is applied completely or not at all. Other tasks run as doit runs them: "
        "doit check looks through migration folders."
    )
    group = APPLYING
    examples = (
        ("doit", "applies all that is pending"),
        ("doit migrate:5", "applies what is pending up to number 5"),
        ("doit migrate:5 --force", "executes number 5 again, in a new commit"),
        ("doit check:5", "checks the folder of number 5"),
    )
    failure = "a migration failed or was refused, or a check or another task failed"
    takes = "tasks"

    def no_such(self, word: str) -> UsageError:
        """Return the error for a word that is no task, and so perhaps a mistyped command."""
        tasks = [task.name for task in self.task_list]
        if ":" in word:
            return unknown_task(word, tasks)
        with contextlib.suppress(UsageError):
            if self.is_ours:
                # The hint is a command that works: this migration is there. Whoever wants to
                # check it, as in `doit check 5`, is not told to apply it.
                group = CHECK if CHECK in (self.sel_tasks or ()) else GROUP
                meant = task_name(session().plan.resolve(word).name, group)
                return UsageError(
                    f"there is no command or task {abridged(word)}",
                    hint=f"did you mean doit {meant}?",
                )
        return unknown_command(word, self.loader.cmd_names, tasks)

    cmd_options = (*cmd_run.Run.cmd_options, EXPECT, ALLOW_NETWORK)

    def _execute(self, expect: str, allow_network: list[str], **options: Any) -> int:
        if not self.is_ours:
            return int(super()._execute(**options))
        if options["always"] and self.sel_default_tasks:
            raise UsageError(
                "doit -a would execute every migration again",
                hint="name the one you mean: doit migrate:NNN-name --force",
            )
        if options["num_process"] < 0:
            raise UsageError(f"doit -n {options['num_process']} would execute nothing")
        self.sel_tasks = self.resolve(self.sel_tasks)
        if self.sel_tasks and all(name.partition(":")[0] == CHECK for name in self.sel_tasks):
            # Checks do not build on each other: all that is wrong is told at once.
            options["continue_"] = True
        if not isinstance(options["outfile"], str):
            options["outfile"] = EscapedStream(options["outfile"] or sys.stdout)
        current = session()
        current.allow_network(allow_network)
        if expect:
            from .expected import expectation

            current.expectation = expectation(expect, current.project)
        for entry in current.plan.drifted:
            warn(f"{entry.name} was changed after it was applied ({entry.difference})")
        try:
            recover_interrupted(current)
            result = int(super()._execute(**options))
        except BrokenPipeError:
            drop(sys.stdout)  # one of doit's own reporters has lost its reader
            result = 0
        except KeyboardInterrupt:
            applied = ", ".join(current.applied_since())
            stays = f"applied by then: {applied}" if applied else "the database is as it was"
            say(f"interrupted; {stays}")
            return INTERRUPTED
        finally:
            current.close()
        if current.expectation and current.expectation.met:
            say(f"as {expect} has shown: {', '.join(current.expectation.met)}")
        return current.exit_code or (1 if result else 0)

    # doit passes a command the options that its signature names.
    _execute.__signature__ = with_parameters(  # type: ignore[attr-defined]
        cmd_run.Run._execute, "expect", "allow_network"
    )


def recover_interrupted(current: Session, command: str = "doit run") -> None:
    """Put right what a killed command has left, also when there is nothing else to do.

    Raises `LockHeldError` when a publication is under way just now.
    """
    settings = current.project.settings
    publishing = is_publishing(settings.database)
    if publishing or was_interrupted(own_folder(settings.database)):
        from ..database.repository import Repository

        with (
            contextlib.nullcontext() if publishing else contextlib.suppress(LockHeldError),
            Repository.open(settings).locked(command),
        ):
            pass


class List(Guarded, cmd_list.List):  # type: ignore[misc]
    """`doit list`: tasks; of migrations also when, by whom and what."""

    doc_purpose = "list tasks; --all lists each migration, --status says where it stands"
    doc_description = (
        "Status letters: U applied, R pending, D applied but changed since (drift), "
        "E not valid, I ignored. Of a migration the line has date, author and description; "
        "a terminal that is too narrow for them shows no author."
    )
    group = LOOKING
    examples = (
        ("doit list --all --status", "lists every task with its letter"),
        ("doit list --all --status 5", "lists number 5 only"),
    )
    takes = "tasks"
    STATUS_MAP = {**cmd_list.List.STATUS_MAP, "drift": "D"}  # noqa: RUF012 - as in the base class

    def _execute(self, **options: Any) -> int:
        if self.is_ours:
            if options["pos_args"]:
                options["pos_args"] = self.resolve(options["pos_args"], bare=True)
            _warn_of_missing_submodule()
            for entry in session().plan.missing:
                warn(f"{entry.name} is applied, but its folder is missing")
            if options["sort"] == "name":
                self.task_list.sort(key=_by_number)
                options["sort"] = "definition"
        return int(super()._execute(**options))

    _execute.__signature__ = inspect.signature(cmd_list.List._execute)  # type: ignore[attr-defined]

    def _print_task(
        self, template: str, task: Any, status: bool, list_deps: bool, tasks: Any
    ) -> None:
        name = migration_name(task.name)
        if name is None or not self.is_ours:
            super()._print_task(template, task, status, list_deps, tasks)
            return
        letter, entry = self._letter(name, task, tasks), session().plan.get(name)
        line = template.format(name=task.name, doc=task.doc, status=letter)
        width = shutil.get_terminal_size().columns if self.outstream.isatty() else len(line)
        if len(line) > width and entry:
            # Where not all of it fits, what it does says more than who did it.
            line = template.format(name=task.name, doc=describe(entry, brief=True), status=letter)
        line = line if len(line) <= width else f"{line[: width - 2].rstrip()}…\n"
        self.outstream.write(line)
        if list_deps:
            for path in sorted(task.file_dep):
                self.outstream.write(f" -  {path}\n")
            self.outstream.write("\n")

    def _letter(self, name: str, task: Any, tasks: Any) -> str:
        entry = session().plan.get(name)
        if entry is None or entry.state is State.INVALID:
            status = "error"
        elif entry.state is State.DRIFT:
            status = "drift"
        else:
            status = self.dep_manager.get_status(task, tasks).status
        return str(self.STATUS_MAP[status])


def _warn_of_missing_submodule() -> None:
    """Say that what is applied is not known; all migrations are listed as pending then."""
    settings = session().project.settings
    if is_absent(settings.database):
        from ..database.repository import missing_submodule

        if missing := missing_submodule(settings):
            warn(str(missing))


def _by_number(task: Any) -> tuple[str, tuple[bool, int, str]]:
    """Return the key that puts 1000-x behind 999-x; by name it would be the other way round."""
    group, _, name = task.name.partition(":")
    return (group, order(name)) if group == GROUP and name else (task.name, (False, -1, ""))


class _InOrder(set[str]):
    """A set that is told in the same order each time."""

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(super().__iter__()))


class Info(Guarded, cmd_info.Info):  # type: ignore[misc]
    """`doit info`: one task, and why it would run."""

    doc_purpose = "show a task, and why it would run or not; of a migration also its commits"
    doc_usage = "TASK"
    doc_description = "The files that it depends on, what it makes, and how they compare."
    group = LOOKING
    examples = (("doit info migrate:5", "tells about number 5; doit info 5 does as well"),)
    failure = "the task is not up to date: doit would run it"
    takes = "tasks"

    def _execute(self, pos_args: list[str], hide_status: bool = False) -> int:
        if self.is_ours:
            pos_args = self.resolve(pos_args, bare=True)
        known = {task.name for task in self.task_list}
        for word in pos_args:
            if word not in known:
                raise self.no_such(word)
        for task in self.task_list:
            if task.name in pos_args:
                task.file_dep = _InOrder(task.file_dep)
                task.params = []  # doit shows how it holds them; doit help TASK explains them
        code = int(super()._execute(pos_args, hide_status))
        if self.is_ours and (name := migration_name(pos_args[0])):
            self._print_commits(name)
        return code

    def _print_commits(self, name: str) -> None:
        project = session().project
        run = project.executions(project.look()[1], [name]).get(name)
        commits = run.live if run else ()
        if commits:
            self.outstream.write("\ncommits    : \n")
        for commit in commits:
            moment = f"{commit.committed_at:%Y-%m-%d %H:%M} UTC"
            self.outstream.write(f" - {commit.id}  {moment}  {commit.committer}\n")
