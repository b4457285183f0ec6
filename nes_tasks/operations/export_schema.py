"""The schema of an export besides the tables of `nes_tasks.services.sqlite_tables`.

The table ``export`` says what it is made from, ``version_migrations`` which migration wrote each
version, ``parents`` to which entity another belongs. ``entity_search`` finds entities by the words
of their names in both scripts, and views answer the usual questions. All of it is described in
docs/reference/export.md.
"""

from __future__ import annotations

import sqlite3

FORMAT = 1
"""Another number for each change that a query of a reader could notice."""

APPLICATION_ID = 0x4E455378
"""The bytes "NESx" in the header of the file, by which an export is known as one of ours.

See https://www.sqlite.org/fileformat2.html#application_id
"""

EXPORT = "CREATE TABLE export (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"
VERSION_MIGRATIONS = """\
CREATE TABLE version_migrations (
    path TEXT PRIMARY KEY, migration TEXT NOT NULL
) WITHOUT ROWID"""
VERSION_MIGRATIONS_INDEX = (
    "CREATE INDEX version_migrations_migration ON version_migrations (migration)"
)

# The parent of an entity, such as of a location: too common a query for reading all documents.
PARENTS = "CREATE TABLE parents (entity INTEGER PRIMARY KEY REFERENCES entities, parent TEXT)"
FILL_PARENTS = """\
INSERT INTO parents SELECT key, data ->> '$.parent' FROM entities
WHERE json_type(data, '$.parent') = 'text'"""
PARENTS_INDEX = "CREATE INDEX parents_parent ON parents (parent)"

TABLES = (
    *("entities", "names", "identifiers", "contacts", "tags", "attributes", "relationships"),
    *("versions", "authors", "migrations", "unread"),
)
"""The tables that every format but JSON Lines has."""

COUNTED = (*TABLES, "parents", "version_migrations")
"""The tables of SQLite with a row for each thing of the database."""

SEARCH = "entity_search"
# The vowel signs of Devanagari are marks (Mn, Mc), which belong to words as letters do. The
# tokenizer takes accents off Latin letters alone. The index keeps no copy of the names.
# https://www.sqlite.org/fts5.html#unicode61_tokenizer
MAKE_SEARCH = f"""\
CREATE VIRTUAL TABLE {SEARCH} USING fts5(
    names_en, names_ne, content='',
    tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
)"""
FILL_SEARCH = f"""\
INSERT INTO {SEARCH} (rowid, names_en, names_ne)
SELECT entity,
    group_concat(iif(language = 'en', "full", NULL), char(10)),
    group_concat(iif(language = 'ne', "full", NULL), char(10))
FROM (SELECT entity, language, "full" FROM names ORDER BY entity, key) GROUP BY entity"""

VIEWS = {
    "entity_types": """
        SELECT type, sub_type, count(*) AS entities FROM entities
        GROUP BY type, sub_type ORDER BY entities DESC, type, sub_type""",
    "connections": """
        SELECT source AS entity, 'to' AS direction, r.type, target AS other,
            e.name_en AS other_name_en, e.name_ne AS other_name_ne, start_date, end_date, r.id
        FROM relationships AS r LEFT JOIN entities AS e
            ON e.path = replace(target, ':', '/') || '.json'
        UNION ALL
        SELECT target, 'from', r.type, source,
            e.name_en, e.name_ne, start_date, end_date, r.id
        FROM relationships AS r LEFT JOIN entities AS e
            ON e.path = replace(source, ':', '/') || '.json'""",
    "history": """
        SELECT v.subject, v.number, v.author, a.name AS author_name, v.description, v.created_at,
            m.migration, v.id
        FROM versions AS v LEFT JOIN version_migrations AS m ON m.path = v.path
        LEFT JOIN authors AS a ON a.id = 'author:' || v.author""",
    "contributors": """
        SELECT v.author, a.name, count(*) AS versions, count(DISTINCT v.subject) AS subjects,
            min(v.created_at) AS first, max(v.created_at) AS last
        FROM versions AS v LEFT JOIN authors AS a ON a.id = 'author:' || v.author
        GROUP BY v.author ORDER BY versions DESC, v.author""",
    "sources": """
        SELECT e.id AS entity, number.key AS number,
            number.value ->> '$.title.en.value' AS title_en,
            number.value ->> '$.title.ne.value' AS title_ne,
            number.value ->> '$.details.en.value' AS details_en,
            number.value ->> '$.details.ne.value' AS details_ne
        FROM entities AS e, json_each(e.data, '$.attributions') AS number
        WHERE number.type = 'object'""",
    "gaps": """
        SELECT id, type, sub_type, name_en, name_ne,
            name_en IS NULL AS lacks_english, name_ne IS NULL AS lacks_nepali,
            coalesce(json_array_length(data, '$.attributions'), 0) = 0 AS lacks_source
        FROM entities WHERE lacks_english OR lacks_nepali OR lacks_source""",
}


def has_full_text_search(connection: sqlite3.Connection) -> bool:
    """Return whether this SQLite was built with what `entity_search` needs."""
    found = connection.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()
    return bool(found[0])


def make_parents(connection: sqlite3.Connection) -> None:
    """Create the table of parents from the filled tables."""
    for statement in (PARENTS, FILL_PARENTS, PARENTS_INDEX):
        connection.execute(statement)


def make_search(connection: sqlite3.Connection) -> None:
    """Create `entity_search` from the filled tables."""
    connection.execute(MAKE_SEARCH)
    connection.execute(FILL_SEARCH)


def make_views(connection: sqlite3.Connection) -> None:
    """Create the views."""
    for name, query in VIEWS.items():
        connection.execute(f"CREATE VIEW {name} AS{query}")
