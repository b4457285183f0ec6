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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO, ClassVar, NamedTuple

from ..errors import FULL, MAKE_ROOM, GitError, UnavailableError
from .safety import ENVIRONMENT, NO_TRANSPORT, Allow, Setting, overrides, parse

# `git ls-files --format`-like comforts are not used: Debian 11 and Ubuntu 22.04 must do.
MINIMUM_VERSION = (2, 30)
# Who the user is, how git reaches a remote, and where git itself is installed.
ALLOWED_GIT_ENV = (
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
# Largest pipe that Linux gives an unprivileged process: /proc/sys/fs/pipe-max-size, see pipe(7).
PIPE_SIZE = 1024 * 1024
# Chunk size when streaming git output; it bounds memory together with the longest row.
CHUNK = 64 * 1024
# No such program on PATH, or only files of that name that are not executable.
SPAWN_ERRORS = (FileNotFoundError, PermissionError)
# Commands that always talk to a remote, and git's messages when it cannot.
NETWORK_COMMANDS = frozenset({"clone", "fetch", "ls-remote", "push"})
UNREACHABLE = re.compile(
    r"[Cc]ould not read from remote|does not appear to be a git repo|unable to access|"
    r"could not fetch .* from promisor|unable to connect"
)
# git's messages, from its convert.c, for a filter whose program failed or is missing.
FILTER = re.compile(
    r"external filter '(?P<command>[^']*)' failed|"
    r"(?:clean|smudge) filter '?(?P<name>[^\s']+)'? failed"
)
# git's message about a remote when no transport is allowed.
DENIED = re.compile(rb"transport '[^']*' not allowed")
# The repository's settings are not read before these: two create it, and listing the index runs
# nothing beyond the fixed overrides.
UNREAD = frozenset({"clone", "init", "ls-files"})
INSTALL_HINT = "install git 2.30 or newer: https://git-scm.com/downloads"


def clean_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for git: without ``GIT_*`` of a caller, speaking English.

    A hook or an alias that calls us sets ``GIT_DIR`` and similar for *its* repository; following
    them would make us write there. Identity and transport settings are kept.
    """
    source = os.environ if environ is None else environ
    env = {
        k: v for k, v in source.items() if not k.startswith("GIT_") or k.startswith(ALLOWED_GIT_ENV)
    }
    env.update(LC_ALL="C.UTF-8", GIT_TERMINAL_PROMPT="0", GIT_OPTIONAL_LOCKS="0")
    return {**env, **ENVIRONMENT}


@dataclass(slots=True)
class _Facts:
    """The settings of one repository, and whether it fetches missing objects.

    `failed` is the git command that could not read them; later ones would fail too.
    """

    settings: tuple[Setting, ...] = ()
    fetches: bool = False
    failed: subprocess.CompletedProcess[bytes] | None = None


class Git:
    """git in one repository, given by its folder (a working tree or a bare repository).

    With `around` the folder may be any folder of a repository. `allow` says which programs the
    repository may name, see `safety`; by default none, so read-only commands are safe.
    """

    # Called with the folder of a partial clone before a reader fetches the first object.
    announce_fetch: ClassVar[Callable[[Path], None]] = lambda folder: None
    _known: ClassVar[dict[object, _Facts]] = {}

    def __init__(self, folder: Path, *, around: bool = False, allow: Allow = Allow.NOTHING) -> None:
        self.folder = folder
        self.env = clean_environment()
        self._around = around
        self._allow = allow
        if not around:
            # Without a ceiling git would use the enclosing repository, usually that of the
            # migrations. git searches upwards from the target of a link, so the ceiling is there.
            self.env["GIT_CEILING_DIRECTORIES"] = str(folder.resolve().parent)

    def allowing(self, allow: Allow) -> Git:
        """Return the same git, allowed to run programs of these kinds as well."""
        return Git(self.folder, around=self._around, allow=self._allow | allow)

    def fetching(self) -> Git:
        """Return a git for commands that cannot be repeated: it may fetch in a partial clone."""
        return self.allowing(Allow.TRANSPORT) if self.is_partial else self

    @cached_property
    def _facts(self) -> _Facts:
        """Read the repository's settings, once per process unless they change."""
        key = self._key
        if key not in self._known:
            self._known[key] = self._read_facts()
        return self._known[key]

    @property
    def _key(self) -> object:
        return self.folder, self._around, _signature(self.folder)

    def _read_facts(self) -> _Facts:
        # Nothing is run by this, see tests/cli/test_git_safety.py.
        listed = self._call("config", "--list", "--show-scope", "-z", env=NO_TRANSPORT)
        if listed.returncode:
            return _Facts(failed=listed)
        # Paths with a colon cannot be a ceiling, so git's answer is checked there.
        if os.pathsep in self.env.get("GIT_CEILING_DIRECTORIES", ""):
            asked = self._call("rev-parse", "--show-prefix", env=NO_TRANSPORT)
            if asked.returncode == 0 and asked.stdout.strip():
                asked.returncode, asked.stderr = 128, b"fatal: not a git repository"
                return _Facts(failed=asked)
        return _Facts(parse(listed.stdout))

    @property
    def settings(self) -> tuple[Setting, ...]:
        """All effective settings, in increasing order of precedence."""
        return self._facts.settings

    def refresh_settings(self) -> None:
        """Drop the cached settings: they were changed."""
        self._known.pop(self._key, None)
        self.__dict__.pop("_facts", None)

    @property
    def is_partial(self) -> bool:
        """Whether the repository is a partial clone, with objects that a remote promised."""
        return any(setting.name == ("remote", "promisor") for setting in self.settings)

    def may_fetch(self, stderr: bytes) -> bool:
        """Return whether to repeat a command that failed with `stderr` without the transport.

        It does when a partial clone lacks an object: from then on the transport is allowed, and
        users are warned.
        """
        facts = self._facts
        if not self.is_partial or not DENIED.search(stderr):
            return False
        if not facts.fetches:
            facts.fetches = True
            Git.announce_fetch(self.folder)
        return True

    @property
    def _allowed(self) -> Allow:
        return self._allow | Allow.TRANSPORT if self._facts.fetches else self._allow

    @property
    def _is_offline(self) -> bool:
        return Allow.TRANSPORT not in self._allowed

    def _environment(self, env: Mapping[str, str] | None) -> dict[str, str]:
        return {**self.env, **(NO_TRANSPORT if self._is_offline else {}), **(env or {})}

    def command(self, *args: str) -> list[str]:
        """Return the whole command line for `args`.

        Raises `DatabaseError` for a setting of the repository that cannot be switched off.
        """
        return self._line(overrides(self._facts.settings, self._allowed), args)

    def _line(self, options: Sequence[str], args: Sequence[str]) -> list[str]:
        return ["git", "-C", str(self.folder), *options, *args]

    def _call(
        self, *args: str, env: Mapping[str, str], stdin: bytes | IO[bytes] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git with the fixed overrides alone."""
        return _completed(self._line(overrides((), self._allow), args), {**self.env, **env}, stdin)

    def run(
        self,
        *args: str,
        stdin: bytes | IO[bytes] | None = None,
        env: Mapping[str, str] | None = None,
        discard: bool = False,
    ) -> bytes:
        """Run git and return its standard output, nothing when it is to be discarded.

        Raises `GitError` with git's message when it fails.
        """
        done = self.run_unchecked(*args, stdin=stdin, env=env, discard=discard)
        if done.returncode:
            raise failure(args, done.stderr)
        return done.stdout or b""

    def text(self, *args: str, stdin: bytes | None = None) -> str:
        """Run git and return its output as text without the line end."""
        return self.run(*args, stdin=stdin).decode(errors="surrogateescape").rstrip("\n")

    def query(self, *args: str) -> str | None:
        """Run a command that says "there is none" with exit code 1; return its answer or None.

        Raises `GitError` when it fails in any other way.
        """
        done = self.run_unchecked(*args)
        if done.returncode not in (0, 1):
            raise failure(args, done.stderr)
        return None if done.returncode else done.stdout.decode(errors="surrogateescape").strip()

    def stream_records(
        self, *args: str, end: bytes = b"\0", env: Mapping[str, str] | None = None
    ) -> Iterator[bytes]:
        """Run git and yield its output as it comes, cut at each `end`.

        Memory does not grow with the output. Raises `GitError` with git's message when it fails,
        after the output before it.
        """
        if not (self._is_offline and self.is_partial):
            yield from self._rows(args, end, env)
            return
        count = 0
        try:
            for row in self._rows(args, end, env):
                count += 1
                yield row
        except _LacksObjectError:  # so it is repeated, skipping what was already yielded
            yield from islice(self._rows(args, end, env), count, None)

    def _rows(
        self, args: Sequence[str], end: bytes, env: Mapping[str, str] | None
    ) -> Iterator[bytes]:
        offline = self._is_offline
        with tempfile.TemporaryFile() as errors:
            process = self.popen(*args, stderr=errors, env=env)
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
                stderr = errors.read()
                if offline and self.may_fetch(stderr):
                    raise _LacksObjectError
                raise failure(args, stderr)

    @cached_property
    def objects(self) -> Path:
        """The folder of the repository's objects."""
        found = self.run("rev-parse", "--git-path", "objects").rstrip(b"\n")
        return (self.folder / os.fsdecode(found)).absolute()

    def empty_tree(self) -> str:
        """Return the id of the empty tree, which stands for "no commit yet"."""
        return self._empty_tree

    @cached_property
    def _empty_tree(self) -> str:
        return self.text("hash-object", "-t", "tree", "--stdin", stdin=b"")

    def tree_of(self, commit: str | None) -> str:
        """Return the tree of a commit, the empty tree for None; raises `GitError`."""
        return self.text("rev-parse", f"{commit}^{{tree}}") if commit else self.empty_tree()

    def run_unchecked(
        self,
        *args: str,
        stdin: bytes | IO[bytes] | None = None,
        env: Mapping[str, str] | None = None,
        discard: bool = False,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git and return the completed process, whatever its exit code.

        With `discard` its standard output is discarded.
        """
        if args[0] in UNREAD:
            denied = {} if Allow.TRANSPORT in self._allow else NO_TRANSPORT
            return self._call(*args, env={**denied, **(env or {})}, stdin=stdin)
        if self._facts.failed:
            return self._facts.failed
        offline = self._is_offline
        done = _completed(self.command(*args), self._environment(env), stdin, discard=discard)
        repeatable = stdin is None or isinstance(stdin, bytes)
        if done.returncode and repeatable and offline and self.may_fetch(done.stderr):
            return self.run_unchecked(*args, stdin=stdin, env=env, discard=discard)
        return done

    def popen(
        self,
        *args: str,
        stderr: int | IO[bytes] | None = None,
        pass_fds: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start git with pipes; the caller closes it.

        Raises `GitError` when git cannot use the repository.
        """
        if self._facts.failed:
            raise failure(args, self._facts.failed.stderr)
        try:
            process = subprocess.Popen(
                self.command(*args),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=self._environment(env),
                pass_fds=pass_fds,
            )
        except SPAWN_ERRORS:
            raise git_missing() from None
        for pipe in filter(None, (process.stdin, process.stdout)):
            _widen(pipe)
        return process


class _LacksObjectError(Exception):
    """A partial clone lacks an object, and may fetch it now."""


def _completed(
    command: Sequence[str],
    env: Mapping[str, str],
    stdin: bytes | IO[bytes] | None,
    *,
    discard: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    given, file = (stdin, None) if isinstance(stdin, bytes) else (None, stdin)
    try:
        return subprocess.run(
            command,
            input=given,
            stdin=None if given is not None else file or subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if discard else subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            check=False,
        )
    except SPAWN_ERRORS:
        raise git_missing() from None


def _signature(folder: Path) -> tuple[Stamp | None, ...]:
    """Return stamps that change with the configuration in `folder`."""
    files = (
        f"{folder_name}{name}"
        for folder_name in (".git/", "")
        for name in ("config", "config.worktree")
    )
    return (_folder_stamp(folder / ".git"), *(stamp(folder / name) for name in files))


def _folder_stamp(path: Path) -> Stamp | None:
    """Return the stamp of a file, and of a folder only which one it is.

    Each lock that git takes changes the time of its folder, and nothing about the configuration.
    """
    found = stamp(path)
    return found and Stamp(found.inode, 0, 0) if path.is_dir() else found


class Stamp(NamedTuple):
    """A stamp that changes when a file is replaced or its content changes."""

    inode: int
    size: int
    changed_ns: int


def stamp(path: Path) -> Stamp | None:
    """Return the stamp of a file, None for one that is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns)


def _widen(pipe: IO[bytes]) -> None:
    """Enlarge a pipe where the system allows it, to save context switches."""
    with contextlib.suppress(AttributeError, OSError):  # not Linux, or the user's limit is reached
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)


def git_missing() -> UnavailableError:
    """Return the error for a machine without git."""
    return UnavailableError("git is not installed or not on PATH", hint=INSTALL_HINT)


def failure(args: Sequence[str], stderr: bytes) -> GitError:
    """Return the error for a failed git command, with the line of its output that explains it."""
    text = stderr.decode(errors="replace").strip()
    lazily = args[0] not in NETWORK_COMMANDS and UNREACHABLE.search(text)
    hint = "a partial clone fetches contents when they are read, and its remote cannot be reached"
    message = f"git {args[0]} failed: {reason(text)}"
    return GitError(
        message, stderr=text, hint=hint if lazily else _filter_hint(text) or _room(text)
    )


def _room(stderr: str) -> str | None:
    """Return the hint for a full disk on this machine, None for another cause."""
    own = [line for line in stderr.splitlines() if not line.startswith("remote:")]
    is_full = any(os.strerror(code) in line for line in own for code in FULL)
    return MAKE_ROOM if is_full else None


def _filter_hint(stderr: str) -> str | None:
    """Return the hint when git could not run a filter of the repository, None otherwise.

    See https://git-scm.com/docs/gitattributes#_filter.
    """
    found = list(FILTER.finditer(stderr))
    if not found:
        return None
    commands = [match["command"].split()[0] for match in found if match["command"]]
    names = [match["name"] for match in found if match["name"]]
    filtering = f"the filter {names[0]}" if names else "a filter"
    program = f" ({commands[0]})" if commands else ""
    return f"install or repair {filtering}{program} that .gitattributes names; then run it again"


def without_advice(output: str) -> str:
    """Return git's output without its lines of advice, which do not explain a failure."""
    return "".join(x for x in output.splitlines(keepends=True) if not x.startswith("hint:"))


def reason(output: str) -> str:
    """Return the line of git's output that explains a failure, with the remote's message."""
    lines = [line.strip() for line in without_advice(output).splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "! "))]
    line = (fatal or lines[-1:] or ["no reason given"])[0]
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
    except SPAWN_ERRORS:
        raise git_missing() from None
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    version = tuple(int(part or 0) for part in found.groups()) if found else (0,)
    if version < MINIMUM_VERSION:
        label = found.group() if found else "of an unknown version"
        raise UnavailableError(f"git {label} is too old", hint=INSTALL_HINT)
    return version
