"""`doit help`: the commands by purpose, and the manual of each."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from doit import cmd_help
from doit.cmdparse import CmdOption, TaskParse

from ..errors import UsageError
from .check_report import CHECK
from .doit_commands import APPLYING, CONTRIBUTING, LOOKING, MAINTAINING, BaseCommand
from .help_text import WIDTH, option_lines
from .session import GROUP
from .suggestions import unknown_command

GROUPS = (APPLYING, LOOKING, CONTRIBUTING, MAINTAINING)
# The heading of doit's own commands, which do not concern migrations.
REST = BaseCommand.group
# What is typed like a command and is a task to doit: the group it belongs to, its purpose.
TASKS = {CHECK: (CONTRIBUTING, "check migration folders, and report problems")}
EXPLANATIONS = {
    CHECK: (
        "doit check checks each folder that is not applied yet, or was changed after it "
        "was applied, and reports problems with file and line. doit check:5 checks only "
        "number 5. The script is loaded, but migrate is not called. An error gives exit "
        "code 1, a hint does not. A folder that has passed is checked again when it "
        "changes; with an option, every folder or every named one is checked. --from ends "
        "with 0."
    ),
    GROUP: "doit help run explains how migrations are applied.",
}


class Help(BaseCommand, cmd_help.Help):  # type: ignore[misc]
    """`doit help`: an overview, a command, or a task."""

    name = "help"
    doc_purpose = "explain a command or a task; without one, list the commands"
    doc_usage = "[COMMAND | TASK]"
    doc_description = (
        "doit COMMAND --help is the same as doit help COMMAND. doit help task is doit's "
        "own reference of the keys of a task."
    )
    examples = (
        ("doit help", "lists the commands by purpose"),
        ("doit help preview", "explains doit preview"),
        ("doit help migrate:5", "lists the options of a migration's task"),
    )
    completes = "commands"

    cmds: Any

    def execute(self, params: Any, args: list[str]) -> int:
        """Print the help for a topic; raises `UsageError` for an unknown one."""
        if len(args) > 1:
            raise UsageError("doit help explains one thing", hint=f"doit help {args[0]}")
        if not args:
            self.outstream.write(overview(self.cmds))
        elif args[0] == "task":
            self.print_task_help()
        elif args[0] in self.cmds:
            command = self.cmds[args[0]](cmds=self._cmds, **self.init_kwargs)
            self.outstream.write(f"{command.help()}\n")
        else:
            return int(super(cmd_help.Help, self).execute(params, args))
        self.outstream.flush()
        return 0

    def _execute(self, pos_args: list[str]) -> int:
        names = self.resolve(pos_args, bare=True) if self.is_ours else pos_args
        task = next((task for task in self.task_list if task.name == names[0]), None)
        if task is None:
            raise self.no_such(names[0])
        self.outstream.write(f"{task.name}  {task.doc or ''}\n")
        params = [*task.creator_params, *task.params]
        options = TaskParse([CmdOption(option) for option in params]).options
        self.outstream.write("".join(f"{line}\n" for line in option_lines(options)))
        explanation = EXPLANATIONS.get(task.name.partition(":")[0]) if self.is_ours else None
        if explanation:
            self.outstream.write(f"\n{textwrap.fill(explanation, WIDTH)}\n")
        return 0

    def no_such(self, word: str) -> UsageError:
        """Return the error for what is neither a command nor a task."""
        return unknown_command(
            word, self.cmds, [task.name for task in self.task_list], before="doit help"
        )


def overview(commands: Mapping[str, Any]) -> str:
    """Return the commands with their purposes, by what a person is about to do."""
    lines = ["Migrations for a database in git. doit applies the pending ones.", ""]
    for group in (*GROUPS, REST):
        named = {name: cmd for name, cmd in commands.items() if _group(cmd) == group}
        purposes = {name: command.doc_purpose for name, command in named.items()}
        purposes |= {name: purpose for name, (of, purpose) in TASKS.items() if of == group}
        lines += [group, *_rows(purposes), ""]
    lines += ["doit help COMMAND explains one; doit list shows the tasks.", ""]
    return "\n".join(lines)


def _group(command: Any) -> str:
    return str(getattr(command, "group", REST))


def _rows(purposes: Mapping[str, str]) -> list[str]:
    return [
        textwrap.fill(f"  doit {name:14}{purpose}", WIDTH, subsequent_indent=" " * 21)
        for name, purpose in sorted(purposes.items())
    ]
