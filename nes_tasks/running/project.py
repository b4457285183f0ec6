"""The project: its settings, its migration folders, and what the database says of them."""

from __future__ import annotations

import os
from functools import cached_property

from ..migrations import HashCache, Plan, discover
from ..settings import Settings
from ..storage.git import Git
from ..storage.history import Commit, read_history
from ..storage.ledger import Ledger, read_ledger


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
        cache = settings.state_folder / "cache"
        ledger = read_ledger(
            settings.database,
            settings.data_dir,
            branch=settings.branch,
            at=at,
            cache=cache / "ledger.json",
        )
        hashes = HashCache(cache / "inputs.json")
        folders = discover(
            settings.migrations, ignored=self._ignored, shown=settings.shown_migrations
        )
        plan = Plan.build(
            folders,
            ledger.applied,
            out_of_order=settings.out_of_order == "allow",
            cache=hashes,
        )
        hashes.save()
        return plan, ledger

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
        done = Git(folder).attempt(
            "ls-files",
            "--others",
            "--ignored",
            "--exclude-standard",
            "--directory",
            "-z",
            env={"GIT_CEILING_DIRECTORIES": ""},
        )
        return frozenset(os.fsdecode(row).rstrip("/") for row in done.stdout.split(b"\0") if row)
