"""What the pages of the reference are compared with: documents of real runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from story import begin, copied
from workspace import Workspace

# A command that prints JSON must be run here at least once.
Documents = dict[str, list[Any]]


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path]:
    """The project of the examples and its remote, as it begins; change a copy only."""
    return begin(tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="session")
def documents(story: tuple[Workspace, Path], tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """The JSON documents of each command, in projects that have something of everything."""
    root = tmp_path_factory.mktemp("documents")
    workspace, _ = copied(*story, root)
    found: Documents = {}

    def look(*words: str, code: int = 0, at: Workspace = workspace) -> None:
        ran = at.doit(*words, "--json")
        assert ran.code == code, ran.err
        found.setdefault(words[0], []).append(json.loads(ran.out))

    workspace.migration("004-bad", "raise ValueError")
    look("check", code=1)
    look("preview", code=1)
    shutil.rmtree(workspace.migrations / "004-bad")
    look("status")
    assert workspace.doit("migrate:2").code == 0
    look("show", "2")
    look("blame", "entity:person/asha-rai")
    look("replay", "2")
    look("diff", "1", "2")
    look("export", "-o", "told.db", "--at", "2")
    look("release", "first", "--at", "1")
    look("release", "second", "--since", "1")
    script = workspace.migrations / "002-add-tags/migrate.py"
    text = script.read_text()
    script.write_text(text.replace("Tagged 2 people", "Tagged two people"))
    look("accept", "2", code=1)
    script.write_text(text.replace('["minister"]', '["mayor"]'))
    look("accept", "2", code=1)
    script.write_text(text)
    note = workspace.migrations / "001-add-ministers/note.txt"
    note.write_text("A note.\n")
    look("accept", "1")
    script = workspace.migrations / "001-add-ministers/migrate.py"
    plain = script.read_bytes()
    script.write_bytes(plain + b"\n\nasync def verify(context):\n    assert False, 'no'\n")
    look("verify", code=1)
    script.write_bytes(plain)
    workspace.edit("001-add-ministers")
    shutil.rmtree(workspace.migrations / "002-add-tags")
    workspace.migration("004-invalid", script="AUTHOR = 1\n")
    for words in (["list"], ["status"], ["pending"], ["history"], ["history", "2"]):
        look(*words)
    look("status", at=Workspace(root / "empty"))
    return found
