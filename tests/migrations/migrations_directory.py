"""A migrations directory that tests fill with whole and broken migrations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from nes_tasks.database.marker import Marker, Metadata
from nes_tasks.migrations import Folder, discover

SCRIPT = """AUTHOR = "Sita Rai <sita@example.org>"
DATE = "2024-01-25"
DESCRIPTION = "Add the cabinet ministers of 2024"


async def migrate(context):
    pass
"""


class Directory:
    """A migrations directory; `add` writes a migration into it, whole or broken."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def add(
        self,
        name: str,
        *,
        script: str | bytes | None = SCRIPT,
        readme: str | None = "# What and why\n",
        files: Mapping[str, str | bytes] | None = None,
    ) -> Path:
        folder = self.path / name
        folder.mkdir()
        content = {"migrate.py": script, "README.md": readme, **(files or {})}
        for relative, text in content.items():
            if text is not None:
                self.write(f"{name}/{relative}", text)
        return folder

    def write(self, relative: str, text: str | bytes) -> Path:
        path = self.path / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def folders(self) -> list[Folder]:
        return discover(self.path)

    def folder(self, name: str) -> Folder:
        return next(folder for folder in self.folders() if folder.name == name)

    def record(self, *names: str) -> dict[str, Marker]:
        """What the database would say if these had been applied as they are now."""
        return {
            name: Marker(
                migration=name,
                metadata=Metadata(
                    "Recorded Author", dt.date(2023, 5, 6), f"Recorded description of {name}"
                ),
                applied_at=dt.datetime(2024, 2, 1, tzinfo=dt.UTC),
                base_tree="0" * 40,
                inputs=self.folder(name).hashes(),
            )
            for name in names
        }
