"""`doit tabcompletion`: what shells offer when the tabulator key is pressed.

doit's own scripts know tasks only, and bash needs a package for them. These know what each of our
commands takes, and need nothing but the shell: the words of commands and options are written into
the script, names are asked for with ``doit tabcompletion --names``.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from doit import cmd_completion
from doit.exceptions import InvalidDodoFile

from ..errors import NesTasksError
from ..migrations import Entry, State
from .command import no_names
from .doit_commands import BaseCommand
from .doit_options import help_of
from .help_text import shown_options
from .options import option
from .session import session

# The values of `--names`, and the migrations that each stands for.
NAMES: dict[str, Callable[[Entry], bool]] = {
    "all": lambda entry: True,
    "applied": lambda entry: entry.is_applied,
    "pending": lambda entry: entry.state is State.PENDING,
}
# The other value of `--names`: applied migrations, tags and branches.
POINTS = "points"

NAMES_OPTION = option(
    "names",
    "print names of migrations or points; the script itself uses this",
    metavar="WHICH",
    choices=[(name, "") for name in ("", *NAMES, POINTS)],
)
SHELL_OPTION = {
    **cmd_completion.opt_shell,
    "metavar": "SHELL",
    "help": "the shell [default: %(default)s]",
}
# Options whose value is a path.
PATHS = frozenset({"dodoFile", "cwdPath", "output", "outfile", "dep_file"})


class TabCompletion(BaseCommand, cmd_completion.TabCompletion):  # type: ignore[misc]
    """Print the script, or names for it."""

    name = "tabcompletion"
    doc_purpose = "print the completion script for bash or zsh"
    doc_usage = "[-s SHELL]"
    doc_description = (
        "With this script, the Tab key completes commands, options, tasks and migrations: "
        "applied ones for doit show, pending ones for doit preview, and tags and branches where a "
        "point is wanted, such as for doit diff and --to.\n\n"
        "Add the line of the example to the end of .venv/bin/activate, or to your shell's "
        "startup file if doit is on PATH there; in zsh after compinit."
    )
    examples = (
        ('eval "$(doit tabcompletion)"', "enables completion in this bash"),
        ('eval "$(doit tabcompletion -s zsh)"', "the same in zsh"),
    )
    cmd_options = (SHELL_OPTION, NAMES_OPTION)

    cmds: Any

    def execute(self, params: Any, args: list[str]) -> int:
        """Print the script, which needs no project, or the names of this project."""
        no_names(args, self.name)
        if params["names"]:
            self._print_names(params)
        else:
            self.outstream.write(self._script(params["shell"]))
        return 0

    def _script(self, shell: str) -> str:
        template = importlib.resources.files(__package__).joinpath(f"completion.{shell}")
        listed, case = (_zsh_words, _zsh_case) if shell == "zsh" else (_bash_words, _bash_case)
        commands = {name: self.cmds[name](**self.init_kwargs) for name in sorted(self.cmds)}
        purposes = [(name, command.doc_purpose) for name, command in commands.items()]
        cases = "\n".join(case(name, _Words.of(command)) for name, command in commands.items())
        text = template.read_text("utf-8")
        return text.replace("@commands@", listed(purposes)).replace("@cases@", cases)

    def _print_names(self, params: Any) -> None:
        """Print the candidates; errors are silent, because the user is still typing."""
        try:
            self.loader.setup(params)
            if self.is_ours:
                names = self._names(params["names"])
                self.outstream.write("".join(f"{name}\n" for name in names))
        except (InvalidDodoFile, NesTasksError):
            return

    def _names(self, which: str) -> list[str]:
        if which == POINTS:
            from ..operations.points import Points

            return Points(session().project).names()
        return [entry.name for entry in filter(NAMES[which], session().plan)]


@dataclass(frozen=True, slots=True)
class _Words:
    """What may follow a command.

    `options` are flags with their meaning; `paths` those that are followed by a path, `points`
    those that are followed by a state of the database, `texts` those that are followed by
    something that only the user knows.
    """

    completes: str
    options: list[tuple[str, str]]
    paths: list[str]
    points: list[str]
    texts: list[str]

    @classmethod
    def of(cls, command: Any) -> _Words:
        """Return the words of a doit command, ours or doit's own."""
        usage = command.doc_usage or ""
        doits = "tasks" if "TASK" in usage else "commands" if "COMMAND" in usage else "nothing"
        words = cls(getattr(command, "completes", "") or doits, [], [], [], [])
        for shown in shown_options(command):
            flags = [f"-{shown.short}"] if shown.short else []
            flags += [f"--{shown.long}"] if shown.long else []
            if shown.type is not bool:
                words.of_values(shown).extend(flags)
            flags += [f"--{shown.inverse}"] if shown.inverse else []
            about = " ".join(help_of(shown).split())
            words.options.extend((flag, about) for flag in flags)
        return words

    def of_values(self, shown: Any) -> list[str]:
        """Return the flags that are followed by the same kind of value as `shown`."""
        if shown.name in PATHS:
            return self.paths
        return self.points if shown.metavar == "POINT" else self.texts


def _bash_words(words: list[tuple[str, str]]) -> str:
    return " ".join(word for word, _ in words)


def _bash_case(name: str, words: _Words) -> str:
    return (
        f'    {name})\n        completes={words.completes} paths="{" ".join(words.paths)}" '
        f'points="{" ".join(words.points)}" texts="{" ".join(words.texts)}"\n'
        f'        options="{_bash_words(words.options)}"\n'
        "        ;;"
    )


def _zsh_words(words: list[tuple[str, str]]) -> str:
    return " ".join(_zsh_quoted(f"{word}:{about}") for word, about in words)


def _zsh_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _zsh_case(name: str, words: _Words) -> str:
    return (
        f"    ({name})\n        completes={words.completes} paths=({' '.join(words.paths)}) "
        f"points=({' '.join(words.points)}) texts=({' '.join(words.texts)})\n"
        f"        options=({_zsh_words(words.options)})\n"
        "        ;;"
    )
