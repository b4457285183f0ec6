"""Load the script of a migration, call it, and wait for everything it started.

Python drops unawaited work with a warning at most. The migration would then count as applied
although a part of it never ran, so any leftover is a failure.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import os
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TextIO

from ..errors import NesTasksError

# The words of CPython, see _warn_unawaited_coroutine in its warnings module. With the flag that
# `warnings.filterwarnings` adds, `re` has it compiled for each script.
NEVER_AWAITED = re.compile(r"coroutine '(?P<name>.+)' was never awaited", re.IGNORECASE)


class UnfinishedError(NesTasksError):
    """A script has started something that did not finish.

    `spot` is its file and line, if known.
    """

    def __init__(self, message: str, *, hint: str, spot: tuple[str, int] | None = None) -> None:
        super().__init__(message, hint=hint)
        self.spot = spot


def run_migrate(name: str, path: str, context: Any) -> ModuleType:
    """Import the script of the migration `name`, call its `migrate`, and wait for all of it.

    Returns the module. Raises what the script raises, also in a task or a thread where no code
    looks at it, and `UnfinishedError` when something that it started was not carried out. A forked
    process of the script that returns ends here: the rest belongs to its parent.
    """
    with _parent_only(), _nothing_unawaited(), _nothing_lost_in_threads():
        module = load_script(name, path)
        _call("migrate", module.migrate, context)
    return module


def run_verify(module: ModuleType, make_context: Callable[[], Any]) -> bool:
    """Call the `verify` of a script, with a context of its own, and wait for it.

    Returns whether there is one.
    Raises whatever it raises, as `run_migrate` does, and `NesTasksError` when it returns False or
    cannot be called with the context alone.
    """
    verify = getattr(module, "verify", None)
    if not callable(verify):
        return False
    if problem := argument_problem("verify", verify):
        raise NesTasksError(problem, hint="rename it if it is a helper")
    with _parent_only(), _nothing_unawaited(), _nothing_lost_in_threads():
        if _call("verify", verify, make_context()) is False:
            raise NesTasksError("it returned False", hint="let it raise an error that says why")
    return True


def _call(name: str, function: Callable[[Any], Any], context: Any) -> Any:
    """Call a function of a script and wait for what it started."""
    result = function(context)
    if inspect.isawaitable(result):
        result = _finish(name, result)
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise UnfinishedError(
            f"{name} is a generator, so nothing in it was run", hint="remove the yield"
        )
    if inspect.iscoroutine(result):
        del result  # a coroutine that was returned instead of awaited warns when it is deleted
        return None
    return result


def argument_problem(name: str, function: Callable[..., Any]) -> str | None:
    """Return why a function cannot be called with the context alone, None when it can."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return f"{name} is a generator, so nothing in it would be run"
    try:
        signature = inspect.signature(function)
    except ValueError:  # some C functions have no signature
        return None
    try:
        signature.bind(None)
    except TypeError:
        return f"{name}{signature} cannot be called with one argument, the context"
    return None


def module_name(name: str) -> str:
    """Return under which name the script of the migration `name` is imported."""
    return f"migration_{name.replace('-', '_')}"


def load_script(name: str, path: str) -> ModuleType:
    """Import the script of the migration `name` and return the module, which has a `migrate`.

    Raises whatever the script raises.
    """
    imported_as = module_name(name)
    spec = importlib.util.spec_from_file_location(imported_as, path)
    assert spec
    assert spec.loader
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[imported_as] = module  # dataclasses and pickle look a class's module up
    spec.loader.exec_module(module)
    if not callable(getattr(module, "migrate", None)):
        raise TypeError("migrate is not a function")
    return module


def _finish(name: str, awaitable: Awaitable[Any]) -> Any:
    """Wait for the result of the function `name` and for all its tasks."""
    lost: list[BaseException] = []

    def note(loop: asyncio.AbstractEventLoop, details: dict[str, Any]) -> None:
        if "future" in details and "exception" in details:
            lost.append(details["exception"])
        loop.default_exception_handler(details)

    async def finish() -> Any:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(note)
        result = await awaitable
        left = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
        if left:
            names = ", ".join(sorted(_name(task) for task in left))
            raise UnfinishedError(
                f"{name} returned before its tasks had ended: {names}",
                hint="await them, or start them in an asyncio.TaskGroup",
            )
        return result

    result = asyncio.run(finish())
    if lost:
        raise lost[0]
    return result


def _name(task: asyncio.Task[Any]) -> str:
    return getattr(task.get_coro(), "__qualname__", task.get_name())


@contextmanager
def _nothing_unawaited() -> Iterator[None]:
    """Raise `UnfinishedError` for a coroutine without await; Python only warns of it."""
    found: list[UnfinishedError] = []
    show = warnings.showwarning

    def note(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if forgotten := NEVER_AWAITED.match(str(message)):
            problem = f"{forgotten['name']} was called without await, so it did nothing"
            hint = "write await before the call"
            found.append(UnfinishedError(problem, hint=hint, spot=(filename, lineno)))
        show(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        warnings.filterwarnings("always", NEVER_AWAITED.pattern, RuntimeWarning)
        warnings.showwarning = note
        yield
    if found:
        raise found[0]


@contextmanager
def _nothing_lost_in_threads() -> Iterator[None]:
    """Raise what a thread of the script ended with; Python only prints it."""
    lost: list[BaseException] = []
    show = threading.excepthook

    def note(details: threading.ExceptHookArgs) -> None:
        if details.exc_value is not None and not isinstance(details.exc_value, SystemExit):
            lost.append(details.exc_value)
        show(details)

    threading.excepthook = note
    try:
        yield
    finally:
        threading.excepthook = show
    if lost:
        raise lost[0]


@contextmanager
def _parent_only() -> Iterator[None]:
    process = os.getpid()
    try:
        yield
    except BaseException as error:
        if os.getpid() != process:
            _end_fork(error)
        raise
    if os.getpid() != process:
        _end_fork(None)


def _end_fork(error: BaseException | None) -> None:
    """End a forked process like Python, without running cleanup of its parent."""
    code: object = 0
    if isinstance(error, SystemExit):
        code = error.code or 0
    elif error is not None:
        traceback.print_exception(error)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else 1)
