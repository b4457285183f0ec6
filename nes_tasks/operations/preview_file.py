"""Read a preview from a JSON file, with validation, because it is untrusted input.

The code of a pull request may have written the file. So every value has a type and a range, and
callers that compare trees check `outdated` first.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
)

from ..clock import now, timestamp
from ..database.marker import Metadata, Statistics
from ..errors import MigrationFailedError, NesTasksError, UsageError
from ..git.command import Git
from ..git.log import committed_at
from ..migrations import MigrationResult, MigrationStatus
from ..models.plain_errors import first_problem
from ..project import Project
from .changes import Changes, Counts, Sample, Updated
from .fields import ABSENT, FieldChange
from .preview import Preview, Previewed
from .review import KINDS, Remark

# Larger than any count, and short enough to be printed.
Number = Annotated[int, Field(strict=True, ge=0, le=2**53)]
# In pydantic's regular expressions `$` matches only the end, not before a line end.
ObjectId = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]


class _Part(BaseModel):
    """A part of the document; later versions may have more keys."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Counts(_Part):
    created: Number
    updated: Number
    deleted: Number

    def read(self) -> Counts:
        return Counts(self.created, self.updated, self.deleted)


class _Statistics(_Part):
    entities_created: Number
    entities_updated: Number
    entities_deleted: Number
    relationships_created: Number
    relationships_updated: Number
    relationships_deleted: Number
    versions_created: Number
    files: Number


class _Field(_Part):
    path: str
    old: Any = ABSENT
    new: Any = ABSENT


class _Updated(_Part):
    id: str
    fields: list[_Field]


class _Sample(_Part):
    id: str
    content: Any


class _Changes(_Part):
    files: dict[str, _Counts]
    bytes: Number | None
    types: dict[str, _Counts]
    fields: dict[str, Number]
    created: list[str]
    updated: list[_Updated]
    deleted: list[str]
    samples: list[_Sample]

    def read(self) -> Changes:
        updated = (
            Updated(updated.id, tuple(FieldChange(f.path, f.old, f.new) for f in updated.fields))
            for updated in self.updated
        )
        return Changes(
            kinds={kind: counts.read() for kind, counts in self.files.items()},
            types={name: counts.read() for name, counts in self.types.items()},
            created=tuple(self.created),
            deleted=tuple(self.deleted),
            updated=tuple(updated),
            fields=self.fields,
            samples=tuple(Sample(sample.id, sample.content) for sample in self.samples),
            new_bytes=self.bytes,
        )


class _Remark(_Part):
    kind: str
    subject: str
    text: str


class _Previewed(_Part):
    name: str
    author: str
    date: dt.date | None
    description: str
    clock: AwareDatetime
    base_tree: ObjectId
    tree: ObjectId
    statistics: _Statistics
    commits: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    duration_seconds: Annotated[FiniteFloat, Field(ge=0, le=1e9)]
    peak_memory_bytes: Number
    network: bool = False
    processes: bool = False
    verified: bool = False
    expects: bool = False
    expect: str = ""
    to_look_at: list[_Remark] = []
    environment: dict[str, str] = {}
    logs: list[str]
    changes: _Changes

    def read(self) -> Previewed:
        result = MigrationResult(
            self.name,
            MigrationStatus.COMPLETED,
            statistics=Statistics(**dict(self.statistics)),
            duration_seconds=self.duration_seconds,
            logs=self.logs,
            # The commits are not published; only their number matters.
            commit_ids=[""] * self.commits,
            tree=self.tree,
            environment=self.environment,
        )
        return Previewed(
            about=Metadata(
                author=self.author,
                date=self.date,
                description=self.description,
                network=self.network,
                processes=self.processes,
            ),
            clock=self.clock,
            base_tree=self.base_tree,
            result=result,
            changes=self.changes.read(),
            peak_memory=self.peak_memory_bytes,
            verified=self.verified,
            expects=self.expects,
            expect=self.expect,
            to_look_at=tuple(
                Remark(remark.kind, remark.subject, remark.text)
                for remark in self.to_look_at
                if remark.kind in KINDS
            ),
        )


class _Failure(_Part):
    message: str
    hint: str | None
    where: str | None

    def read(self) -> NesTasksError:
        if self.where is not None:
            return MigrationFailedError(self.message, where=self.where)
        return NesTasksError(self.message, hint=self.hint)


class _Preview(_Part):
    format: Literal[1]
    base_commit: ObjectId | None
    migrations: list[_Previewed]
    beneath: list[str]
    failure: _Failure | None
    not_run: list[str]
    left_out: list[str] = []

    def read(self) -> Preview:
        return Preview(
            base_commit=self.base_commit,
            migrations=[previewed.read() for previewed in self.migrations],
            prerequisites=self.beneath,
            failure=self.failure.read() if self.failure else None,
            not_run=self.not_run,
            left_out=self.left_out,
        )


def read_preview(data: bytes, display_path: str) -> Preview:
    """Read the JSON document of `doit preview`; `display_path` is what to call it.

    Raises `UsageError` that names the first thing that is wrong with it.
    """
    try:
        return _Preview.model_validate_json(data).read()
    except ValidationError as error:
        raise UsageError(
            f"{display_path} is not a preview: {first_problem(error)}",
            hint="doit preview --json -o FILE writes one",
        ) from None


def outdated(found: Preview, project: Project) -> str | None:
    """Return why the current state would give another preview, None if it would not.

    Compares the database and the names of the folders, not their contents: the run compares the
    results.
    """
    plan, ledger = project.load_state()
    names = [previewed.result.migration for previewed in found.migrations]
    pending = [entry.name for entry in plan.pending]
    if found.failure is not None or plan.invalid:
        return "a migration fails or is not valid"
    if found.prerequisites:
        return "it covers only some of the pending migrations"
    if names != pending:
        return f"it covers {_listed(names)}; pending: {_listed(pending)}"
    if names and found.base_commit != ledger.commit:
        was, now_at = found.base_commit, ledger.commit
        return f"it was made on {_short(was)}, and the database is at {_short(now_at)}"
    return _clock_problem(found, project, ledger.commit)


def check_continuable(found: Preview, project: Project, display_path: str) -> None:
    """Raise `UsageError` when a preview is not of the first migrations pending here."""
    plan, ledger = project.load_state()
    names = [previewed.result.migration for previewed in found.migrations]
    pending = [entry.name for entry in plan.pending]
    problem = _clock_problem(found, project, ledger.commit)
    if found.failure is not None:
        problem = "a migration fails in it"
    elif found.prerequisites or names != pending[: len(names)]:
        problem = f"it covers {_listed(names)}; pending: {_listed(pending)}"
    elif names and found.base_commit != ledger.commit:
        problem = f"it was made on {_short(found.base_commit)}, and the database is at "
        problem += _short(ledger.commit)
    if problem:
        raise UsageError(
            f"{display_path} cannot be continued: {problem}", hint="doit preview starts over"
        )


def _clock_problem(found: Preview, project: Project, commit: str | None) -> str | None:
    """Return the problem of the previewed clocks, which become part of the data."""
    earliest: dt.datetime | None = None
    if commit is not None:
        earliest = committed_at(Git(project.settings.database), commit)
    for one in found.migrations:
        if one.clock > now():
            return f"its time {timestamp(one.clock)} is in the future"
        if earliest is not None and one.clock < earliest:
            return f"its time {timestamp(one.clock)} is before that of the commit it was made on"
    return None


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "nothing"


def _short(commit: str | None) -> str:
    return commit[:12] if commit else "no commit"
