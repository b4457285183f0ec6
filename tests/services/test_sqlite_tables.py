"""The tables of SQLite that indexes and exports share."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from nes_tasks.database.store import Store
from nes_tasks.services.publication import PublicationService
from nes_tasks.services.sqlite_tables import TABLES
from nes_tasks.services.table_writer import TableWriter

from .samples import AUTHOR, files, name, person

run = asyncio.run

FULL = {
    "slug": "asha-rai",
    "names": [name("Asha Rai", "आशा राई", given="Asha")],
    "tags": ["b", "a", "b"],
    "attributes": {"note": "first", "seats": [1, 2]},
    "identifiers": [{"scheme": "website", "value": "w", "url": "https://example.org"}],
    "contacts": [{"type": "EMAIL", "value": "a@example.org"}],
    "short_description": {"ne": {"value": "छोटो"}},
}


def filled(store: Store, *, details: bool) -> sqlite3.Connection:
    """Tables of all that is in a store."""
    connection = sqlite3.connect(":memory:")
    writer = TableWriter(connection, details=details)
    writer.create()
    for path, data in files(store).items():
        writer.add_file(path, data)
    writer.finish()
    return connection


async def publish(publication: PublicationService) -> None:
    await publication.create_entity("person", FULL, AUTHOR, "New")
    await publication.create_entity("person", person("bina-lama", "Bina Lama"), AUTHOR, "New")
    ends = ("entity:person/asha-rai", "entity:person/bina-lama")
    await publication.create_relationship(
        *ends, "AFFILIATED_WITH", AUTHOR, "New", start_date="2024-01-25"
    )


def test_an_export_has_everything(store: Store, publication: PublicationService) -> None:
    run(publish(publication))
    tables = filled(store, details=True)

    def rows(query: str) -> list[tuple[object, ...]]:
        return tables.execute(query).fetchall()

    columns = "id, type, sub_type, slug, name_en, name_ne, short_description_ne, version, author"
    assert rows(f"SELECT {columns} FROM entities ORDER BY path") == [
        ("entity:person/asha-rai", "person", None, "asha-rai", "Asha Rai", "आशा राई", "छोटो", 1,
         "jane-doe"),
        ("entity:person/bina-lama", "person", None, "bina-lama", "Bina Lama", None, None, 1,
         "jane-doe"),
    ]  # fmt: skip
    named = 'SELECT entities.id, language, "full", given FROM names JOIN entities'
    assert rows(f"{named} ON entities.key = entity ORDER BY names.key") == [
        ("entity:person/asha-rai", "en", "Asha Rai", "Asha"),
        ("entity:person/asha-rai", "ne", "आशा राई", None),
        ("entity:person/bina-lama", "en", "Bina Lama", None),
    ]
    assert rows("SELECT tag FROM tags") == [("a",), ("b",)]
    assert rows("SELECT name, value FROM attributes") == [("note", "first"), ("seats", "[1, 2]")]
    assert rows("SELECT scheme, url FROM identifiers") == [("website", "https://example.org/")]
    assert rows("SELECT type, value FROM contacts") == [("EMAIL", "a@example.org")]
    assert rows("SELECT id, start_date FROM relationships") == [
        ("relationship:person/asha-rai:person/bina-lama:AFFILIATED_WITH", "2024-01-25")
    ]
    assert rows("SELECT count(*), max(number), max(author) FROM versions") == [(3, 1, "jane-doe")]
    assert rows("SELECT id FROM authors") == [(AUTHOR,)]
    assert rows("SELECT path FROM unread") == []
    found = "SELECT rowid FROM names_search WHERE names_search MATCH ?"
    assert tables.execute(found, ('"राई"',)).fetchall() == [(2,)]


def test_an_index_has_no_more_than_searches_need(
    store: Store, publication: PublicationService
) -> None:
    run(publish(publication))
    tables = filled(store, details=False)
    assert tables.execute("SELECT count(slug), count(data), count(*) FROM entities").fetchall() == [
        (0, 0, 2)
    ]
    with pytest.raises(sqlite3.OperationalError, match="no such table: versions"):
        tables.execute("SELECT * FROM versions")


def test_what_is_removed_leaves_nothing_behind(
    store: Store, publication: PublicationService
) -> None:
    run(publish(publication))
    for details in (False, True):
        tables = filled(store, details=details)
        writer = TableWriter(tables, details=details)
        writer.open()
        for path in files(store):
            writer.remove_file(path)
        writer.flush()
        for table in (*(TABLES if details else ("entities", "names", "tags")), "names_search"):
            assert tables.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
        check = "INSERT INTO names_search (names_search) VALUES ('integrity-check')"
        tables.execute(check)


def test_a_file_that_is_not_what_its_path_says_is_noted(
    store: Store, publication: PublicationService
) -> None:
    run(publish(publication))
    tables = sqlite3.connect(":memory:")
    writer = TableWriter(tables)
    writer.create()
    content = files(store)["entity/person/asha-rai.json"]
    writer.add_file("entity/person/another.json", content)
    writer.add_file("entity/person/broken.json", b"{")
    writer.add_file("entity/person/nul.json", content.replace(b'"Asha Rai"', b'"A\\u0000"'))
    writer.add_file("relationship/odd.json", b"[]")
    writer.finish()
    assert tables.execute("SELECT count(*) FROM entities").fetchone() == (0,)
    assert [row[0] for row in tables.execute("SELECT path FROM unread")] == [
        "entity/person/another.json",
        "entity/person/broken.json",
        "entity/person/nul.json",
        "relationship/odd.json",
    ]
