"""Looking at a script that is loaded: imported as for a run, and not executed.

What is at the top level of a script runs when it is imported, so it happens where a migration
runs too: in a process of its own, without secrets in its environment.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from .job import Task
from .script import load_migrate


def examine(task: Task) -> dict[str, Any]:
    """Import a script and look at its `migrate`, without calling it.

    Returns ``problem`` and ``line`` (None where there is none); raises whatever the script does.
    """
    migrate = load_migrate(task.name, task.script)
    code = getattr(inspect.unwrap(migrate), "__code__", None)
    line = code.co_firstlineno if code and code.co_filename == task.script else None
    return {"problem": argument_problem(migrate), "line": line}


def argument_problem(migrate: Callable[..., Any]) -> str | None:
    """Return why `migrate` cannot be called with the context alone, None when it can."""
    if inspect.isgeneratorfunction(migrate) or inspect.isasyncgenfunction(migrate):
        return "migrate is a generator, so nothing in it would be run"
    try:
        signature = inspect.signature(migrate)
    except ValueError:  # something without a signature, as some of C's functions are
        return None
    try:
        signature.bind(None)
    except TypeError:
        return f"migrate{signature} cannot be called with one argument, the context"
    return None
