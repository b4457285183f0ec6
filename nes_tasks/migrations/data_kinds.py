"""The kinds of data files, and which method of the context reads each.

A new kind of file is a row here, a method of `MigrationContext` and a reader in
`nes_tasks.operations.data_files`; a test compares the three.
"""

from __future__ import annotations

READERS = frozenset(
    {
        "iter_csv", "iter_excel", "iter_jsonl", "read_csv", "read_excel", "read_geojson",
        "read_json", "read_jsonl",
    }
)  # fmt: skip
"""The methods of the context that read a data file."""

READER_BY_ENDING: dict[str, str | None] = {
    ".csv": "read_csv",
    ".geojson": "read_json",
    ".json": "read_json",
    ".jsonl": "read_jsonl",
    ".ndjson": "read_jsonl",
    ".ods": "read_excel",
    ".parquet": None,
    ".tsv": "read_csv",
    ".xls": None,
    ".xlsx": "read_excel",
    ".xml": None,
    ".yaml": None,
}
"""Which of them reads a file that no script reads in a way that we know, by its ending.

None stands for a data file without a method of the context.
"""
