"""The check of a migration: its folder, its data files, and whether its script loads."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from shlex import quote

from ..clock import now, timestamp
from ..errors import MigrationFailedError
from ..migrations import Entry, Folder, State
from ..migrations.finding import Finding, error, hint
from ..migrations.lint import check_folder, sorted_findings
from ..migrations.syntax_tree import Script
from ..project import Project
from ..running.process import listen
from ..running.protocol import LOADED, decode_loaded
from ..running.run_log import RunLog
from ..running.script_terms import Terms
from ..running.task import Task
from ..running.worker import Worker
from .data_files import data_findings


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of checking folders: their number, and the findings with their migrations."""

    count: int
    findings: tuple[tuple[str, Finding], ...]

    @property
    def has_errors(self) -> bool:
        """Whether the check failed."""
        return any(finding.is_error for _, finding in self.findings)


def check(project: Project, names: Collection[str] = ()) -> Checked:
    """Check the folders of these migrations, all without names; changes nothing."""
    found: list[tuple[str, Finding]] = []
    entries = [
        entry
        for entry in project.plan
        if entry.folder is not None and (not names or entry.name in names)
    ]
    with Checker(project) as checker:
        for entry in entries:
            found += ((entry.name, finding) for finding in checker.check(entry))
    return Checked(len(entries), tuple(found))


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
        """Return the findings for an entry of the plan: errors first, then hints.

        An applied and unchanged migration is not checked: fixing a finding would cause drift.
        """
        found = check_folder(entry)
        folder = entry.folder
        if folder is None or folder.files is None or entry.state is State.APPLIED:
            return found
        found += data_findings(folder)
        found += self._unadded(folder)
        if folder.script is not None:
            found += self._load(folder, folder.script)
        return sorted_findings(found)

    def _unadded(self, folder: Folder) -> Iterator[Finding]:
        """Find input files that git does not track although it tracks others of the folder."""
        new = self._project.unadded.get(folder.name, frozenset())
        for file in folder.files or ():
            if file.relative in new:
                path = f"{folder.display_path}/{file.relative}"
                yield hint(path, "it is not added to git", line=1, advice=f"git add {quote(path)}")

    def _load(self, folder: Folder, script: str) -> Iterator[Finding]:
        """Check that the script loads and has a callable `migrate`."""
        display_path, path = f"{folder.display_path}/{script}", folder.path / script
        source = Script.read(path, display_path)
        if source is None:
            return  # the plan reports the syntax error
        settings = self._project.settings
        task = Task(
            name=folder.name,
            folder=folder.directory,
            display_path=folder.display_path,
            script=str(path),
            clock=timestamp(now()),
            nes_package=settings.nes_package,
        )
        try:
            with self._worker.start(task, Terms.of(settings, folder)) as process:
                loaded = decode_loaded(listen(process, task.name, {}, end=LOADED).payload)
        except MigrationFailedError as failed:
            file, line = _location(failed.where, folder)
            message = failed.message.removeprefix(f"{folder.name} failed: ")
            yield error(
                file or display_path,
                f"the script does not load: {message}",
                line=line or source.line_of("migrate") or 1,
                advice="correct it, or pip install what it imports",
            )
            return
        if loaded.problem:
            yield error(
                display_path,
                loaded.problem,
                line=loaded.line or source.line_of("migrate") or 1,
                advice=f"write async def {loaded.problem.split('(')[0].split()[0]}(context):",
            )

    def close(self) -> None:
        """Stop the worker."""
        self._worker.close()

    def __enter__(self) -> Checker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _location(where: str | None, folder: Folder) -> tuple[str | None, int | None]:
    """Return the displayed file and the line of ``path:line source text``."""
    found = re.match(rf"(?:.*/)?{re.escape(folder.name)}/(.+?):(\d+)(?:  |$)", where or "")
    return (f"{folder.display_path}/{found[1]}", int(found[2])) if found else (None, None)
