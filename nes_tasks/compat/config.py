"""The database on a plain folder, shared by a program, and its services."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from ..database.store import FolderStore
from ..services.database import EntityDatabase
from ..services.publication import PublicationService
from ..services.search import SearchService


class FileDatabase(EntityDatabase):
    """The database in the folder `base_path`, which is created if missing.

    For scripts other than migrations. It writes without transaction and commit; within a migration
    the database is ``context.db``.
    """

    def __init__(self, base_path: str | Path = "nes-db/v2") -> None:
        store = FolderStore(Path(base_path))
        super().__init__(store)
        self.base_path = store.root


DEFAULT_PATH = "nes-db/v2"
VARIABLE = "NES_DB_URL"
PROTOCOLS = ("file", "file+memcached")


class Config:
    """Where the database is: an argument, else ``NES_DB_URL``, else ``nes-db/v2``.

    The variable is ``file:///absolute/path`` (or ``file+memcached:``, which means the same here). A
    migration does not change this database but ``context.db``, and it does not get the variable.
    """

    _database: ClassVar[FileDatabase | None] = None

    @classmethod
    def get_db_path(cls, override: str | Path | None = None) -> Path:
        """Return the path of the data folder; raises `ValueError` for a URL that names none."""
        if override is not None:
            return Path(override)
        url = os.environ.get(VARIABLE)
        if not url:
            return Path(DEFAULT_PATH)
        parts = urlsplit(url)
        if parts.scheme not in PROTOCOLS:
            raise ValueError(f"{VARIABLE} is {url!r}; it must start with file:///")
        if parts.netloc or not parts.path.startswith("/"):
            raise ValueError(f"{VARIABLE} is {url!r}, which is not file:/// and an absolute path")
        return Path(unquote(parts.path))

    @classmethod
    def get_db_protocol(cls) -> str:
        """Return the scheme of ``NES_DB_URL``, "file" without one; raises as `get_db_path`."""
        cls.get_db_path()
        return urlsplit(os.environ.get(VARIABLE, "")).scheme or PROTOCOLS[0]

    @classmethod
    def ensure_db_path_exists(cls, override: str | Path | None = None) -> Path:
        """Create the data folder if missing and return its path."""
        path = cls.get_db_path(override)
        path.mkdir(parents=True, exist_ok=True)
        return path

    @classmethod
    def initialize_database(cls, base_path: str | Path | None = None) -> FileDatabase:
        """Open the shared database and return it."""
        Config._database = FileDatabase(cls.get_db_path(base_path))
        return Config._database

    @classmethod
    def get_database(cls) -> FileDatabase:
        """Return the open database; raises `RuntimeError` before `initialize_database`."""
        if Config._database is None:
            raise RuntimeError("The database is not initialized: call Config.initialize_database()")
        return Config._database

    @classmethod
    def get_search_service(cls) -> SearchService:
        """Return a search service on the open database; raises as `get_database`."""
        return SearchService(cls.get_database())

    @classmethod
    def get_publication_service(cls) -> PublicationService:
        """Return a publication service on the open database; raises as `get_database`."""
        return PublicationService(cls.get_database())

    @classmethod
    def cleanup(cls) -> None:
        """Forget the database."""
        Config._database = None
