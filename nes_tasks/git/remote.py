"""The remote: the branch compared with it, fetching from it, pushing to it.

Network commands can be slow: progress lines are forwarded as they arrive, and the command is
killed after `push_timeout`.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..errors import GitError, UnavailableError
from .command import NETWORK_COMMANDS, Git, failure, reason
from .safety import Allow
from .transfer_progress import OnTransfer

# Progress lines such as "Writing objects: 50% (1/2)"; they never explain a failure.
PROGRESS = re.compile(
    r"(?:remote: +)?(?:(?:(?:Enumerating|Counting|Compressing|Writing|Receiving|Unpacking|Indexing|"
    r"Checking) objects|Resolving deltas|Finding sources|Checking connectivity|Updating files): +"
    r"[0-9]|Total [0-9])"
)
LINE_END = re.compile(rb"[\r\n]+")
# git's message for a fetch when the remote branch was rewritten.
REWRITTEN = "(non-fast-forward)"
# The remote's message when another push was faster.
OVERTAKEN = (
    *("reference already exists", "incorrect old value", "failed to update ref"),
    "cannot lock ref",
)
# The remote is locked by another push now, or permanently by one that was killed.
LOCKED = re.compile(r"\.lock': File exists")
# The remote has the branch checked out; git's explanation is long.
HAS_FILES = "(branch is currently checked out)"
NO_SUCH_BRANCH = "couldn't find remote ref"


@dataclass(frozen=True, slots=True)
class RemoteStatus:
    """Our branch compared with the remote's, as of the last fetch or push.

    `commit` is the remote tip, None when unknown. `ahead` counts the commits that
    only we have, `behind` those that only the remote has.
    """

    remote: str
    commit: str | None
    ahead: int
    behind: int


class _RefusedError(GitError):
    """A push was refused; `is_overtaken` says that the remote has commits that are not here."""

    def __init__(self, stderr: str, *, is_overtaken: bool) -> None:
        error = failure(["push"], stderr.encode())
        super().__init__(error.message, stderr=stderr, hint=error.hint)
        self.is_overtaken = is_overtaken


class Remote:
    """The branch `branch` of the remote `name`; `timeout` is in seconds.

    `label` is the path of our repository as users type it.
    """

    def __init__(self, git: Git, name: str, branch: str, *, label: str, timeout: int) -> None:
        self._git = git
        self.name = name
        self.branch = branch
        self._label = label
        self._timeout = timeout
        self._seen = f"refs/remotes/{name}/{branch}"

    @property
    def exists(self) -> bool:
        """Whether the repository knows a remote of this name."""
        return self.name in self._git.text("remote").splitlines()

    def remote_status(self, head: str | None) -> RemoteStatus:
        """Compare the commit `head` with the last known state of the remote. Uses no network."""
        theirs = self._git.query("rev-parse", "--verify", "--quiet", self._seen)
        if theirs and head:
            counts = self._git.text("rev-list", "--left-right", "--count", f"{head}...{theirs}")
            ahead, behind = map(int, counts.split())
        else:
            ahead = self._count(head, "--not", f"--remotes={self.name}")
            behind = self._count(theirs)
        return RemoteStatus(self.name, theirs, ahead, behind)

    def _count(self, commit: str | None, *but: str) -> int:
        return int(self._git.text("rev-list", "--count", commit, *but)) if commit else 0

    def fetch(self, on_progress: OnTransfer | None = None) -> str | None:
        """Fetch the branch and return the commit at its tip, None when there is no such branch.

        `on_progress` is called with the progress. Raises `UnavailableError` when the remote
        is unknown or cannot be reached in time, or when its history was rewritten: what we had
        seen of it is then not an ancestor of what it is now.
        """
        self._check_known()
        arguments = ["fetch", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no"]
        try:
            refspec = f"refs/heads/{self.branch}:{self._seen}"
            self._talk([*arguments, self.name, refspec], on_progress)
        except GitError as error:
            if NO_SUCH_BRANCH in error.stderr:
                return None
            if REWRITTEN in error.stderr:
                raise UnavailableError(
                    f"the history of {self.name}/{self.branch} was rewritten; nothing was changed",
                    hint=f"to accept that, git -C {self._label} fetch {self.name} "
                    f"+{self.branch}:{self._seen}, then doit sync",
                ) from error
            raise UnavailableError(
                f"{self.name} cannot be fetched from: {self._words(error)}; nothing was changed",
                hint="check the network and the address of the remote, then doit sync",
            ) from error
        return self._git.text("rev-parse", "--verify", self._seen)

    def push(self, head: str | None, on_progress: OnTransfer | None = None) -> None:
        """Push the branch, whose tip is `head`.

        `on_progress` is called with the progress. Raises `UnavailableError` when the push is
        refused or not done in time; the commits stay in the local repository.
        """
        self._check_known()
        try:
            self._push(f"refs/heads/{self.branch}", on_progress)
        except GitError as error:
            raise UnavailableError(
                f"the push to {self.name} failed: {self._words(error)}; "
                "the data is committed locally",
                hint=_after_push(error),
            ) from error
        self._note_pushed(head)

    def _push(self, ref: str, on_progress: OnTransfer | None) -> None:
        """Push a branch by its full name: a tag may have the same name. Raises `GitError`."""
        from .push_report import is_overtaken, line_of, push

        # A mirror does not accept branch names.
        no_mirror = ("-c", f"remote.{self.name}.mirror=false")
        # A thin pack holds differences to files of the remote; a partial clone would fetch them.
        thin = not self._git.is_partial
        failed: list[GitError] = []

        def run(arguments: Sequence[str]) -> tuple[str, str]:
            output: list[bytes] = []
            try:
                stderr = self._talk([*no_mirror, *arguments], on_progress, output)
            except GitError as error:
                failed.append(error)
                stderr = error.stderr
            return b"".join(output).decode(errors="replace"), stderr

        info = push(self._git.folder, self.name, ref, run, thin=thin)
        if failed and info is not None and info.flags & info.ERROR:
            message = f"{line_of(info)}\n{failed[0].stderr}"
            raise _RefusedError(message, is_overtaken=is_overtaken(info)) from failed[0]
        if failed:
            raise failed[0]

    def branches(self) -> list[str]:
        """Return the names of the remote's branches. Raises `GitError`."""
        return branches_of(self._git.allowing(Allow.TRANSPORT), self.name)

    def _note_pushed(self, head: str | None) -> None:
        """Record the remote's new tip; git does so itself except in a bare clone.

        Errors are ignored: the push itself succeeded.
        """
        with contextlib.suppress(GitError):
            if head and self.remote_status(head).ahead:
                self._git.run("update-ref", self._seen, head)

    def _check_known(self) -> None:
        if not self.exists:
            raise UnavailableError(
                f"{self._label} has no remote {self.name}",
                hint=f"git -C {self._label} remote add {self.name} URL",
            )

    def _words(self, error: GitError) -> str:
        if HAS_FILES in error.stderr:
            return f"the branch {self.branch} is checked out there"
        return reason(error.stderr)

    def _talk(
        self,
        arguments: Sequence[str],
        on_progress: OnTransfer | None,
        output: list[bytes] | None = None,
    ) -> str:
        """Run a git command that talks to the remote; return its messages without progress.

        Its standard output is appended to `output`. Raises `GitError` with the messages.
        """
        at = next(i for i, word in enumerate(arguments) if word in NETWORK_COMMANDS) + 1
        progress = ["--progress"] if on_progress else []
        is_push = arguments[at - 1] == "push"
        allow = Allow.TRANSPORT | (Allow.HOOKS if is_push else Allow.NOTHING)
        git = self._git.allowing(allow)
        process = git.popen(*arguments[:at], *progress, *arguments[at:], stderr=subprocess.PIPE)
        lines: list[str] = []
        read_progress = _progress_reader(on_progress) if on_progress else None
        try:
            for line in self._lines(process):
                if read_progress:
                    read_progress(line)
                if not PROGRESS.match(line):
                    lines.append(line)
            if output is not None:
                assert process.stdout
                output.append(process.stdout.read())  # a few lines, which fit into the pipe
            if process.wait():
                raise failure(arguments[at - 1 :], "\n".join(lines).encode())
        finally:
            process.terminate()  # no effect unless it timed out or was interrupted
            for stream in (process.stdin, process.stdout, process.stderr):
                with contextlib.suppress(BrokenPipeError):
                    assert stream
                    stream.close()
            process.wait()
        return "\n".join(lines)

    def _lines(self, process: subprocess.Popen[bytes]) -> Iterator[str]:
        """Yield the lines that git writes to stderr as they arrive."""
        assert process.stderr
        until = time.monotonic() + self._timeout
        rest = b""
        while True:
            left = max(0.0, until - time.monotonic())
            if not select.select([process.stderr], [], [], left)[0]:
                words = f"no answer within {self._timeout} seconds (the setting push_timeout)"
                raise GitError(words, stderr=words)
            some = os.read(process.stderr.fileno(), 65536)
            *whole, rest = LINE_END.split(rest + some)
            if not some:
                whole.append(rest)
            yield from (text for line in whole if (text := line.decode(errors="replace").strip()))
            if not some:
                return


def _after_push(error: GitError) -> str:
    """Return the hint for a failed push."""
    if LOCKED.search(error.stderr):
        return "doit push; if it fails again, a killed push has left a lock at the remote"
    if HAS_FILES in error.stderr:
        return "publish to a bare repository (git init --bare), then doit push"
    is_overtaken = isinstance(error, _RefusedError) and error.is_overtaken
    is_late = is_overtaken or any(words in error.stderr for words in OVERTAKEN)
    return "doit sync" if is_late else "doit push"


def _progress_reader(on_progress: OnTransfer) -> Callable[[str], None]:
    from .push_report import ProgressLines

    return ProgressLines(on_progress).new_message_handler()


def branches_of(git: Git, source: str) -> list[str]:
    """Return the names of the branches of a remote, given by its name or address.

    Raises `GitError` when it cannot be reached.
    """
    rows = git.text("ls-remote", "--heads", "--", source).splitlines()
    return [row.partition("refs/heads/")[2] for row in rows]
