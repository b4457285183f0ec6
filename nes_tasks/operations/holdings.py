"""The holdings: how many files of which kind a commit of the database has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..database.data_path import type_of
from ..database.marker import FOLDER
from ..git.listing import File
from ..models.identifiers import SUFFIX

RELATIONSHIP = "relationship:"


@dataclass(frozen=True, slots=True)
class Holdings:
    """Numbers of files.

    `entities` and `relationships` are by type (``location/ward``; ``FUNDED_BY``), `versions`
    by the type of what they are versions of, relationships as ``relationship:FUNDED_BY``.
    `records` are the files about migrations, `others` what belongs to no kind.
    """

    entities: Mapping[str, int]
    relationships: Mapping[str, int]
    versions: Mapping[str, int]
    authors: int
    records: int
    others: int

    @property
    def files(self) -> int:
        """All files of the data folder."""
        by_type = (self.entities, self.relationships, self.versions)
        counted = sum(sum(counts.values()) for counts in by_type)
        return counted + self.authors + self.records + self.others


def count_holdings(
    files: Iterable[File], data_dir: str, progress: Callable[[int], None]
) -> Holdings:
    """Count `files` by their paths; `progress` is called with how many there are so far."""
    by_kind: dict[str, Counter[str]] = {
        kind: Counter() for kind in ("entity", "relationship", "version")
    }
    single: Counter[str] = Counter()
    start = len(data_dir) + 1
    for number, file in enumerate(files, 1):
        parts = file.path[start:].split("/")
        kind = parts[0]
        if kind == FOLDER:
            single["records"] += 1
        elif not file.path.endswith(SUFFIX) or len(parts) < 2:
            single["others"] += 1
        elif kind in ("entity", "relationship"):
            by_kind[kind][type_of(parts)] += 1
        elif kind == "version" and len(parts) > 3:
            # The folder of a version's file names the object that it is a version of.
            by_kind[kind][type_of(parts[1:-1])] += 1
        else:
            single["authors" if kind == "author" and len(parts) == 2 else "others"] += 1
        if not number % 1000:
            progress(number)
    return Holdings(
        entities=_sorted(by_kind["entity"]),
        relationships=_sorted(
            {name.removeprefix(RELATIONSHIP): n for name, n in by_kind["relationship"].items()}
        ),
        versions=_sorted(by_kind["version"]),
        authors=single["authors"],
        records=single["records"],
        others=single["others"],
    )


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
