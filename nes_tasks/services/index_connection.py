"""Opening the file of the index, and telling whether it is what we made."""

from __future__ import annotations

import os
import sqlite3
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pydantic

from ..errors import NesTasksError
from ..version import __version__
from .sqlite_tables import FORMAT

# The tables also depend on our code and on Unicode's case folding.
MAKER = f"{FORMAT} {__version__} {unicodedata.unidata_version} {pydantic.VERSION}"
# In seconds, how long another process may hold the file up.
PATIENCE = 1.0
# In KiB, as SQLite counts it: what it keeps of a file in memory.
CACHE = 64 * 1024


def open_tables(path: Path, tree: str, data_dir: str) -> sqlite3.Connection:
    """Open the file with the tables of a tree for reading, and hold off who would change it.

    Raises `sqlite3.Error`, and `NesTasksError` when it is of another tree by now.
    """
    connection = connect(path, "ro", check_same_thread=False)
    # A reading transaction keeps others from writing.
    connection.execute("BEGIN")
    if tree_in(connection, data_dir) != tree:
        connection.close()
        raise NesTasksError(f"the index {path} was changed by another process")
    return connection


def connect(path: Path, mode: str, *, check_same_thread: bool = True) -> sqlite3.Connection:
    """Open a file in one of the modes "ro", "rw" and "rwc" (made when it is absent)."""
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=PATIENCE,
        check_same_thread=check_same_thread,
    )
    # What a file says that is not ours must not run anything.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute(f"PRAGMA cache_size = -{CACHE}")
    connection.execute(f"PRAGMA temp_store = {'MEMORY' if mode == 'ro' else 'FILE'}")
    return connection


def tree_in(connection: sqlite3.Connection, data_dir: str) -> str | None:
    """Return the tree that tables are derived from, None when they are not as we make them."""
    meta = dict(connection.execute("SELECT name, value FROM meta"))
    is_ours = meta.get("maker") == MAKER and meta.get("data_dir") == data_dir
    return meta.get("tree") if is_ours else None
