"""Folders that migrations run in: one to read files of, one to attack."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacks import SECRET, home_of
from workspace import Workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "001-example"
    folder.mkdir()
    return folder


@pytest.fixture
def victim(started: Workspace) -> Workspace:
    """A project with an applied and a pending migration, and a home with secrets."""
    home = home_of(started)
    (home / ".ssh").mkdir(parents=True)
    (home / ".netrc").write_text(f"machine github.com password {SECRET}\n")
    (home / ".ssh" / "id_ed25519").write_text(SECRET)
    (started.root / "helper.txt").write_text(SECRET)
    started.migration("003-next", "pass", files={"data.txt": SECRET})
    return started
