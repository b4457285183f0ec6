"""The history of a migration folder: the commit that has the recorded inputs."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from repositories import Place, init

from nes_tasks.migrations.inputs import is_input_path
from nes_tasks.operations.replay_runs import commit_with

FOLDER = "tools/migrations/001-first"


def inputs(**files: str) -> dict[str, str]:
    """Return what a marker holds of files; `__` stands for a slash."""
    return {
        name.replace("__", "/"): sha256(text.encode()).hexdigest() for name, text in files.items()
    }


@pytest.fixture
def service(tmp_path: Path) -> Place:
    """A repository whose migrations are not at its top."""
    service = init(tmp_path / "service")
    service.commit({f"{FOLDER}/script": "one", f"{FOLDER}/data/rows": "1,2"})
    return service


def test_the_newest_commit_with_exactly_these_files_is_found(service: Place) -> None:
    wanted = inputs(script="one", data__rows="1,2")
    folder = service.path / FOLDER
    first = service.git("rev-parse", "HEAD")
    assert commit_with(folder, wanted, is_input_path) == first
    service.commit({f"{FOLDER}/script": "two"})
    assert commit_with(folder, wanted, is_input_path) == first
    again = service.commit({f"{FOLDER}/script": "one"})
    service.commit({f"{FOLDER}/more": "a file too many"})
    assert commit_with(folder, wanted, is_input_path) == again
    service.commit({"elsewhere": "x"})
    shutil.rmtree(folder)
    service.commit()
    assert commit_with(folder, wanted, is_input_path) == again
    shown = service.git("restore", f"--source={again}", "--", FOLDER)
    assert (shown, (folder / "data/rows").read_text()) == ("", "1,2")


def test_hidden_files_and_backups_do_not_count(service: Place) -> None:
    hidden = {f"{FOLDER}/.gitkeep": "", f"{FOLDER}/script~": "old", f"{FOLDER}/.x/y": ""}
    commit = service.commit({**hidden, f"{FOLDER}/script": "two"})
    wanted = inputs(script="two", data__rows="1,2")
    assert commit_with(service.path / FOLDER, wanted, is_input_path) == commit


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    service = init(tmp_path / "service")
    commit = service.commit({"data [2026]*/001-first/script": "one", ":(top)x/script": "two"})
    folder = service.path / "data [2026]*/001-first"
    assert commit_with(folder, inputs(script="one"), is_input_path) == commit
    assert commit_with(service.path / ":(top)x", inputs(script="two"), is_input_path) == commit


def test_what_no_commit_holds_and_no_repository_is_none(service: Place, tmp_path: Path) -> None:
    assert commit_with(service.path / FOLDER, inputs(script="never"), is_input_path) is None
    (tmp_path / "plain").mkdir()
    assert commit_with(tmp_path / "plain/001-first", inputs(script="one"), is_input_path) is None
    empty = init(tmp_path / "empty")
    assert commit_with(empty.path / "001-first", inputs(script="one"), is_input_path) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("migrate.py", True),
        ("data/2024/a.csv", True),
        (".hidden", False),
        ("data/.git/config", False),
        ("__pycache__/a.pyc", False),
        ("notes.orig", False),
        ("old.orig/kept.csv", True),
        ("#draft#", False),
    ],
)
def test_paths_are_judged_as_files_on_disk_are(path: str, expected: bool) -> None:
    assert is_input_path(path) is expected
