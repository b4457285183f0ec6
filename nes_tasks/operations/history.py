"""The applied migrations: what their records and their commits tell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ..database.counts import with_statistics
from ..database.executions import Execution, durations
from ..database.ledger import Applied, Ledger
from ..git.command import Git
from ..git.log import Commit
from ..project import Project


@dataclass(frozen=True, slots=True)
class Run:
    """An applied migration with what the history tells of it.

    `record` is its marker's content, with the statistics of its commits where its own run did
    not count them. `execution` is None when no commit is known to be its own. `duration` is in
    seconds, None when nobody recorded it.
    """

    record: Applied
    execution: Execution | None = None
    duration: float | None = None

    @property
    def commits(self) -> tuple[Commit, ...]:
        """Its commits that were not taken back, oldest first; also of runs that it repeated."""
        return self.execution.live if self.execution else ()

    @property
    def applied_at(self) -> datetime | None:
        """When it was applied: by its record, else by its last commit."""
        if self.record.applied_at or not self.commits:
            return self.record.applied_at
        return self.commits[-1].committed_at

    @property
    def committer(self) -> str:
        """Who applied it; empty when no commit tells."""
        return self.commits[-1].committer if self.commits else ""


def runs(project: Project, ledger: Ledger, names: Collection[str] | None = None) -> list[Run]:
    """Return the applied migrations, or those among `names`, by number. Writes nothing.

    Raises `GitError` when the history cannot be read.
    """
    if ledger.commit is None:
        return []
    git, data_dir = Git(project.settings.database), project.settings.data_dir
    found = project.executions(ledger, names)
    seconds = durations(git, found)
    wanted = sorted((n for n in ledger.applied if names is None or n in names), key=project.order)
    records = ((name, ledger.applied[name], found.get(name)) for name in wanted)
    return [
        Run(with_statistics(git, record, run, data_dir), run, seconds.get(name))
        for name, record, run in records
    ]
