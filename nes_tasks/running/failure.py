"""A failed script in words: what went wrong, on which line of the folder, and all of it."""

from __future__ import annotations

import inspect
import linecache
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import NesTasksError
from ..printable import printable
from .advice import advice
from .row_at_work import row_at_work
from .script import UnfinishedError

MAX_LENGTH = 600
PACKAGE = f"{Path(__file__).parent.parent}{os.sep}"


def failure(error: BaseException, folder: str, display_path: str) -> dict[str, Any]:
    """Return the arguments of `MigrationFailedError` for an exception of a script.

    `folder` is the migration's folder and `display_path` how messages name it.
    """
    forgotten = getattr(error, "obj", None)
    if inspect.iscoroutine(forgotten) and inspect.getcoroutinestate(forgotten) == "CORO_CREATED":
        forgotten.close()  # or Python would warn that it was never awaited, as the message says
    # An exception that was put into a group without being raised has no traceback of its own.
    places = (
        _innermost_line(spoken, folder, display_path) for spoken in (next(_leaves(error)), error)
    )
    return {
        "message": describe(error, folder),
        "where": next(filter(None, places), None),
        "traceback": "".join(traceback.format_exception(error)),
    }


def describe(error: BaseException, folder: str | None = None) -> str:
    """Return an exception as one line, as Python's last line of a traceback would be.

    Of a group that is the first of its exceptions, with the number of the others. Before it
    stands the row of a data file that was worked on, behind it what to do, where they are known;
    `folder` is that of the migration.
    """
    first, *others = _leaves(error)
    text = printable(_sentence(first))
    text = text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
    if known := advice(first, _text(first), Path(folder) if folder else None):
        text = f"{text}; {printable(known)}"
    row = row_at_work(first, folder) if folder else None
    if row is not None and row.source.name not in text:
        text = f"{printable(row.place)}: {text}"
    return f"{text} (and {len(others)} more)" if others else text


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _sentence(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the script called sys.exit({'' if error.code is None else repr(error.code)})"
    if isinstance(error, NesTasksError):
        return str(error)
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    if _is_of_pydantic(error):
        return _plain_text(error)
    lines = [line.strip() for line in _plain_text(error).splitlines() if line.strip()]
    if lines and type(error) is ValueError and _is_ours(error):
        return "; ".join(lines)
    return f"{type(error).__name__}: {'; '.join(lines)}" if lines else type(error).__name__


def _plain_text(error: BaseException) -> str:
    """Return the text of an exception, with what pydantic says in it put into plain words."""
    text = _text(error)
    seen: set[int] = set()
    inner: BaseException | None = error
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        if _is_of_pydantic(inner):
            from ..models.plain_errors import plain_problems

            text = text.replace(_text(inner), plain_problems(inner))  # type: ignore[arg-type]
        inner = inner.__cause__ or inner.__context__
    return text


def _is_of_pydantic(error: BaseException) -> bool:
    # pydantic is slow to import, and already imported where one of its errors occurs.
    kind = type(error)
    return kind.__name__ == "ValidationError" and kind.__module__.startswith("pydantic")


def _is_ours(error: BaseException) -> bool:
    """Return whether our code raised an error, whose text then says all of it."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_code.co_filename.startswith(PACKAGE)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "its text cannot be shown"


def _innermost_line(error: BaseException, folder: str, display_path: str) -> str | None:
    """Return the innermost line of the folder in the traceback, None when there is none."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        spots = [(error.filename, error.lineno)]
    elif isinstance(error, UnfinishedError) and error.spot:
        spots = [error.spot]
    else:
        walked = traceback.walk_tb(error.__traceback__)
        spots = [(frame.f_code.co_filename, line) for frame, line in walked]
    # A helper may have been imported from where a link leads to.
    insides = (f"{folder}{os.sep}", f"{os.path.realpath(folder)}{os.sep}")
    for file_name, number in reversed(spots):
        for inside in insides:
            if file_name.startswith(inside):
                source = printable(linecache.getline(file_name, number).strip())
                return (
                    f"{display_path}/{file_name.removeprefix(inside)}:{number}  {source}".rstrip()
                )
    return None
