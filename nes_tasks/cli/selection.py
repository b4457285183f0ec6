"""Parse the migrations and their options from the command line of `doit run`.

doit itself parses these words only after it has selected tasks. Parsing them earlier allows numbers
as names, and detects a dry run before anything is executed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from doit.cmdparse import CmdOption, CmdParseError, TaskParse

from ..errors import UsageError
from ..migrations import Plan
from .check_report import CHECK
from .session import GROUP, migration_name

DRY_RUN = "--dry-run"
FORCE = "--force"


@dataclass(slots=True)
class Selection:
    """The words of a command line, in the form that doit understands.

    `migrations` are the full names of those that are named, `forced` those with ``--force``;
    `all_pending` says that the whole group is, `others` which tasks are of another kind.
    """

    words: list[str] = field(default_factory=list)
    migrations: list[str] = field(default_factory=list)
    forced: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    all_pending: bool = False
    is_dry_run: bool = False


def read_selection(
    words: Iterable[str],
    tasks: Mapping[str, Any],
    plan: Plan,
    *,
    resolve: Callable[[str], str],
    unknown: Callable[[str], UsageError],
) -> Selection:
    """Read the words after `doit run`.

    `tasks` are doit's by name; `resolve` gives the full name of a task of a migration, `unknown`
    the error for a word that means nothing. Raises `UsageError` for words that cannot be resolved.
    """
    found = Selection()
    targets = {target: task.name for task in tasks.values() for target in task.targets}
    rest, bare = list(words), ""
    while rest:
        word = rest.pop(0)
        if word in (GROUP, CHECK) and rest and _is_meant(rest[0], word, tasks, plan):
            word = f"{word}:{rest.pop(0)}"
        elif word not in tasks and (name := bare_name(word, plan)):
            bare, word = word, f"{GROUP}:{name}"
        word = resolve(targets.get(word, word))
        options, rest = _options(tasks.get(word), word, rest, found)
        found.words += [word, *options]
        if word == GROUP:
            found.all_pending = True
        elif matching := _migrations(word, tasks):
            found.migrations += matching
            found.forced += matching if FORCE in options else []
        else:
            found.others.append(word)
    if bare and any(word.partition(":")[0] != CHECK for word in found.others):
        # A number may be a value for another task, or for a mistyped command.
        strange = (word for word in found.others if word not in tasks and ":" not in word)
        raise unknown(next(strange, bare))
    return found


def bare_name(word: str, plan: Plan) -> str | None:
    """Return the migration that a word without ``migrate:`` names: a number or a full name.

    Raises `UsageError` for a number that is not there or that two have.
    """
    if word.isascii() and word.isdigit():
        return plan.resolve(word).name
    name = word.rstrip("/").rpartition("/")[2]
    return name if name in plan else None


def _is_meant(word: str, group: str, tasks: Mapping[str, Any], plan: Plan) -> bool:
    """Return whether the word after a group names one of its migrations."""
    if word in tasks or word.startswith("-"):
        return False
    if bare_name(word, plan):
        return True
    # A check changes nothing, so a part of a name is enough.
    return group == CHECK and ":" not in word and "*" not in word


def _migrations(word: str, tasks: Mapping[str, Any]) -> list[str]:
    """Return the migrations that a word names, several for a pattern."""
    if "*" in word:
        names = [migration_name(name) for name in tasks if fnmatchcase(name, word)]
        return [name for name in names if name]
    name = migration_name(word)
    return [name] if name else []


def _options(
    task: Any, word: str, rest: list[str], found: Selection
) -> tuple[list[str], list[str]]:
    """Return the options that belong to the preceding task, and the remaining words.

    A dry run is recorded and removed: only the project's own tasks may have that option.
    """
    if not (word == GROUP or migration_name(word) or "*" in word):
        return _own_options(task, rest)
    options: list[str] = []
    while rest and rest[0].startswith("-"):
        option, *rest = rest
        if option == DRY_RUN:
            found.is_dry_run = True
        elif option == FORCE and word == GROUP:
            raise UsageError(
                "--force needs the name of one migration",
                hint="doit help run explains doit migrate:NNN-name --force",
            )
        else:
            options.append(option)
    return options, rest


def _own_options(task: Any, rest: list[str]) -> tuple[list[str], list[str]]:
    """Return the words that another task consumes, and the remaining ones."""
    if task is None:
        return [], rest
    parser = TaskParse([CmdOption(option) for option in (*task.creator_params, *task.params)])
    try:
        _, behind = parser.parse(rest)
    except (CmdParseError, ValueError):
        return rest, []  # doit words the error
    if task.pos_arg is not None:
        behind = []
    count = len(rest) - len(behind)
    return rest[:count], rest[count:]
