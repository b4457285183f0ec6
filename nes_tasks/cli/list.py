"""`doit list`: the migrations in their order, then the other tasks."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from doit import cmd_list

from ..errors import DatabaseError
from ..migrations import Entry, State
from ..text import escape_control
from .command import document_text, options_first
from .console import warn
from .doit_commands import LOOKING, BaseCommand
from .format import author_name, state_word
from .options import JSON
from .pending import described
from .session import GROUP, migration_name, session, task_name
from .tables import add_names, new_table, rendered

# The state of migrations while the database is a submodule that was not fetched.
UNKNOWN = "unknown"


class List(BaseCommand, cmd_list.List):  # type: ignore[misc]
    """`doit list`: migrations with their state, date, author and description, and tasks."""

    doc_purpose = "list the migrations and their states, and the other tasks"
    doc_description = (
        "Migrations come first, in the order of application, each with state, date, "
        "author and description. The state is applied, pending, changed (since it was "
        "applied), invalid, or missing (applied, but without a folder). --all also lists "
        "the subtasks of other tasks. In a narrow terminal, each row becomes a block of "
        "lines.\n\n"
        "With --status, each line begins with a letter: U up to date, R would be run, D "
        "changed since it was applied, E not valid, I ignored. --quiet prints names only. "
        "docs/reference/json.md describes the keys of --json."
    )
    group = LOOKING
    examples = (
        ("doit list", "lists all migrations, and the other tasks"),
        ("doit list 5 --status", "lists number 5 only, with its letter"),
        ("doit list --json", "prints the same as JSON"),
    )
    completes = "tasks"
    is_about_migrations = True
    STATUS_MAP = {**cmd_list.List.STATUS_MAP, "drift": "D"}  # noqa: RUF012 - as in the base class
    cmd_options = (*cmd_list.List.cmd_options, JSON)

    def parse_execute(self, in_args: list[str]) -> int:
        """Parse the command line and run the command; return its exit code."""
        return super().parse_execute(options_first(self.cmdparser, in_args))

    def _execute(self, json: bool, **options: Any) -> int:
        if not self.is_ours:
            return int(super()._execute(**options))
        names = self.resolve(options["pos_args"] or [], bare=True)
        is_known = _warn_of_missing_submodule()
        if options["template"]:
            options.update(pos_args=names, sort="definition")
            self.task_list = _in_order(self.task_list)
            return int(super()._execute(**options))
        tasks = {task.name: task for task in self.task_list}
        for name in names:
            if name not in tasks:
                raise self.no_such(name)
        chosen = self._chosen(names, tasks, options)
        letters = self._letters(chosen, tasks) if options["status"] else {}
        if options["quiet"]:
            for task in _in_order(chosen):
                letter = f"{letters[task.name]} " if letters else ""
                self.outstream.write(f"{letter}{task.name}\n")
            return 0
        others = [task for task in chosen if migration_name(task.name) is None]
        listing = _Listing(_entries(names, chosen), others, letters, is_known)
        if json:
            self.outstream.write(document_text(listing.document()))
        elif options["list_deps"]:
            self.outstream.write(listing.text_with_files(tasks))
        else:
            self.outstream.write(listing.text())
        return 0

    _execute.__signature__ = inspect.signature(cmd_list.List._execute).replace(  # type: ignore[attr-defined]
        parameters=[
            *inspect.signature(cmd_list.List._execute).parameters.values(),
            inspect.Parameter("json", inspect.Parameter.KEYWORD_ONLY),
        ]
    )

    def _chosen(self, names: list[str], tasks: dict[str, Any], options: Any) -> list[Any]:
        """Return the tasks to list: those that are named, or all, with subtasks when asked for."""
        if names:
            found = self._list_filtered(tasks, names, options["subtasks"])
            found += [
                task for task in tasks.values() if GROUP in names and migration_name(task.name)
            ]
        else:
            found = [
                task
                for task in self.task_list
                if options["subtasks"] or not task.subtask_of or migration_name(task.name)
            ]
        found = [t for t in found if options["private"] or not t.name.startswith("_")]
        found = list({task.name: task for task in found}.values())
        return found if options["sort"] == "definition" else sorted(found)

    def _print_task(
        self, template: str, task: Any, status: bool, list_deps: bool, tasks: Any
    ) -> None:
        name = migration_name(task.name) if self.is_ours else None
        if name is None:
            super()._print_task(template, task, status, list_deps, tasks)
            return
        letter = self._letter(task, tasks)
        self.outstream.write(template.format(name=task.name, doc=task.doc, status=letter))
        if list_deps:
            self.outstream.write("".join(f" -  {path}\n" for path in sorted(task.file_dep)))
            self.outstream.write("\n")

    def _letters(self, chosen: Iterable[Any], tasks: dict[str, Any]) -> dict[str, str]:
        return {task.name: self._letter(task, tasks) for task in chosen}

    def _letter(self, task: Any, tasks: dict[str, Any]) -> str:
        name = migration_name(task.name)
        entry = session().plan.get(name) if name else None
        if entry is not None and entry.state in (State.INVALID, State.DRIFT):
            status = "error" if entry.state is State.INVALID else "drift"
        elif self.dep_manager.status_is_ignore(task):
            status = "ignore"
        else:
            status = self.dep_manager.get_status(task, tasks).status
        return str(self.STATUS_MAP[status])


def _in_order(tasks: Iterable[Any]) -> list[Any]:
    """Return tasks by name, with migrations in plan order after their group."""
    order = {task_name(entry.name): at for at, entry in enumerate(session().plan)}
    return sorted(tasks, key=lambda task: (task.name.partition(":")[0], order.get(task.name, -1)))


def _entries(names: list[str], chosen: Iterable[Any]) -> list[Entry]:
    """Return the migrations to list, in their order; a missing one has no task."""
    wanted = {migration_name(task.name) for task in chosen}
    is_all = not names or GROUP in names
    return [e for e in session().plan if e.name in wanted or (is_all and e.state is State.MISSING)]


@dataclass(frozen=True, slots=True)
class _Listing:
    """The listing: migrations and other tasks, with status `letters` by task if requested.

    Without `is_known` the applied migrations are unknown, so no state is shown.
    """

    entries: list[Entry]
    others: list[Any]
    letters: dict[str, str]
    is_known: bool

    def document(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/json.md."""
        unknown = {} if self.is_known else {"state": UNKNOWN}
        return {
            "migrations": [
                {**described(entry), **unknown, **self._status(task_name(entry.name))}
                for entry in self.entries
            ],
            "tasks": [
                {"name": task.name, "doc": task.doc or None, **self._status(task.name)}
                for task in self.others
            ],
        }

    def text(self) -> str:
        """Return a table of the migrations, and one of the other tasks."""
        parts = []
        if self.entries:
            table = new_table()
            add_names(table, self._lettered("", "Migration"), (e.name for e in self.entries))
            for heading in ("State", "Date", "Author", "Description"):
                table.add_column(heading, no_wrap=heading in ("State", "Date"))
            for entry in self.entries:
                about = entry.metadata
                table.add_row(
                    self._lettered(task_name(entry.name), escape_control(entry.name)),
                    self._state(entry),
                    (about and about.date) or "-",
                    escape_control(author_name(about.author)) if about else "-",
                    _about(entry),
                )
            parts.append(rendered(table))
        if self.others:
            table = new_table()
            table.add_column(self._lettered("", "Task"))
            table.add_column("What it does")
            for task in self.others:
                name = self._lettered(task.name, escape_control(task.name))
                table.add_row(name, escape_control(task.doc or ""))
            parts.append(rendered(table))
        return "\n".join(parts)

    def text_with_files(self, tasks: dict[str, Any]) -> str:
        """Return each migration and task with the files that it depends on."""
        rows = [
            (task_name(entry.name), entry.name, f"{self._state(entry)}  {_about(entry)}")
            for entry in self.entries
        ]
        rows += [(task.name, task.name, task.doc or "") for task in self.others]
        lines: list[str] = []
        for task, name, about in rows:
            lines.append(
                f"{self._lettered(task, escape_control(name))}  {escape_control(about)}".rstrip()
            )
            files = sorted(tasks[task].file_dep) if task in tasks else []
            lines += [*(f" -  {escape_control(path)}" for path in files), ""]
        return "".join(f"{line}\n" for line in lines)

    def _state(self, entry: Entry) -> str:
        return state_word(entry.state) if self.is_known else UNKNOWN

    def _status(self, task: str) -> dict[str, str]:
        return {"status": self.letters[task]} if task in self.letters else {}

    def _lettered(self, task: str, shown: str) -> str:
        return f"{self.letters.get(task, ' ')} {shown}" if self.letters else shown


def _about(entry: Entry) -> str:
    """Return the description, or what is wrong with a migration that is not valid."""
    if entry.metadata is None:
        return escape_control(entry.problem.message if entry.problem else "")
    difference = entry.difference if entry.state is State.DRIFT else entry.note
    drift = f" ({difference})" if difference else ""
    return escape_control(f"{entry.metadata.description}{drift}")


def _warn_of_missing_submodule() -> bool:
    """Warn if the applied migrations are unknown; return whether they are known."""
    try:
        session().known_plan()
    except DatabaseError as missing:
        warn(str(missing))
        return False
    return True
