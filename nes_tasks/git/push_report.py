"""The result of a push as GitPython's objects, and the progress of push and fetch.

GitPython asks git for output that is meant for programs (``git push --porcelain``) and knows every
case of it. The processes are ours: a function of the caller runs its commands, with the
environment, the safe settings and the time limit of `command` and `remote`; GitPython's own
processes would use the caller's ``GIT_DIR`` and the programs that a repository names. Neither its
index nor its status is used: they fail on an index of version 4 and on a sparse one, and run
`core.fsmonitor`.

Loaded only by commands that talk to a remote: the import takes 70 ms.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import git
from git.remote import PushInfo
from git.util import RemoteProgress

from .transfer_progress import OnTransfer, TransferProgress

# Without a handler Python would print the warnings of a library on stderr.
logging.getLogger("git").addHandler(logging.NullHandler())

STAGES = {
    RemoteProgress.COUNTING: "Counting objects",
    RemoteProgress.COMPRESSING: "Compressing objects",
    RemoteProgress.WRITING: "Writing objects",
    RemoteProgress.RECEIVING: "Receiving objects",
    RemoteProgress.RESOLVING: "Resolving deltas",
    RemoteProgress.FINDING_SOURCES: "Finding sources",
    RemoteProgress.CHECKING_OUT: "Checking out files",
}

Run = Callable[[Sequence[str]], tuple[str, str]]
"""Runs git with these arguments and returns what it wrote to its output and to its errors."""


class ProgressLines(RemoteProgress):
    """Parses progress lines; ignores others."""

    def __init__(self, on_progress: OnTransfer) -> None:
        super().__init__()
        self._on_progress = on_progress

    def update(
        self,
        op_code: int,
        cur_count: str | float,
        max_count: str | float | None = None,
        message: str = "",
    ) -> None:
        """Pass progress on."""
        total = None if max_count in (None, "") else int(float(max_count))
        done = int(float(cur_count or 0))
        stage = STAGES[op_code & RemoteProgress.OP_MASK]
        self._on_progress(TransferProgress(stage, done, total, message))


def push(folder: Path, remote: str, ref: str, run: Run, *, thin: bool) -> PushInfo | None:
    """Push the branch `ref` to the same name at `remote`; return the result of the branch.

    None when git does not mention the branch, such as when the remote cannot be reached. Errors of
    `run` are passed on. The repository is opened, and nothing of it is read: also one with SHA-256
    or reftables, which GitPython cannot read, is pushed. One that it does not even open is pushed
    without it.
    """
    refspec = f"{ref}:{ref}"
    try:
        opened = git.Repo(folder, search_parent_directories=False, expand_vars=False)
    except git.GitError:
        run(["push", "--porcelain", "--thin" if thin else "--no-thin", "--", remote, refspec])
        return None
    with opened as repo:
        repo.git = _Commands(run)
        options: dict[str, Any] = {"thin": True} if thin else {"no_thin": True}
        # The settings of `run` decide which protocols are allowed.
        pushed = git.Remote(repo, remote).push(refspec, allow_unsafe_protocols=True, **options)
        return pushed[0] if pushed else None


def line_of(info: PushInfo) -> str:
    """Return the line in which git reports a refused branch."""
    mark, _, why = info.summary.strip().partition("] ")
    branch = info.remote_ref_string.removeprefix("refs/heads/")
    return f"! {mark}] {branch} -> {branch} {why}"


def is_overtaken(info: PushInfo) -> bool:
    """Return whether git refused the push locally, because the remote has newer commits."""
    return bool(info.flags & PushInfo.REJECTED)


class _Commands(git.Git):
    """Runs GitPython's commands with `run`."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run_ours = run

    def execute(self, command: Any, *_: Any, **__: Any) -> Any:
        """Run a command to its end and return it as a process that has ended."""
        return _Ended(*self._run_ours(list(command)[1:]))


class _Ended:
    """A finished process with its output; `run` has checked its exit code."""

    def __init__(self, output: str, errors: str) -> None:
        self.args: list[str] = []
        self.stdout, self.stderr = io.StringIO(output), io.StringIO(errors)

    def wait(self, **_: Any) -> int:
        """Return at once."""
        return 0
