"""Suggestions for unknown commands, tasks and options: one line, one harmless command.

A suggestion never changes the database: copying it must not apply, push or revert anything by
accident.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from ..errors import UsageError
from ..text import quote
from .session import GROUP

NOT_RECOGNIZED = re.compile(r"option (-\S+) (?:not recognized|not a unique prefix)")
# How to start a project.
START = "or begin one: echo 'from nes_tasks.dodo import *' > dodo.py"
NOT_FOUND = re.compile(r"Could not find dodo file '(.*?)'\.")

_APPLY = ("preview", "doit preview shows what is pending, and doit alone applies it")
_UNDO = (
    ("undo", "doit help undo explains how to undo migrations"),
    ("revert", "doit help revert explains how to revert a migration"),
)
_HISTORY = ("history", "doit history lists what was applied, when and by whom")
_SHOW = ("show", "doit show NAME says what a migration changed")
_CHECK = ("check", "doit check looks for mistakes in migration folders")
_LIST = ("list", "doit list shows every migration with its state")
_CREATE = ("create", "doit create NAME makes the folder of a new migration")
_PENDING = ("pending", "doit pending lists what is not applied yet")
_PREVIEW = ("preview", "doit preview shows what would change, and applies nothing")
_PUSH = ("push", "doit help push explains how to publish")
_SYNC = ("sync", "doit help sync explains how to fetch what others have published")
_ADOPT = ("adopt", "doit help adopt explains how to record what was applied by other means")
_VERSION = ("version", "doit version prints the versions of nes-tasks and doit")
_AGAIN = ("run", "doit help run explains how to execute a migration again")
_STATUS = ("status", "doit status shows the current state, and what to do next")
_GRAPH = ("report", "doit report writes a page about all migrations")
_INIT = ("create", "doit create NAME makes the first migration of a project")

# Words of other migration tools and of git, with the commands here; the first that exists is
# suggested. Names of existing commands never get here.
FOREIGN: dict[str, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys(
        ("apply", "deploy", "execute", GROUP, "migrations", "up", "update", "upgrade"), (_APPLY,)
    ),
    **dict.fromkeys(("down", "downgrade", "reset", "rollback", "undo", "unapply"), _UNDO),
    **dict.fromkeys(("changelog", "log", "reflog"), (_HISTORY,)),
    **dict.fromkeys(("cat", "describe", "inspect", "view"), (_SHOW,)),
    "diff": (("diff", "doit diff A B shows what changed between two points"), _SHOW),
    **dict.fromkeys(("lint", "test", "validate"), (_CHECK,)),
    **dict.fromkeys(("current", "heads", "ls", "showmigrations", "tasks"), (_LIST,)),
    **dict.fromkeys(
        ("add", "generate", "make", "makemigration", "makemigrations", "new", "revision", "seed"),
        (_CREATE,),
    ),
    **dict.fromkeys(("outstanding", "todo"), (_PENDING,)),
    **dict.fromkeys(("dry-run", "plan", "simulate", "sqlmigrate"), (_PREVIEW,)),
    "publish": (_PUSH,),
    **dict.fromkeys(("redo", "rerun"), (_AGAIN,)),
    **dict.fromkeys(("doctor", "repair"), (_STATUS,)),
    **dict.fromkeys(("fetch", "merge", "pull", "rebase"), (_SYNC,)),
    **dict.fromkeys(("baseline", "fake", "mark", "stamp"), (_ADOPT,)),
    "graph": (("graph", "doit graph draws the dependencies"), _GRAPH),
    "init": (("init", "doit help init explains how to create a project"), _INIT),
}
FOREIGN_OPTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys(("--check", "--outstanding"), (_PENDING,)),
    **dict.fromkeys(("--dry", "--dryrun", "--plan", "--preview", "--simulate"), (_PREVIEW,)),
    **dict.fromkeys(("--fake", "--fake-initial", "--stamp"), (_ADOPT,)),
    "--force": (("run", "doit help run explains doit migrate:NNN-name --force"),),
    **dict.fromkeys(("--list", "--status"), (_LIST,)),
    **dict.fromkeys(("--rollback", "--revert", "--undo"), _UNDO),
    **dict.fromkeys(("--version", "-V"), (_VERSION,)),
}
# Commands and tasks that may be suggested as they are: none changes the database.
HARMLESS = frozenset(
    {
        *("blame", "check", "create", "diff", "graph", "help", "history", "info", "list"),
        *("pending", "preview", "replay", "report", "show", "status", "verify", "version"),
    }
)


def closest(word: str, choices: Iterable[str]) -> str | None:
    """Return the closest match of `word` among `choices`, None without one."""
    import difflib

    by_lower = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def foreign(
    word: str, commands: Collection[str], table: dict[str, tuple[tuple[str, str], ...]] = FOREIGN
) -> str | None:
    """Return the command here for a word of another tool, None for an unknown word."""
    known = table.get(word if word.startswith("-") else word.lower(), ())
    return next((hint for name, hint in known if name in (*commands, "check")), None)


def wrong_word(word: str, commands: Collection[str]) -> UsageError:
    """Return the error for a word of another tool that has another meaning here."""
    return UsageError(f"doit {word} names no migration", hint=foreign(word, commands))


def unknown_task(word: str, tasks: Iterable[str]) -> UsageError:
    """Return the error for an unknown task."""
    meant = closest(word, tasks)
    hint = f"did you mean {meant}?" if meant else "doit list --all shows them"
    return UsageError(f"there is no task {quote(word)}", hint=hint)


def is_harmless(task: str) -> bool:
    """Return whether a name may be suggested: not that of a pending migration."""
    return task.partition(":")[0] != GROUP


def unknown_command(
    word: str, commands: Collection[str], tasks: Iterable[str], before: str = "doit"
) -> UsageError:
    """Return the error for the word after `before`, where a command or a task may stand."""
    message = f"there is no command or task {quote(word)}"
    if hint := foreign(word, commands):
        return UsageError(message, hint=hint)
    meant = closest(word, {*commands, *filter(is_harmless, tasks)})
    if meant is None:
        return UsageError(message, hint="doit help lists the commands")
    if meant in HARMLESS or before != "doit":
        return UsageError(message, hint=f"did you mean {before} {meant}?")
    return UsageError(message, hint=f"did you mean {meant}? doit help {meant} explains it")


def wrong_option(
    message: str, command: str, options: Iterable[str], commands: Collection[str] = ()
) -> UsageError:
    """Return the error for options that doit could not read; `message` is what doit says."""
    # The rest is the repr of doit's options.
    text = " ".join(message.partition(" (parsing options")[0].split())
    text = re.sub(r"^Error parsing (?:Command|Task): ", "", text)
    text = re.sub(r"^Error parsing parameter '(\w+)'(?: <class '\w+'>)?\.", r"\1:", text)
    found = NOT_RECOGNIZED.search(text)
    if found and (hint := foreign(found[1], commands, FOREIGN_OPTIONS)):
        return UsageError(text, hint=hint)
    known = sorted(options)
    if found and found[1] in known:
        hint = f"it does not fit here; doit help {command}"
        return UsageError(text, hint=hint)
    meant = closest(found[1], known) if found else None
    hint = f"did you mean {meant}? doit help {command}" if meant else f"doit help {command}"
    return UsageError(text, hint=hint)


def missing_dodo(message: str, command: str) -> UsageError | None:
    """Return the error for a missing `dodo.py`, None for another message.

    `message` is what doit says, `command` what to type after ``doit``.
    """
    found = NOT_FOUND.match(message)
    if found is None:
        return None
    path = Path(found[1])
    here = Path.cwd()
    if path.is_absolute() and path.parent != here:
        return UsageError(f"there is no file {path}", hint="name the dodo.py with -f")
    above = next((up for up in here.parents if (up / path.name).is_file()), None)
    if above is None:
        return UsageError(
            f"there is no {here / path.name}",
            hint=f"cd to the folder of the project; {START}",
        )
    return UsageError(
        f"there is no {here / path.name}",
        hint=f"doit -k{command} uses the one in {above}",
    )
