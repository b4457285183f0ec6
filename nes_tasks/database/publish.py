"""Publishing: the branch moves to what was made aside, and the working tree follows.

The branch moves in one step of git. What comes before it can be forgotten and what comes after
it can be done again, so a command that is killed anywhere has either published or not, and the
next one finishes or forgets the rest. The journal says which.

Of many publications in a row the working tree may follow all at once: git looks through whole
folders to update a few files of them.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

from ..errors import DatabaseError, GitError
from ..git.checkout import Checkout
from ..git.command import Git
from ..git.diff import Change
from ..git.quarantine import ASIDE_PREFIX, discard_quarantine
from ..git.refs import RefWriter
from .journal import Journal, Publication

HEADS = "refs/heads/"
PRIVATE_REFS = "refs/nes-tasks"
ZERO = "0"


class Publisher:
    """Publishes in one repository; `git_dir` is that of its worktree, `common` the shared one.

    The caller holds the lock. `label` is what a person would type for the repository.
    """

    def __init__(
        self, git: Git, git_dir: Path, common: Path, checkout: Checkout, *, label: str
    ) -> None:
        self._git = git
        self._common = common
        self._checkout = checkout
        self._label = label
        self.journal = Journal(git_dir)
        # For how many seconds the working tree may stay behind the branch.
        self.lag = 0.0
        # The moment, of the monotonic clock, at which it has to follow; None when it is not behind.
        self.due: float | None = None
        # The publication that the working tree has not followed yet, as the journal has it.
        self._behind: Publication | None = None
        # The files that have changed since: each id as the working tree has it, then as it is now.
        self._changed: dict[str, tuple[str | None, str | None]] = {}

    def publish(
        self,
        planned: Publication,
        refs: RefWriter,
        changes: Sequence[Change] | None = None,
    ) -> None:
        """Let the branch move through `refs` and bring the working tree along.

        `changes` are the files that differ between the two commits, when that is known; then the
        working tree may follow later, as far as `lag` permits: in a publication after it is `due`,
        or in `catch_up`.

        Raises `DatabaseError`, having changed nothing, when the branch is not at the old commit
        any more or local changes have come up that the new files would overwrite. Once the
        branch has moved no error says that nothing was applied: the journal stays then, and the
        next command finishes.
        """
        if self._behind is not None:
            planned = replace(planned, files=self._start_of(self._behind))
        if planned.checkout:
            self._check(planned, changes)
        self.journal.begin(planned)
        try:
            refs.change(*_steps(planned))
        except GitError as error:
            # git reports a log that it cannot write as a failure, after it has moved the branch.
            tip = self._tip(planned.branch)
            if tip != planned.new:
                if self._behind is None:
                    self.journal.end()
                else:
                    self.journal.begin(self._behind)
                raise _not_moved(planned, tip, error) from error
            self._settle_refs(planned)
        if not planned.checkout:
            self.journal.end()
            return
        self._behind = planned
        now = monotonic()
        due = now + self.lag if self.due is None else self.due
        if now >= due or changes is None:
            self.catch_up()
            return
        self.due = due
        for change in changes:
            before, _ = self._changed.get(change.path, (change.old, None))
            self._changed[change.path] = before, change.new

    def catch_up(self) -> None:
        """Bring the working tree along with what was published before.

        Raises `DatabaseError` when that is impossible. The journal stays then, and the next
        command finishes.
        """
        if (behind := self._behind) is not None:
            self._forget_behind()
            self._checkout.move(self._start_of(behind), behind.new)
            self.journal.end()

    def _start_of(self, planned: Publication) -> str:
        """Return the commit or tree that the working tree is at before it follows."""
        return planned.files or planned.old or self._git.empty_tree()

    def _forget_behind(self) -> None:
        self._behind, self.due = None, None
        self._changed = {}

    def _check(self, planned: Publication, changes: Sequence[Change] | None) -> None:
        """Check that the working tree can follow, which may still be at an earlier commit."""
        known = self._changed
        if changes is not None and known:
            changes = [
                Change(change.path, known[change.path][0], change.new)
                if change.path in known
                else change
                for change in changes
            ]
        gone = [path for path, (_, new) in known.items() if new is None]
        self._checkout.check(self._start_of(planned), planned.new, changes, gone)

    @property
    def is_settled(self) -> bool:
        """Whether no publication is open but that which the working tree follows later."""
        if self._behind is None:
            return not self.journal.exists()
        return self.journal.read() == self._behind

    def _tip(self, branch: str) -> str | None:
        return self._git.query("rev-parse", "--verify", "--quiet", branch)

    def _settle_refs(self, planned: Publication) -> None:
        """Do what belongs to the move of the branch and may not have come about with it."""
        try:
            if planned.kept and planned.old:
                self._git.run("update-ref", planned.kept, planned.old)
            if planned.ref:
                self._git.run("update-ref", "-d", planned.ref)
        except GitError as error:
            raise DatabaseError(
                f"applied and committed, but not all of it was recorded in {self._label}: "
                f"{error.message}",
                hint="fix the cause; the next doit finishes it",
            ) from error

    def recover(self) -> None:
        """Finish what a killed command had begun to publish, or forget it."""
        self._forget_behind()
        if planned := self.journal.read():
            tip = self._tip(planned.branch)
            if tip == planned.new:
                self._settle_refs(planned)
                self._finish_files(planned, self._start_of(planned), planned.new)
            elif tip == planned.old and planned.old:
                if planned.kept:
                    self._git.run("update-ref", "-d", planned.kept)
                if planned.files:
                    self._finish_files(planned, planned.files, planned.old)
        self.journal.end()
        self._forget_private_refs()
        for quarantine in (self._common / "objects").glob(f"{ASIDE_PREFIX}*"):
            discard_quarantine(quarantine, self._common / "objects")

    def _finish_files(self, planned: Publication, start: str, end: str) -> None:
        # If another branch was checked out since then, its files are there.
        current = self._git.query("symbolic-ref", "--quiet", "HEAD")
        if planned.checkout and current == planned.branch:
            self._checkout.finish(start, end)

    def _forget_private_refs(self) -> None:
        left = self._git.text("for-each-ref", "--format=delete %(refname)", f"{PRIVATE_REFS}/")
        if left:
            self._git.run("update-ref", "--stdin", stdin=f"{left}\n".encode())
        # A file that git does not list, such as an empty one after a power cut, is not a ref.
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._common / PRIVATE_REFS)


def _steps(planned: Publication) -> list[str]:
    """Return what a publication does to refs, in git's words."""
    expected = planned.old or ZERO * len(planned.new)
    steps = [f"update {planned.branch} {planned.new} {expected}"]
    if planned.kept and planned.old:
        steps.append(f"create {planned.kept} {planned.old}")
    if planned.ref:
        steps.append(f"delete {planned.ref}")
    return steps


def _not_moved(planned: Publication, tip: str | None, error: GitError) -> DatabaseError:
    name = planned.branch.removeprefix(HEADS)
    if tip == planned.old:
        problem = f"the branch {name} cannot be moved: {error.message}"
    else:
        problem = f"the branch {name} has moved while the migration ran"
    return DatabaseError(f"{problem}; nothing was applied", hint="run it again")
