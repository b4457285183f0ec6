"""The entity database on a plain folder."""

from __future__ import annotations

from pathlib import Path

from ..database.folder_store import FolderStore
from ..services.database import EntityDatabase


class FileDatabase(EntityDatabase):
    """The database in the folder `base_path`, which is made when it is absent.

    For scripts that work beside migrations. What it writes is in no transaction and no commit;
    within a migration the database is ``context.db``.
    """

    def __init__(self, base_path: str | Path = "nes-db/v2") -> None:
        store = FolderStore(Path(base_path))
        super().__init__(store)
        self.base_path = store.root
