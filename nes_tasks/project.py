"""The project: its settings, its migration folders, and its database."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from .database.journal import is_publishing, own_folder
from .database.ledger import Ledger, is_absent, read_ledger
from .database.lock import was_interrupted
from .errors import DatabaseError, LockHeldError, MigrationRefusedError, UnavailableError
from .git.command import Git
from .migrations import Folder, HashCache, Plan, discover, find_folder
from .migrations.loader import SortKey, ordering
from .settings import Settings

if TYPE_CHECKING:  # a run with nothing to do reads no history
    from .database.executions import Execution
    from .database.history import History
    from .database.unrecorded import Unrecorded


class ProjectState(NamedTuple):
    """The plan of all migrations, and the ledger that it was built from."""

    plan: Plan
    ledger: Ledger


class Project:
    """One checkout of migrations with its database repository.

    Every `doit` command creates one, so it imports nothing heavy and reads lazily.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._history: History | None = None

    @cached_property
    def plan(self) -> Plan:
        """The plan, as of the first call."""
        return self.load_state().plan

    def load_state(self, at: str | None = None) -> ProjectState:
        """Read folders and ledger again; `at` is a commit to read instead of the branch's tip."""
        settings = self.settings
        ledger = self.ledger(at)
        hashes = HashCache(settings.state_folder / "cache" / "inputs.json")
        plan = Plan.build(
            self._folders(),
            ledger.applied,
            out_of_order=settings.out_of_order == "allow",
            same_number=settings.same_number,
            cache=hashes,
        )
        hashes.save()
        return ProjectState(plan, ledger)

    def ledger(self, at: str | None = None) -> Ledger:
        """Read only the ledger; migration folders are not needed.

        Raises `DatabaseError` in continuous integration (`CI` is set) when the database is absent
        although the settings or a submodule name one: with an empty database every migration would
        be pending, and every result wrong.
        """
        settings = self.settings
        if os.environ.get("CI") and is_absent(settings.database):
            from .database.creation import missing_submodule

            if missing := missing_submodule(settings):
                raise missing
            if settings.remote_url:
                raise DatabaseError(
                    f"{settings.database_label} does not exist, so it is unknown what is applied",
                    hint="python -m nes_tasks.github clone",
                )
        return read_ledger(
            settings.database,
            settings.data_dir,
            branch=settings.branch,
            at=at,
            cache=settings.state_folder / "cache" / "ledger.json",
        )

    @cached_property
    def order(self) -> Callable[[str], SortKey]:
        """The key by which names of migrations are sorted."""
        return ordering(self.settings.same_number)

    def folder(self, name: str) -> Folder:
        """Read a migration's folder again; raises `MigrationRefusedError` when it is missing."""
        settings = self.settings
        folder = find_folder(
            settings.migrations,
            name,
            ignored=self._ignored,
            display_path=settings.migrations_label,
        )
        if folder is not None:
            return folder
        raise MigrationRefusedError(
            f"{self.settings.migrations_label}/{name} does not exist any more",
            hint="doit list",
        )

    def _folders(self) -> list[Folder]:
        settings = self.settings
        return discover(
            settings.migrations, ignored=self._ignored, display_path=settings.migrations_label
        )

    def history(self, ledger: Ledger) -> History | None:
        """Return the history up to the ledger's commit, None before the first one."""
        if ledger.commit is None:
            return None
        if self._history is None or self._history.tip != ledger.commit:
            from .database.history import History

            settings = self.settings
            self._history = History(Git(settings.database), ledger.commit, settings.data_dir)
        return self._history

    def executions(
        self, ledger: Ledger, names: Collection[str] | None = None
    ) -> dict[str, Execution]:
        """Return the executions of the applied migrations, or of those among `names`.

        Raises `GitError` when the history cannot be read.
        """
        from .database.executions import find_executions, records_of

        history = self.history(ledger)
        wanted = {n: record for n, record in ledger.applied.items() if names is None or n in names}
        return find_executions(history, records_of(wanted)) if history and wanted else {}

    def unrecorded(self, ledger: Ledger) -> Unrecorded:
        """Return the migrations without a record that commits name.

        Those run by hand must also have a folder: a message, which anybody can write, does not
        justify recording a commit.
        """
        from .database.unrecorded import Unrecorded, find_unrecorded

        history = self.history(ledger)
        if history is None:
            return Unrecorded({}, {})
        found = find_unrecorded(history, ledger.applied)
        names = {folder.name for folder in self._folders()} if found.by_hand else set()
        by_hand = {name: row for name, row in found.by_hand.items() if name in names}
        return Unrecorded(by_hand, found.partial)

    def unpushed(self) -> int | None:
        """Return how many commits the remote lacks, as far as is known here. Uses no network.

        None without a database, or without a remote of the configured name. Every run calls it at
        its end, so it does not open the repository.
        """
        settings = self.settings
        if is_absent(settings.database):
            return None
        git = Git(settings.database)
        if all(setting.key != f"remote.{settings.remote}.url" for setting in git.settings):
            return None
        tip = f"refs/heads/{settings.branch}" if settings.branch else "HEAD"
        known = ("--not", f"--remotes={settings.remote}")
        counted = git.run_unchecked("rev-list", "--count", tip, *known, "--")
        # It fails before the first commit.
        return None if counted.returncode else int(counted.stdout)

    def recover_interrupted(self, command: str) -> None:
        """Recover the database from a killed command, if necessary.

        `command` is shown to others who find the database in use. Raises `LockHeldError` while a
        publication is in progress.
        """
        settings = self.settings
        publishing = is_publishing(settings.database)
        if publishing or was_interrupted(own_folder(settings.database)):
            from .database.repository import Repository

            with (
                contextlib.nullcontext() if publishing else contextlib.suppress(LockHeldError),
                Repository.open(settings).locked(command),
            ):
                pass

    def refuse_partial(self, ledger: Ledger) -> None:
        """Raise `MigrationRefusedError` when the database holds a part of a migration."""
        for partial in self.unrecorded(ledger).partial.values():
            raise partial.error(self.settings.database_label)

    @cached_property
    def unadded(self) -> dict[str, frozenset[str]]:
        """The untracked files by folder, for folders that have tracked ones.

        Paths are relative to the folder. An entirely new folder is left out: its author is still
        working on it. Empty outside a git checkout.
        """
        new = self._listed("--others", "--exclude-standard")
        known = {path.partition("/")[0] for path in self._listed("--cached")} if new else set()
        found: dict[str, set[str]] = {}
        for path in new:
            name, _, relative = path.partition("/")
            if name in known:
                found.setdefault(name, set()).add(relative)
        return {name: frozenset(paths) for name, paths in found.items()}

    def _listed(self, *which: str) -> list[str]:
        """Return the paths that ``git ls-files`` gives below the migrations folder."""
        if not self.settings.migrations.is_dir():
            return []
        done = Git(self.settings.migrations, around=True).run_unchecked("ls-files", *which, "-z")
        return [os.fsdecode(row) for row in done.stdout.split(b"\0") if row]

    @cached_property
    def _ignored(self) -> frozenset[str]:
        """The ignored paths below the migrations folder, relative to it.

        Empty outside a git checkout.
        """
        folder = self.settings.migrations
        if not folder.is_dir():
            return frozenset()
        done = Git(folder, around=True).run_unchecked(
            "ls-files",
            "--others",
            "--ignored",
            "--exclude-standard",
            "--directory",
            "-z",
        )
        if b"dubious ownership" in done.stderr:
            raise UnavailableError(
                f"git does not trust {folder}: it belongs to another user, so what it ignores "
                "is not known",
                hint=f"git config --global --add safe.directory {self.settings.root}",
            )
        return frozenset(os.fsdecode(row).rstrip("/") for row in done.stdout.split(b"\0") if row)
