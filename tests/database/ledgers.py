"""Records of applied migrations, ours and earlier ones, and the ledger that is read of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from repositories import LOGS, Place

from nes_tasks.database.ledger import Ledger, read_ledger
from nes_tasks.database.marker import Marker, Metadata, Statistics

MARKER = Marker(
    migration="001-first",
    metadata=Metadata(
        "Asha Author <asha@example.org>", date(2024, 1, 25), "Add the first", deterministic=False
    ),
    applied_at=datetime(2026, 1, 31, 6, 15, 9, 123456, tzinfo=UTC),
    base_tree="3f2c" * 10,
    statistics=Statistics(entities_created=3, files=4),
    inputs={"migrate.py": "ab" * 32},
)

EARLIER: dict[str, Any] = {
    "migration_name": "000-example-migration",
    "author": "contributor@example.org",
    "date": "2024-01-20T00:00:00",
    "description": "An example",
    "executed_at": "2025-11-05T10:11:12.131415",
    "duration_seconds": 0.5,
    "status": "completed",
    "changes": {
        "entities_created": 1,
        "relationships_created": 2,
        "versions_created": 3,
        "summary": "Created 1 entities, 2 relationships, and 3 versions",
        "has_diff": True,
    },
}


def marker_of(name: str) -> dict[str, bytes]:
    """Return the marker of a migration as a file."""
    data = MARKER.to_bytes().replace(b"001-first", name.encode())
    return {f"{LOGS}/{name}/marker.toml": data}


def earlier(**changed: object) -> dict[str, str]:
    """Return what the legacy system left as a file."""
    return {f"{LOGS}/000-example-migration/metadata.json": json.dumps({**EARLIER, **changed})}


def read(database: Place, **options: Any) -> Ledger:
    return read_ledger(database.path, "v2", **options)
