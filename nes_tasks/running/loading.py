"""Loading a script to see whether it loads: imported as for a run, and not executed.

What is at the top level of a script runs when it is imported, so it happens where a migration
runs too: in a process of its own, without secrets in its environment.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .. import compat
from .execution import make_deterministic
from .failure import failure
from .job import Channel, Loading
from .own_modules import make_importable
from .script import load_migrate


def load(loading: Loading, channel: Channel) -> None:
    """Import a script and look at its `migrate`, without calling it.

    Reports ``done`` with ``problem`` and ``line`` (None where there is none), or ``failed`` as
    an execution does; raises nothing that a script can cause.
    """
    try:
        make_deterministic(loading.name, datetime.fromisoformat(loading.clock))
        compat.choose(loading.nes_package)
        make_importable(loading.folder, lambda _: None)
        migrate = load_migrate(loading.name, loading.script)
        code = getattr(inspect.unwrap(migrate), "__code__", None)
        line = code.co_firstlineno if code and code.co_filename == loading.script else None
        channel.send(done={"problem": argument_problem(migrate), "line": line})
    except BaseException as error:
        channel.send(failed=failure(error, loading.folder, loading.shown))


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
