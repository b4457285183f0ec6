"""The message of a migration's commits: written and read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from .marker import Marker

# Counted in the marker too, but a trailer only when there is something to count: the others
# are always there, so that a table over the whole history has no holes.
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


# "Migration: NAME (Batch 2/3)" is ours; the others were written by hand before there was a tool.
SUBJECT = re.compile(
    r"(?:Migration:?|Run(?: migration)?) (?P<name>[0-9]{3,}-[a-z0-9]+(?:-[a-z0-9]+)*)"
    r"(?: \(Batch (?P<batch>[0-9]{1,9})/(?P<batches>[0-9]{1,9})\))?"
)
DURATION = re.compile(r"^Duration: ([0-9]+(?:\.[0-9]+)?)s$", re.MULTILINE)


ACCEPTED = re.compile(r"Accept: (.+)")


def acceptance_message(name: str, files: Iterable[str]) -> str:
    """Return the message of a commit that accepts the folder of `name` as it was edited.

    `files` say what became of each file, a line each.
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
    """What a subject says: a migration, and which of how many batches (1 of 1 for the whole)."""

    migration: str
    batch: int
    batches: int


def parse_subject(subject: str) -> Subject | None:
    """Return what the subject of a commit says of a migration, None when it names none."""
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
