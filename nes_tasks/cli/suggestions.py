"""What was typed wrongly, and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import UsageError
from ..printable import abridged

NOT_RECOGNIZED = re.compile(r"option (-\S+) (?:not recognized|not a unique prefix)")
# How a project begins, for whoever has none.
START = "or begin one: echo 'from nes_tasks.dodo import *' > dodo.py"
NOT_FOUND = re.compile(r"Could not find dodo file '(.*?)'\.")


def closest(word: str, choices: Iterable[str]) -> str | None:
    """Return the one of `choices` that `word` is most like, None when it is like none."""
    import difflib

    by_lower = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def unknown_task(word: str, tasks: Iterable[str]) -> UsageError:
    """Return the error for a word that is no task."""
    meant = closest(word, tasks)
    hint = f"did you mean {meant}?" if meant else "doit list --all shows them"
    return UsageError(f"there is no task {abridged(word)}", hint=hint)


def unknown_command(
    word: str, commands: Iterable[str], tasks: Iterable[str], before: str = "doit"
) -> UsageError:
    """Return the error for the word behind `before`, where a command or a task may stand."""
    meant = closest(word, [*commands, *tasks])
    hint = f"did you mean {before} {meant}?" if meant else "doit help lists the commands"
    return UsageError(f"there is no command or task {abridged(word)}", hint=hint)


def wrong_option(said: str, command: str, options: Iterable[str]) -> UsageError:
    """Return the error for options that doit could not read; `said` is what doit says."""
    # What follows is how doit holds its options in memory.
    text = " ".join(said.partition(" (parsing options")[0].split())
    text = re.sub(r"^Error parsing (?:Command|Task): ", "", text)
    text = re.sub(r"^Error parsing parameter '(\w+)'(?: <class '\w+'>)?\.", r"\1:", text)
    found = NOT_RECOGNIZED.search(text)
    meant = closest(found[1], options) if found else None
    hint = f"did you mean {meant}? doit help {command}" if meant else f"doit help {command}"
    return UsageError(text, hint=hint)


def missing_dodo(said: str, command: str) -> UsageError | None:
    """Return the error for a `dodo.py` that is not there, None when it is about another thing.

    `said` is what doit says, `command` what to type after ``doit``.
    """
    found = NOT_FOUND.match(said)
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
        hint=f"doit -k{command} takes the one in {above}",
    )
