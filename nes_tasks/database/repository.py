"""The database repository: found or made, checked, locked, published to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from ..errors import DatabaseError, GitError, UnavailableError, first_few
from ..git.checkout import Checkout, check_out_sparsely
from ..git.command import Git, check_version
from ..git.leftovers import clear_leftovers, locks
from ..git.remote import Remote, branches_of
from ..git.safety import Allow, Programs, find_programs
from ..git.transfer_progress import OnTransfer
from ..scratch import scratch_folder
from ..settings import Settings, shown
from ..state_folder import check_folder
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
from .marker import FOLDER
from .publish import HEADS, Publisher
from .publish import PRIVATE_REFS as PRIVATE_REFS

# Tips of the branch that were replaced; nobody but a person removes them.
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

# A local source is copied, so nothing would be left out of it without a protocol.
CLONE_OPTIONS: dict[str, tuple[str, ...]] = {
    "full": (),
    "sparse": ("--no-checkout",),
    "partial": ("--no-checkout", "--filter=blob:none", "--no-local"),
}

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
        for folder in {self._own_folder, git_dir / "nes-tasks"}:
            check_folder(folder, shown(folder, settings.root))

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
            _make(settings)
        asked = Git(path).attempt(
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
        place, wanted = self.settings.shown_database, self.settings.branch
        current = (self.git.ask("symbolic-ref", "--quiet", "HEAD") or "").removeprefix(HEADS)
        if self._bare and wanted:
            if wanted != current and not self._has(HEADS + wanted) and self._has(HEADS):
                raise DatabaseError(
                    f"{place} has no branch {wanted}", hint=_name_another(self._branches())
                )
            return wanted
        if not current:
            raise DatabaseError(
                f"{place} has a detached HEAD, so there is no branch to publish to",
                hint=self._switch(wanted or next(iter(self._branches()), "main")),
            )
        if wanted and wanted != current:
            raise DatabaseError(
                f"{place} has the branch {current} checked out, not {wanted}",
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
            return _name_another(there)
        return f"git -C {self.settings.shown_database} switch {'' if known else '-c '}{branch}"

    @property
    def has_checkout(self) -> bool:
        """Whether there are files to bring along: neither bare nor cloned without checkout."""
        return not self._bare and ((self.git_dir / "index").exists() or self.head() is None)

    def head(self) -> str | None:
        """Return the commit at the tip of the branch, None before the first one."""
        return self.git.ask("rev-parse", "--verify", "--quiet", HEADS + self.branch)

    def committer(self) -> tuple[str, str]:
        """Return name and e-mail of whoever runs this, as git is configured."""
        known = self._configuration

        def configured(key: str) -> str:
            variable = os.environ.get(f"GIT_COMMITTER_{key.upper()}")
            return variable or known.get(f"committer.{key}") or known.get(f"user.{key}") or ""

        name, email = configured("name"), configured("email")
        return (name, email) if name and email else FALLBACK_IDENTITY

    @cached_property
    def signs(self) -> bool:
        """Whether commits of migrations are signed: the setting `sign`, else commit.gpgSign."""
        if self.settings.sign is not None:
            return self.settings.sign
        return self.git.ask("config", "--type=bool", "--get", "commit.gpgSign") == "true"

    def check_ready(self, *, files: bool = True, filters: bool = True) -> None:
        """Check that a migration may run; changes nothing.

        Without `filters` those that the repository names are not run; a file that passes through
        one and was touched counts as changed then.

        Raises `DatabaseError` naming what stands in the way: an operation that a person has to
        finish, another git at work, uncommitted changes, a missing permission. Whether there are
        uncommitted changes takes a look at every file; it is left out without `files`.
        """
        place = self.settings.shown_database
        for file_name, operation in UNFINISHED.items():
            if (self.git_dir / file_name).exists():
                raise DatabaseError(
                    f"{place} is in the middle of a {operation}",
                    hint=f"finish it, or git -C {place} {_abort(operation)}",
                )
        self.branch  # noqa: B018 - raises when there is none
        for folder in (self.git_dir, self._objects):
            if not os.access(folder, os.W_OK):
                raise DatabaseError(f"no permission to write to {folder}")
        self._check_unlocked(place)
        if self.has_checkout:
            if not os.access(self.settings.database, os.W_OK):
                raise DatabaseError(f"no permission to write to {place}")
            if files:
                self._check_clean(place, filters=filters)

    def _check_unlocked(self, place: str) -> None:
        """Check that no other git is at work, so that a run does not fail at its end."""
        for path in locks(self.git_dir, self._common):
            raise DatabaseError(
                f"another git command is at work in {place}",
                hint=f"if none is, remove {shown(path, self.settings.root)}",
            )

    def _check_clean(self, place: str, *, filters: bool) -> None:
        git = self.git.allowing(Allow.FILTERS | Allow.TRANSPORT) if filters else self.git
        status = git.run(
            "status",
            "--porcelain",
            "-z",
            "--no-renames",
            "--ignore-submodules",
            "--untracked-files=normal",  # whatever the user prefers to see
        )
        changed = [row[3:].decode(errors="replace") for row in status.split(b"\0") if row]
        if changed:
            raise DatabaseError(
                f"{place} has uncommitted changes: {first_few(changed)}",
                hint=f"commit them, or git -C {place} stash --include-untracked",
            )

    @property
    def holder(self) -> str | None:
        """Who holds the lock at this moment, None when nobody does."""
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
    def locked(self, command: str) -> Iterator[None]:
        """Hold the repository's lock; what a killed run left behind is put right first.

        Raises `LockHeldError` when another run holds it, `DatabaseError` when nothing can be
        written or something is in the way of putting it right.
        """
        with lock(self._own_folder, command):
            self._recover()
            self._configure()
            yield
            # git says nothing of a lock of its own that it could not remove.
            if locks(self.git_dir, self._common):
                keep_as_interrupted(self._own_folder)

    def _recover(self) -> None:
        since = interrupted_since(self._own_folder)
        if since is not None:
            place = self.settings
            top, label = place.database, place.shown_database
            clear_leftovers(self.git_dir, self._common, top, since, label)
        self._publisher.recover()
        if since is not None:
            forget_interrupted(self._own_folder)

    def publish(self, ref: str, old: str | None, new: str, *, kept: str | None = None) -> None:
        """Let the branch move from `old` to `new` and bring the working tree along.

        `ref` is the private ref of `new`; it goes away in the same step. `kept` is a ref that
        the same step makes for `old`, when `new` does not contain it. Raises what
        `Publisher.publish` raises.
        """
        branch, has_checkout = HEADS + self.branch, self.has_checkout
        self._publisher.publish(Publication(branch, old, new, ref, kept, has_checkout))

    def tidy(self) -> None:
        """Pack what many small migrations left as single files; next to nothing when it is little.

        Done step by step by git's maintenance, which never rewrites the whole repository as
        ``git gc`` would. It is no failure if it does not work out.
        """
        tasks = ("--task=loose-objects", "--task=incremental-repack")
        self.git.attempt("maintenance", "run", "--auto", "--quiet", *tasks)

    def remove_if_empty(self, command: str) -> None:
        """Remove a repository that holds nothing: no file, and no commit but that of an empty tree.

        Raises `LockHeldError` when somebody else has begun to use it.
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
        self.git.attempt("update-ref", "-d", ref)

    @cached_property
    def _publisher(self) -> Publisher:
        place = self.settings.shown_database
        checkout = Checkout(
            self.git,
            self.git_dir,
            self.settings.database,
            place=place,
            kept=self._own_folder / "kept",
        )
        return Publisher(self.git, self.git_dir, self._common, checkout, label=place)

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
            place=settings.shown_database,
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
        """Set git up for many files, once; values that somebody has set are left alone."""
        known = self._configuration
        if known.get(CONFIGURED) == CONFIGURATION_VERSION:
            return
        missing = {key: value for key, value in CONFIGURATION.items() if key.lower() not in known}
        for key, value in {**missing, CONFIGURED: CONFIGURATION_VERSION}.items():
            self.git.run("config", key, value)
        self.git.refresh_settings()


def _make(settings: Settings) -> None:
    """Clone or create the repository.

    It is made beside its place and moved there when it is complete: a clone that was killed
    half way looks like a repository without commits.
    """
    path = settings.database
    missing = missing_submodule(settings)
    if missing:
        raise missing
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(path.parent, f".{path.name}-") as aside:
            # A clone needs the transport that the user has set up, and filters for its files.
            git = Git(aside, allow=Allow.TRANSPORT | Allow.FILTERS)
            if settings.remote_url:
                _clone(git, settings, settings.remote_url)
            else:
                git.run("init", "--quiet", f"--initial-branch={settings.branch or 'main'}", "new")
            # A plain rebase would lay the batches of a migration out in a line.
            Git(git.folder / "new").run("config", "pull.rebase", "merges")
            (git.folder / "new").rename(path)
    except OSError as error:
        if is_absent(path):
            raise DatabaseError(
                f"{settings.shown_database} cannot be created: {error.strerror}"
            ) from error
        # Otherwise another process was faster.


def _clone(git: Git, settings: Settings, url: str) -> None:
    branch = [f"--branch={settings.branch}"] if settings.branch else []
    local = settings.root / url
    source = str(local) if local.exists() else url
    try:
        git.run(
            "clone",
            "--quiet",
            f"--origin={settings.remote}",
            *branch,
            *CLONE_OPTIONS[settings.clone],
            "--",
            source,
            "new",
        )
        if settings.clone != "full":
            new = Git(git.folder / "new", allow=Allow.TRANSPORT | Allow.FILTERS)
            check_out_sparsely(new, f"{settings.data_dir}/{FOLDER}")
    except GitError as error:
        reason = error.message.removeprefix("git clone failed: ")
        hint = "check the setting remote_url and the network, then run it again"
        there = _branches(git, source) if settings.branch else []
        if there and settings.branch not in there:
            hint = _name_another(there)
        raise UnavailableError(f"{url} cannot be cloned: {reason}", hint=hint) from error


def _branches(git: Git, source: str) -> list[str]:
    try:
        return branches_of(git, source)
    except GitError:
        return []


def is_submodule(settings: Settings) -> bool:
    """Return whether the service repository says that the database belongs there."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = (settings.root / ".gitmodules").read_text(encoding="utf-8")
        rows = (line.partition("=") for line in text.splitlines())
        return any(
            key.strip() == "path" and value.strip() == settings.shown_database
            for key, _, value in rows
        )
    return False


def starts_empty(settings: Settings) -> bool:
    """Return whether there is no database yet, and none that would be cloned."""
    return is_absent(settings.database) and not settings.remote_url and not is_submodule(settings)


def missing_submodule(settings: Settings) -> DatabaseError | None:
    """Return the error for a database that is a submodule and not there yet, None for others.

    Without it nobody knows what is applied: an empty folder is no empty database then.
    """
    if not is_absent(settings.database) or not is_submodule(settings):
        return None
    place, back = settings.shown_database, settings.branch or "main"
    return DatabaseError(
        f"the submodule {place} is not there yet",
        hint=f"git submodule update --init {place} && git -C {place} switch {back}",
    )


def refuse_missing_submodule(settings: Settings) -> None:
    """Raise the `DatabaseError` for a submodule that is not there yet, before anything is told."""
    if missing := missing_submodule(settings):
        raise missing


def _abort(operation: str) -> str:
    return "bisect reset" if operation == "bisect" else f"{operation} --abort"


def _name_another(branches: Sequence[str]) -> str:
    """Return what to do when the branch of the settings is not one of those that are there."""
    return f"it has {first_few(branches)}; name one of them in the setting `branch`"
