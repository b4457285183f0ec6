"""Call the verify functions of applied migrations on the current database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import DatabaseError, MigrationFailedError, NesTasksError, UsageError
from ..migrations import Entry
from ..project import Project
from ..running.events import ProgressCallback
from ..running.verifier import Verifier

FORMAT = 1


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """The result of one verify: it passed, unless there is an `error`."""

    name: str
    error: NesTasksError | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/json.md."""
        error = self.error
        where = error.where if isinstance(error, MigrationFailedError) else None
        return {
            "name": self.name,
            "passed": error is None,
            "message": error.message if error else None,
            "where": where,
        }


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The results of all verify functions on `commit`, None for a database without one.

    `without` are applied migrations whose scripts have no verify, `missing` those whose folders are
    gone or cannot be read.
    """

    commit: str | None
    results: tuple[VerifyResult, ...]
    without: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def failed(self) -> tuple[VerifyResult, ...]:
        """The results with an error."""
        return tuple(result for result in self.results if result.error is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/json.md."""
        return {
            "format": FORMAT,
            "commit": self.commit,
            "verified": [result.to_dict() for result in self.results],
            "without": list(self.without),
            "missing": list(self.missing),
        }


def verify(
    project: Project, on_progress: ProgressCallback, names: Sequence[str] = ()
) -> VerifyReport:
    """Call verify of the applied migrations, or of those among `names` (full names).

    It uses the current scripts and the branch's tip: later migrations may have changed what an
    earlier one verifies. Changes nothing. Raises `UsageError` for a name that is not applied or has
    no verify.
    """
    plan, ledger = project.load_state()
    entries = [entry for entry in plan if not names or entry.name in names]
    _refuse_pending(entries, names)
    applied = [entry for entry in entries if entry.is_applied]
    missing = tuple(entry.name for entry in applied if not _has_script(entry))
    with_verify = [entry for entry in applied if entry.name not in missing and _verifies(entry)]
    without = tuple(
        entry.name for entry in applied if entry not in with_verify and entry.name not in missing
    )
    if names and (without or missing):
        name = (*without, *missing)[0]
        raise UsageError(
            f"{name} has no function verify", hint="write async def verify(context): in its script"
        )
    if not with_verify:
        return VerifyReport(ledger.commit, (), without, missing)
    if ledger.commit is None:
        raise DatabaseError("the database has no commit", hint="doit status")
    found = []
    with Verifier(project, ledger.commit, on_progress) as verifier:
        for entry in with_verify:
            assert entry.folder is not None, "it has a script"
            try:
                verifier.verify(entry.folder)
                found.append(VerifyResult(entry.name))
            except MigrationFailedError as error:
                found.append(VerifyResult(entry.name, error))
    return VerifyReport(ledger.commit, tuple(found), without, missing)


def _refuse_pending(entries: Sequence[Entry], names: Sequence[str]) -> None:
    for entry in entries:
        if names and not entry.is_applied:
            raise UsageError(
                f"{entry.name} is not applied, so there is nothing to verify",
                hint=f"doit preview {entry.name} runs it and its verify",
            )


def _has_script(entry: Entry) -> bool:
    folder = entry.folder
    return folder is not None and folder.problem is None and folder.script is not None


def _verifies(entry: Entry) -> bool:
    from ..errors import InvalidMigrationError
    from ..migrations import load

    assert entry.folder is not None, "it has a script"
    try:
        return load(entry.folder, is_new=False).metadata.verifies
    except InvalidMigrationError:
        return False
