"""The database as SQLite tables: the schema and its use.

One schema serves two files. The *index* of searches has what they look for, in the tables of
`INDEX` alone, and columns that they do not need stay NULL. An *export* has everything::

    writer = TableWriter(connection, details=True)      # of `table_writer`
    writer.create()
    for path, data in files:            # of the data folder, in any order
        writer.add_file(path, data)     # entity, relationship, version or author, by its path
    for applied in ledger.applied.values():
        writer.add_migration(name=…, author=…, …)   # columns of `migrations`
    writer.finish()                     # flush, secondary indexes, full text search
    connection.commit()

Rows go to SQLite some hundreds at a time, so memory does not grow with the database. A file that
cannot be read as what its path says is a row of `unread`; it is `malformed` when its content is at
fault. To bring filled tables up to date call
`remove_file` for each path that has changed, `add_file` where there is a new content, and `flush`.

Tables. ``entities.key`` is the integer that ``names``, ``identifiers``, ``contacts``, ``tags`` and
``attributes`` refer to in their column ``entity``. Ids are those of `nes_tasks.models.identifiers`;
paths are relative to the data folder, and listings of the services are sorted by them. Moments and
dates are ISO 8601 strings, ``data`` is the file as JSON. Columns that end in ``_key`` hold names as
they are compared (`nes_tasks.models.name_keys`). ``names_search`` finds text within names in
either script, by its trigrams: see https://www.sqlite.org/fts5.html#the_trigram_tokenizer. It
answers ``MATCH`` for strings of three characters, joined with AND for longer ones, which finds
candidates: ``instr`` on the keys says which of them fit.
"""

from __future__ import annotations

import sqlite3

from ..models.identifiers import ENTITY
from .entity_files import ENTITIES

FORMAT = 2
"""Another number for each change of the schema or of what is in it."""

ENTITY_ID = f"'{ENTITY}' || substr(path, {len(ENTITIES) + 2}, length(path) - {len(ENTITIES) + 6})"

TABLES = {
    "entities": f"""
        key INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        id TEXT GENERATED ALWAYS AS ({ENTITY_ID}) VIRTUAL,
        type TEXT NOT NULL,
        sub_type TEXT,
        slug TEXT,
        name_en TEXT,
        name_ne TEXT,
        short_description_en TEXT,
        short_description_ne TEXT,
        description_en TEXT,
        description_ne TEXT,
        created_at TEXT,
        version INTEGER,
        changed_at TEXT,
        author TEXT,
        data TEXT""",
    "names": """
        key INTEGER PRIMARY KEY,
        entity INTEGER NOT NULL REFERENCES entities (key),
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        language TEXT NOT NULL,
        "full" TEXT NOT NULL,
        given TEXT,
        middle TEXT,
        family TEXT,
        prefix TEXT,
        suffix TEXT,
        full_key TEXT,
        given_key TEXT,
        middle_key TEXT,
        family_key TEXT""",
    "tags": """
        entity INTEGER NOT NULL REFERENCES entities (key),
        tag TEXT NOT NULL,
        PRIMARY KEY (entity, tag)""",
    "attributes": """
        entity INTEGER NOT NULL REFERENCES entities (key),
        name TEXT NOT NULL,
        value TEXT,
        PRIMARY KEY (entity, name)""",
    "relationships": """
        key INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        id TEXT GENERATED ALWAYS AS
            ('relationship:' || substr(source, 8) || ':' || substr(target, 8) || ':' || type)
            VIRTUAL,
        source TEXT NOT NULL,
        target TEXT NOT NULL,
        type TEXT NOT NULL,
        start_date TEXT,
        end_date TEXT,
        created_at TEXT,
        version INTEGER,
        changed_at TEXT,
        author TEXT,
        data TEXT""",
    "unread": """
        path TEXT PRIMARY KEY,
        problem TEXT NOT NULL,
        malformed INTEGER NOT NULL""",
    "identifiers": """
        entity INTEGER NOT NULL REFERENCES entities (key),
        number INTEGER NOT NULL,
        scheme TEXT NOT NULL,
        name_en TEXT,
        name_ne TEXT,
        value TEXT NOT NULL,
        url TEXT,
        PRIMARY KEY (entity, number)""",
    "contacts": """
        entity INTEGER NOT NULL REFERENCES entities (key),
        number INTEGER NOT NULL,
        type TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (entity, number)""",
    "versions": """
        path TEXT PRIMARY KEY,
        id TEXT NOT NULL,
        subject TEXT NOT NULL,
        number INTEGER NOT NULL,
        author TEXT NOT NULL,
        description TEXT NOT NULL,
        created_at TEXT NOT NULL,
        snapshot TEXT""",
    "authors": """
        id TEXT PRIMARY KEY,
        slug TEXT NOT NULL,
        name TEXT""",
    "migrations": """
        name TEXT PRIMARY KEY,
        author TEXT,
        date TEXT,
        description TEXT,
        applied_at TEXT,
        "commit" TEXT,
        entities_created INTEGER,
        entities_updated INTEGER,
        entities_deleted INTEGER,
        relationships_created INTEGER,
        relationships_updated INTEGER,
        relationships_deleted INTEGER,
        versions_created INTEGER,
        files INTEGER""",
}

BOUNDS = "bounds"
BOUNDS_COLUMNS = """
        entity INTEGER PRIMARY KEY REFERENCES entities (key),
        path TEXT NOT NULL,
        latin INTEGER NOT NULL,
        other INTEGER NOT NULL"""
"""The columns of `bounds`, which the index has in addition: how well an entity can fit at most.

That is the score of a text that is within every name in the script, ASCII or another, and equal to
none. See `nes_tasks.services.filters` for scores.
"""

INDEX = ("entities", "names", "tags", "attributes", "relationships", "unread", BOUNDS)
"""The tables of the index; it finds changes of everything else in the repository itself."""

# Not `versions`: rows of some kilobytes take up twice the room in a table without row ids.
WITHOUT_ROWID = frozenset(
    {"tags", "attributes", "unread", "identifiers", "contacts", "authors", "migrations"}
)
OF_ENTITY = ("tags", "attributes", "identifiers", "contacts", BOUNDS)
KEYS = ("full_key", "given_key", "middle_key", "family_key")

SECONDARY = {
    "entities_path": "CREATE UNIQUE INDEX entities_path ON entities (path)",
    "names_full_key": "CREATE INDEX names_full_key ON names (full_key)",
    "names_entity": "CREATE INDEX names_entity ON names (entity)",
    "tags_tag": "CREATE INDEX tags_tag ON tags (tag)",
    "attributes_name": "CREATE INDEX attributes_name ON attributes (name, value)",
    "relationships_path": "CREATE UNIQUE INDEX relationships_path ON relationships (path)",
    "relationships_source": "CREATE INDEX relationships_source ON relationships (source)",
    "relationships_target": "CREATE INDEX relationships_target ON relationships (target)",
    "versions_subject": "CREATE INDEX versions_subject ON versions (subject, number)",
}
INDEX_SECONDARY = {
    "bounds_latin": "CREATE INDEX bounds_latin ON bounds (latin DESC, path) WHERE latin > 0",
    "bounds_other": "CREATE INDEX bounds_other ON bounds (other DESC, path) WHERE other > 0",
    **{
        f"names_{key}": f"CREATE INDEX names_{key} ON names ({key}) WHERE {key} IS NOT NULL"
        for key in KEYS[1:]
    },
}
"""What the index has in addition to `SECONDARY`."""

SEARCH = "names_search"

# The index does not compare longer attributes, so that it stays small.
MAX_ATTRIBUTE = 200


def has_search(connection: sqlite3.Connection) -> bool:
    """Return whether the table `names_search` exists."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (SEARCH,))
    return found.fetchone() is not None
