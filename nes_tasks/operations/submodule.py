"""Record the database's commit in the service repository."""

from __future__ import annotations

from dataclasses import dataclass

from ..database.creation import refuse_missing_submodule
from ..database.ledger import is_absent, read_ledger
from ..database.repository import Repository
from ..errors import DatabaseError, GitError
from ..git.superproject import Superproject
from ..project import Project


@dataclass(frozen=True, slots=True)
class Recording:
    """The recorded change of the database's commit from `old` to `new`.

    `commit` is the one that records it, None when it was recorded already. `unpushed` counts the
    database's commits that others cannot get yet; None without a remote.
    """

    old: str | None
    new: str
    commit: str | None
    unpushed: int | None


def record(project: Project) -> Recording:
    """Commit the database's present commit in the service repository, and nothing else.

    Raises `DatabaseError` when the database is not a submodule there, is missing, has no commit,
    or git refuses the commit.
    """
    settings = project.settings
    label = settings.database_label
    superproject = Superproject(settings.root, settings.database, label)
    superproject.recorded()
    if is_absent(settings.database):
        refuse_missing_submodule(settings)
        raise DatabaseError(
            f"{label} is not fetched yet", hint=f"git submodule update --init {label}"
        )
    repository = Repository.open(settings)
    head = repository.git.query("rev-parse", "--verify", "--quiet", "HEAD")
    if head is None:
        raise DatabaseError(f"{label} has no commit to record yet", hint="doit")
    old, unpushed = superproject.committed(), repository.unpushed()
    if old == head:
        return Recording(old, head, None, unpushed)
    commit = superproject.record(_message(project, old, head), repository.committer())
    return Recording(old, head, commit, unpushed)


def _message(project: Project, old: str | None, new: str) -> str:
    """Name the migrations applied since the old commit, as far as it is known here."""
    settings = project.settings
    subject = f"Record {settings.database_label} at {new[:12]}\n"
    try:
        was = read_ledger(settings.database, settings.data_dir, at=old).applied if old else {}
    except (DatabaseError, GitError):
        return subject
    now = project.load_state(at=new).ledger.applied
    rows = [f"- {name}\n" for name in now if name not in was]
    rows += [f"- {name} (no longer applied)\n" for name in was if name not in now]
    return f"{subject}\n{''.join(rows)}" if rows else subject
