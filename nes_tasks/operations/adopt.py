"""Adopt a database with migrations that a legacy system, or people by hand, applied.

Such a database also works without it: a `metadata.json` counts as applied. Adopting writes markers,
so that migrations known only from commit messages count too, and later edits of folders are
detected.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from ..clock import now
from ..database.counts import measure
from ..database.creation import missing_submodule
from ..database.executions import find_executions
from ..database.ledger import Applied
from ..database.marker import FILE_NAME, FOLDER, Marker, Metadata, Statistics
from ..database.repository import PRIVATE_REFS, Repository
from ..database.transaction import Signature
from ..errors import InvalidMigrationError
from ..git.command import Git
from ..git.incomplete_clone import has_tree, truncated_history_error
from ..git.log import Commit
from ..migrations import Folder, hash_inputs, load
from ..project import Project

RECORD = "metadata.json"
COMMIT = "commit message"


@dataclass(frozen=True, slots=True)
class Adoption:
    """A migration that can be adopted: its marker, and the evidence that it is applied."""

    marker: Marker
    evidence: str
    has_folder: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """What adopting would do.

    `adoptions` get markers. `unmatched` are folders without evidence of being applied; they stay
    pending. `base` is the examined commit.
    """

    adoptions: tuple[Adoption, ...]
    unmatched: tuple[str, ...]
    base: str | None


def propose(project: Project) -> Proposal:
    """Find out what can be adopted. Changes nothing.

    Raises `DatabaseError` when the database cannot be read, is a submodule yet to come, or does
    not reach back to what has to be counted, `MigrationRefusedError` when it holds a part of one.
    """
    missing = missing_submodule(project.settings)
    if missing:
        raise missing
    plan, ledger = project.load_state()
    folders = {entry.name: entry.folder for entry in plan if entry.folder is not None}
    if ledger.commit is None:
        return Proposal((), tuple(sorted(folders, key=project.order)), None)
    project.refuse_partial(ledger)
    git, data_dir = Git(project.settings.database), project.settings.data_dir
    recorded = {name: found for name, found in ledger.applied.items() if found.inputs is None}
    committed = project.unrecorded(ledger).by_hand
    history = project.history(ledger)
    assert history is not None, "there is a commit"
    runs = find_executions(history, dict.fromkeys([*recorded, *committed]))
    cut = [
        name for name, run in runs.items() if run.is_truncated and not has_tree(git, run.base_tree)
    ]
    if cut:
        raise truncated_history_error(project.settings.database_label, cut)

    def facts(name: str) -> tuple[str, Statistics | None]:
        """Return the base tree and the statistics, as far as its own commits are known."""
        if name not in runs:
            return git.empty_tree(), None
        return runs[name].base_tree, measure(git, runs[name], data_dir)

    adoptions = [
        Adoption(_from_record(record, folders.get(name), *facts(name)), RECORD, name in folders)
        for name, record in recorded.items()
    ]
    adoptions += [
        Adoption(_from_commits(name, commits, folders[name], *facts(name)), COMMIT, True)
        for name, commits in committed.items()
    ]
    adoptions.sort(key=lambda adoption: project.order(adoption.marker.migration))
    known = {*ledger.applied, *committed}
    unmatched = sorted((name for name in folders if name not in known), key=project.order)
    return Proposal(tuple(adoptions), tuple(unmatched), ledger.commit)


def adopt(
    project: Project, *, command: str = "doit adopt", clock: Callable[[], datetime] = now
) -> tuple[Proposal, str | None]:
    """Write the markers in one commit; return the adoptions and the commit, None without any.

    Raises `DatabaseError` when the database is not ready, `LockHeldError` when it is in use.
    """
    repository = Repository.open(project.settings)
    with repository.locked(command):
        repository.check_ready()
        proposal = propose(project)
        if not proposal.adoptions:
            return proposal, None
        return proposal, _write(repository, proposal, clock())


def _write(repository: Repository, proposal: Proposal, moment: datetime) -> str:
    records = [
        (f"{FOLDER}/{found.marker.migration}/{FILE_NAME}", found.marker.to_bytes())
        for found in proposal.adoptions
    ]
    names = "".join(f"- {found.marker.migration}\n" for found in proposal.adoptions)
    count = len(records)
    subject = f"Adopt {count} applied migration{'' if count == 1 else 's'}"
    ref = f"{PRIVATE_REFS}/{uuid.uuid4().hex}"
    who = Signature(*repository.committer(), moment)
    with repository.transaction(proposal.base, ref) as transaction:
        commits = transaction.commit(
            records,
            message=lambda batch, batches: f"{subject}\n\n{names}",
            author=who,
            committer=who,
            batch_size=count,
            sign=repository.signs,
        )
    repository.publish(ref, proposal.base, commits[-1])
    return commits[-1]


def _from_record(
    record: Applied, folder: Folder | None, base_tree: str, statistics: Statistics | None
) -> Marker:
    moment = record.applied_at
    return Marker(
        migration=record.name,
        metadata=replace(
            record.metadata,
            author=record.author or "unknown",
            date=record.date or (moment.date() if moment else date(1970, 1, 1)),
        ),
        # The legacy system wrote local time without a zone; which one is not known any more.
        applied_at=(moment or datetime(1970, 1, 1, tzinfo=UTC)).replace(tzinfo=UTC),
        base_tree=base_tree,
        # For a migration that was committed with others only its metadata is known.
        statistics=statistics or record.statistics,
        inputs=_hashes(folder),
    )


def _from_commits(
    name: str,
    commits: list[Commit],
    folder: Folder,
    base_tree: str,
    statistics: Statistics | None,
) -> Marker:
    first, last = commits[0], commits[-1]
    try:
        metadata = load(folder).metadata
    except InvalidMigrationError:
        metadata = Metadata(first.author, first.committed_at.date(), name)
    return Marker(
        migration=name,
        metadata=metadata,
        applied_at=last.committed_at,
        base_tree=base_tree,
        statistics=statistics or Statistics(),
        inputs=_hashes(folder),
    )


def _hashes(folder: Folder | None) -> dict[str, str]:
    """Return the current inputs; none (unknown) when they cannot be read."""
    if folder is None:
        return {}
    try:
        return hash_inputs(folder.path, ignored=folder.ignored, display_path=folder.display_path)
    except InvalidMigrationError:
        return {}
