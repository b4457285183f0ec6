"""A failed script in words: what went wrong, on which line of the folder, and all of it."""

from __future__ import annotations

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

MAX_LENGTH = 400


def failure(error: BaseException, folder: str, shown: str) -> dict[str, Any]:
    """Return the arguments of `MigrationFailedError` for an exception of a script.

    `folder` is the migration's folder and `shown` how messages name it.
    """
    # An exception that was put into a group without being raised has no traceback of its own.
    places = (_innermost_line(spoken, folder, shown) for spoken in (next(_leaves(error)), error))
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
    lines = [line.strip() for line in _text(error).splitlines() if line.strip()]
    # pydantic ends with the address of an explanation of the kind of error.
    lines = [line for line in lines if not line.startswith("For further information")]
    return f"{type(error).__name__}: {'; '.join(lines)}" if lines else type(error).__name__


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "its text cannot be shown"


def _innermost_line(error: BaseException, folder: str, shown: str) -> str | None:
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
                return f"{shown}/{file_name.removeprefix(inside)}:{number}  {source}".rstrip()
    return None
