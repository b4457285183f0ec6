"""The effects of migrations in numbers: cheap enough to be found for all of a long history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..database.data_path import type_of
from ..database.executions import Execution
from ..git.command import Git
from ..git.diff import changed_files
from ..git.objects import ObjectReader
from ..models.identifiers import SUFFIX
from .changes import LOOKED_INTO, Counts, most_frequent_first, telling_paths
from .fields import field_changes, parse

# Of so many changed ones of each type it is looked which fields differ.
LOOKED_INTO_PER_TYPE = 500


@dataclass(frozen=True, slots=True)
class Effect:
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
        """How many entities and relationships were there before and differ."""
        return sum(counts.updated for counts in self.types.values())


def measure_effect(
    git: Git, reader: ObjectReader | None, execution: Execution, data_dir: str
) -> Effect:
    """Compare the two trees of a migration; without a `reader` no content is looked at.

    At most `LOOKED_INTO_PER_TYPE` updated ones of each type are compared field by field, the
    first by path. Raises `GitError` for a tree that is not there.
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
    return Effect(
        types=dict(sorted(types.items())),
        fields=most_frequent_first(fields),
        compared=len(pairs) if reader else 0,
    )


def _compared(reader: ObjectReader, pairs: Iterable[tuple[str, str]]) -> Counter[str]:
    tally: Counter[str] = Counter()
    found = reader.get_many(oid for pair in pairs for oid in pair)
    for old, new in zip(found, found, strict=True):
        was, now = (parse(side.data if side else b"") for side in (old, new))
        tally.update(telling_paths(field_changes(was, now)))
    return tally
