"""The index for the executions of one run, created when a script first needs it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..settings import Settings
from ..state_folder import make_folder
from .events import EventKind, ProgressCallback, RunEvent

if TYPE_CHECKING:
    from ..database.repository import Repository
    from ..services.index_file import IndexFile


class RunIndex:
    """Opens the index of the project with `settings`; `on_progress` reports on building it."""

    def __init__(self, settings: Settings, on_progress: ProgressCallback) -> None:
        self._settings = settings
        self._on_progress = on_progress
        self._file: IndexFile | None = None
        self._running = ""

    def opener(
        self, repository: Repository, name: str, base: str | None
    ) -> Callable[[], Path | None]:
        """Return a function that returns the index file of the commit `base`, None without one.

        `name` is the migration that waits for it. Only the branch's tree is stored in the project's
        file: a preview or a replay has a temporary one, which `close` removes. Call it before the
        script's process starts, which may read the folder only if it exists.
        """
        with contextlib.suppress(OSError):
            make_folder(self._settings.index_folder)

        def open_index() -> Path | None:
            self._running = name
            git = repository.git
            is_published = base == repository.head()
            return self._opened().at(git, git.tree_of(base), is_published=is_published)

        return open_index

    def _opened(self) -> IndexFile:
        if self._file is None:
            # Imported lazily: it loads the models, which most runs need only in the worker.
            from ..services.index_file import IndexFile

            self._file = IndexFile(
                self._settings.index_folder,
                self._settings.data_dir,
                warn=lambda text: self._on_progress(RunEvent(EventKind.WARNED, "", text)),
                progress=self._progressed,
            )
        return self._file

    def _progressed(self, label: str, done: int, total: int | None) -> None:
        event = RunEvent(EventKind.PROGRESSED, self._running, label, done, total)
        self._on_progress(event)

    def close(self) -> None:
        """Remove the temporary index of this run."""
        if self._file is not None:
            self._file.close()
