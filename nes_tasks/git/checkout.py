"""The checkout: moves the files and the index of a repository from one commit to another.

Both steps are git's own two-way merge, see
https://git-scm.com/docs/git-read-tree#_two_tree_merge: it touches only what differs between the
commits, keeps to a sparse checkout, and fetches nothing that it does not write.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import DatabaseError, GitError
from .command import Git, Stamp, failure, stamp
from .diff import Change, changed_files
from .objects import blob_id
from .safety import Allow

# git's message, from its entry.c, for a file that it may not write.
CANNOT_WRITE = re.compile(r"unable to (?:write|create) file")
# git's warning, in its wrapper.c, for a file that it could not remove: it goes on, exits with 0,
# and its index lacks the file.
CANNOT_REMOVE = re.compile(rb"unable to (?:unlink|rmdir) ")
# The coarsest step in which a file system counts time: two seconds, of FAT.
CLOCK_STEP_NS = 2_000_000_000


def check_out_sparsely(git: Git, folder: str) -> None:
    """Check out `folder` alone, and the files at the top, in a clone that has no files yet.

    In cone mode, where git 2.37 and newer keep unchecked folders out of the index, so that its size
    does not grow with the repository (https://git-scm.com/docs/git-sparse-checkout).
    """
    try:
        git.run("sparse-checkout", "set", "--cone", "--sparse-index", folder)
    except GitError:
        git.run("sparse-checkout", "init", "--cone")
        git.run("sparse-checkout", "set", folder)
    if git.query("rev-parse", "--verify", "--quiet", "HEAD"):
        git.run("read-tree", "-m", "-u", "HEAD")


class Checkout:
    """The working tree at `top` with the index in `git_dir`.

    `label` is the path of the repository as users type it. `rescued_dir` is the folder for the
    user's files found where a killed run was writing.
    """

    def __init__(
        self, git: Git, git_dir: Path, top: Path, *, label: str, rescued_dir: Path
    ) -> None:
        # Files pass through filters, and a partial clone fetches what it writes.
        self._git = git.allowing(Allow.FILTERS | Allow.TRANSPORT)
        self._git_dir = git_dir
        self._top = top
        self._label = label
        self._rescued_dir = rescued_dir
        # The stamp of the index after the last check or move, when it matched the commit; before
        # the first files there is none.
        self._clean_index: Stamp | None = None
        # Files that have not changed since then, of `time.time_ns`, match the commit, too. None
        # before git has looked.
        self._clean_since: int | None = None

    def found_clean(self, since: int) -> None:
        """Record that index and files match the commit, as git found when it looked at `since`.

        That is the moment, of `time.time_ns`, at which it began to look.
        """
        self._clean_index = stamp(self._git_dir / "index")
        self._clean_since = since

    def check(
        self,
        old: str | None,
        new: str,
        changes: Sequence[Change] | None = None,
        gone: Iterable[str] = (),
    ) -> None:
        """Check that `move` would overwrite nothing; writes no file.

        `changes` are files that differ between the two commits, when all that may be in the way
        are known; `gone` are others that `move` removes. Raises `DatabaseError` with the first
        file that stands in the way.
        """
        if changes is None or not self._is_as_committed(changes):
            self._try(old, new)
        if changes is None:
            changes = [*changed_files(self._git, self._tree(old), new)]
        # Files that make room for folders belong to git.
        free = {*gone, *(change.path for change in changes if change.new is None)}
        absent: set[str] = set()
        # git treats ignored files as expendable and overwrites them.
        for change in changes:
            if change.old is None and (blocking := self._in_the_way(change.path, free, absent)):
                raise DatabaseError(
                    f"{self._label} has an ignored file where a new one belongs: {blocking}; "
                    "nothing was applied",
                    hint=f"move {self._label}/{blocking} away, then run it again",
                )

    def _is_as_committed(self, changes: Sequence[Change]) -> bool:
        """Return whether the files that change are as committed, as far as can be told from them.

        Otherwise git has to check, which reads the whole index.
        """
        if self._clean_since is None or stamp(self._git_dir / "index") != self._clean_index:
            return False
        return all(self._is_old(change) for change in changes if change.old is not None)

    def _is_old(self, change: Change) -> bool:
        assert change.old is not None, "only what was there can be as it was"
        file = f"{self._top}/{change.path}"
        try:
            found = os.lstat(file)
            # The time at which it changed cannot be set; git compares it with its index as well.
            if found.st_ctime_ns < (self._clean_since or 0) - CLOCK_STEP_NS:
                return True
            if stat.S_ISLNK(found.st_mode):
                return False
            return blob_id(Path(file).read_bytes(), len(change.old)) == change.old
        except FileNotFoundError:
            return self._is_sparse
        except OSError:
            return False

    @property
    def _is_sparse(self) -> bool:
        """Whether files may be absent because they are not checked out."""
        settings = {setting.key: setting.value for setting in self._git.settings}
        return settings.get("core.sparsecheckout") == "true"

    def _in_the_way(self, path: str, free: set[str], absent: set[str]) -> str | None:
        """Return the path that obstructs a file or a folder above it, None without one.

        `free` are paths known not to be in the way, `absent` folders known not to be there; those
        that are found to be so are added to them.
        """
        top = os.fspath(self._top)
        at = path.find("/")
        while at > 0:
            folder = path[:at]
            if folder in absent:
                return None  # so nothing is below it
            if folder not in free:
                try:
                    mode = os.lstat(f"{top}/{folder}").st_mode
                except (FileNotFoundError, NotADirectoryError):
                    absent.add(folder)
                    return None
                if not stat.S_ISDIR(mode):
                    return folder
                free.add(folder)
            at = path.find("/", at + 1)
        return path if os.path.lexists(f"{top}/{path}") else None

    def _try(self, old: str | None, new: str) -> None:
        trial = ("read-tree", "-n", "-m", "-u", self._tree(old), new)
        try:
            self._merge(*trial)
        except GitError as error:
            raise DatabaseError(
                f"{self._label} has changed while the migration ran; nothing was applied: "
                f"{_without_command(error)}",
                hint=f"git -C {self._label} stash --include-untracked, then run it again",
            ) from error

    def _merge(self, *command: str) -> bytes:
        """Let git merge two trees into the index; return its warnings, raises `GitError`.

        The index may have stale file times: files were touched, or the repository was copied. It is
        refreshed only when git reports a difference, because checking each file is slow.
        """
        done = self._git.run_unchecked(*command, discard=True)
        # After a file that cannot be written a second try would stumble over those of the first.
        if done.returncode and not CANNOT_WRITE.search(done.stderr.decode(errors="replace")):
            self._git.run_unchecked("update-index", "-q", "--refresh")
            done = self._git.run_unchecked(*command, discard=True)
        if done.returncode:
            raise failure(command, done.stderr)
        return done.stderr

    def move(self, old: str | None, new: str) -> None:
        """Write what differs between two commits; the branch is at `new` already.

        Raises `DatabaseError` when git cannot, or would overwrite something else.
        """
        try:
            warnings = self._merge("read-tree", "-m", "-u", self._tree(old), new)
        except GitError as error:
            away = f"git -C {self._label} stash --include-untracked, then run it again"
            # The files are ours then, and a stash would need space as well.
            full = "make room on the disk, or permit writing; the next doit finishes it"
            hint = full if CANNOT_WRITE.search(error.stderr) else away
            raise DatabaseError(
                f"applied and committed, but {self._label} could not be checked out: "
                f"{_without_command(error)}",
                hint=error.hint or hint,
            ) from error
        if CANNOT_REMOVE.search(warnings):
            self._remove_leftovers(old, new)
        self._clean_index = stamp(self._git_dir / "index")

    def _remove_leftovers(self, old: str | None, new: str) -> None:
        """Remove the files of `old` that `new` lacks and that git has left; keep any other file.

        Raises `DatabaseError` with the first that cannot be removed.
        """
        for change in changed_files(self._git, self._tree(old), new):
            file = self._top / change.path
            if change.new is not None or not os.path.lexists(file) or not self._is_old(change):
                continue
            try:
                file.unlink()
            except OSError as error:
                raise DatabaseError(
                    f"applied and committed, but {self._label}/{change.path} could not be "
                    f"removed: {error.strerror}",
                    hint="permit writing there; the next doit finishes it",
                ) from error
            with contextlib.suppress(OSError):  # as git does, as far as they are empty
                os.removedirs(file.parent)

    def finish(self, old: str | None, new: str) -> None:
        """Complete a `move` that was killed at any point.

        git writes the index last: with the new one only files that it could not remove can be left.
        With the old one each file may be the old or the new one or the beginning of the new one:
        those are removed, so that git writes them again. Anything else is the user's own and goes
        to the folder `rescued_dir`.
        """
        (self._git_dir / "index.lock").unlink(missing_ok=True)
        if self._git.query("diff-index", "--cached", "--quiet", new) is None:
            for change in changed_files(self._git, self._tree(old), new):
                self._clear(change, self._rescued_dir / new[:12])
            self.move(old, new)
        else:
            self._remove_leftovers(old, new)

    def _clear(self, change: Change, rescued_dir: Path) -> None:
        """Remove a file if it is one of the two versions; keep any other."""
        file = self._top / change.path
        if file.is_symlink():
            content = os.fsencode(file.readlink())
        elif file.is_file():
            content = file.read_bytes()
        else:
            return
        known = [oid for oid in (change.old, change.new) if oid]
        if blob_id(content, len(known[0])) in known or self._begins(change.new, content):
            file.unlink()
        else:
            (rescued_dir / change.path).parent.mkdir(parents=True, exist_ok=True)
            file.replace(rescued_dir / change.path)

    def _begins(self, oid: str | None, content: bytes) -> bool:
        return oid is not None and self._git.run("cat-file", "blob", oid).startswith(content)

    def _tree(self, commit: str | None) -> str:
        return commit or self._git.empty_tree()


def _without_command(error: GitError) -> str:
    return error.message.removeprefix("git read-tree failed: ")
