"""Refs: change several atomically; read which branch is checked out.

See https://git-scm.com/docs/git-update-ref#_description for the syntax of a step.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from .command import Git
from .conversation import Conversation

# The reflog message of each change.
COMMAND = ("update-ref", "-m", "nes-tasks: migration", "--stdin")


class RefWriter(Conversation):
    """Changes refs through one git process, one transaction at a time.

    It starts at the first change and ends with `close`. Commands that clean up treat a running git
    as busy, so it must not be idle for long.
    """

    command = COMMAND

    def starting(self) -> AbstractContextManager[None]:
        """Block Ctrl-C, which reaches all processes of a terminal: git may be moving the branch."""
        return _interrupts_blocked()

    def change(self, *steps: str) -> None:
        """Make these changes, all of them or none; raises `GitError`."""
        process = self._running()
        assert process.stdin and process.stdout
        try:
            process.stdin.write("\n".join(("start", *steps, "prepare", "commit", "")).encode())
            process.stdin.flush()
            while (reply := process.stdout.readline()) != b"commit: ok\n":
                if not reply:
                    raise BrokenPipeError
        except BrokenPipeError:
            raise self._died() from None
        except BaseException:
            self.close()  # an unread answer would be taken for that of the next change
            raise


def change_refs(git: Git, steps: Sequence[str]) -> None:
    """Make these changes, all of them or none; raises `GitError`."""
    with RefWriter(git) as writer:
        writer.change(*steps)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Make processes that are started in the block ignore Ctrl-C."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# The content of HEAD in a repository with reftables, see https://git-scm.com/docs/reftable#_layout;
# only git knows the branch then.
ELSEWHERE = "refs/heads/.invalid"


def symbolic_head(git: Git, git_dir: Path) -> str | None:
    """Return the full name of the branch that HEAD is on, None when it is detached.

    The file says it as a rule (https://git-scm.com/docs/gitrepository-layout); it is asked for
    several times for each migration, and a git process would take as long as all the rest.
    """
    with contextlib.suppress(OSError, UnicodeDecodeError):
        head = git_dir / "HEAD"
        word, _, ref = head.read_text(encoding="utf-8").rstrip("\n").partition(" ")
        if word == "ref:" and ref.startswith("refs/heads/") and ref != ELSEWHERE:
            return ref
    return git.query("symbolic-ref", "--quiet", "HEAD")
