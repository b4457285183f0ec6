"""The database repository: found or made, checked, locked, published to."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from ..errors import DatabaseError, first_few
from ..git.checkout import Checkout
from ..git.command import Git, check_version
from ..git.diff import Change
from ..git.leftovers import clear_leftovers, has_leftovers, locks
from ..git.objects import ObjectReader
from ..git.refs import RefWriter, symbolic_head
from ..git.remote import Remote
from ..git.safety import Allow, Programs, find_programs
from ..git.snapshot import GitSource
from ..git.tidying import tidy
from ..git.transfer_progress import OnTransfer
from ..scratch import scratch_folder
from ..settings import Settings, display_path
from ..state_folder import check_folder
from .creation import make, name_another
from .journal import Publication
from .ledger import is_absent, not_a_repository
from .lock import (
    forget_interrupted,
    holder,
    interrupted_since,
    keep_as_interrupted,
    lock,
    was_interrupted,
)
from .publish import HEADS, Publisher
from .publish import PRIVATE_REFS as PRIVATE_REFS
from .transaction import Transaction

# Tips of the branch that were replaced; only a person removes them.
KEPT_REFS = "refs/nes-tasks-kept"
FALLBACK_IDENTITY = ("nes-tasks", "nes-tasks@localhost")

# Each with its reason in docs/reference/database.md. A value that the owner has set stays.
CONFIGURATION = {
    "core.autocrlf": "false",
    "core.fscache": "true",
    "core.preloadIndex": "true",
    "core.untrackedCache": "true",
    "gc.auto": "0",
    "gc.autoDetach": "false",
    "index.version": "4",
}
CONFIGURED, CONFIGURATION_VERSION = "nes-tasks.configured", "2"

# What git leaves in its folder while an operation waits for a person, and what to call it.
UNFINISHED = {
    "MERGE_HEAD": "merge",
    "rebase-apply/applying": "am",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


class Repository:
    """One database repository: a working tree, a submodule, a clone without checkout, or bare."""

    def __init__(self, settings: Settings, git_dir: Path, *, bare: bool) -> None:
        self.settings = settings
        self.git = Git(settings.database)
        self.git_dir = git_dir
        self._bare = bare
        # Linked worktrees share everything but HEAD and index.
        self._common = settings.database / self.git.text("rev-parse", "--git-common-dir")
        self._objects = self._common / "objects"
        self._hooks = self._common / "hooks"
        self._own_folder = self._common / "nes-tasks"
        self._reader: ObjectReader | None = None
        # While the lock is held, unless it is kept for many migrations in a row.
        self._refs: RefWriter | None = None
        self._kept_refs: RefWriter | None = None
        self._is_recovered = False
        for folder in {self._own_folder, git_dir / "nes-tasks"}:
            check_folder(folder, display_path(folder, settings.root))

    @classmethod
    def open(cls, settings: Settings) -> Repository:
        """Open the database repository; make it when there is nothing at its path yet.

        It is cloned from `remote_url` when that is set, else it starts empty. Raises
        `UnavailableError` when git is missing, too old, or the remote cannot be reached, and
        `DatabaseError` when the path holds something else.
        """
        check_version()
        path = settings.database
        if is_absent(path):
            make(settings)
        asked = Git(path).run_unchecked(
            "rev-parse",
            "--is-bare-repository",
            "--is-inside-work-tree",
            "--show-prefix",
            "--absolute-git-dir",
        )
        if asked.returncode:
            raise not_a_repository(path, asked.stderr.decode(errors="replace"))
        bare, inside, prefix, git_dir = os.fsdecode(asked.stdout.rstrip(b"\n")).split("\n", 3)
        # Neither bare nor with files: a folder inside .git. With a prefix it is a part of another
        # working tree, which core.worktree of a repository can make of it.
        if bare == inside or prefix:
            raise not_a_repository(path, "")
        return cls(settings, Path(git_dir), bare=bare == "true")

    # What is there

    @property
    def branch(self) -> str:
        """The branch that is published to.

        Raises `DatabaseError` when HEAD is detached or is not the branch of the settings.
        """
        label, wanted = self.settings.database_label, self.settings.branch
        current = (symbolic_head(self.git, self.git_dir) or "").removeprefix(HEADS)
        if self._bare and wanted:
            if wanted != current and not self._has(HEADS + wanted) and self._has(HEADS):
                raise DatabaseError(
                    f"{label} has no branch {wanted}", hint=name_another(self._branches())
                )
            return wanted
        if not current:
            raise DatabaseError(
                f"{label} has a detached HEAD, so there is no branch to publish to",
                hint=self._switch(wanted or next(iter(self._branches()), "main")),
            )
        if wanted and wanted != current:
            raise DatabaseError(
                f"{label} has the branch {current} checked out, not {wanted}",
                hint=self._switch(wanted),
            )
        return current

    def _has(self, *refs: str) -> bool:
        return bool(self.git.text("for-each-ref", "--count=1", *refs))

    def _branches(self) -> list[str]:
        names = self.git.text("for-each-ref", "--format=%(refname)", HEADS).splitlines()
        return [name.removeprefix(HEADS) for name in names]

    def _switch(self, branch: str) -> str:
        known = self._has(HEADS + branch, f"refs/remotes/*/{branch}")
        if not known and (there := self._branches()):
            # Making one would begin a second main line beside the published one.
            return name_another(there)
        return f"git -C {self.settings.database_label} switch {'' if known else '-c '}{branch}"

    @property
    def has_checkout(self) -> bool:
        """Whether there are files to bring along: neither bare nor cloned without checkout."""
        if self._bare:
            return False
        has_index = (self.git_dir / "index").exists()
        # It has none before its first files, which may follow later.
        return has_index or self.files_due is not None or self.head() is None

    def head(self) -> str | None:
        """Return the commit at the tip of the branch, None before the first one."""
        ref = HEADS + self.branch
        if self._reader is not None and (found := self._reader.get(ref)):
            return found.oid
        # Also for a commit that the reader does not find: a damaged database is not an empty one.
        return self.git.query("rev-parse", "--verify", "--quiet", ref)

    def keep_processes(self) -> None:
        """Read and change refs through the same git processes from now on, until `close`.

        For many migrations in a row. Where anything else may come between them, call `rest`.
        """
        self._reader = self._reader or ObjectReader(self.git)
        self._kept_refs = self._kept_refs or RefWriter(self.git)

    def rest(self) -> None:
        """End the process that changes refs; it starts again when it is needed.

        To a command that cleans up, one that is idle looks like one at work.
        """
        if self._kept_refs is not None:
            self._kept_refs.close()

    def close(self) -> None:
        """End the processes that are kept."""
        self.rest()
        if self._reader is not None:
            self._reader.close()

    def tree_of(self, commit: str | None) -> str:
        """Return the tree of a commit, the one without files for None; raises `GitError`."""
        return GitSource(self.git, self._reader).tree_of(commit)

    def transaction(self, base: str | None, ref: str) -> Transaction:
        """Return a transaction on the commit `base`; the caller holds the lock."""
        return Transaction(
            self.git,
            base=base,
            ref=ref,
            data_dir=self.settings.data_dir,
            reader=self._reader,
            refs=self._refs,
        )

    def committer(self) -> tuple[str, str]:
        """Return name and e-mail of the current user from git's configuration."""
        known = self._configuration

        def configured(key: str) -> str:
            variable = os.environ.get(f"GIT_COMMITTER_{key.upper()}")
            return variable or known.get(f"committer.{key}") or known.get(f"user.{key}") or ""

        name, email = configured("name"), configured("email")
        return (name, email) if name and email else FALLBACK_IDENTITY

    @cached_property
    def signs(self) -> bool:
        """Whether commits of migrations are signed: the setting `sign`, else commit.gpgSign."""
        return self._signs("commit.gpgSign")

    @property
    def signs_tags(self) -> bool:
        """Whether tags of releases are signed: the setting `sign`, else tag.gpgSign."""
        return self._signs("tag.gpgSign")

    def _signs(self, key: str) -> bool:
        if self.settings.sign is not None:
            return self.settings.sign
        return self.git.query("config", "--type=bool", "--get", key) == "true"

    def check_ready(self, *, files: bool = True, filters: bool = True) -> None:
        """Check that a migration may run; changes nothing.

        Without `filters` those that the repository names are not run; a file that passes through
        one and was touched counts as changed then.

        Raises `DatabaseError` naming what stands in the way: an operation that a person has to
        finish, another git at work, uncommitted changes, a missing permission. Whether there are
        uncommitted changes takes a look at every file; it is left out without `files`.
        """
        label = self.settings.database_label
        for file_name, operation in UNFINISHED.items():
            if (self.git_dir / file_name).exists():
                raise DatabaseError(
                    f"{label} is in the middle of a {operation}",
                    hint=f"finish it, or git -C {label} {_abort(operation)}",
                )
        self.branch  # noqa: B018 - raises when there is none
        for folder in (self.git_dir, self._objects):
            if not os.access(folder, os.W_OK):
                raise DatabaseError(f"no permission to write to {folder}")
        self._check_unlocked(label)
        if self.has_checkout:
            if not os.access(self.settings.database, os.W_OK):
                raise DatabaseError(f"no permission to write to {label}")
            if files:
                self._check_clean(label, filters=filters)

    def _check_unlocked(self, label: str) -> None:
        """Check that no other git is at work, so that a run does not fail at its end."""
        for path in locks(self.git_dir, self._common):
            raise DatabaseError(
                f"another git command is running in {label}",
                hint=f"if none is, remove {display_path(path, self.settings.root)}",
            )

    def _check_clean(self, label: str, *, filters: bool) -> None:
        git = self.git.allowing(Allow.FILTERS | Allow.TRANSPORT) if filters else self.git
        began = time.time_ns()
        status = git.run(
            "status",
            "--porcelain",
            "-z",
            "--no-renames",
            "--ignore-submodules",
            "--untracked-files=normal",  # whatever the user prefers to see
            # Those who only look change nothing. The others let git note what it has found out
            # about files and folders: it need not look into each folder the next time.
            env={"GIT_OPTIONAL_LOCKS": "1" if filters else "0"},
        )
        changed = [row[3:].decode(errors="replace") for row in status.split(b"\0") if row]
        if changed:
            raise DatabaseError(
                f"{label} has uncommitted changes: {first_few(changed)}",
                hint=f"commit them, or git -C {label} stash --include-untracked",
            )
        self._checkout.found_clean(since=began)

    @property
    def holder(self) -> str | None:
        """Who holds the lock at this moment, None when it is free."""
        return holder(self._own_folder)

    @property
    def programs(self) -> Programs:
        """What the repository itself names that git could run."""
        return find_programs(self.git.settings, self.settings.database, self._hooks)

    @property
    def is_unfinished(self) -> bool:
        """Whether a command was killed, or is publishing just now."""
        return self._publisher.journal.exists() or was_interrupted(self._own_folder)

    # Changing it

    @contextmanager
    def locked(self, command: str, *, fetches: bool = False) -> Iterator[None]:
        """Hold the repository's lock; what a killed run left behind is put right first.

        With `fetches` git itself writes objects into the repository. Raises `LockHeldError` when
        another run holds it, `DatabaseError` when nothing can be written or something is in the
        way of putting it right.
        """
        with lock(self._own_folder, command):
            self._recover()
            self._configure()
            began = time.time()
            with self._changing_refs():
                yield
            # git says nothing of locks and temporary files of its own that it could not remove.
            ours = self._common.glob(f"{PRIVATE_REFS}*/**/*.lock")
            left = locks(self.git_dir, self._common) or any(ours)
            if left or (fetches and has_leftovers(self._common, began)):
                keep_as_interrupted(self._own_folder)

    def _recover(self) -> None:
        since = interrupted_since(self._own_folder)
        if self._is_recovered and since is None and self._publisher.is_settled:
            return  # the last holder of the lock ended normally
        if since is not None:
            self.rest()  # it would be waited for
            settings = self.settings
            top, label = settings.database, settings.database_label
            clear_leftovers(self.git_dir, self._common, top, since, label)
        self._publisher.recover()
        if since is not None:
            forget_interrupted(self._own_folder)
        self._is_recovered = True

    def publish(
        self,
        ref: str,
        old: str | None,
        new: str,
        *,
        backup_ref: str | None = None,
        changes: Sequence[Change] | None = None,
    ) -> None:
        """Let the branch move from `old` to `new` and bring the working tree along.

        `ref` is the private ref of `new`; it goes away in the same step. `backup_ref` is a ref that
        the same step makes for `old`, when `new` does not contain it. `changes` are the
        files that differ between the two, when that is known; then the working tree may follow
        later, see `let_files_lag`. Raises what `Publisher.publish` raises.
        """
        branch, has_checkout = HEADS + self.branch, self.has_checkout
        planned = Publication(branch, old, new, ref, backup_ref, has_checkout)
        with self._changing_refs() as refs:
            self._publisher.publish(planned, refs, changes)

    def let_files_lag(self, seconds: float) -> None:
        """Let the working tree follow several publications at once, `seconds` after the first.

        `files_due` then says when `catch_up` has to be called, at the latest.
        """
        self._publisher.lag = seconds

    @property
    def files_due(self) -> float | None:
        """The moment, of the monotonic clock, at which the working tree has to follow.

        None when it is not behind the branch.
        """
        return self._publisher.due

    def catch_up(self) -> None:
        """Bring the working tree along with what was published; the caller holds the lock.

        Raises what `Publisher.catch_up` raises.
        """
        self._publisher.catch_up()

    @contextmanager
    def _changing_refs(self) -> Iterator[RefWriter]:
        """Change refs through one git process to the end of the outermost block."""
        if self._refs is not None:
            yield self._refs
            return
        self._refs = refs = self._kept_refs or RefWriter(self.git)
        is_kept = False
        try:
            yield refs
            is_kept = refs is self._kept_refs
        finally:
            self._refs = None
            if not is_kept:
                refs.close()

    def tidy(self) -> None:
        """Join what many migrations have stored, see `git.tidying.tidy`."""
        tidy(self.git)

    def remove_if_empty(self, command: str) -> None:
        """Remove a repository that holds nothing: no file, and no commit but that of an empty tree.

        Raises `LockHeldError` when another process has begun to use it.
        """
        path = self.settings.database
        with self.locked(command):
            refs = self.git.text("for-each-ref", "--format=%(objectname)^{tree}").splitlines()
            commits = int(self.git.text("rev-list", "--all", "--count"))
            trees = {self.git.text("rev-parse", ref) for ref in refs}
            files = [item for item in path.iterdir() if item.name != ".git"]
            if files or commits > 1 or not trees <= {self.git.empty_tree()}:
                return
            with scratch_folder(path.parent, f".{path.name}-") as aside:
                path.rename(aside / "empty")

    def discard(self, ref: str) -> None:
        """Forget a private ref; git's garbage collection removes what only it held."""
        self.git.run_unchecked("update-ref", "-d", ref)

    @cached_property
    def _checkout(self) -> Checkout:
        return Checkout(
            self.git,
            self.git_dir,
            self.settings.database,
            label=self.settings.database_label,
            rescued_dir=self._own_folder / "kept",
        )

    @cached_property
    def _publisher(self) -> Publisher:
        label = self.settings.database_label
        return Publisher(self.git, self.git_dir, self._common, self._checkout, label=label)

    # Remotes

    def unpushed(self) -> int | None:
        """Return how many commits the remote does not have as far as is known here.

        None when there is no remote of the configured name.
        """
        remote, head = self.settings.remote, self.head()
        if head is None or not self.remote.exists:
            return None
        return int(self.git.text("rev-list", "--count", head, "--not", f"--remotes={remote}"))

    @property
    def remote(self) -> Remote:
        """The branch at the remote of the settings, whether or not there is such a remote."""
        settings = self.settings
        return Remote(
            self.git,
            settings.remote,
            self.branch,
            label=settings.database_label,
            timeout=settings.push_timeout,
        )

    def push(self, on_progress: OnTransfer | None = None, *, command: str = "doit push") -> None:
        """Push the branch to the remote; `on_progress` is called with the progress.

        Raises `UnavailableError` when it is refused, unreachable or not done within
        `push_timeout` seconds, or when the repository is in use; the commits stay in the local
        repository.
        """
        with self.locked(command):
            self.remote.push(self.head(), on_progress)

    @property
    def _configuration(self) -> dict[str, str]:
        """What git is configured to do here, from all its files, by key."""
        return {setting.key: setting.value or "" for setting in self.git.settings}

    def _configure(self) -> None:
        """Set git up for many files, once; values that are set already are left alone."""
        known = self._configuration
        if known.get(CONFIGURED) == CONFIGURATION_VERSION:
            return
        missing = {key: value for key, value in CONFIGURATION.items() if key.lower() not in known}
        for key, value in {**missing, CONFIGURED: CONFIGURATION_VERSION}.items():
            self.git.run("config", key, value)
        self.git.refresh_settings()


def _abort(operation: str) -> str:
    return "bisect reset" if operation == "bisect" else f"{operation} --abort"
