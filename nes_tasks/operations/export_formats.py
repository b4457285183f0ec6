"""Convert an export from SQLite to other formats, row by row."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, Any

from ..errors import UnavailableError
from .export_schema import COUNTED, TABLES
from .export_tables import Progress
from .export_target import MADE_BY, MANIFEST, Format

# Columns with a JSON document, which becomes one line, and those that only serve name comparison.
DOCUMENTS = {"entities": "data", "relationships": "data", "versions": "snapshot"}
LEFT_OUT = {"names": ("full_key", "given_key", "middle_key", "family_key")}
# What a line of JSON Lines is about; the rest is in the documents.
KINDS = {
    "author": "authors",
    "entity": "entities",
    "migration": "migrations",
    "relationship": "relationships",
    "version": "versions",
    "unread": "unread",
}
ROWS = 1000
# Archives store local times; this is the earliest possible.
NO_TIME = (1980, 1, 1, 0, 0, 0)


def convert(database: Path, wanted: Format, target: Path, progress: Progress) -> None:
    """Write the tables of the SQLite export `database` in another format at `target`.

    Holds a thousand rows at a time. Raises `UnavailableError` without the library for Parquet,
    and `OSError` when nothing can be written.
    """
    writers: dict[Format, Callable[[_Tables, Path], None]] = {
        Format.CSV: _write_csv,
        Format.CSV_ZIP: _write_zip,
        Format.JSON_LINES: _write_lines,
        Format.PARQUET: _write_parquet,
    }
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        writers[wanted](_Tables(connection, progress), target)


def tables_of(wanted: Format) -> Collection[str]:
    """Return the tables whose rows a format has."""
    if wanted is Format.SQLITE:
        return COUNTED
    return KINDS.values() if wanted is Format.JSON_LINES else TABLES


def check_installed(wanted: Format) -> None:
    """Raise `UnavailableError` when the library that writes a format is not installed."""
    if wanted is Format.PARQUET and find_spec("pyarrow") is None:
        raise UnavailableError(
            "Parquet needs pyarrow, which is not installed",
            hint="pip install 'nes-tasks[parquet]', or end the name in .csv, .zip or .jsonl",
        )


class _Tables:
    """The exported tables: their columns, and their rows in order."""

    def __init__(self, connection: sqlite3.Connection, progress: Progress) -> None:
        self._connection = connection
        self._progress = progress
        self._done = 0

    def manifest(self) -> bytes:
        """Return the manifest of the export."""
        rows = dict(self._connection.execute("SELECT name, value FROM export ORDER BY name"))
        return json.dumps({MADE_BY: int(rows.pop("format")), **rows}).encode()

    def columns(self, table: str) -> list[tuple[str, str]]:
        """Return the names and declared types of the columns, in their order."""
        rows = self._connection.execute(f"PRAGMA table_xinfo({table})")
        found = [(name, kind.split(" ")[0]) for _, name, kind, *_ in rows]
        migration = [("migration", "TEXT")] if table == "versions" else []
        return [row for row in found if row[0] not in LEFT_OUT.get(table, ())] + migration

    def rows(self, table: str) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows, some at a time, in the order of the primary key."""
        document = DOCUMENTS.get(table)
        names = ", ".join(
            f'json("{name}")' if name == document else f'"{table}"."{name}"'
            for name, _ in self.columns(table)
            if name != "migration"
        )
        joined = table
        if table == "versions":
            names = f"{names}, migration"
            joined = "versions LEFT JOIN version_migrations USING (path)"
        cursor = self._connection.execute(
            f"SELECT {names} FROM {joined} ORDER BY {table}.{KEY[table]}"
        )
        while some := list(islice(cursor, ROWS)):
            yield some
            self._done += len(some)
            self._progress("writing rows", self._done, None)


# The first column of the primary key, by which rows are stored already.
KEY = {
    "entities": "key",
    "names": "key",
    "relationships": "key",
    "identifiers": "entity",
    "contacts": "entity",
    "tags": "entity",
    "attributes": "entity",
    "versions": "path",
    "authors": "id",
    "migrations": "name",
    "unread": "path",
}


def _write_csv(tables: _Tables, target: Path) -> None:
    target.mkdir()
    (target / MANIFEST).write_bytes(tables.manifest())
    for table in TABLES:
        with (target / f"{table}.csv").open("wb") as file:
            _write_table(tables, table, file)


def _write_zip(tables: _Tables, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_member(MANIFEST), tables.manifest())
        for table in TABLES:
            with archive.open(_member(f"{table}.csv"), "w", force_zip64=True) as file:
                _write_table(tables, table, file)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, NO_TIME)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member


def _write_table(tables: _Tables, table: str, file: IO[bytes]) -> None:
    """Write a table as CSV (RFC 4180, UTF-8); nothing is an empty field, as an empty text is."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    writer = csv.writer(text)
    writer.writerow(name for name, _ in tables.columns(table))
    for rows in tables.rows(table):
        writer.writerows(rows)
    text.flush()
    text.detach()


def _write_lines(tables: _Tables, target: Path) -> None:
    import orjson

    with target.open("wb") as file:
        file.write(tables.manifest() + b"\n")
        for kind, table in KINDS.items():
            names = [name for name, _ in tables.columns(table)]
            document = DOCUMENTS.get(table)
            for rows in tables.rows(table):
                for row in rows:
                    content = {"kind": kind, **dict(zip(names, row, strict=True))}
                    content.pop("key", None)
                    if document and content[document] is not None:
                        content[document] = orjson.Fragment(content[document])
                    file.write(orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE))


def _write_parquet(tables: _Tables, target: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    types = {"INTEGER": pyarrow.int64(), "TEXT": pyarrow.string()}
    target.mkdir()
    (target / MANIFEST).write_bytes(tables.manifest())
    for table in TABLES:
        columns = tables.columns(table)
        schema = pyarrow.schema([(name, types[kind]) for name, kind in columns])
        with parquet.ParquetWriter(
            target / f"{table}.parquet", schema, compression="zstd"
        ) as writer:
            for rows in tables.rows(table):
                arrays = [
                    pyarrow.array(column, type=field.type)
                    for column, field in zip(zip(*rows, strict=True), schema, strict=True)
                ]
                writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
