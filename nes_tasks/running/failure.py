"""Describe the failure of a script: the error, its line in the folder, and a hint."""

from __future__ import annotations

import inspect
import linecache
import os
import re
import traceback
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any

from ..errors import NesTasksError
from ..models.entity_types import ENTITY_TYPE_MAP, EntitySubType, EntityType
from ..text import escape_control
from .current_row import current_row
from .readers import similar_file
from .script import UnfinishedError

# Messages of the `enum` module for an unknown value.
NO_MEMBER = re.compile(r"^'?(.*?)'? is not a valid (EntityType|EntitySubType)$")
NOT_OF_TYPE = re.compile(r"Entity subtype \S+ not supported for entity type EntityType\.(\w+)")
NO_RELATIONSHIP = re.compile(r"Invalid relationship type: (\S+)\. Must be one of")
# Messages of Python, and of pydantic for an assigned field.
NO_ATTRIBUTE = re.compile(
    r"""^'(\w+)' object has no attribute '(\w+)'$|^"(\w+)" object has no field "(\w+)"$"""
)
UNEXPECTED = re.compile(r"([\w.]+)\(\) got an unexpected keyword argument '(\w+)'")
COROUTINE = re.compile(r"'coroutine' object|object of type 'coroutine'|not 'coroutine'")
AWAIT = (
    "await is missing before the call: write async def migrate(context): and await in front of "
    "what context.publication, context.search and context.db do"
)


def advice(error: BaseException, text: str, folder: Path | None) -> str | None:
    """Return the hint for the exception `error` with the message `text`; None if unknown.

    `folder` is that of the migration; it is only read.
    """
    if isinstance(error, NesTasksError):
        return None  # it has a hint of its own
    if notes := getattr(error, "__notes__", None):
        return "; ".join(map(str, notes))
    if isinstance(error, FileNotFoundError):
        return _of_the_folder(error.filename, folder)
    if isinstance(error, AttributeError | TypeError) and COROUTINE.search(text):
        return AWAIT
    if found := NO_ATTRIBUTE.search(text):
        owner, name = found[1] or found[3], found[2] or found[4]
        return _meant(name, _attributes(getattr(error, "obj", None), owner))
    if isinstance(error, TypeError) and (found := UNEXPECTED.search(text)):
        return _meant(found[2], _parameters(found[1]))
    return _of_a_value(text) if isinstance(error, ValueError) else None


def _of_a_value(text: str) -> str | None:
    if found := NO_MEMBER.search(text):
        members = EntityType if found[2] == "EntityType" else EntitySubType
        return _meant(found[1], [member.value for member in members]) or _one_of(members)
    if found := NOT_OF_TYPE.search(text):
        kinds = ENTITY_TYPE_MAP[EntityType[found[1]]] - {None}
        return _one_of(kind for kind in EntitySubType if kind in kinds)
    if found := NO_RELATIONSHIP.search(text):
        from ..models.relationship import RELATIONSHIP_TYPES

        return _meant(found[1], RELATIONSHIP_TYPES)
    return None


def _meant(word: str, choices: Iterable[str]) -> str | None:
    by_form = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(word.casefold(), by_form, n=1, cutoff=0.7)
    return f"did you mean {by_form[found[0]]}?" if found else None


def _attributes(owner: object, name: str) -> list[str]:
    """Return the public attributes of an object, or of our class of this name."""
    if owner is None:
        from ..models.plain_errors import class_named

        owner = class_named(name)
    try:
        found = [] if owner is None else dir(owner)
        found += getattr(owner, "model_fields", ())
    except Exception:  # attributes of a script's object may raise anything
        return []
    return [name for name in found if not name.startswith("_")]


def _parameters(function: str) -> list[str]:
    """Return the parameters of a method of the context or of its services."""
    from ..services.database import EntityDatabase
    from ..services.publication import PublicationService
    from ..services.search import SearchService
    from .context import MigrationContext

    owner, _, name = function.rpartition(".")
    for service in (MigrationContext, PublicationService, SearchService, EntityDatabase):
        method = getattr(service, name, None)
        if service.__name__ == owner and inspect.isfunction(method):
            return list(inspect.signature(method).parameters)
    return []


def _of_the_folder(name: object, folder: Path | None) -> str | None:
    if folder is None or not isinstance(name, str) or ".." in Path(name).parts:
        return None
    if Path(name).is_absolute():
        inside = Path(name).is_relative_to(folder)
        meant = similar_file(folder, str(Path(name).relative_to(folder))) if inside else None
        return f"did you mean {meant}?" if meant else None
    if not (folder / name).is_file():
        return None
    return (
        "it is in the migration's folder: context.read_csv and the like find it there, "
        f"and so does open(context.migration_dir / {name!r})"
    )


def _one_of(members: Iterable[Enum]) -> str:
    values = [member.value for member in members]
    return f"it can be {', '.join(values)}" if values else "omit it"


MAX_LENGTH = 600
PACKAGE = f"{Path(__file__).parent.parent}{os.sep}"


def failure(error: BaseException, folder: str, display_path: str) -> dict[str, Any]:
    """Return the arguments of `MigrationFailedError` for an exception of a script.

    `folder` is the migration's folder and `display_path` how messages name it.
    """
    forgotten = getattr(error, "obj", None)
    if inspect.iscoroutine(forgotten) and inspect.getcoroutinestate(forgotten) == "CORO_CREATED":
        forgotten.close()  # or Python would warn of a missing await, which the message says already
    # An exception that was put into a group without being raised has no traceback.
    lines = (
        _innermost_line(raised, folder, display_path) for raised in (next(_leaves(error)), error)
    )
    return {
        "message": describe(error, folder),
        "where": next(filter(None, lines), None),
        "traceback": "".join(traceback.format_exception(error)),
    }


def describe(error: BaseException, folder: str | None = None) -> str:
    """Return an exception as one line, like the last line of a traceback.

    For a group it is the first exception, with the number of the others. The current row of a data
    file precedes it and a hint follows it, where known; `folder` is that of the migration.
    """
    first, *others = _leaves(error)
    text = escape_control(_sentence(first))
    text = text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
    if known := advice(first, _text(first), Path(folder) if folder else None):
        text = f"{text}; {escape_control(known)}"
    row = current_row(first, folder) if folder else None
    if row is not None and row.source.name not in text:
        text = f"{escape_control(row.place)}: {text}"
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
    """Return the message of an exception, with readable pydantic errors."""
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
    """Return whether our code raised an error, so that its message is complete."""
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
    # A helper may have been imported through a symbolic link.
    insides = (f"{folder}{os.sep}", f"{os.path.realpath(folder)}{os.sep}")
    for file_name, number in reversed(spots):
        for inside in insides:
            if file_name.startswith(inside):
                source = escape_control(linecache.getline(file_name, number).strip())
                return (
                    f"{display_path}/{file_name.removeprefix(inside)}:{number}  {source}".rstrip()
                )
    return None
