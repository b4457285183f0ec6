"""The programs git may run: none that the repository itself names, unless the command needs it.

A repository may come from a stranger, and its configuration, attributes and hooks can name
programs. Every git command gets fixed overrides (`FIXED`), and one for each local setting that
names a program, unless the command is allowed that kind of program. Settings of the user and of the
system are trusted. The list of settings is that of https://git-scm.com/docs/git-config.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from enum import Flag, auto
from pathlib import Path
from typing import NamedTuple

from ..errors import DatabaseError


class Allow(Flag):
    """Which programs a repository may name for one git command."""

    NOTHING = 0
    FILTERS = auto()  # what files pass through between the repository and the working tree
    TRANSPORT = auto()  # how a remote is reached, and the credentials for it
    HOOKS = auto()  # git's own hooks; only for a push
    SIGNING = auto()  # what signs commits


NO_HOOKS = ("core.hooksPath", "/dev/null")

# Given with every command. The first ones run programs in almost every command; the others change
# what commands print, write or refuse, and could come from the user's own configuration as well.
FIXED = (
    ("core.fsmonitor", "false"),
    ("core.pager", "cat"),
    ("diff.ignoreSubmodules", "none"),
    ("grep.patternType", "default"),
    ("i18n.commitEncoding", "UTF-8"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("log.showSignature", "false"),
    ("safe.bareRepository", "all"),
    ("submodule.recurse", "false"),
    ("trailer.separators", ":"),
)

# Objects are read as they are; a program of the environment is the user's own.
ENVIRONMENT = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_EDITOR": ":",
    "GIT_PAGER": "cat",
}
# Without a protocol git cannot reach a remote or run programs for it; this includes fetching a
# missing object in a partial clone. (GIT_NO_LAZY_FETCH needs git 2.44.)
NO_TRANSPORT = {"GIT_ALLOW_PROTOCOL": ""}


class _Rule(NamedTuple):
    """A setting that names a program: its value for "none", and its purpose.

    Where `value` is None it cannot be overridden; without the transport it is not looked at.
    """

    value: str | None
    allow: Allow = Allow.NOTHING


_FILTER = _Rule("", Allow.FILTERS)
_SIGNING = _Rule("", Allow.SIGNING)
_REMOTE = _Rule("", Allow.TRANSPORT)
_REMOTE_ONLY = _Rule(None, Allow.TRANSPORT)

# By section and name, in lower case; the part between them does not matter.
RULES = {
    ("core", "alternaterefscommand"): _Rule(":"),
    ("core", "askpass"): _REMOTE,
    ("core", "editor"): _Rule(":"),
    ("core", "fsmonitor"): _Rule("false"),
    ("core", "gitproxy"): _REMOTE_ONLY,
    ("core", "hookspath"): _Rule("/dev/null", Allow.HOOKS),
    ("core", "pager"): _Rule("cat"),
    ("core", "sshcommand"): _REMOTE,
    ("credential", "helper"): _REMOTE,
    ("diff", "command"): _Rule(""),
    ("diff", "external"): _Rule(""),
    ("diff", "textconv"): _Rule(""),
    ("filter", "clean"): _FILTER,
    ("filter", "process"): _FILTER,
    ("filter", "required"): _Rule("false", Allow.FILTERS),
    ("filter", "smudge"): _FILTER,
    ("gpg", "defaultkeycommand"): _SIGNING,
    ("gpg", "program"): _Rule("gpg", Allow.SIGNING),
    ("interactive", "difffilter"): _Rule(""),
    ("merge", "driver"): _Rule(""),
    ("protocol", "allow"): _REMOTE_ONLY,
    ("remote", "proxy"): _REMOTE_ONLY,
    ("remote", "receivepack"): _REMOTE_ONLY,
    ("remote", "uploadpack"): _REMOTE_ONLY,
    ("remote", "vcs"): _REMOTE_ONLY,
    ("sequence", "editor"): _Rule(":"),
    ("submodule", "update"): _Rule("none"),
    ("trailer", "cmd"): _Rule(""),
    ("trailer", "command"): _Rule(""),
    ("uploadpack", "packobjectshook"): _Rule(""),
    ("url", "insteadof"): _REMOTE_ONLY,
    ("url", "pushinsteadof"): _REMOTE_ONLY,
}
# Exceptions: settings that only say when or where another program is used.
CONDITIONS = frozenset(
    {("filter", "required"), ("protocol", "allow"), ("remote", "proxy")}
    | {("url", "insteadof"), ("url", "pushinsteadof")}
)
# Sections in which every other setting is data.
DATA = frozenset(
    """
    add advice am apply author blame branch bundle checkout clean clone color column commit
    commitgraph committer core credential diff extensions fastimport feature fetch filter
    format fsck gc gpg grep http i18n include includeif index init log lsrefs mailinfo mailmap
    maintenance merge nes-tasks notes pack pretty protocol pull push rebase receive remote
    remotes repack rerere revert safe showbranch sparse splitindex ssh stash status submodule
    tag trailer transfer uploadarchive uploadpack uploadpackfilter url user versionsort
    worktree
    """.split()  # noqa: SIM905 - a table of 60 words
)
# Sections of commands that only people run, with their program settings.
PERSONAL = frozenset(
    {"alias", "browser", "difftool", "guitool", "imap", "man", "mergetool", "pager", "sendemail"}
    | {"tar", "instaweb", "web"}
)
# More names than this are an attempt to exceed the length of a command line.
MAX_OVERRIDES = 300


class Setting(NamedTuple):
    """One line of git's configuration.

    `key` has section and name in lower case; `is_local` says that the repository itself has it,
    in its own file, one that it includes, or that of a worktree. `value` is None for a name
    without one, which stands for true.
    """

    key: str
    value: str | None
    is_local: bool

    @property
    def name(self) -> tuple[str, str]:
        """The section and the name, without what is between them."""
        return self.key.partition(".")[0], self.key.rpartition(".")[2]

    @property
    def rule(self) -> _Rule | None:
        """The rule for it when it is local; None for data."""
        section, name = self.name
        if rule := RULES.get((section, name)):
            return rule
        return None if section in DATA else _Rule("", Allow.FILTERS | Allow.TRANSPORT)

    @property
    def names_program(self) -> bool:
        """Whether git, or a git command that a person types, runs its value."""
        section, name = self.name
        if self.name == ("core", "fsmonitor"):
            return (self.value or "true").lower() not in ("false", "no", "off", "0")
        if section in ("remote", "url") and "::" in (self.value or self.key):
            return name in ("url", "pushurl", "insteadof", "pushinsteadof")
        if self.name == ("submodule", "update"):
            return (self.value or "").startswith("!")
        if self.name in CONDITIONS:
            return False
        return self.name in RULES or section in PERSONAL


class Programs(NamedTuple):
    """The programs that a repository names: keys of its settings, and hooks."""

    settings: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()


def find_programs(settings: Iterable[Setting], top: Path, hooks: Path) -> Programs:
    """Return the programs named by the repository at `top` with the hooks folder `hooks`."""
    local = [setting for setting in settings if setting.is_local]
    keys = {setting.key for setting in local if setting.names_program}
    for setting in local:
        if setting.name == ("core", "hookspath") and setting.value:
            hooks = top / setting.value  # git resolves it there, too
    found: list[str] = []
    with contextlib.suppress(OSError, ValueError):
        # git's own samples have a suffix, so they are not hooks.
        found = [
            entry.name
            for entry in hooks.iterdir()
            if not entry.suffix and entry.is_file() and os.access(entry, os.X_OK)
        ]
    return Programs(tuple(sorted(keys)), tuple(sorted(found)))


def parse(listing: bytes) -> tuple[Setting, ...]:
    """Read the output of ``git config --list --show-scope -z``."""
    fields = listing.decode(errors="surrogateescape").split("\0")
    found = []
    for scope, row in zip(fields[::2], fields[1::2], strict=False):
        key, newline, value = row.partition("\n")
        is_local = scope in ("local", "worktree")
        found.append(Setting(key, value if newline else None, is_local))
    return tuple(found)


def overrides(settings: Iterable[Setting], allow: Allow) -> list[str]:
    """Return the options of git that keep it from running what `allow` does not include.

    Raises `DatabaseError` for a setting that cannot be overridden.
    """
    fixed = FIXED if Allow.HOOKS in allow else (*FIXED, NO_HOOKS)
    pairs = [*_local(settings, allow), *fixed]
    if len(pairs) > MAX_OVERRIDES:
        raise DatabaseError(
            "the configuration of the repository names too many programs to switch them off",
            hint="remove what is not needed from .git/config",
        )
    return [word for key, value in pairs for word in ("-c", f"{key}={value}")]


def _local(settings: Iterable[Setting], allow: Allow) -> Iterator[tuple[str, str]]:
    trusted: dict[str, str] = {}
    local: dict[str, str] = {}
    for setting in settings:
        if not setting.is_local:
            trusted[setting.key] = "true" if setting.value is None else setting.value
        elif (rule := setting.rule) and not rule.allow & allow and rule.value is not None:
            local[setting.key] = rule.value
    for key, value in local.items():
        if "=" in key:
            # `git -c` ends the key there, and git 2.30 has no alternative.
            if key.partition(".")[0] in DATA:
                raise DatabaseError(
                    f"the setting {key} of the repository names a program and cannot be "
                    "switched off",
                    hint="remove it from .git/config",
                )
            continue
        yield key, trusted.get(key, value)
