"""The history of one file: the commits that changed it, and their ancestry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .command import Git
from .incomplete_clone import shallow_boundary
from .log import from_unix

# Unit and record separators: no subject or name can hold them.
FIELDS = "%at%x1f%ct%x1f%an%x1f%ae%x1f%cn%x1f%s%x1e"


@dataclass(frozen=True, slots=True)
class FileCommit:
    """One commit that changed a file.

    `parents` are the previous commits that changed the file. `is_truncated` says that a
    shallow clone ends here: whatever the file held then may be older.
    """

    id: str
    parents: tuple[str, ...]
    authored_at: datetime
    committed_at: datetime
    author: str
    email: str
    committer: str
    subject: str
    is_truncated: bool


def read_file_history(git: Git, commit: str, path: str) -> list[FileCommit]:
    """Return the commits up to `commit` that explain the file at `path`, parents first.

    A side of a merge that left no trace in the file is not among them, as `git log` has it.
    Raises `GitError` for a commit that is not there.
    """
    out = git.run(
        # Unlike `git log` it follows no configuration (log.follow, log.showSignature).
        "rev-list",
        "--topo-order",
        "--reverse",
        "--parents",
        "--encoding=UTF-8",
        f"--format={FIELDS}",
        commit,
        "--",
        path,
        env={"GIT_LITERAL_PATHSPECS": "1"},
    )
    cut = shallow_boundary(git)
    records = out.decode(errors="replace").split("\x1e")[:-1]
    return [_parse(record.lstrip("\n"), cut) for record in records]


def _parse(record: str, cut: frozenset[str]) -> FileCommit:
    header, _, line = record.partition("\n")
    _, oid, *parents = header.split()
    authored, committed, author, email, committer, subject = line.split("\x1f")
    return FileCommit(
        id=oid,
        parents=tuple(parents),
        authored_at=from_unix(authored),
        committed_at=from_unix(committed),
        author=author,
        email=email,
        committer=committer,
        subject=subject,
        is_truncated=oid in cut,
    )
