"""Call the verify functions of applied migrations on a commit of the database."""

from __future__ import annotations

from collections.abc import Callable

from ..clock import now, timestamp
from ..errors import MigrationFailedError
from ..git.command import Git
from ..git.snapshot import GitSource
from ..migrations import Folder, list_inputs, load
from ..project import Project
from . import protocol
from .events import EventKind, ProgressCallback, RunEvent
from .process import ScriptProcess, listen, object_handlers
from .run_log import RunLog
from .script_terms import Terms
from .task import Task
from .worker import Worker


class Verifier:
    """Calls verify on the commit `commit`, confined as in a run and without the network.

    Use it in a ``with`` block or call `close`.
    """

    def __init__(self, project: Project, commit: str, on_progress: ProgressCallback) -> None:
        self._project = project
        self._progress = on_progress
        git = Git(project.settings.database)
        self._tree = git.tree_of(commit)
        self._source = GitSource(git)
        self._log = RunLog(project.settings.state_folder / "logs")
        self._running = ""
        self._worker = Worker(
            self._log.path,
            may_record=False,
            on_print=self._printed,
            warn=lambda text: self._tell(EventKind.WARNED, text),
        )

    def verify(self, folder: Folder) -> None:
        """Call the verify of one migration; raises `MigrationFailedError` when it does not pass."""
        settings, name = self._project.settings, folder.name
        migration = load(folder, is_new=False)
        files = list_inputs(folder.path, ignored=folder.ignored, display_path=folder.display_path)
        task = Task(
            name=name,
            folder=folder.directory,
            display_path=folder.display_path,
            script=str(migration.script_path),
            clock=timestamp(now()),
            nes_package=settings.nes_package,
            deterministic=migration.metadata.deterministic,
            strict=settings.malformed_files == "refuse",
            data_dir=settings.data_dir,
            inputs=sorted(file.relative for file in files),
            ignored=sorted(folder.ignored),
            tree=self._tree,
            only_verify=True,
        )
        terms = Terms.of(settings, folder, processes=migration.metadata.processes)
        self._running = name
        self._tell(EventKind.STARTED)
        try:
            with self._worker.start(task, terms) as process:
                listen(process, name, self._asked(process, name))
        except MigrationFailedError as error:
            self._log.write(f"{name}: {error.message}\n{error.traceback}")
            raise
        finally:
            self._worker.drain()
            self._tell(EventKind.ENDED)

    def _asked(self, process: ScriptProcess, name: str) -> dict[bytes, Callable[[bytes], None]]:
        """Return the handler of each message; none of them writes."""

        def log(payload: bytes) -> None:
            self._tell(EventKind.LOGGED, protocol.decode_text(payload))

        def progress(payload: bytes) -> None:
            label, done, total = protocol.decode_progress(payload)
            self._progress(RunEvent(EventKind.PROGRESSED, name, label or "", done, total))

        def ignore(_: bytes) -> None:
            """Ignore messages that only matter to a run."""

        return {
            **object_handlers(
                process,
                len(self._tree),
                trees=self._source.trees,
                files=self._source.files,
                pair=self._source.pair,
            ),
            protocol.LOG: log,
            protocol.PROGRESS: progress,
            **dict.fromkeys(
                (protocol.NOTE, protocol.HINT, protocol.READ, protocol.VERIFIED), ignore
            ),
        }

    def _printed(self, line: str) -> None:
        self._tell(EventKind.PRINTED, line)

    def _tell(self, kind: EventKind, text: str = "") -> None:
        self._progress(RunEvent(kind, self._running, text))

    def close(self) -> None:
        """Close the worker and the object reader."""
        self._worker.close()
        self._log.close()
        self._source.close()

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
