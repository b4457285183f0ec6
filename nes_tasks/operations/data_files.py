"""Check the data files of a folder by reading them as its scripts do."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ..migrations import Folder
from ..migrations.data_kinds import READER_BY_ENDING
from ..migrations.finding import Finding, error, hint
from ..migrations.lint import scripts_of
from ..migrations.pointers import pointer_in
from ..migrations.syntax_tree import Reading, Script
from ..running import readers
from ..text import quote
from .doubtful_text import doubts

SHEET_OPTIONS = ("as_text", "fill_merged", "max_rows")
LAYOUT_OPTIONS = ("header", "skip_rows", "required", "ignore")


def data_findings(folder: Folder) -> list[Finding]:
    """Return the findings for the data files of a folder.

    A file is read with the reader and the options of each script that reads it by a method of the
    context; a failure is an error. A file that another function reads is skipped. Any other file is
    read by its extension, and a failure is a hint.
    """
    scripts = scripts_of(folder)
    found: list[Finding] = []
    for file in folder.files or ():
        path = Path(file.path)
        readings = [
            reading for script in scripts.values() for reading in script.readings(file.relative)
        ]
        try:
            if pointer := pointer_in(path, file.size):
                found.append(
                    error(
                        f"{folder.display_path}/{file.relative}",
                        f"it is {pointer.kind}, not the data",
                        line=1,
                        advice=pointer.command,
                    )
                )
                continue
        except OSError:
            pass  # the readers explain why
        ours = [reading for reading in readings if reading.method is not None]
        for reading in ours:
            found += _findings(folder, file.relative, path, reading, error, scripts.values())
        method = READER_BY_ENDING.get(PurePosixPath(file.relative).suffix.lower())
        if not readings and method is not None:
            found += _findings(folder, file.relative, path, Reading(method, {}), hint)
    return list(dict.fromkeys(found))


def _findings(
    folder: Folder,
    name: str,
    path: Path,
    reading: Reading,
    kind: Callable[..., Finding],
    scripts: Collection[Script] = (),
) -> Iterator[Finding]:
    """Read a file and yield its findings: problems as `kind`, doubts as hints.

    Columns that none of the `scripts` mentions are doubts, too.
    """
    if reading.method is None or reading.options is None:
        return
    sources: list[readers.Source] = []
    display_path = f"{folder.display_path}/{name}"
    try:
        rows = _read(reading.method, path, name, dict(reading.options), sources)
        for number, doubt in doubts(rows):
            is_line = bool(sources) and sources[0].unit == "line"
            yield hint(display_path, doubt, line=number if is_line else 1)
        if scripts and not reading.options.get("as_frame"):
            yield from (hint(display_path, doubt, line=1) for doubt in _unread(sources, scripts))
        if reading.method in ("read_csv", "iter_csv"):
            _doubt_csv(path, name, reading.options, sources)
    except DoubtfulFileError as problem:
        yield _about(problem, hint, display_path)
    except (readers.InputFileError, TypeError, ValueError) as problem:
        yield _about(problem, kind, display_path)
    for source in sources:
        yield from (hint(display_path, doubt, line=1) for doubt in source.hints)


def _unread(sources: Iterable[readers.Source], scripts: Collection[Script]) -> Iterator[str]:
    """Yield a doubt for each table with columns that no script seems to mention."""
    if any(script.reads_whole_rows for script in scripts):
        return
    mentioned = {text for script in scripts for text in script.texts}
    for source in sources:
        unread = [
            column
            for column in source.columns
            if column and column not in mentioned and column not in source.ignored
        ]
        # A table without any mentioned column is read in another way.
        if unread and len(unread) < len(source.columns):
            yield f"{source.name}: {readers.unread_columns(unread)}"


def _about(problem: Exception, kind: Callable[..., Finding], display_path: str) -> Finding:
    message = getattr(problem, "message", str(problem))
    line = re.search(r"\bline (\d+)", message)
    advice = getattr(problem, "hint", None)
    return kind(display_path, message, line=int(line[1]) if line else 1, advice=advice)


class DoubtfulFileError(readers.InputFileError):
    """A data file can be read, but probably not as intended."""


def _read(
    method: str, path: Path, name: str, options: dict[str, Any], sources: list[readers.Source]
) -> Iterable[Any]:
    """Return the rows or values of a file as a method of the context would read them."""
    return READ[method](path, name, options, sources)


def _read_csv(
    path: Path, name: str, options: dict[str, Any], sources: list[readers.Source]
) -> Iterable[Any]:
    layout = readers.Layout(**_taken(options, *LAYOUT_OPTIONS))
    if options.pop("as_frame", False):
        readers.read_csv_frame(path, name, layout=layout, **options)
        return []
    return readers.iter_csv(path, name, layout=layout, sources=sources, **options)


def _read_excel(
    path: Path, name: str, options: dict[str, Any], sources: list[readers.Source]
) -> Iterable[Any]:
    rows = readers.read_excel(
        path,
        name,
        sheet_name=options.pop("sheet_name", None),
        layout=readers.Layout(**_taken(options, *LAYOUT_OPTIONS)),
        options=readers.SheetOptions(**_taken(options, *SHEET_OPTIONS)),
        sources=sources,
    )
    return rows if isinstance(rows, list) else [row for part in rows.values() for row in part]


def _iter_excel(
    path: Path, name: str, options: dict[str, Any], sources: list[readers.Source]
) -> Iterable[Any]:
    return _read_excel(path, name, {**options, "max_rows": None}, sources)


def _read_geojson(
    path: Path, name: str, options: dict[str, Any], sources: list[readers.Source]
) -> Iterable[Any]:
    return readers.read_geojson(path, name, sources=sources, **options)


def _read_json(
    path: Path, name: str, options: dict[str, Any], sources: list[readers.Source]
) -> Iterable[Any]:
    options.pop("as_frame", None)
    content = readers.read_json(path, name, sources=sources, **options)
    return content if isinstance(content, list) else []


def _read_jsonl(
    path: Path, name: str, options: dict[str, Any], sources: list[readers.Source]
) -> Iterable[Any]:
    options.pop("as_frame", None)
    return readers.iter_jsonl(path, name, sources=sources, **options)


# The readers of the context's methods.
READ: dict[str, Callable[[Path, str, dict[str, Any], list[readers.Source]], Iterable[Any]]] = {
    "iter_csv": _read_csv,
    "iter_excel": _iter_excel,
    "iter_jsonl": _read_jsonl,
    "read_csv": _read_csv,
    "read_excel": _read_excel,
    "read_geojson": _read_geojson,
    "read_json": _read_json,
    "read_jsonl": _read_jsonl,
}


def _taken(options: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: options.pop(name) for name in names if name in options}


def _doubt_csv(
    path: Path, name: str, options: dict[str, Any], sources: list[readers.Source]
) -> None:
    """Raise `DoubtfulFileError` for a CSV file with an implausible layout."""
    if sources and (delimiter := readers.likely_delimiter(list(sources[0].columns))):
        raise DoubtfulFileError(
            f"{name} has one column only, {quote(sources[0].columns[0])}",
            hint=f"read it with delimiter={delimiter!r}",
        )
    if options.get("as_frame"):
        return
    known = dict(options)
    layout = readers.Layout(**_taken(known, *LAYOUT_OPTIONS))
    try:
        for _ in readers.iter_csv(path, name, layout=layout, **{**known, "strict": True}):
            pass
    except readers.InputFileError as problem:
        raise DoubtfulFileError(problem.message, hint="look for a stray quotation mark") from None
