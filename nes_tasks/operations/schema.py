"""The JSON Schemas of the database's files, written for editors and other programs."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..database.marker import FORMAT, Statistics
from ..errors import UnavailableError
from ..models.schemas import DIALECT, file_schemas

SUFFIX = ".schema.json"


def write_schemas(folder: Path) -> list[Path]:
    """Write one schema for each kind of file into `folder`, which is made; return their paths.

    The same version of the package writes the same bytes. Raises `UnavailableError` when a file
    cannot be written.
    """
    written = []
    for kind, schema in (file_schemas() | {"marker": marker_schema()}).items():
        path = folder / f"{kind}{SUFFIX}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n", "utf-8")
        except OSError as error:
            raise UnavailableError(f"{path} cannot be written: {error.strerror}") from error
        written.append(path)
    return written


def marker_schema() -> dict[str, Any]:
    """Return the schema of marker.toml, whose dates are strings for a validator.

    It requires what a reader requires; keys that a later version may add are accepted.
    """
    properties = {
        "format": {"const": FORMAT, "description": "The version of the format."},
        "migration": _text("The name of the folder."),
        "author": _text("AUTHOR of the script."),
        "date": _text("DATE of the script.", format="date"),
        "description": _text("DESCRIPTION of the script."),
        "applied_at": _text("The time that the migration saw, in UTC.", format="date-time"),
        "base_tree": _text(
            "The id of the tree it ran on.", pattern="^([0-9a-f]{40}|[0-9a-f]{64})$"
        ),
        "deterministic": {
            "type": "boolean",
            "description": "Whether a replay must give the same tree.",
        },
        "statistics": {
            "type": "object",
            "description": "What changed between the first and the last tree.",
            "properties": {
                count.name: {"type": "integer", "minimum": 0} for count in fields(Statistics)
            },
        },
        "inputs": {
            "type": "object",
            "description": "The SHA-256 of each file of the folder by its path.",
            "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        },
    }
    optional = {"deterministic", "statistics", "inputs"}
    return {
        "$schema": DIALECT,
        "title": "The marker of an applied migration",
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def _text(description: str, **rules: str) -> dict[str, Any]:
    return {"type": "string", "description": description, **rules}
