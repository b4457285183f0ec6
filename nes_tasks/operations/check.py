"""The check of a migration: its folder, its data files, and whether its script loads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ..clock import now, timestamp
from ..errors import MigrationFailedError
from ..migrations import Entry, Folder, State
from ..migrations.finding import Finding, error, hint
from ..migrations.lint import check_folder, scripts_of, sorted_findings
from ..migrations.script import Script
from ..printable import abridged
from ..project import Project
from ..running import readers
from ..running.job import Task
from ..running.log import RunLog
from ..running.process import listen
from ..running.protocol import LOADED, decode_loaded
from ..running.rows import likely_delimiter
from ..running.terms import Terms
from ..running.worker import Worker


class Checker:
    """Checks the migrations of one project; changes neither folders nor database.

    The scripts are loaded in a worker process, never in this one, and confined as in a run; `warn`
    is called when they cannot be. Use it in a ``with`` block or
    call `close`.
    """

    def __init__(self, project: Project, warn: Callable[[str], None] = lambda _: None) -> None:
        self._project = project
        log = RunLog(project.settings.state_folder / "logs").path
        self._worker = Worker(log, may_record=False, warn=warn)

    def check(self, entry: Entry) -> list[Finding]:
        """Return what is found about an entry of the plan: errors first, then hints.

        A migration that is applied and unchanged is not looked into: a change to it would be
        drift, which is worse than what might be found.
        """
        found = check_folder(entry)
        folder = entry.folder
        if folder is None or folder.files is None or entry.state is State.APPLIED:
            return found
        found += data_findings(folder)
        if folder.script is not None:
            found += self._load(folder, folder.script)
        return sorted_findings(found)

    def _load(self, folder: Folder, script: str) -> Iterator[Finding]:
        """Find out whether the script loads and has a `migrate` that can be called."""
        shown, path = f"{folder.shown}/{script}", folder.path / script
        source = Script.read(path, shown)
        if source is None:
            return  # the plan names the line that is no Python
        settings = self._project.settings
        task = Task(
            name=folder.name,
            folder=folder.directory,
            shown=folder.shown,
            script=str(path),
            clock=timestamp(now()),
            nes_package=settings.nes_package,
        )
        try:
            with self._worker.start(task, Terms.of(settings, folder)) as process:
                loaded = decode_loaded(listen(process, task.name, {}, end=LOADED).payload)
        except MigrationFailedError as failed:
            place, line = _place(failed.where, folder)
            message = failed.message.removeprefix(f"{folder.name} failed: ")
            yield error(
                place or shown,
                f"the script does not load: {message}",
                line=line or source.line_of("migrate") or 1,
                advice="correct it, or pip install what it imports",
            )
            return
        if loaded.problem:
            yield error(
                shown,
                loaded.problem,
                line=loaded.line or source.line_of("migrate") or 1,
                advice="write async def migrate(context):",
            )

    def close(self) -> None:
        """End the worker."""
        self._worker.close()

    def __enter__(self) -> Checker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _place(where: str | None, folder: Folder) -> tuple[str | None, int | None]:
    """Return file and line of ``path:line  source text``, as messages name the file."""
    found = re.match(rf"(?:.*/)?{re.escape(folder.name)}/(.+?):(\d+)(?:  |$)", where or "")
    return (f"{folder.shown}/{found[1]}", int(found[2])) if found else (None, None)


# Data files ---------------------------------------------------------------------------------


def data_findings(folder: Folder) -> list[Finding]:
    """Return a finding for each data file that cannot be read as what its name says.

    Encoding, delimiter and sheet are those that a script of the folder passes where it opens
    the file, else UTF-8, the comma, and the sheet that is shown first; a file for which they
    only show in a run is passed over.
    """
    scripts = scripts_of(folder)
    found: list[Finding] = []
    for file in folder.files or ():
        read = READERS.get(PurePosixPath(file.relative).suffix.lower())
        options: dict[str, Any] = {}
        for script in scripts.values():
            options |= script.options_for(file.relative)
        if read is None or None in options.values():
            continue
        try:
            read(Path(file.path), file.relative, options)
        except DoubtfulFileError as problem:
            found.append(_about(problem, hint, folder, file.relative))
        except readers.InputFileError as problem:
            found.append(_about(problem, error, folder, file.relative))
    return found


def _about(
    problem: readers.InputFileError, kind: Callable[..., Finding], folder: Folder, name: str
) -> Finding:
    line = re.search(r"\bline (\d+)", problem.message)
    return kind(
        f"{folder.shown}/{name}",
        problem.message,
        line=int(line[1]) if line else 1,
        advice=problem.hint,
    )


class DoubtfulFileError(readers.InputFileError):
    """A data file can be read, but most likely not as it was meant."""


def _read_csv(path: Path, name: str, options: dict[str, Any]) -> None:
    known = _only(options, "delimiter", "encoding")
    try:
        _exhaust(readers.iter_csv(path, name, strict=True, **known))
    except readers.InputFileError as problem:
        _exhaust(readers.iter_csv(path, name, **known))
        raise DoubtfulFileError(problem.message, hint="look for a stray quotation mark") from None
    columns = list(next(readers.iter_csv(path, name, **known), ()))
    if delimiter := likely_delimiter(columns):
        raise DoubtfulFileError(
            f"{name} has one column only, {abridged(columns[0])}",
            hint=f"read it with delimiter={delimiter!r}",
        )


def _read_tsv(path: Path, name: str, options: dict[str, Any]) -> None:
    _read_csv(path, name, {"delimiter": "\t", **options})


def _read_json(path: Path, name: str, options: dict[str, Any]) -> None:
    readers.read_json(path, name, **_only(options, "encoding"))


def _read_jsonl(path: Path, name: str, options: dict[str, Any]) -> None:
    _exhaust(readers.iter_jsonl(path, name, **_only(options, "encoding")))


def _read_excel(path: Path, name: str, options: dict[str, Any]) -> None:
    readers.read_excel(path, name, **_only(options, "sheet_name"))


def _only(options: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: options[key] for key in keys if key in options}


def _exhaust(rows: Iterable[Any]) -> None:
    for _ in rows:
        pass


READERS: dict[str, Callable[[Path, str, dict[str, Any]], None]] = {
    ".csv": _read_csv,
    ".json": _read_json,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".tsv": _read_tsv,
    ".xlsx": _read_excel,
}
