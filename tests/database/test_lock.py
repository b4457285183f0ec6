"""The lock: one run at a time; the error of a second one names the holder."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from repositories import Place, settings

from nes_tasks.database.lock import holder, lock
from nes_tasks.database.repository import Repository
from nes_tasks.errors import DatabaseError, LockHeldError

HOLD = """\
import sys
from pathlib import Path
from nes_tasks.database.lock import lock
with lock(Path(sys.argv[1]), "doit migrate:001-first"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def another_process(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that holds the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1770091506"},
    )
    assert process.stdout
    try:
        assert process.stdout.readline() == b"held\n"
        yield process
    finally:
        process.communicate()


def test_a_second_process_is_told_who_is_at_work(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        with pytest.raises(LockHeldError) as raised, lock(tmp_path, "doit run"):
            pass
        assert raised.value.message == (
            f"the database is in use by doit migrate:001-first (process {process.pid} "
            f"on {socket.gethostname()}, since 2026-02-03 04:05:06 UTC)"
        )
        assert raised.value.hint == "wait until it ends"
        assert raised.value.exit_code == 3
    with lock(tmp_path, "doit run"):
        pass


def test_a_killed_holder_leaves_nothing_to_clean_up(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert (tmp_path / "lock-holder.json").exists()
        with lock(tmp_path, "doit run"):
            assert json.loads((tmp_path / "lock-holder.json").read_text())["pid"] == os.getpid()
    assert not (tmp_path / "lock-holder.json").exists()


def test_the_holder_itself_cannot_take_it_twice(tmp_path: Path) -> None:
    with lock(tmp_path, "doit run"):
        with (
            pytest.raises(LockHeldError, match=rf"doit run \(process {os.getpid()} "),
            lock(tmp_path, "doit list"),
        ):
            pass
        with pytest.raises(LockHeldError, match="doit run"), lock(tmp_path, "doit list"):
            pass


def test_it_is_let_go_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock(tmp_path, "doit run"):
        raise ZeroDivisionError
    with lock(tmp_path, "doit run"):
        pass


def test_two_databases_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with another_process(tmp_path / "one"), lock(tmp_path / "two", "doit run"):
        holders = [
            json.loads((tmp_path / name / "lock-holder.json").read_text())["pid"]
            for name in ("one", "two")
        ]
    assert holders[1] == os.getpid() != holders[0]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b'{"pid": 1}', b"\xff", None])
def test_a_holder_that_cannot_be_read_is_another_run(tmp_path: Path, content: bytes | None) -> None:
    with another_process(tmp_path):
        if content is None:
            (tmp_path / "lock-holder.json").unlink()
        else:
            (tmp_path / "lock-holder.json").write_bytes(content)
        with (
            pytest.raises(LockHeldError, match=r"^the database is in use by another run;"),
            lock(tmp_path, "doit run"),
        ):
            pass


def test_without_a_holder_that_can_be_written_nothing_begins(tmp_path: Path) -> None:
    (tmp_path / "interrupted.json").touch()
    (tmp_path / "lock-holder.json").mkdir()
    with (
        pytest.raises(DatabaseError, match=re.escape(f"cannot write to {tmp_path}: Is a dir")),
        lock(tmp_path, "doit run"),
    ):
        pass
    (tmp_path / "lock-holder.json").rmdir()
    with lock(tmp_path, "doit run"):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(DatabaseError, match=re.escape(f"cannot write to {tmp_path}/file/own: ")),
        lock(tmp_path / "file" / "own", "doit run"),
    ):
        pass


def test_the_repository_is_locked_for_all_its_worktrees(tmp_path: Path, database: Place) -> None:
    database.commit({"README.md": "about"})
    database.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    linked = Repository.open(settings(tmp_path, database=tmp_path / "linked"))
    with (
        another_process(database.path / ".git" / "nes-tasks"),
        pytest.raises(LockHeldError, match="doit migrate:001-first"),
        linked.locked("doit run"),
    ):
        pass


def test_one_can_ask_who_holds_it_without_taking_it(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    with another_process(tmp_path) as process:
        assert f"doit migrate:001-first (process {process.pid} " in str(holder(tmp_path))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert (tmp_path / "lock-holder.json").exists()
        assert holder(tmp_path) is None
    with lock(tmp_path, "doit run"):
        assert "doit run" in str(holder(tmp_path))
    assert holder(tmp_path) is None
