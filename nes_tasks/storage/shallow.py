"""Where the history of a shallow clone ends."""

from __future__ import annotations

import os
from pathlib import Path

from .git import Git
from .objects import ObjectReader


def shallow_ends(git: Git) -> frozenset[str]:
    """Return the commits whose parents a shallow clone does not have; none in a whole one.

    git also lists the very first commit when the depth reaches just so far; nothing is cut there.
    """
    place = os.fsdecode(git.run("rev-parse", "--git-path", "shallow").rstrip(b"\n"))
    file = git.folder / place
    ends = Path(file).read_text().split() if file.is_file() else []
    if not ends:
        return frozenset()
    with ObjectReader(git) as reader:
        headers = [
            found.data.partition(b"\n\n")[0] if found else b"" for found in reader.get_many(ends)
        ]
    return frozenset(
        end for end, header in zip(ends, headers, strict=True) if b"\nparent " in header
    )
