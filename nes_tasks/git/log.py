"""The commit log: commits as git stores them, independent of the user's configuration.

Only plumbing commands are used. `git log` follows settings of the user that change its output
(log.showSignature, log.follow) or what it finds (grep.patternType).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .command import Git
from .objects import ObjectReader

# Unit separators: no name can hold them. The subject comes last, whatever it holds.
FIELDS = "%T%x1f%P%x1f%ct%x1f%an%x1f%cn%x1f%s"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; `author` is the contributor, `committer` the person who applied it.

    `parents` are empty where the history begins or a shallow clone ends.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    committed_at: datetime
    author: str
    committer: str
    subject: str

    @property
    def parent(self) -> str | None:
        """The first parent, None without any."""
        return self.parents[0] if self.parents else None

    @property
    def is_merge(self) -> bool:
        """Whether it has several parents."""
        return len(self.parents) > 1


def from_unix(seconds: str) -> datetime:
    """Return a time in UTC; the year 1 for out-of-range values, which git can store."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.min.replace(tzinfo=UTC)


def read_commits(git: Git, *revisions: str, paths: Sequence[str] = ()) -> Iterator[Commit]:
    """Yield the commits that `git rev-list` finds for `revisions`, parents before their children.

    With `paths` it is only those that changed a file there; without, nothing but commits is
    read. Raises `GitError` for a commit that is not there.
    """
    options = ("--topo-order", "--reverse", "--encoding=UTF-8", f"--format={FIELDS}")
    literal = {"GIT_LITERAL_PATHSPECS": "1"}
    rows = git.stream_records(
        "rev-list", *options, *revisions, "--", *paths, end=b"\n", env=literal
    )
    for header, line in zip(rows, rows, strict=True):
        tree, parents, *rest = line.decode(errors="replace").split("\x1f", 5)
        seconds, author, committer, subject = rest
        yield Commit(
            id=header.split()[1].decode(),
            tree=tree,
            parents=tuple(parents.split()),
            committed_at=from_unix(seconds),
            author=author,
            committer=committer,
            subject=subject,
        )


def committed_at(git: Git, commit: str) -> datetime:
    """Return when a commit was made; raises `GitError` when it is not there."""
    return next(read_commits(git, "--max-count=1", commit)).committed_at


def read_messages(git: Git, commits: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each of the `commits` with its whole message; those that are not there are left out."""
    ids = list(commits)
    with ObjectReader(git) as reader:
        for commit, found in zip(ids, reader.get_many(ids), strict=True):
            if found is not None:
                yield commit, found.data.partition(b"\n\n")[2].decode(errors="replace")
