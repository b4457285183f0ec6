"""The outcome of an applied migration: its commits, and what they changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..errors import DatabaseError, GitError, UsageError
from ..migrations import Entry
from ..running.project import Project
from ..storage.file_history import read_file_history
from ..storage.git import Git
from ..storage.history import Commit
from ..storage.ledger import EARLIER_FILE_NAME, Applied, Ledger
from ..storage.marker import FOLDER, Marker, marker_path
from ..storage.shallow import shallow_ends
from .changes import Changes, compare

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a migration changed when it was applied.

    `commits` are those of its last run, oldest first, and `earlier_runs` how many commits it
    had before, from runs that were repeated with --force or reverted. Without any commit that
    is known to be its own there are no `changes`, and no trees; `is_cut` says that the history
    is that of a shallow clone, so that there may be some elsewhere.
    """

    applied: Applied
    commits: tuple[Commit, ...]
    earlier_commits: int
    base_tree: str | None
    tree: str | None
    changes: Changes | None
    is_cut: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/preview.md."""
        applied = self.applied
        return {
            "format": FORMAT,
            "name": applied.name,
            "author": applied.author,
            "date": applied.date.isoformat() if applied.date else None,
            "description": applied.description,
            "applied_at": applied.applied_at.isoformat() if applied.applied_at else None,
            "base_tree": self.base_tree,
            "tree": self.tree,
            "statistics": asdict(applied.statistics),
            "commits": [
                {
                    "id": commit.id,
                    "committed_at": commit.committed_at.isoformat(),
                    "author": commit.author,
                    "committer": commit.committer,
                }
                for commit in self.commits
            ],
            "earlier_commits": self.earlier_commits,
            "is_cut": self.is_cut,
            "changes": self.changes.to_dict() if self.changes else None,
        }


def outcome(project: Project, entry: Entry, *, updated_per_type: int | None = None) -> Outcome:
    """Find out what the migration of `entry` changed. Writes nothing.

    Raises `UsageError` when it is not applied, `DatabaseError` when a shallow clone does not
    reach back far enough.
    """
    ledger = project.look()[1]
    applied = ledger.applied.get(entry.name)
    if applied is None or ledger.commit is None:
        raise UsageError(f"{entry.name} is not applied", hint=f"doit preview {entry.name}")
    settings = project.settings
    git = Git(settings.database)
    commits = project.history(ledger).get(entry.name) or _by_record(project, git, ledger, entry)
    is_cut = bool(shallow_ends(git))
    if not commits:
        return Outcome(applied, (), 0, None, None, None, is_cut)
    first, base_tree = _last_run(git, commits, _recorded_base(project, git, ledger, entry))
    tree = git.text("rev-parse", f"{commits[-1].id}^{{tree}}")
    try:
        changes = compare(
            git, base_tree, tree, data_dir=settings.data_dir, updated_per_type=updated_per_type
        )
    except GitError as error:
        raise DatabaseError(
            f"{settings.shown_database} does not reach back to before {entry.name}: "
            "it is a shallow clone, or damaged",
            hint=f"git -C {settings.shown_database} fetch --unshallow",
        ) from error
    return Outcome(applied, tuple(commits[first:]), first, base_tree, tree, changes, is_cut)


def _by_record(project: Project, git: Git, ledger: Ledger, entry: Entry) -> list[Commit]:
    """Return the commit that brought the record of the earlier system: data came with it."""
    assert ledger.commit is not None
    path = f"{project.settings.data_dir}/{FOLDER}/{entry.name}/{EARLIER_FILE_NAME}"
    found = [c for c in read_file_history(git, ledger.commit, path)[:1] if not c.is_cut]
    return [Commit(c.id, c.committed_at, c.author, c.committer) for c in found]


def _recorded_base(project: Project, git: Git, ledger: Ledger, entry: Entry) -> str | None:
    """Return the tree that the marker says the migration ran on, None without a marker."""
    name = f"{ledger.commit}:{marker_path(project.settings.data_dir, entry.name)}"
    done = git.attempt("cat-file", "blob", name)
    return None if done.returncode else Marker.from_bytes(done.stdout).base_tree


def _last_run(git: Git, commits: list[Commit], recorded: str | None) -> tuple[int, str]:
    """Return at which of its commits the last run began, and the tree that it began on.

    That is where the tree before the commit is the one of the marker. A marker that somebody
    wrote later, for a run without one, does not have to fit: then it is the first commit.
    """
    before = _trees_before(git, commits)
    for at in reversed(range(len(commits))):
        if recorded is not None and before[at] == recorded:
            return at, recorded
    # Not known in a shallow clone: then git is asked for what the marker names, or for nothing.
    return 0, before[0] or recorded or "0" * len(commits[0].id)


def _trees_before(git: Git, commits: list[Commit]) -> list[str | None]:
    """Return the tree before each commit, None where a shallow clone does not have it."""
    names = "".join(f"{commit.id}^^{{tree}}\n" for commit in commits).encode()
    rows = git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=names)
    words = [row.split() for row in rows.decode().splitlines()]
    found = [row[0] if row[1] == "tree" else None for row in words]
    empty = git.empty_tree()
    return [
        tree or (None if _has_parent(git, commit) else empty)
        for tree, commit in zip(found, commits, strict=True)
    ]


def _has_parent(git: Git, commit: Commit) -> bool:
    """Return whether the commit says that it has a parent, even if a shallow clone lacks it."""
    header = git.run("cat-file", "commit", commit.id).partition(b"\n\n")[0]
    return b"\nparent " in header
