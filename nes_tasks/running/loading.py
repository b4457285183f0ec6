"""Load a script as for a run, without executing its migration.

Importing runs its top-level code, so this happens like a migration in a separate process, without
secrets in its environment.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from .script import argument_problem, load_script
from .task import Task


def examine(task: Task) -> dict[str, Any]:
    """Import a script and inspect its `migrate`, without calling it.

    Returns ``problem`` and ``line`` (None where there is none) of `migrate`, or of `verify` where
    that has one; raises whatever the script does.
    """
    module = load_script(task.name, task.script)
    found: dict[str, Any] = {"problem": None, "line": None}
    for name in ("verify", "migrate"):
        function = getattr(module, name, None)
        if callable(function) and (name == "migrate" or argument_problem(name, function)):
            problem, line = argument_problem(name, function), _line_of(function, task.script)
            if problem or found["problem"] is None:
                found = {"problem": problem, "line": line}
    return found


def _line_of(function: Callable[..., Any], script: str) -> int | None:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code.co_firstlineno if code and code.co_filename == script else None
