"""The provenance of a document: the commit that set each field's current value."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ..database.executions import migrations_of
from ..errors import DatabaseError, UsageError
from ..git.command import Git
from ..git.file_history import FileCommit, read_file_history
from ..git.objects import ObjectReader
from ..git.snapshot import Snapshot
from ..models.identifiers import (
    AUTHOR,
    ENTITY,
    RELATIONSHIP,
    SUFFIX,
    VERSION,
    InvalidIdentifierError,
    path_of,
)
from ..project import Project
from ..settings import Settings
from ..text import quote
from .changes import document_id
from .fields import leaves, parse
from .origins import Unset, all_of, carried

FORMAT = 1
EXAMPLES = "ids look like entity:person/asha-rai or relationship:SOURCE:TARGET:TYPE"


@dataclass(frozen=True, slots=True)
class SetField:
    """A leaf field, its current value, and the commit that set it.

    `is_unset` marks a null that never had another value: it came with its container.
    """

    path: str
    value: Any
    commit: FileCommit
    is_unset: bool


@dataclass(frozen=True, slots=True)
class Provenance:
    """The fields of one document, and all commits that changed its file, oldest first.

    `migrations` maps commits to migrations.
    """

    id: str
    fields: tuple[SetField, ...]
    commits: tuple[FileCommit, ...]
    migrations: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/preview.md."""
        return {
            "format": FORMAT,
            "id": self.id,
            "fields": [
                {"path": field.path, "value": field.value, "commit": field.commit.id}
                for field in self.fields
            ],
            "commits": [_commit(c, self.migrations.get(c.id)) for c in self.commits],
        }


def _commit(commit: FileCommit, migration: str | None) -> dict[str, Any]:
    return {
        "id": commit.id,
        "migration": migration,
        "author": commit.author,
        "email": commit.email,
        "authored_at": commit.authored_at.isoformat(),
        "committer": commit.committer,
        "committed_at": commit.committed_at.isoformat(),
        "subject": commit.subject,
        "is_cut": commit.is_truncated,
    }


def provenance(project: Project, identifier: str) -> Provenance:
    """Find the commits that set the fields of the entity, relationship or author `identifier`.

    Reads the history of its one file and writes nothing. Raises `UsageError` for a missing document
    or an invalid id, `DatabaseError` when its file is damaged.
    """
    below = document_path(identifier)
    ledger = project.load_state().ledger
    if ledger.commit is None:
        raise UsageError("the database is empty", hint="doit run applies what is pending")
    settings = project.settings
    git = Git(settings.database)
    path = f"{settings.data_dir}/{below}"
    commits = read_file_history(git, ledger.commit, path)
    # The oldest commit of a shallow clone did not create its content.
    subjects = {commit.id: commit.subject for commit in commits if not commit.is_truncated}
    migrations = migrations_of(git, subjects, settings.data_dir)
    contents = _contents(git, [f"{commit.id}:{path}" for commit in commits])
    if not commits or contents[-1] is None:
        raise _absent(git, ledger.commit, identifier, settings, commits, migrations)
    documents = [None if data is None else parse(data) for data in contents]
    try:
        origins = _origins(commits, documents)
        fields = list(_joined(documents[-1], origins))
    except RecursionError:
        raise DatabaseError(f"{path} is nested too deep to be looked into") from None
    return Provenance(identifier, tuple(fields), tuple(commits), migrations)


def document_path(identifier: str) -> str:
    """Return the path of a document's file in the data folder.

    Raises `UsageError` for what is not an id.
    """
    try:
        path = path_of(identifier)
    except InvalidIdentifierError:
        path = ""
    if not path or not identifier.startswith((ENTITY, RELATIONSHIP, AUTHOR, VERSION)):
        raise UsageError(f"{quote(identifier)} is not an id", hint=EXAMPLES)
    return path


def _contents(git: Git, names: list[str]) -> list[bytes | None]:
    with ObjectReader(git) as reader:
        return [found and found.data for found in reader.get_many(names)]


def _origins(commits: list[FileCommit], documents: list[Any]) -> Any:
    """Return the origin of the last document, propagated along the history.

    After a merge a field belongs to the side with the same value; the merge itself set only values
    that neither side has.
    """
    known: dict[str, tuple[Any, Any]] = {}
    for commit, document in zip(commits, documents, strict=True):
        sides = [known[parent] for parent in commit.parents if parent in known]
        origin = all_of(document, commit)
        for was, its_origin in sides:
            origin = carried(was, its_origin, document, origin, commit)
        known[commit.id] = (document, origin)
    return known[commits[-1].id][1]


def _joined(document: Any, origin: Any) -> Iterator[SetField]:
    """Yield the leaves of a document with those of its origin, which has the same shape."""
    for (path, value), (_, found) in zip(leaves(document), leaves(origin), strict=True):
        is_unset = isinstance(found, Unset)
        yield SetField(path, value, found.change if is_unset else found, is_unset)


# Messages for a missing document


def _absent(
    git: Git,
    commit: str,
    identifier: str,
    settings: Settings,
    commits: list[FileCommit],
    migrations: Mapping[str, str],
) -> UsageError:
    if commits:
        last = commits[-1]
        by = migrations.get(last.id) or f"the commit {quote(last.subject)}"
        return UsageError(
            f"{identifier} was deleted by {by}",
            hint=f"git -C {settings.database_label} show {last.id[:12]} shows how",
        )
    close = _similar(git, commit, identifier, settings.data_dir)
    hint = f"did you mean {' or '.join(close)}?" if close else EXAMPLES
    return UsageError(f"there is no {identifier}", hint=hint)


def _similar(git: Git, commit: str, identifier: str, data_dir: str) -> list[str]:
    """Return up to three ids: with the same slug under another type, else similar ones."""
    folder, _, name = f"{data_dir}/{path_of(identifier)}".rpartition("/")
    kind = identifier.partition(":")[0]
    with closing(Snapshot(git, git.tree_of(commit))) as snapshot:
        # The last part of a relationship is its type, which does not help.
        paths = () if kind == "relationship" else snapshot.walk(f"{data_dir}/{kind}")
        found = list(islice((p for p in paths if p.rpartition("/")[2] == name), 3))
        beside = sorted(snapshot.folder(folder))
    if not found:
        found = [f"{folder}/{close}" for close in difflib.get_close_matches(name, beside)]
    return [document_id(path, data_dir) for path in found if path.endswith(SUFFIX)]
