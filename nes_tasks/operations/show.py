"""An applied migration: its commits, and what they changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..database.counts import with_statistics
from ..database.ledger import Applied
from ..errors import UsageError
from ..git.command import Git
from ..git.incomplete_clone import has_tree, shallow_boundary
from ..git.log import Commit
from ..migrations import Entry
from ..project import Project
from .changes import Changes, compare

FORMAT = 1


@dataclass(frozen=True, slots=True)
class AppliedChanges:
    """What a migration changed when it was applied.

    `commits` are those of its last execution, oldest first, and `earlier_commits` counts those of
    executions that were repeated with --force or reverted. Without any commit that is known to
    be its own, or without the one before it, there are no `changes`, and no trees; `is_truncated`
    says that the clone is shallow, so that they may be elsewhere. `squashed_with` are migrations
    that came in the same commit: the changes are those of all of them. `acceptances` are the
    commits that accepted its folder as edited since.
    """

    applied: Applied
    commits: tuple[Commit, ...]
    earlier_commits: int
    base_tree: str | None
    tree: str | None
    changes: Changes | None
    is_truncated: bool = False
    squashed_with: tuple[str, ...] = ()
    acceptances: tuple[Commit, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/preview.md."""
        applied = self.applied
        return {
            "format": FORMAT,
            "name": applied.name,
            "author": applied.author,
            "date": applied.metadata.iso_date,
            "description": applied.description,
            "applied_at": applied.applied_at.isoformat() if applied.applied_at else None,
            "base_tree": self.base_tree,
            "tree": self.tree,
            "statistics": asdict(applied.statistics),
            "commits": [_commit(commit) for commit in self.commits],
            "acceptances": [_commit(commit) for commit in self.acceptances],
            "earlier_commits": self.earlier_commits,
            "is_cut": self.is_truncated,
            "squashed_with": list(self.squashed_with),
            "changes": self.changes.to_dict() if self.changes else None,
        }


def _commit(commit: Commit) -> dict[str, Any]:
    return {
        "id": commit.id,
        "committed_at": commit.committed_at.isoformat(),
        "author": commit.author,
        "committer": commit.committer,
    }


def check_is_applied(entry: Entry) -> None:
    """Raise `UsageError` for a migration that is not applied yet."""
    if not entry.is_applied:
        raise _not_applied(entry)


def _not_applied(entry: Entry) -> UsageError:
    return UsageError(f"{entry.name} is not applied", hint=f"doit preview {entry.name}")


def applied_changes(
    project: Project, entry: Entry, *, updated_per_type: int | None = None
) -> AppliedChanges:
    """Find out what the migration of `entry` changed. Writes nothing.

    Raises `UsageError` when it is not applied.
    """
    ledger = project.load_state().ledger
    applied = ledger.applied.get(entry.name)
    if applied is None or ledger.commit is None:
        raise _not_applied(entry)
    settings = project.settings
    git = Git(settings.database)
    found = project.executions(ledger, [entry.name]).get(entry.name)
    is_truncated = bool(shallow_boundary(git))
    if found is None or not found.commits:
        return AppliedChanges(applied, (), 0, None, None, None, is_truncated)
    history = project.history(ledger)
    assert history is not None, "there is a commit"
    known: dict[str, Any] = {
        "commits": found.commits,
        "earlier_commits": found.earlier_commits,
        "is_truncated": is_truncated,
        "squashed_with": found.squashed_with,
        "acceptances": tuple(history.commits[change.commit] for change in found.accepted),
    }
    # A partial clone may still get from its remote what a shallow one does not reach back to.
    if found.is_truncated and not has_tree(git, found.base_tree):
        return AppliedChanges(applied, base_tree=None, tree=None, changes=None, **known)
    base_tree, tree = found.base_tree, found.tree
    changes = compare(
        git, base_tree, tree, data_dir=settings.data_dir, updated_per_type=updated_per_type
    )
    applied = with_statistics(git, applied, found, settings.data_dir)
    return AppliedChanges(applied, base_tree=base_tree, tree=tree, changes=changes, **known)
