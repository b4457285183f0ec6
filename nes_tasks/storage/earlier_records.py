"""Records of the earlier system as evidence: the commit that brought one is the migration's.

Maintainers of then committed by hand, under any subject, and what was committed together with
`migration-logs/NAME/metadata.json` was made by that migration.
"""

from __future__ import annotations

from collections.abc import Iterable

from .git import Git
from .ledger import EARLIER_FILE_NAME
from .marker import FOLDER


def recorded_with(git: Git, commits: Iterable[str], data_dir: str) -> dict[str, str]:
    """Return the migration whose record each of the `commits` brought, by commit.

    A commit that brought several records, as one that imports a whole database does, is left
    out: which data belong to which is not known. Reads trees only. Raises `GitError`.
    """
    ids = "".join(f"{commit}\n" for commit in commits).encode()
    if not ids:
        return {}
    options = ("--stdin", "--root", "-r", "-z", "--no-renames", "--diff-filter=A", "--name-only")
    rows = git.run("diff-tree", *options, "--", f"{data_dir}/{FOLDER}", stdin=ids)
    brought: dict[str, list[str]] = {}
    commit = ""
    for row in rows.decode(errors="replace").split("\0"):
        *_, name, file_name = ("", "", *row.split("/"))
        if file_name == EARLIER_FILE_NAME:
            brought[commit].append(name)
        elif "/" not in row:
            commit = row.strip()
            brought.setdefault(commit, [])
    return {commit: names[0] for commit, names in brought.items() if len(names) == 1}
