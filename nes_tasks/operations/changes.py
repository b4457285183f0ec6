"""The changes between two trees: entities, relationships and their fields, or counts alone."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..database.data_path import type_of
from ..database.executions import Execution
from ..git.command import Git
from ..git.diff import Change, changed_files, total_size
from ..git.objects import ObjectReader
from ..git.snapshot import GitSource, read_files
from ..models.identifiers import SUFFIX, InvalidIdentifierError, id_of
from .fields import FieldChange, field_changes, parse

SAMPLES_PER_TYPE = 3
# Every update rewrites it, so it is not a change of the data.
BOOKKEEPING = "version_summary"
INDEX = re.compile(r"\[[0-9]+\]")
# Kinds that are compared; versions repeat them, and authors and records are not data.
LOOKED_INTO = ("entity", "relationship")


@dataclass(slots=True)
class Counts:
    """The number of created, updated and deleted files of a kind."""

    created: int = 0
    updated: int = 0
    deleted: int = 0

    def add(self, change: Change) -> None:
        """Count one changed file."""
        if change.old is None:
            self.created += 1
        elif change.new is None:
            self.deleted += 1
        else:
            self.updated += 1


@dataclass(frozen=True, slots=True)
class Updated:
    """An updated entity or relationship, and all its fields that differ."""

    id: str
    fields: tuple[FieldChange, ...]

    @property
    def content_fields(self) -> tuple[FieldChange, ...]:
        """The changes without those of `BOOKKEEPING`."""
        return tuple(field for field in self.fields if is_content_field(field.path))


@dataclass(frozen=True, slots=True)
class Sample:
    """A new entity or relationship with the content of its file."""

    id: str
    content: Any


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two trees.

    `kinds` counts all files by top folder, `types` the entities by type (``location/ward``)
    and relationships (``relationship:FUNDED_BY``). `updated` may be limited, `created` and
    `deleted` are all ids. `fields` says in how many updated ones a field differs, by its path
    without indexes, the most frequent first. `new_bytes` is the size of all new contents.
    """

    kinds: Mapping[str, Counts]
    types: Mapping[str, Counts]
    created: tuple[str, ...]
    deleted: tuple[str, ...]
    updated: tuple[Updated, ...]
    fields: Mapping[str, int]
    samples: tuple[Sample, ...]
    new_bytes: int | None

    @property
    def updated_left_out(self) -> int:
        """The number of updated objects that are not in `updated`."""
        return sum(counts.updated for counts in self.types.values()) - len(self.updated)

    def limited(self, updated_per_type: int) -> Changes:
        """Return the same changes with at most `updated_per_type` updated objects of each type."""
        seen: Counter[str] = Counter()
        kept: list[Updated] = []
        for updated in self.updated:
            # entity:location/ward/slug, relationship:source:target:TYPE
            is_entity = updated.id.startswith("entity:")
            kind = updated.id.rpartition("/")[0] if is_entity else updated.id.rpartition(":")[2]
            seen[kind] += 1
            if seen[kind] <= updated_per_type:
                kept.append(updated)
        return replace(self, updated=tuple(kept))

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the keys are documented in docs/reference/preview.md."""
        return {
            "files": {kind: asdict(counts) for kind, counts in self.kinds.items()},
            "bytes": self.new_bytes,
            "types": {name: asdict(counts) for name, counts in self.types.items()},
            "fields": dict(self.fields),
            "created": list(self.created),
            "updated": [
                {"id": updated.id, "fields": [field.to_dict() for field in updated.fields]}
                for updated in self.updated
            ],
            "deleted": list(self.deleted),
            "samples": [asdict(sample) for sample in self.samples],
        }


def compare(
    git: Git,
    old: str,
    new: str,
    *,
    data_dir: str,
    updated_per_type: int | None = None,
    samples_per_type: int | None = SAMPLES_PER_TYPE,
    with_size: bool = False,
    files: Sequence[Change] | None = None,
) -> Changes:
    """Compare two trees (ids) of the database. Reads only.

    `files` are those that differ, when that is known. At most `updated_per_type` updated objects of
    each type are listed by field, and at most `samples_per_type` new ones with their content; None
    lists all. Raises `GitError` for a tree that is not there.
    """
    if files is None:
        files = list(changed_files(git, old, new))
    kinds: defaultdict[str, Counts] = defaultdict(Counts)
    types: defaultdict[str, Counts] = defaultdict(Counts)
    inside: list[tuple[str, Change]] = []
    for change in files:
        parts = change.path.removeprefix(f"{data_dir}/").split("/")
        # Files beside the data folder, or directly in it, were added by hand.
        own = change.path.startswith(f"{data_dir}/") and len(parts) > 1
        kind = parts[0] if own else "other"
        kinds[kind].add(change)
        if kind in LOOKED_INTO:
            name = type_of(parts)
            types[name].add(change)
            inside.append((name, change))
    updated, fields = _updated(git, inside, data_dir, updated_per_type)
    return Changes(
        kinds=dict(sorted(kinds.items())),
        types=dict(sorted(types.items())),
        created=_ids(data_dir, (change for _, change in inside if change.old is None)),
        deleted=_ids(data_dir, (change for _, change in inside if change.new is None)),
        updated=tuple(updated),
        fields=most_frequent_first(fields),
        samples=tuple(_samples(git, inside, data_dir, samples_per_type)),
        new_bytes=total_size(git, (c.new for c in files if c.new)) if with_size else None,
    )


def _ids(data_dir: str, changes: Iterable[Change]) -> tuple[str, ...]:
    return tuple(document_id(change.path, data_dir) for change in changes)


def document_id(path: str, data_dir: str) -> str:
    """Return the id whose file `path` is; the path in the data folder if no id has it."""
    below = path.removeprefix(f"{data_dir}/")
    try:
        return id_of(below)
    except InvalidIdentifierError:
        return below


def _updated(
    git: Git,
    inside: Iterable[tuple[str, Change]],
    data_dir: str,
    per_type: int | None,
) -> tuple[list[Updated], Counter[str]]:
    """Return the updated objects up to the limit, and the number of changes of each field."""
    rows = [(name, change) for name, change in inside if change.old and change.new]
    # Read by blob id: finding files by path would read the whole folder.
    old = [(change.path, change.old) for _, change in rows if change.old]
    new = [(change.path, change.new) for _, change in rows if change.new]
    seen: Counter[str] = Counter()
    tally: Counter[str] = Counter()
    kept: list[Updated] = []
    with closing(GitSource(git)) as before, closing(GitSource(git)) as after:
        pairs = zip(rows, read_files(before, old), read_files(after, new), strict=True)
        for (name, change), was, now in pairs:
            fields = tuple(field_changes(parse(was), parse(now)))
            tally.update(content_paths(fields))
            seen[name] += 1
            if per_type is None or seen[name] <= per_type:
                kept.append(Updated(document_id(change.path, data_dir), fields))
    return kept, tally


def content_paths(fields: Iterable[FieldChange]) -> set[str]:
    """Return the paths without indexes of all fields but those of `BOOKKEEPING`."""
    return {INDEX.sub("[]", field.path) for field in fields if is_content_field(field.path)}


def most_frequent_first(tally: Counter[str]) -> dict[str, int]:
    """Return the counts, the highest first."""
    return dict(sorted(tally.items(), key=lambda item: (-item[1], item[0])))


def is_content_field(path: str) -> bool:
    """Return whether a field is content: all are except those of `BOOKKEEPING`."""
    return path.partition(".")[0] != BOOKKEEPING


def _samples(
    git: Git, inside: Iterable[tuple[str, Change]], data_dir: str, per_type: int | None
) -> Iterator[Sample]:
    seen: Counter[str] = Counter()
    files: list[tuple[str, str]] = []
    for name, change in inside:
        if change.old is None and change.new and (per_type is None or seen[name] < per_type):
            seen[name] += 1
            files.append((change.path, change.new))
    with closing(GitSource(git)) as after:
        for (path, _), data in zip(files, read_files(after, files), strict=True):
            yield Sample(document_id(path, data_dir), parse(data))


# Number of updated objects of each type that are compared by field.
LOOKED_INTO_PER_TYPE = 500


@dataclass(frozen=True, slots=True)
class ChangeSummary:
    """What a migration changed.

    `types` are as in `Changes`. `fields` says in how many of the `compared` updated ones a field
    differs, by its path without indexes, the most frequent first; `compared` is 0 where nothing
    was updated, or where the contents are not there.
    """

    types: Mapping[str, Counts]
    fields: Mapping[str, int]
    compared: int

    @property
    def updated(self) -> int:
        """The number of updated entities and relationships."""
        return sum(counts.updated for counts in self.types.values())


def summarize_changes(
    git: Git, reader: ObjectReader | None, execution: Execution, data_dir: str
) -> ChangeSummary:
    """Compare the two trees of a migration; without a `reader` no content is read.

    At most `LOOKED_INTO_PER_TYPE` updated objects of each type are compared by field, the first by
    path. Raises `GitError` for a tree that is not there.
    """
    types: defaultdict[str, Counts] = defaultdict(Counts)
    pairs: list[tuple[str, str]] = []
    folders = [f"{data_dir}/{kind}" for kind in LOOKED_INTO]
    for change in changed_files(git, execution.base_tree, execution.tree, *folders):
        if not change.path.endswith(SUFFIX):
            continue
        counts = types[type_of(change.path[len(data_dir) + 1 :].split("/"))]
        counts.add(change)
        if change.old and change.new and counts.updated <= LOOKED_INTO_PER_TYPE:
            pairs.append((change.old, change.new))
    fields = _compared(reader, pairs) if reader else Counter()
    return ChangeSummary(
        types=dict(sorted(types.items())),
        fields=most_frequent_first(fields),
        compared=len(pairs) if reader else 0,
    )


def _compared(reader: ObjectReader, pairs: Iterable[tuple[str, str]]) -> Counter[str]:
    tally: Counter[str] = Counter()
    found = reader.get_many(oid for pair in pairs for oid in pair)
    for old, new in zip(found, found, strict=True):
        was, now = (parse(side.data if side else b"") for side in (old, new))
        tally.update(content_paths(field_changes(was, now)))
    return tally
