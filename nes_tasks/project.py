"""The project: its settings, its migration folders, and what the database says of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from functools import cached_property

from .database.ledger import Ledger, read_ledger
from .errors import MigrationRefusedError, UnavailableError
from .git.command import Git
from .git.log import Commit, read_history, reverted
from .migrations import Folder, HashCache, Plan, discover
from .migrations.loader import SortKey, ordering
from .settings import Settings


class Project:
    """One checkout of migrations with its database repository.

    Made at every `doit` command, so it loads nothing heavy and reads only what is asked for.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def plan(self) -> Plan:
        """What is applied, pending, changed since, missing or broken, as of the first look."""
        return self.look()[0]

    def look(self, at: str | None = None) -> tuple[Plan, Ledger]:
        """Read folders and ledger anew; `at` is a commit to look at instead of the branch."""
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
        return plan, ledger

    def ledger(self, at: str | None = None) -> Ledger:
        """Read the ledger alone; no folder of migrations has to be there."""
        settings = self.settings
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
        """Read the folder of one migration anew; raises `MigrationRefusedError` when it is gone."""
        for folder in self._folders(only=name):
            return folder
        raise MigrationRefusedError(
            f"{self.settings.shown_migrations}/{name} is not there any more",
            hint="doit list",
        )

    def _folders(self, only: str | None = None) -> list[Folder]:
        settings = self.settings
        return discover(
            settings.migrations,
            ignored=self._ignored,
            shown=settings.shown_migrations,
            only=only,
        )

    def history(self, ledger: Ledger) -> dict[str, list[Commit]]:
        """Return the commits of each migration up to the ledger's commit, oldest first."""
        if ledger.commit is None:
            return {}
        cache = self.settings.state_folder / "cache" / "history.json"
        return read_history(Git(self.settings.database), ledger.commit, cache=cache)

    @cached_property
    def _ignored(self) -> frozenset[str]:
        """What git ignores below the migrations folder, as paths relative to it.

        Nothing outside a git checkout: then there are no rules to follow.
        """
        folder = self.settings.migrations
        if not folder.is_dir():
            return frozenset()
        done = Git(folder, around=True).attempt(
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


def known_from_commits(
    project: Project, ledger: Ledger, folders: Collection[str]
) -> dict[str, list[Commit]]:
    """Return the migrations that only commit messages know, and that no commit took back.

    A name that is not among `folders` is left out: a message alone, which anybody can write, is
    no reason to record what nobody can look at.
    """
    history = project.history(ledger)
    if not history or ledger.commit is None:
        return {}
    taken_back = reverted(Git(project.settings.database), ledger.commit)
    return {
        name: commits
        for name, commits in history.items()
        if name not in ledger.applied
        and name in folders
        and not {commit.id for commit in commits} & taken_back
    }
