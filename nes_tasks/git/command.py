"""Running git: the one place that starts its processes.

Only commands with stable, machine-readable output are used. This module is imported by
`doit list` and loads nothing heavy.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from ..errors import GitError, UnavailableError

# `git ls-files --format`-like comforts are not used: Debian 11 and Ubuntu 22.04 must do.
MINIMUM_VERSION = (2, 30)
# Who the user is, how git reaches a remote, and where git itself is installed.
KEPT = (
    "GIT_ALLOW_PROTOCOL",
    "GIT_ASKPASS",
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_CONFIG_",
    "GIT_EXEC_PATH",
    "GIT_HTTP_",
    "GIT_PROXY_",
    "GIT_SSH",
    "GIT_SSL_",
)
# What Linux gives a pipe of anyone at the most: /proc/sys/fs/pipe-max-size, see pipe(7).
PIPE_SIZE = 1024 * 1024
# How much of a listing is taken at once; memory is bounded by it and by one row.
CHUNK = 64 * 1024
# No such program on PATH, or only files of that name that may not be executed.
CANNOT_START = (FileNotFoundError, PermissionError)
# Commands that talk to a remote anyway, and what git says when it cannot.
TALKING = frozenset({"clone", "fetch", "ls-remote", "push"})
UNREACHED = re.compile(
    r"[Cc]ould not read from remote|does not appear to be a git repo|unable to access|"
    r"could not fetch .* from promisor|unable to connect"
)
INSTALL_HINT = "install git 2.30 or newer: https://git-scm.com/downloads"


def clean_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for git: without ``GIT_*`` of a caller, speaking English.

    A hook or an alias that calls us sets ``GIT_DIR`` and its kin for *its* repository; followed
    blindly they would make us write there. Identity and transport settings are kept.
    """
    source = os.environ if environ is None else environ
    env = {k: v for k, v in source.items() if not k.startswith("GIT_") or k.startswith(KEPT)}
    env.update(LC_ALL="C.UTF-8", GIT_TERMINAL_PROMPT="0", GIT_OPTIONAL_LOCKS="0")
    return env


class Git:
    """git in one repository, given by its folder (a working tree or a bare repository)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = clean_environment()
        # Without a ceiling a folder that is no repository would be taken for a part of the
        # repository around it, usually the one that holds the migrations. git looks upwards from
        # where a link leads to, so the ceiling has to be there.
        self.env["GIT_CEILING_DIRECTORIES"] = str(folder.resolve().parent)

    def command(self, *args: str) -> list[str]:
        """Return the whole command line for `args`."""
        return ["git", "-C", str(self.folder), *args]

    def run(
        self,
        *args: str,
        stdin: bytes | IO[bytes] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run git and return its standard output.

        Raises `GitError` with git's own words when it fails.
        """
        done = self.attempt(*args, stdin=stdin, env=env)
        if done.returncode:
            raise failure(args, done.stderr)
        return done.stdout

    def text(self, *args: str, stdin: bytes | None = None) -> str:
        """Run git and return its output as text without the line end."""
        return self.run(*args, stdin=stdin).decode(errors="surrogateescape").rstrip("\n")

    def ask(self, *args: str) -> str | None:
        """Run a command that says "there is none" with exit code 1; return its answer or None.

        Raises `GitError` when it fails in any other way.
        """
        done = self.attempt(*args)
        if done.returncode not in (0, 1):
            raise failure(args, done.stderr)
        return None if done.returncode else done.stdout.decode(errors="surrogateescape").strip()

    def rows(
        self, *args: str, end: bytes = b"\0", env: Mapping[str, str] | None = None
    ) -> Iterator[bytes]:
        """Run git and yield its output as it comes, cut at each `end`.

        Memory does not grow with the output. Raises `GitError` with git's own words when it
        fails, after what came before it.
        """
        with tempfile.TemporaryFile() as errors:
            process = self.start(*args, stderr=errors, env=env)
            assert process.stdin and process.stdout
            process.stdin.close()
            rest = b""
            try:
                while chunk := process.stdout.read1(CHUNK):  # type: ignore[attr-defined]
                    *rows, rest = (rest + chunk).split(end)
                    yield from rows
                if rest:
                    yield rest
            finally:
                # A reader that has seen enough does not wait for the rest.
                process.stdout.close()
                code = process.wait()
            if code:
                errors.seek(0)
                raise failure(args, errors.read())

    def empty_tree(self) -> str:
        """Return the id of the tree without files, which stands for "no commit yet"."""
        return self.text("hash-object", "-t", "tree", "--stdin", stdin=b"")

    def tree_of(self, commit: str | None) -> str:
        """Return the tree of a commit, the one without files for None; raises `GitError`."""
        return self.text("rev-parse", f"{commit}^{{tree}}") if commit else self.empty_tree()

    def attempt(
        self,
        *args: str,
        stdin: bytes | IO[bytes] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git and return what came of it, without judging its exit code."""
        given, file = (stdin, None) if isinstance(stdin, bytes) else (None, stdin)
        try:
            return subprocess.run(
                self.command(*args),
                input=given,
                stdin=None if given is not None else file or subprocess.DEVNULL,
                capture_output=True,
                env={**self.env, **(env or {})},
                check=False,
            )
        except CANNOT_START:
            raise git_missing() from None

    def start(
        self,
        *args: str,
        stderr: int | IO[bytes] | None = None,
        pass_fds: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a git that is spoken to over pipes; the caller closes it."""
        try:
            process = subprocess.Popen(
                self.command(*args),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**self.env, **(env or {})},
                pass_fds=pass_fds,
            )
        except CANNOT_START:
            raise git_missing() from None
        for pipe in filter(None, (process.stdin, process.stdout)):
            _widen(pipe)
        return process


def _widen(pipe: IO[bytes]) -> None:
    """Give a pipe more room where the system lets us: the two ends then wake each other less."""
    with contextlib.suppress(AttributeError, OSError):  # not Linux, or all the room is taken
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)


def git_missing() -> UnavailableError:
    """Return the error for a machine without git."""
    return UnavailableError("git is not installed or not on PATH", hint=INSTALL_HINT)


def failure(args: Sequence[str], stderr: bytes) -> GitError:
    """Return the error for a git command that ended badly, with the line that says why."""
    said = stderr.decode(errors="replace").strip()
    lazily = args[0] not in TALKING and UNREACHED.search(said)
    hint = "a partial clone fetches contents when they are read, and its remote cannot be reached"
    message = f"git {args[0]} failed: {reason(said)}"
    return GitError(message, stderr=said, hint=hint if lazily else None)


def reason(said: str) -> str:
    """Return the line of what git `said` that tells why it failed, and what a remote added."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "! "))]
    line = (telling or lines[-1:] or ["no reason given"])[0]
    line = line.removeprefix("fatal:").removeprefix("error:").removeprefix("!").strip()
    remote = [words for row in lines if (words := row.removeprefix("remote:").strip()) != row]
    added = "; ".join(filter(None, remote))
    return " ".join(f"{line} ({added})".split() if added else line.split())


def check_version() -> tuple[int, ...]:
    """Return git's version.

    Raises `UnavailableError` when git is missing or older than `MINIMUM_VERSION`.
    """
    try:
        done = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False)
    except CANNOT_START:
        raise git_missing() from None
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    version = tuple(int(part or 0) for part in found.groups()) if found else (0,)
    if version < MINIMUM_VERSION:
        spoken = found.group() if found else "of an unknown version"
        raise UnavailableError(f"git {spoken} is too old", hint=INSTALL_HINT)
    return version
