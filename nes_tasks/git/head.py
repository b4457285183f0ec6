"""HEAD: which branch is checked out."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .command import Git

# The content of the file in a repository with reftables, see
# https://git-scm.com/docs/reftable#_layout; git alone knows the branch then.
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
