"""The records of migrations as evidence: which commit wrote a marker, or an earlier record."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..git.command import Git
from .ledger import EARLIER_FILE_NAME
from .marker import FOLDER


class Written(NamedTuple):
    """A file that a commit wrote among the records of a migration; `is_new` if it made it."""

    commit: str
    migration: str
    file_name: str
    blob: str
    is_new: bool


def written_records(git: Git, commits: Iterable[str], data_dir: str) -> Iterator[Written]:
    """Yield what each of the `commits` wrote among the records, in the order of the commits.

    What a merge alone has changed is nobody's. Reads trees only; raises `GitError`. The format
    is that of https://git-scm.com/docs/git-diff-tree#_raw_output_format
    """
    ids = "".join(f"{commit}\n" for commit in commits).encode()
    if not ids:
        return
    logs = f"{data_dir}/{FOLDER}"
    options = ("--stdin", "--root", "-r", "-z", "--no-renames", "--diff-filter=d", "--full-index")
    literal = {"GIT_LITERAL_PATHSPECS": "1"}
    commit = ""
    fields = iter(git.run("diff-tree", *options, "--", logs, stdin=ids, env=literal).split(b"\0"))
    for field in filter(None, fields):
        if not field.startswith(b":"):
            commit = field.decode()
            continue
        _, _, _, blob, status = field.decode().split()
        path = os.fsdecode(next(fields)).removeprefix(f"{logs}/")
        name, _, file_name = path.partition("/")
        yield Written(commit, name, file_name, blob, status == "A")


def recorded_with(git: Git, commits: Iterable[str], data_dir: str) -> dict[str, str]:
    """Return the migration whose record of the earlier system a commit brought, by commit.

    Maintainers of then committed by hand, under any subject, and what was committed together
    with such a record was made by that migration. A commit that brought several, as one that
    imports a whole database does, is left out: which data belong to which is not known. Raises
    `GitError`.
    """
    brought: dict[str, list[str]] = {}
    for record in written_records(git, commits, data_dir):
        if record.is_new and record.file_name == EARLIER_FILE_NAME:
            brought.setdefault(record.commit, []).append(record.migration)
    return {commit: names[0] for commit, names in brought.items() if len(names) == 1}
