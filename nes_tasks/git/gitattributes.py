"""Attributes of paths, which control git's conversion of line ends: gitattributes(5)."""

from __future__ import annotations

from pathlib import Path

from .command import Git


def keeps_line_ends(folder: Path, path: Path) -> bool:
    """Return whether git leaves the line ends of the file `path` alone, on any machine.

    That is so where its attributes say ``-text`` or ``eol=lf``. `folder` is one of the working
    tree, and the file need not exist. Outside a git checkout nothing is converted.
    """
    # The folder may be inside a repository, whose attributes then count.
    git = Git(folder, around=True)
    done = git.run_unchecked("check-attr", "-z", "text", "eol", "--", str(path))
    if done.returncode:
        return True
    fields = done.stdout.decode(errors="replace").split("\0")
    values = dict(zip(fields[1::3], fields[2::3], strict=False))
    return values.get("text") == "unset" or values.get("eol") == "lf"
