"""A publication of one migration, and what it leaves."""

from __future__ import annotations

from repositories import ASHA, LOGS, NEW, Place

from nes_tasks.database.repository import PRIVATE_REFS

CHANGE = {ASHA: b"changed", NEW: b"new content"}
MARKER = f"{LOGS}/001-first/marker.toml"
AFTER = ["README.md", f"v2/{ASHA}", f"v2/{NEW}", MARKER]


def assert_published(database: Place, commit: str) -> None:
    """Check that branch, index, working tree and private refs are as after an undisturbed run."""
    assert database.git("rev-parse", "main") == commit
    assert database.status() == ""
    assert database.files() == AFTER
    assert (database.path / f"v2/{NEW}").read_bytes() == CHANGE[NEW]
    assert (database.path / f"v2/{ASHA}").read_bytes() == CHANGE[ASHA]
    assert database.git("for-each-ref", PRIVATE_REFS) == ""
    assert not (database.path / ".git" / "nes-tasks" / "publishing.json").exists()
    assert not (database.path / ".git" / "index.lock").exists()


def create_folder(database: Place) -> None:
    database.write({f"v2/{NEW}/notes.txt": "mine"})
