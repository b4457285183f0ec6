"""The superproject: the enclosing repository, which holds the database as a submodule.

It records one commit of the database, see https://git-scm.com/book/en/v2/Git-Tools-Submodules.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DatabaseError, GitError
from .command import Git, reason
from .identity import missing_identity
from .safety import Allow

GITLINK = "160000"


class Superproject:
    """The repository in the folder `root`, with a submodule at `path`.

    `display_path` names the submodule in messages. The folder may be any folder of the repository.
    """

    def __init__(self, root: Path, path: Path, display_path: str) -> None:
        self._git = Git(root, around=True, allow=Allow.SIGNING)
        self._path = str(path)
        self._display_path = display_path

    def recorded(self) -> str:
        """Return the commit that the index records; raises `DatabaseError` for no submodule."""
        done = self._git.run_unchecked("ls-files", "--stage", "-z", "--", self._path)
        row = os.fsdecode(done.stdout.split(b"\0")[0]).split()
        if done.returncode or not row or row[0] != GITLINK:
            raise DatabaseError(
                f"{self._display_path} is not a submodule of a repository around it",
                hint=f"git submodule add URL {self._display_path} makes it one",
            )
        return row[1]

    def committed(self) -> str | None:
        """Return the commit that HEAD records, None when it records none."""
        done = self._git.run_unchecked("ls-tree", "-z", "HEAD", "--", self._path)
        row = done.stdout.decode(errors="replace").split()
        return row[2] if len(row) > 2 and row[0] == GITLINK else None

    def record(self, message: str, identity: tuple[str, str]) -> str:
        """Commit the submodule's present commit, and nothing else, whatever is staged.

        Runs no hook. `identity` is the name and e-mail to commit as where git is configured with
        none. Returns the new commit. Raises `DatabaseError` when git refuses, as in a merge.
        """
        try:
            # --only: https://git-scm.com/docs/git-commit#Documentation/git-commit.txt---only
            self._git.run(
                "commit",
                "--quiet",
                "--only",
                "--file=-",
                "--",
                self._path,
                stdin=message.encode(),
                env=missing_identity(self._git.folder, identity),
            )
        except GitError as error:
            raise DatabaseError(
                f"the commit of {self._display_path} cannot be recorded: {reason(error.stderr)}",
                hint="correct it, then doit submodule",
            ) from error
        return self._git.run("rev-parse", "HEAD").decode().strip()
