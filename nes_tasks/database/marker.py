"""The marker and the commit message of a migration: written and read.

The marker is the committed TOML file that says a migration is applied, and how.
It is part of the tree that it describes, so nothing in it may differ between a run and its
replay: no durations, no commit ids, no machine names.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..clock import timestamp

FORMAT = 1
FILE_NAME = "marker.toml"
LOG_NAME = "log.txt"
FOLDER = "migration-logs"


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of a migration, in its script and in its record; strings are single lines.

    `date` is None where a legacy record has none. `network` and `processes` say that the script
    needs the network, and to start processes, `expect` how much it is to change (least and most by
    kind), and `verifies` that it has a function verify; no record has them.
    """

    author: str
    date: dt.date | None
    description: str
    deterministic: bool = True
    network: bool = False
    processes: bool = False
    expect: Mapping[str, tuple[int, int]] | None = None
    verifies: bool = False

    @property
    def iso_date(self) -> str | None:
        """The date as YYYY-MM-DD."""
        return self.date.isoformat() if self.date else None


class Described:
    """Mixin for classes with `metadata`: exposes its most used fields."""

    __slots__ = ()
    metadata: Metadata

    @property
    def author(self) -> str:
        """The author, as ``Name`` or ``Name <e-mail>``."""
        return self.metadata.author

    @property
    def date(self) -> dt.date | None:
        """The date that the migration was written."""
        return self.metadata.date

    @property
    def description(self) -> str:
        """The purpose of the migration, in one line."""
        return self.metadata.description

    @property
    def deterministic(self) -> bool:
        """Whether a replay must give the same tree."""
        return self.metadata.deterministic


class ChangeCounts(NamedTuple):
    """The number of created, updated and deleted files of a kind."""

    created: int
    updated: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a migration changed, counted from the difference of its first and last tree."""

    entities_created: int = 0
    entities_updated: int = 0
    entities_deleted: int = 0
    relationships_created: int = 0
    relationships_updated: int = 0
    relationships_deleted: int = 0
    versions_created: int = 0
    files: int = 0

    @property
    def entities(self) -> ChangeCounts:
        """The counts of entities."""
        return ChangeCounts(self.entities_created, self.entities_updated, self.entities_deleted)

    @property
    def relationships(self) -> ChangeCounts:
        """The counts of relationships."""
        return ChangeCounts(
            self.relationships_created, self.relationships_updated, self.relationships_deleted
        )


@dataclass(frozen=True, slots=True)
class Marker(Described):
    """The record of one applied migration, whose date is always known.

    `applied_at` is the transaction's clock, `base_tree` the id of the tree it ran on, and
    `inputs` the SHA-256 of each file of the folder by its path relative to the folder.
    """

    migration: str
    metadata: Metadata
    applied_at: datetime
    base_tree: str
    statistics: Statistics = field(default_factory=Statistics)
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def date(self) -> dt.date:
        """The date that the migration was written."""
        assert self.metadata.date is not None, "only legacy records lack a date"
        return self.metadata.date

    def to_bytes(self) -> bytes:
        """Return the text of the marker file."""
        import tomli_w

        applied_at = self.applied_at.astimezone(UTC)

        text = tomli_w.dumps(
            {
                "format": FORMAT,
                "migration": self.migration,
                "author": self.author,
                "date": self.date,
                "description": self.description,
                "applied_at": applied_at,
                "base_tree": self.base_tree,
                "deterministic": self.deterministic,
                "statistics": asdict(self.statistics),
                "inputs": dict(sorted(self.inputs.items())),
            }
        )
        # TOML allows both spellings of a time; this is the one of all our files.
        key = "\napplied_at = "
        return text.replace(f"{key}{applied_at}", f"{key}{timestamp(applied_at)}").encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Marker:
        """Read a marker file.

        Keys that a later version may add are ignored. Raises `ValueError` when the text is no
        marker: not UTF-8, not TOML, another format, a missing key or a wrong type.
        """
        content = tomllib.loads(data.decode())
        if content.get("format") != FORMAT:
            raise ValueError(f"format is {content.get('format')!r}, not {FORMAT}")

        def checked(key: str, value: Any, kind: type) -> Any:
            # The exact type, as a datetime is a date and a bool an int for `isinstance`.
            if type(value) is not kind:
                raise ValueError(f"{key} is {value!r}, not a {kind.__name__}")
            return value

        def typed(key: str, kind: type, default: Any = None) -> Any:
            return checked(key, content.get(key, default), kind)

        if typed("applied_at", datetime).tzinfo is None:
            raise ValueError("applied_at has no time zone")
        counts, inputs = typed("statistics", dict, {}), typed("inputs", dict, {})
        known = Statistics.__dataclass_fields__
        return cls(
            migration=typed("migration", str),
            metadata=Metadata(
                author=typed("author", str),
                date=typed("date", dt.date),
                description=typed("description", str),
                deterministic=typed("deterministic", bool, True),
            ),
            applied_at=typed("applied_at", datetime),
            base_tree=typed("base_tree", str),
            statistics=Statistics(
                **{key: checked(key, n, int) for key, n in counts.items() if key in known}
            ),
            inputs={path: checked(path, digest, str) for path, digest in inputs.items()},
        )


def marker_path(data_dir: str, name: str) -> str:
    """Return the path of a migration's marker inside the database repository."""
    return f"{data_dir}/{FOLDER}/{name}/{FILE_NAME}"


# These trailers are written only when not zero; the others always, so that a table over the whole
# history has no gaps.
ALWAYS = (
    ("Entities-Created", "entities_created"),
    ("Entities-Updated", "entities_updated"),
    ("Relationships-Created", "relationships_created"),
    ("Versions-Created", "versions_created"),
    ("Files", "files"),
)
WHEN_ANY = (
    ("Entities-Deleted", "entities_deleted"),
    ("Relationships-Updated", "relationships_updated"),
    ("Relationships-Deleted", "relationships_deleted"),
)


def commit_message(
    marker: Marker,
    *,
    duration: float,
    environment: Iterable[tuple[str, str]] = (),
    batch: int | None,
    batches: int,
    linear: bool = False,
) -> str:
    """Return the message of one of a migration's commits.

    `duration` is that of the script in seconds, `environment` has trailers about the run. `batch`
    counts from 1; None stands for the merge that closes the side chain of its batches. The lines
    at the end are git trailers: ``git log --format='%(trailers)'`` prints them. Author and
    statistics stand in one commit alone, the merge or with `linear` the last batch, so that sums
    over a history are right.
    """
    name = marker.migration
    part = f" (Batch {batch}/{batches})" if batch is not None and batches > 1 else ""
    if batch is not None and batches > 1 and not (linear and batch == batches):
        return f"Migration: {name}{part}\n\nBatch: {batch}/{batches}\nMigration: {name}\n"
    counts = marker.statistics
    trailers = [("Author", marker.author), ("Date", marker.date.isoformat())]
    trailers += [(key, str(getattr(counts, field))) for key, field in ALWAYS]
    trailers += [
        (k, str(getattr(counts, field))) for k, field in WHEN_ANY if getattr(counts, field)
    ]
    trailers.append(("Duration", f"{duration:.1f}s"))
    trailers += environment
    trailers.append(("Batches", str(batches)) if batch is None else ("Batch", f"{batch}/{batches}"))
    lines = "".join(f"{key}: {value}\n" for key, value in trailers)
    return f"Migration: {name}{part}\n\n{marker.description}\n\n{lines}"


# "Migration: NAME (Batch 2/3)" is ours; the others were written by hand before this tool existed.
SUBJECT = re.compile(
    r"(?:Migration:?|Run(?: migration)?) (?P<name>[0-9]{3,}-[a-z0-9]+(?:-[a-z0-9]+)*)"
    r"(?: \(Batch (?P<batch>[0-9]{1,9})/(?P<batches>[0-9]{1,9})\))?"
)
DURATION = re.compile(r"^Duration: ([0-9]+(?:\.[0-9]+)?)s$", re.MULTILINE)


ACCEPTED = re.compile(r"Accept: (.+)")


def acceptance_message(name: str, files: Iterable[str]) -> str:
    """Return the message of a commit that accepts the folder of `name` as it was edited.

    `files` describes the change of each file, one per line.
    """
    rows = "".join(f"- {line}\n" for line in files)
    return (
        f"Accept: {name}\n\nThe folder was edited; executed again on its base it gives the same "
        f"data.\n\n{rows}\nAccepts: {name}\n"
    )


def parse_acceptance(subject: str) -> str | None:
    """Return the migration whose folder a commit says to accept, by its subject; None for none."""
    found = ACCEPTED.fullmatch(subject)
    return found[1] if found else None


class Subject(NamedTuple):
    """A parsed subject: the migration, its batch and the number of batches (1 of 1 for all)."""

    migration: str
    batch: int
    batches: int


def parse_subject(subject: str) -> Subject | None:
    """Return the parsed subject of a commit, None when it does not name a migration."""
    found = SUBJECT.fullmatch(subject)
    if found is None:
        return None
    return Subject(found["name"], int(found["batch"] or 1), int(found["batches"] or 1))


def parse_duration(message: str) -> float | None:
    """Return how many seconds the script took, by the message of its commit; None if unknown."""
    found = DURATION.findall(message)
    return float(found[-1]) if found else None


def parse_trailers(message: str) -> dict[str, str]:
    """Return the trailers that `commit_message` has written, by their keys."""
    lines = message.rstrip("\n").rpartition("\n\n")[2].splitlines()
    pairs = (line.partition(": ") for line in lines)
    return {key: value for key, colon, value in pairs if colon}
