"""`doit check`: what a reviewer would find, before a reviewer has to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit import create_after
from doit.exceptions import TaskFailed

from ..errors import NesTasksError, UsageError
from ..migrations import Entry
from . import run as run_command
from .check_report import CHECK
from .command import Command, check_writable, write_file
from .options import JSON, OUTPUT, option
from .session import migration_name, session, task_name
from .state import inputs_of
from .tasks import MigrationTaskFailed, planned

if TYPE_CHECKING:
    from ..operations.check import Checked

FORMAT = option(
    "format", "print the findings as github (annotations), markdown, sarif or text", name="form"
)
FROM = option(
    "from", "check nothing; show the result that --json wrote to this file", name="source"
)
OPTIONS = (JSON, FORMAT, OUTPUT, FROM)

# Version of the rules; bump it to check folders again that passed under older rules.
RULES = 4

TaskCreator = Callable[[], Iterator[dict[str, Any]]]

# A run does not need the tasks of all folders twice.
when_asked_for: Callable[[TaskCreator], TaskCreator] = create_after()


@when_asked_for
def task_check() -> Iterator[dict[str, Any]]:
    """Check migration folders: what would keep them from being applied or merged."""
    plan = planned()
    yield {
        "basename": CHECK,
        "name": None,
        "doc": "check migration folders; an error fails",
        "params": list(OPTIONS),
    }
    for entry in plan:
        if entry.folder is not None:
            yield {
                "basename": CHECK,
                "name": task_name(entry.name).partition(":")[2],
                "doc": f"check {entry.folder.display_path}",
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
    return {"standing": cache_key(entry), "hints": lines}


def is_as_checked(task: Any, values: dict[str, Any], name: str) -> bool:  # noqa: ARG001 - doit's
    """Return whether the last check is still valid for everything but the files."""
    return values.get("standing") == cache_key(session().plan[name])


def cache_key(entry: Entry) -> str:
    """Return everything a check depends on besides the files of the folder, as text.

    That is its state in the plan (another folder can take its number), the rules, and where the
    script is loaded.
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


class Check(Command):
    """Check all or some folders and print the result for other programs."""

    name = CHECK
    cmd_options = OPTIONS

    def _execute(self, json: bool, form: str, output: str, source: str, pos_args: list[str]) -> int:
        self._check_use(json, form, source, pos_args)
        if output:
            check_writable(Path(output))
        if source:
            found = _read(source)
        else:
            from ..operations.check import check as check_folders

            current = session()
            names = [current.plan.resolve(migration_name(name) or name).name for name in pos_args]
            found = check_folders(current.project, names)
        text = _formatted(found, json, form)
        if output:
            write_file(Path(output), text.encode(errors="backslashreplace"))
        else:
            self.outstream.write(text)
        return 1 if found.has_errors and not source else 0

    @staticmethod
    def _check_use(json: bool, form: str, source: str, names: list[str]) -> None:
        if json and form:
            raise UsageError("--json and --format cannot be combined", hint="give one of them")
        if source and names:
            raise UsageError("--from shows the whole check", hint="omit the name")
        if form:
            from .findings import FORMS

            if form not in FORMS:
                raise UsageError(
                    f"--format is {form!r}, not one of {', '.join(FORMS)}",
                    hint="doit help check",
                )


class Run(run_command.Run):
    """`doit run`, with `doit check` for other programs.

    doit does not allow a command with the name of a task, so the options of the task decide.
    """

    name = "run"

    def parse_execute(self, in_args: list[str]) -> int:
        """Parse the command line and run the command; return its exit code."""
        options = {f"--{option['long']}" for option in OPTIONS} | {"-o"}
        if in_args[:1] == [CHECK] and any(w.partition("=")[0] in options for w in in_args):
            check = Check(
                task_loader=self.loader,
                config=self.config,
                bin_name=self.bin_name,
                opt_vals=self.opt_vals,
            )
            return check.parse_execute(in_args[1:])
        return super().parse_execute(in_args)


def _read(source: str) -> Checked:
    from ..operations.check_file import read_check

    try:
        data = Path(source).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{source} cannot be read: {error.strerror}", hint="doit check --json -o FILE"
        ) from None
    return read_check(data, source)


def _formatted(found: Checked, json: bool, form: str) -> str:
    if json:
        import json as json_module

        from ..operations.check_file import to_dict

        return f"{json_module.dumps(to_dict(found), indent=2)}\n"
    from .findings import FORMS

    return FORMS[form or "text"](found)
