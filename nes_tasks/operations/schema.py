"""The JSON Schemas of the database's files, written for editors and other programs."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import UnavailableError
from ..models.schemas import file_schemas

SUFFIX = ".schema.json"


def write_schemas(folder: Path) -> list[Path]:
    """Write one schema for each kind of file into `folder`, which is made; return their paths.

    The same version of the package writes the same bytes. Raises `UnavailableError` when a file
    cannot be written.
    """
    written = []
    for kind, schema in file_schemas().items():
        path = folder / f"{kind}{SUFFIX}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n", "utf-8")
        except OSError as error:
            raise UnavailableError(f"{path} cannot be written: {error.strerror}") from error
        written.append(path)
    return written
