"""The history: which commits of the database repository belong to which migration.

It tells when, by whom and in how many commits; it does not decide what is applied, because a
revert leaves it as it is. That is the ledger's.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..cache import load_cache, save_cache
from .command import Git
from .incomplete_clone import shallow_ends

CACHE_FORMAT = 3
# "Migration: NAME (Batch 2/3)" is ours; the others were written by hand before there was a tool.
SUBJECT = re.compile(
    r"(?:Migration:?|Run(?: migration)?) (?P<name>[0-9]{3,}-[a-z0-9]+(?:-[a-z0-9]+)*)"
    r"(?: \(Batch [0-9]+/[0-9]+\))?"
)
REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{40,64})", re.MULTILINE)
# Unit separators: no name can hold them. The subject comes last, whatever it holds.
FIELDS = "%T%x1f%P%x1f%ct%x1f%an%x1f%cn%x1f%s"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; `author` is the contributor, `committer` whoever applied it.

    `parent` is the first one, None where the history begins or a shallow clone ends. `migration`
    is the one that the commit belongs to by its subject.
    """

    id: str
    tree: str
    parent: str | None
    committed_at: datetime
    author: str
    committer: str
    subject: str
    migration: str | None


def migration_of(subject: str) -> str | None:
    """Return the migration that a commit belongs to by its subject, None without one."""
    found = SUBJECT.fullmatch(subject)
    return found["name"] if found else None


def moment(seconds: str) -> datetime:
    """Return a moment in UTC; the year 1 for what no clock has shown, which git would store."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.min.replace(tzinfo=UTC)


def read_commits(git: Git, *revisions: str, paths: Sequence[str] = ()) -> Iterator[Commit]:
    """Yield the commits that `git rev-list` finds for `revisions`, parents before their children.

    With `paths` it is only those that changed a file there; without, nothing but commits is
    read. Raises `GitError` for a commit that is not there.
    """
    # Of rev-list, unlike log, no configuration changes the output (log.showSignature).
    options = ("--topo-order", "--reverse", "--encoding=UTF-8", f"--format={FIELDS}")
    literal = {"GIT_LITERAL_PATHSPECS": "1"}
    rows = git.rows("rev-list", *options, *revisions, "--", *paths, end=b"\n", env=literal)
    for header, line in zip(rows, rows, strict=True):
        tree, parents, *rest = line.decode(errors="replace").split("\x1f", 5)
        seconds, author, committer, subject = rest
        yield Commit(
            id=header.split()[1].decode(),
            tree=tree,
            parent=parents.split()[0] if parents else None,
            committed_at=moment(seconds),
            author=author,
            committer=committer,
            subject=subject,
            migration=migration_of(subject),
        )


def committed_at(git: Git, commit: str) -> datetime:
    """Return when a commit was made; raises `GitError` when it is not there."""
    return next(read_commits(git, "--max-count=1", commit)).committed_at


def read_history(git: Git, commit: str, *, cache: Path | None = None) -> dict[str, list[Commit]]:
    """Return the commits of each migration that are reachable from `commit`, oldest first.

    The log is read once: what `cache` holds for an ancestor is taken over, and only the
    commits since then are looked at, unless a shallow clone has become deeper since. Raises
    `GitError` for a commit that is not there.
    """
    ends = sorted(shallow_ends(git))
    known = load_cache(cache, CACHE_FORMAT)
    if known.get("ends") != ends:
        known = {}
    if known.get("commit") == commit:
        return _decode(known["rows"])
    rows: list[dict[str, Any]] = []
    span = [commit]
    before = known.get("commit")
    if before and git.attempt("merge-base", "--is-ancestor", before, commit).returncode == 0:
        rows, span = list(known["rows"]), [commit, f"^{before}"]
    for found in read_commits(git, *span):
        if found.migration:
            rows.append({**asdict(found), "committed_at": found.committed_at.isoformat()})
    save_cache(cache, CACHE_FORMAT, {"commit": commit, "ends": ends, "rows": rows})
    return _decode(rows)


def _decode(rows: list[dict[str, Any]]) -> dict[str, list[Commit]]:
    found: dict[str, list[Commit]] = {}
    for row in rows:
        commit = Commit(**{**row, "committed_at": datetime.fromisoformat(row["committed_at"])})
        found.setdefault(row["migration"], []).append(commit)
    return found


def reverted(git: Git, commit: str) -> set[str]:
    """Return the commits whose effect ``git revert`` took back, by the line it writes.

    A revert that was itself reverted takes nothing back. Raises `GitError`.
    """
    log = git.run("log", "--topo-order", "--format=%H%x1f%b%x1e", "--grep=^This reverts", commit)
    undone: set[str] = set()
    for record in log.decode(errors="replace").split("\x1e"):  # the newest first
        by, _, body = record.strip("\n").partition("\x1f")
        if by not in undone:
            undone.update(REVERTS.findall(body))
    return undone


def trailers(git: Git, commit: str) -> dict[str, str]:
    """Return the trailers of a commit's message by their keys, the last one of each key.

    Raises `GitError` when it is not there.
    """
    form = "--format=%(trailers:only,unfold)"
    text = git.run("log", "--no-walk", form, commit).decode(errors="replace")
    pairs = (line.partition(": ") for line in text.splitlines())
    return {key: value for key, colon, value in pairs if colon}


def durations(git: Git, commits: Iterable[str]) -> dict[str, float]:
    """Return how many seconds the script of each commit took, as far as the messages say."""
    found: dict[str, float] = {}
    ids = "".join(f"{commit}\n" for commit in commits).encode()
    if not ids:
        return found
    form = "%H%x1f%(trailers:key=Duration,valueonly)%x1e"
    log = git.run("log", "--no-walk=unsorted", "--stdin", f"--format={form}", stdin=ids)
    for record in log.decode(errors="replace").split("\x1e"):
        commit, _, text = record.strip("\n").partition("\x1f")
        with contextlib.suppress(ValueError):
            found[commit] = float(text.strip().removesuffix("s"))
    return found
