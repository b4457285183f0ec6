"""Two people with a project each, and the remote that they share."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from workspace import Workspace, create_person


@dataclass
class Team:
    """`mina` is the maintainer whose commands are looked at, `asha` the one who is faster."""

    remote: Path
    mina: Workspace
    asha: Workspace

    @classmethod
    def at(cls, root: Path) -> Team:
        """Make an empty bare remote and two projects that clone it, over the file protocol."""
        remote = root / "remote.git"
        mina, asha = Workspace(root / "mina"), Workspace(root / "asha")
        mina.git_in(root, "init", "-q", "--bare", "-b", "main", str(remote))
        for project in (mina, asha):
            project.settings(remote_url=remote.as_uri())
        return cls(remote, mina, asha)

    def begin(self) -> Team:
        """Let both have 001-first, which is pushed."""
        for project in (self.mina, self.asha):
            project.migration("001-first", create_person("first-rai"))
        assert self.mina.doit().code == 0
        assert self.mina.doit("push").code == 0
        assert self.asha.doit().code == 0
        return self

    def copied(self, root: Path) -> Team:
        """Return a team that has come as far as this one, in another folder: it is quicker."""
        copy = Team(root / "remote.git", Workspace(root / "mina"), Workspace(root / "asha"))
        shutil.copytree(self.remote.parent, root, dirs_exist_ok=True)
        for project in (copy.mina, copy.asha):
            project.settings(remote_url=copy.remote.as_uri())
            project.git("remote", "set-url", "origin", copy.remote.as_uri())
        return copy

    def applied_by_asha(self, name: str, body: str | None = None) -> None:
        """Let asha apply a migration and push it."""
        self.asha.migration(name, body or create_person(f"asha-{name}"))
        ran = self.asha.doit()
        assert ran.code == 0, ran.err
        assert self.asha.doit("push").code == 0

    def applied_by_mina(self, name: str, body: str | None = None) -> None:
        """Let mina apply a migration and not push it."""
        self.mina.migration(name, body or create_person(f"mina-{name}"))
        ran = self.mina.doit()
        assert ran.code == 0, ran.err

    def give_mina(self, name: str) -> None:
        """Bring the folder of one of asha's migrations to mina, as a git pull would."""
        shutil.copytree(self.asha.migrations / name, self.mina.migrations / name)

    def tip(self) -> str:
        """Return the commit that the remote's branch is at."""
        return self.mina.git_in(self.remote, "rev-parse", "main")

    def hook(self, script: str) -> None:
        """Let the remote run a script before it takes a push."""
        path = self.remote / "hooks/pre-receive"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
