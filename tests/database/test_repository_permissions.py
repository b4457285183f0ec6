"""The database repository where the user may not read or write all of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from repositories import (
    FILES,
    init,
)


@pytest.fixture
def foreign() -> Iterator[Path]:
    """A project that an unprivileged user may reach; `tmp_path` of root is closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="nes-tasks-"))
    folder.chmod(0o755)
    yield folder
    subprocess.run(["chmod", "-R", "u+rwx", str(folder)], check=True)
    shutil.rmtree(folder)


def as_unprivileged(root: Path, act: str) -> str:
    """Return the error of doing `act` with the repository as a user whose permissions count."""
    code = f"""
import os, sys
from pathlib import Path
import filelock
from repositories import settings
from nes_tasks.errors import NesTasksError
from nes_tasks.database.repository import Repository
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    repository = Repository.open(settings(Path({str(root)!r})))
    {act}
except NesTasksError as error:
    print(type(error).__name__, error)
"""
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "65534:65534", str(root)], check=True)
    here = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": here, "HOME": str(root)},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("folder", [".", ".git", ".git/objects"])
def test_a_missing_permission_is_named(foreign: Path, folder: str) -> None:
    database = init(foreign / "nes-db")
    database.commit(FILES)
    (database.path / folder).chmod(0o555)
    place = "nes-db" if folder == "." else str(database.path / folder)
    assert as_unprivileged(foreign, "repository.check_ready()") == (
        f"DatabaseError no permission to write to {place}"
    )


def test_with_all_permissions_an_unprivileged_user_may_write(foreign: Path) -> None:
    init(foreign / "nes-db").commit(FILES)
    assert as_unprivileged(foreign, "repository.check_ready()") == ""


def test_a_repository_that_cannot_be_written_cannot_be_locked(foreign: Path) -> None:
    database = init(foreign / "nes-db")
    (database.path / ".git").chmod(0o555)
    told = as_unprivileged(foreign, "repository.locked('doit run').__enter__()")
    assert (
        told == f"DatabaseError cannot write to {database.path}/.git/nes-tasks: Permission denied"
    )


def test_a_project_that_cannot_be_written_gets_no_repository(foreign: Path) -> None:
    foreign.chmod(0o555)
    assert as_unprivileged(foreign, "pass") == (
        "DatabaseError nes-db cannot be created: Permission denied"
    )


def test_a_repository_that_cannot_be_read_is_told(foreign: Path) -> None:
    init(foreign / "nes-db").path.chmod(0o000)
    assert as_unprivileged(foreign, "pass").startswith("DatabaseError ")
