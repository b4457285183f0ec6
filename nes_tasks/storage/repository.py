"""The database repository: found or made, checked, locked, published to.

This is the only module that imports GitPython, for what it does well: opening, cloning,
configuration, remotes. The hot paths next door speak to git's plumbing themselves.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from git import Repo
from git.exc import GitCommandError, InvalidGitRepositoryError, NoSuchPathError

from ..errors import DatabaseError, GitError, UnavailableError
from ..settings import Settings
from .git import Git, check_version, clean_environment
from .ledger import is_absent, not_a_repository
from .lock import lock

PRIVATE_REFS = "refs/nes-tasks"
FALLBACK_IDENTITY = ("nes-tasks", "nes-tasks@localhost")

# Each with its reason in docs/reference/database.md. A value that the owner has set stays.
CONFIGURATION: dict[tuple[str, str], str] = {
    ("core", "autocrlf"): "false",
    ("core", "fscache"): "true",
    ("core", "preloadIndex"): "true",
    ("core", "untrackedCache"): "true",
    ("gc", "autoDetach"): "false",
    ("index", "version"): "4",
}

# What git leaves in its folder while an operation waits for a person, and what to call it.
UNFINISHED = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


class Repository:
    """One database repository: a working tree, a submodule, a clone without checkout, or bare."""

    def __init__(self, settings: Settings, repo: Repo) -> None:
        self.settings = settings
        self.repo = repo
        self.git = Git(settings.database)
        self.git_dir = Path(repo.git_dir)
        self._own_folder = Path(repo.common_dir) / "nes-tasks"

    @classmethod
    def open(cls, settings: Settings) -> Repository:
        """Open the database repository; make it when there is nothing at its path yet.

        It is cloned from `remote_url` when that is set, else it starts empty. Raises
        `UnavailableError` when git is missing, too old, or the remote cannot be reached, and
        `DatabaseError` when the path holds something else.
        """
        check_version()
        _forget_callers_repository()
        path = settings.database
        if is_absent(path):
            _make(settings)
        try:
            repo = Repo(path)
        except (InvalidGitRepositoryError, NoSuchPathError):
            raise not_a_repository(path, "") from None
        repository = cls(settings, repo)
        repository._configure()
        return repository

    # What is there

    @property
    def branch(self) -> str:
        """The branch that is published to.

        Raises `DatabaseError` when HEAD is detached or is not the branch of the settings.
        """
        place, wanted = self.settings.shown_database, self.settings.branch
        if self.repo.bare and wanted:
            return wanted
        if self.repo.head.is_detached:
            back = wanted or next((head.name for head in self.repo.heads), "main")
            raise DatabaseError(
                f"{place} has a detached HEAD, so there is no branch to publish to",
                hint=f"git -C {place} switch {back}",
            )
        current = self.repo.active_branch.name
        if wanted and wanted != current:
            raise DatabaseError(
                f"{place} has the branch {current} checked out, not {wanted}",
                hint=f"git -C {place} switch {wanted}",
            )
        return current

    @property
    def has_checkout(self) -> bool:
        """Whether there are files to bring along: neither bare nor cloned without checkout."""
        return not self.repo.bare and ((self.git_dir / "index").exists() or self.head() is None)

    def head(self) -> str | None:
        """Return the commit at the tip of the branch, None before the first one."""
        done = self.git.attempt("rev-parse", "--verify", "--quiet", f"refs/heads/{self.branch}")
        return done.stdout.decode().strip() or None

    def committer(self) -> tuple[str, str]:
        """Return name and e-mail of whoever runs this, as git is configured."""
        config = self.repo.config_reader()
        name = os.environ.get("GIT_COMMITTER_NAME") or config.get_value("user", "name", "")
        email = os.environ.get("GIT_COMMITTER_EMAIL") or config.get_value("user", "email", "")
        return (str(name), str(email)) if name and email else FALLBACK_IDENTITY

    def check_ready(self) -> None:
        """Check that a migration may run; changes nothing.

        Raises `DatabaseError` naming what stands in the way: an operation that a person has to
        finish, another git at work, uncommitted changes, a missing permission.
        """
        place = self.settings.shown_database
        for file_name, operation in UNFINISHED.items():
            if (self.git_dir / file_name).exists():
                raise DatabaseError(
                    f"{place} is in the middle of a {operation}",
                    hint=f"finish it, or git -C {place} {_abort(operation)}",
                )
        self.branch  # noqa: B018 - raises when there is none
        for folder in (self.git_dir, Path(self.repo.common_dir) / "objects"):
            if not os.access(folder, os.W_OK):
                raise DatabaseError(f"no permission to write to {folder}")
        if self.has_checkout:
            self._check_clean(place)

    def _check_clean(self, place: str) -> None:
        if not os.access(self.repo.working_dir, os.W_OK):
            raise DatabaseError(f"no permission to write to {place}")
        if (self.git_dir / "index.lock").exists():
            raise DatabaseError(
                f"another git command is at work in {place}",
                hint=f"if none is, remove {place}/.git/index.lock",
            )
        status = self.git.run("status", "--porcelain", "-z", "--no-renames", "--ignore-submodules")
        changed = [row[3:].decode(errors="replace") for row in status.split(b"\0") if row]
        if changed:
            more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
            raise DatabaseError(
                f"{place} has uncommitted changes: {', '.join(changed[:3])}{more}",
                hint=f"commit them, or git -C {place} stash --include-untracked",
            )

    # Changing it

    @contextmanager
    def locked(self, command: str) -> Iterator[None]:
        """Hold the repository's lock; what a killed run left behind is put right first.

        Raises `LockHeldError` when another run holds it.
        """
        with lock(self._own_folder, command):
            self._recover()
            yield

    def publish(self, ref: str, old: str | None, new: str) -> None:
        """Let the branch move from `old` to `new` and bring the working tree along.

        `ref` is the private ref of `new`; it goes away in the same step. Raises
        `DatabaseError`, having changed nothing, when the branch is not at `old` any more.
        """
        branch = f"refs/heads/{self.branch}"
        checkout = self.has_checkout
        note = {"branch": branch, "old": old, "new": new, "checkout": checkout}
        self._pending.write_text(json.dumps(note), encoding="utf-8")
        nothing = "0" * len(new)
        steps = f"start\nupdate {branch} {new} {old or nothing}\ndelete {ref}\nprepare\ncommit\n"
        try:
            self.git.run(
                "update-ref", "-m", "nes-tasks: migration", "--stdin", stdin=steps.encode()
            )
        except GitError as error:
            self._pending.unlink()
            raise DatabaseError(
                f"the branch {self.branch} has moved while the migration ran; nothing was applied",
                hint="run it again",
            ) from error
        if checkout:
            self._bring_along(old, new)
        self._pending.unlink()

    def discard(self, ref: str) -> None:
        """Forget a private ref; git's garbage collection removes what only it held."""
        self.git.attempt("update-ref", "-d", ref)

    def _bring_along(self, old: str | None, new: str) -> None:
        """Check out what differs between two commits; refuses to overwrite anything else.

        A two-way merge, see https://git-scm.com/docs/git-read-tree#_two_tree_merge.
        """
        before = old or self.git.empty_tree()
        try:
            self.git.run("read-tree", "-m", "-u", before, new)
        except GitError as error:
            place = self.settings.shown_database
            raise DatabaseError(
                f"applied and committed, but {place} could not be checked out: {error.message}",
                hint=f"move them away, then git -C {place} reset --keep {new[:12]}",
            ) from error

    @property
    def _pending(self) -> Path:
        """The note that says a publication is under way; it outlives a power cut."""
        return self._own_folder / "publishing.json"

    def _recover(self) -> None:
        """Finish what a killed run had begun, or forget it; we hold the lock, so it is over."""
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
            note = json.loads(self._pending.read_text(encoding="utf-8"))
            old, new = note["old"], note["new"]
            published = note["branch"] == f"refs/heads/{self.branch}" and self.head() == new
            if published and note["checkout"]:
                self._finish_checkout(old, new)
        self._pending.unlink(missing_ok=True)
        left = self.git.text("for-each-ref", "--format=delete %(refname)", f"{PRIVATE_REFS}/")
        if left:
            self.git.run("update-ref", "--stdin", stdin=f"{left}\n".encode())

    def _finish_checkout(self, old: str | None, new: str) -> None:
        """Write the files that differ between two commits, wherever the checkout had stopped.

        git writes the index last, so it may not know yet which files are new. A file that is
        neither the old nor (a beginning of) the new version is somebody's own: it is kept in
        the state folder of the repository.
        """
        (self.git_dir / "index.lock").unlink(missing_ok=True)
        before = old or self.git.empty_tree()
        rows = self.git.run("diff-tree", "-r", "-z", "--no-renames", before, new).split(b"\0")[:-1]
        changes = [(row.split(), path) for row, path in zip(rows[::2], rows[1::2], strict=True)]
        top = Path(self.repo.working_dir)
        for (_, _, was, now, _), path in changes:
            self._keep_foreign(top / os.fsdecode(path), was.decode(), now.decode())
        for args, status in (
            (["checkout", new, "--pathspec-from-file=-", "--pathspec-file-nul"], b"AMT"),
            (
                [
                    "rm",
                    "-r",
                    "-f",
                    "-q",
                    "--ignore-unmatch",
                    "--pathspec-from-file=-",
                    "--pathspec-file-nul",
                ],
                b"D",
            ),
        ):
            paths = [path for row, path in changes if row[4] in status]
            if paths:
                env = {"GIT_LITERAL_PATHSPECS": "1"}
                self.git.run(*args, stdin=b"\0".join(paths) + b"\0", env=env)

    def _keep_foreign(self, file: Path, was: str, now: str) -> None:
        if not file.is_file():
            return
        content = file.read_bytes()
        versions = [self.git.run("cat-file", "blob", oid) for oid in (was, now) if oid.strip("0")]
        if not any(version.startswith(content) for version in versions):
            kept = self._own_folder / "kept" / file.relative_to(self.repo.working_dir)
            kept.parent.mkdir(parents=True, exist_ok=True)
            file.replace(kept)

    # Remotes

    def unpushed(self) -> int | None:
        """Return how many commits the remote does not have as far as is known here.

        None when there is no remote of the configured name.
        """
        remote = self.settings.remote
        if remote not in {known.name for known in self.repo.remotes} or self.head() is None:
            return None
        branch = self.branch
        known = self.git.attempt(
            "rev-list", "--count", f"refs/heads/{branch}", "--not", f"--remotes={remote}"
        )
        return int(known.stdout or 0)

    def push(self) -> None:
        """Push the branch to the remote.

        Raises `UnavailableError` when it is refused, unreachable or not done within
        `push_timeout` seconds; the commits stay in the local repository.
        """
        remote, timeout = self.settings.remote, self.settings.push_timeout
        again = f"git -C {self.settings.shown_database} push {remote} {self.branch}"
        try:
            self.repo.git.push(
                "--porcelain", remote, f"{self.branch}:{self.branch}", kill_after_timeout=timeout
            )
        except GitCommandError as error:
            raise UnavailableError(
                f"the push to {remote} failed: {_reason(error)}; the data is committed locally",
                hint=again,
            ) from error

    def _configure(self) -> None:
        """Set git up for many files, once; values that somebody has set are left alone."""
        reader = self.repo.config_reader()
        if reader.get_value("nes-tasks", "configured", 0) == 1:
            return
        try:
            with self.repo.config_writer() as writer:
                for (section, option), value in CONFIGURATION.items():
                    if not reader.has_option(section, option):
                        writer.set_value(section, option, value)
                writer.set_value("nes-tasks", "configured", 1)
        except OSError as error:
            place = self.settings.shown_database
            raise DatabaseError(f"no permission to write to {place}: {error.strerror}") from error


def _make(settings: Settings) -> None:
    """Clone or create the repository."""
    path, place = settings.database, settings.shown_database
    if _is_submodule(settings):
        raise DatabaseError(
            f"the submodule {place} is not there yet",
            hint=f"git submodule update --init {place} && git -C {place} switch main",
        )
    if settings.remote_url:
        options: dict[str, Any] = {"origin": settings.remote}
        if settings.branch:
            options["branch"] = settings.branch
        try:
            Repo.clone_from(settings.remote_url, path, env=clean_environment(), **options)
        except GitCommandError as error:
            raise UnavailableError(
                f"{settings.remote_url} cannot be cloned: {_reason(error)}",
                hint="check the setting remote_url and the network, then run it again",
            ) from error
        return
    try:
        Repo.init(path, initial_branch=settings.branch or "main")
    except (GitCommandError, OSError) as error:
        reason = _reason(error) if isinstance(error, GitCommandError) else error.strerror
        raise DatabaseError(f"{place} cannot be created: {reason}") from error


def _is_submodule(settings: Settings) -> bool:
    """Return whether the service repository says that the database belongs there."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = (settings.root / ".gitmodules").read_text(encoding="utf-8")
        return any(
            line.replace(" ", "").replace("\t", "") == f"path={settings.shown_database}"
            for line in text.splitlines()
        )
    return False


def _forget_callers_repository() -> None:
    """Drop the variables by which a hook tells git its own repository; GitPython passes them on."""
    kept = clean_environment()
    for variable in [key for key in os.environ if key.startswith("GIT_") and key not in kept]:
        del os.environ[variable]


def _abort(operation: str) -> str:
    return "bisect reset" if operation == "bisect" else f"{operation} --abort"


def _reason(error: GitCommandError) -> str:
    """Return the line of git's answer that says why."""
    said = str(error.stderr).strip().removeprefix("stderr: '").rstrip("'").strip()
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [x for x in lines if x.startswith(("fatal:", "error:", "!"))]
    return (
        (telling or lines or ["no reason given"])[0].removeprefix("fatal: ").removeprefix("error: ")
    )
