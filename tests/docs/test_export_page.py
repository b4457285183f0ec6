"""The page about exports: its tables are those of a file, its queries answer."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pages import code, rows
from published import publish
from transcripts import blocks
from workspace import Workspace

from nes_tasks.operations.export_target import ENDINGS
from nes_tasks.operations.site import MAX_ENTITIES


@pytest.fixture(scope="module")
def page(project: Path) -> str:
    return (project / "docs/reference/export.md").read_text("utf-8")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return publish(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def export(page: str, there: Workspace) -> Iterator[sqlite3.Connection]:
    """The export that the first lines of the page write."""
    lines = blocks(page, "bash")[0].replace("2026-12-31", "2026-02-03")
    environment = there.environment()
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    subprocess.run(["bash", "-ec", lines], cwd=there.root, env=environment, check=True)
    assert {"nes.db", "2026.zip", "nes.jsonl"} <= {path.name for path in there.root.iterdir()}
    file = there.root / "nes.db"
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def test_ten_queries_are_answered(page: str, export: sqlite3.Connection) -> None:
    queries = blocks(page, "sql")
    assert len(queries) == 10
    for query in queries:
        assert export.execute(query).fetchall(), query


def test_what_the_queries_answer(page: str, export: sqlite3.Connection) -> None:
    types, words, parts, related, elsewhere, history, first, *_ = (
        export.execute(query).fetchall() for query in blocks(page, "sql")
    )
    assert types == [("location", "ward", 3), ("person", None, 2), ("location", "district", 1)]
    assert words == [("entity:location/district/kathmandu", "Kathmandu", "काठमाडौं")]
    assert [name for _, name in parts] == ["Ward 1", "Ward 10", "Ward 2"]
    assert related == [
        ("to", "LOCATED_IN", "entity:location/district/kathmandu", "Kathmandu", "2024-01-25")
    ]
    assert elsewhere == [("entity:person/asha-rai", "Q42", "https://example.org/Q42")]
    assert [row[-1] for row in history] == ["001-people", "002-tag"]
    assert first == [('["minister","mayor"]',)]


def test_every_table_view_and_ending_is_there(page: str, export: sqlite3.Connection) -> None:
    found: dict[str, set[str]] = {"table": set(), "view": set()}
    for kind, name in export.execute("SELECT type, name FROM sqlite_master"):
        if kind in found and not re.match(r"sqlite_|entity_search_", name):
            found[kind].add(name)
    told = {code(row[0])[0]: row[1] for row in rows(page, "Table", "Has a row for each")}
    assert told.keys() == found["table"]
    assert {code(row[0])[0] for row in rows(page, "View", "Answers")} == found["view"]
    for table, text in told.items():
        columns = {row[1] for row in export.execute(f"PRAGMA table_xinfo({table})")}
        if table == "export":
            columns = {name for (name,) in export.execute("SELECT name FROM export")}
        known = columns | {"name_en", "name_ne", "primary"}
        assert set(code(text)) <= known, table
    endings = [one for row in rows(page, "Extension", "Is") for one in code(row[0])]
    assert endings == list(ENDINGS)


def test_the_limit_of_a_site_is_told(project: Path) -> None:
    text = (project / "docs/reference/report.md").read_text("utf-8")
    assert f"at most {MAX_ENTITIES:,} entities" in text
