"""Bad input: one line that names the thing and the next command, and nothing changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from workspace import Ran, Workspace, create_person

Break = Callable[[Workspace], object]


def edit(old: str, new: str) -> Break:
    """Return a change of the script of the second migration."""

    def apply(workspace: Workspace) -> None:
        script = workspace.migrations / "002-second/migrate.py"
        text = script.read_text()
        assert old in text
        script.write_text(text.replace(old, new))

    return apply


def body(text: str, **files: str | bytes) -> Break:
    """Return a change of the second migration: its script's lines and data files."""

    def apply(workspace: Workspace) -> None:
        shutil.rmtree(workspace.migrations / "002-second")
        workspace.migration(
            "002-second", text, files={k.replace("_csv", ".csv"): v for k, v in files.items()}
        )

    return apply


FOLDERS: dict[str, tuple[Break, str, str]] = {
    "name breaks the convention": (
        lambda w: w.migration("3-Add_Ministers"),
        "migrations/3-Add_Ministers is not named like",
        "mv migrations/3-Add_Ministers migrations/003-add-ministers",
    ),
    "two folders with one number": (
        lambda w: w.migration("002-other"),
        "migrations/002-other has the same number as 002-second",
        "mv migrations/002-second migrations/004-second",
    ),
    "number below the last applied one": (
        lambda w: w.migration("000-late"),
        "migrations/000-late comes before 002-second, which is already applied",
        "mv migrations/000-late migrations/003-late",
    ),
    "missing script": (
        lambda w: (w.migrations / "002-second/migrate.py").unlink(),
        "migrations/002-second has no migrate.py",
        "write migrations/002-second/migrate.py",
    ),
    "missing README": (
        lambda w: (w.migrations / "002-second/README.md").unlink(),
        "migrations/002-second has no README.md",
        "write migrations/002-second/README.md",
    ),
    "no migrate": (edit("async def migrate", "async def go"), "migrate.py", "migrate"),
    "no AUTHOR": (edit('AUTHOR = "', 'WRITER = "'), "AUTHOR", "AUTHOR"),
    "no DATE": (edit('DATE = "', 'DAY = "'), "DATE", "DATE"),
    "no DESCRIPTION": (edit('DESCRIPTION = "', 'TEXT = "'), "DESCRIPTION", "DESCRIPTION"),
    "bad date": (
        edit("2026-01-15", "2026-13-45"),
        "DATE is '2026-13-45', not a calendar date",
        'DATE = "2024-01-31"',
    ),
    "syntax error": (edit("async def", "async deff"), "migrate.py:6", "deff"),
}


@pytest.fixture
def two(started: Workspace) -> Workspace:
    """A project with one applied and one pending migration."""
    started.migration("002-second", create_person("bina-rai"))
    return started


def one_line(ran: Ran) -> str:
    """Return the one line of an error that comes before anything has run."""
    lines = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert len(lines) >= 1, ran.err
    assert "Traceback" not in ran.out + ran.err
    return lines[0]


# These need a new number, the highest one, and so hold up nothing.
MISPLACED = ("name breaks the convention", "number below the last applied one")


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_broken_folder_is_named_and_it_and_what_comes_after_it_is_not_applied(
    two: Workspace, kind: str
) -> None:
    broken, names, next_step = FOLDERS[kind]
    if kind in MISPLACED:
        assert two.doit().code == 0
    else:
        two.migration("003-after", create_person("after-rai"))
    broken(two)
    before = two.state()
    ran = two.doit()
    line = one_line(ran)
    assert ran.code == 1
    assert names in line
    assert next_step in line
    assert two.state() == before
    listed = two.doit("list", "--all", "--status")
    assert listed.code == 0
    assert "\nE " in listed.out


SCRIPTS: dict[str, tuple[Break, str]] = {
    "exception at import": (
        edit("\n\nasync def", '\nraise ImportError("no module today")\n\nasync def'),
        "002-second failed: ImportError: no module today",
    ),
    "data file missing": (body('context.read_csv("data.csv")'), "CSV file not found: data.csv"),
    "data file empty": (body('context.read_csv("data.csv")', data_csv=""), "data.csv is empty"),
    "data file in another encoding": (
        body('context.read_csv("data.csv")', data_csv="name\nआशा\n".encode("utf-16")),
        "data.csv",
    ),
    "data file malformed": (body('context.read_json("data.csv")', data_csv="[1,\n2"), "data.csv"),
    "data file outside the folder": (
        body('context.read_csv("../001-first/migrate.py")'),
        "../001-first/migrate.py",
    ),
    "absolute data file": (body('context.read_csv("/etc/passwd")'), "/etc/passwd"),
    "workbook that is none": (body('context.read_excel("data.csv")', data_csv="a"), "data.csv"),
    "identifier that leaves the folder": (
        body('await context.db.delete_entity("entity:person/../../x")'),
        "entity:person/../../x",
    ),
}


@pytest.mark.parametrize(("broken", "said"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_that_fails_names_its_reason(two: Workspace, broken: Break, said: str) -> None:
    broken(two)
    before = two.state()
    ran = two.doit()
    assert ran.code == 1
    assert said in one_line(ran)
    assert "migrations/002-second/migrate.py:" in ran.err
    assert two.state() == before


def test_a_sheet_that_does_not_exist_is_named_with_those_that_do(two: Workspace) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "districts"
    shutil.rmtree(two.migrations / "002-second")
    folder = two.migration("002-second", 'context.read_excel("d.xlsx", sheet_name="wards")')
    book.save(folder / "d.xlsx")
    line = one_line(two.doit())
    assert "Sheet 'wards' not found in workbook" in line
    assert "districts" in line


def git_state(*commands: str) -> Break:
    """Return a change of the database made with git."""

    def apply(workspace: Workspace) -> None:
        for command in commands:
            workspace.git(*command.split())

    return apply


def merge_conflict(workspace: Workspace) -> None:
    """Leave the database in the middle of a merge."""
    author = workspace.db / "v2/author/migration-001-first.json"
    workspace.git("switch", "-qc", "side")
    author.write_text("{}")
    workspace.git("commit", "-qam", "side")
    workspace.git("switch", "-q", "main")
    author.write_text("[]")
    workspace.git("commit", "-qam", "main")
    with pytest.raises(Exception, match="merge"):
        workspace.git("merge", "side")


def rebase_conflict(workspace: Workspace) -> None:
    """Leave the database in the middle of a rebase."""
    merge_conflict(workspace)
    workspace.git("merge", "--abort")
    with pytest.raises(Exception, match="rebase"):
        workspace.git("rebase", "side")


def plain_folder(workspace: Workspace) -> None:
    """Put a folder that is not a repository in the place of the database."""
    shutil.rmtree(workspace.db / ".git")


def plain_file(workspace: Workspace) -> None:
    """Put a file in the database's place."""
    shutil.rmtree(workspace.db)
    workspace.db.write_text("")


DATABASES: dict[str, tuple[Break, str, str]] = {
    "uncommitted change": (
        lambda w: (w.db / "v2/author/migration-001-first.json").write_text("{}"),
        "nes-db has uncommitted changes: v2/author/migration-001-first.json",
        "git -C nes-db stash",
    ),
    "untracked file": (
        lambda w: (w.db / "mine.txt").write_text("x"),
        "nes-db has uncommitted changes: mine.txt",
        "git -C nes-db stash",
    ),
    "no repository": (plain_folder, "nes-db is not a git repository", "move it away"),
    "a file": (plain_file, "nes-db is a file", "move it away"),
    "middle of a merge": (merge_conflict, "in the middle of a merge", "merge --abort"),
    "middle of a rebase": (rebase_conflict, "in the middle of a rebase", "rebase --abort"),
    "detached HEAD": (
        git_state("checkout -q --detach"),
        "nes-db has a detached HEAD",
        "git -C nes-db switch main",
    ),
}


@pytest.mark.parametrize(("broken", "names", "next_step"), DATABASES.values(), ids=DATABASES)
def test_a_database_that_is_not_ready_is_left_alone(
    two: Workspace, broken: Break, names: str, next_step: str
) -> None:
    broken(two)
    ran = two.doit()
    assert ran.code == 3
    line = one_line(ran)
    assert names in line
    assert next_step in line
    assert len(ran.err.splitlines()) == 1


def fake_git(folder: Path, version: str) -> str:
    """Return a PATH on which git is another version."""
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\necho git version {version}\n")
    (folder / "git").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_git_that_is_too_old_is_named(two: Workspace, tmp_path: Path) -> None:
    shutil.rmtree(two.db)
    ran = two.doit(PATH=fake_git(tmp_path / "old", "2.17.1"))
    assert ran.code == 3
    assert one_line(ran).startswith("error: git 2.17.1 is too old; install git 2.30 or newer")


def test_a_machine_without_git_is_told_so(two: Workspace, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = two.doit(PATH=str(tmp_path / "empty"))
    assert ran.code == 3
    assert one_line(ran).startswith("error: git is not installed or not on PATH; install git")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Remove the permission to write; for root, by a read-only mount."""
    if os.getuid() != 0:
        subprocess.run(["chmod", "-R", "a-w", str(folder)], check=True)
        try:
            yield
        finally:
            subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
        return
    bind = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False)
    if bind.returncode:
        pytest.skip("root may write everywhere, and this one may not mount")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_database_without_write_permission_is_left_alone(two: Workspace) -> None:
    before = two.state()
    with read_only(two.db):
        ran = two.doit()
        assert ran.code == 3
        assert "cannot write to" in one_line(ran) or "no permission to write" in one_line(ran)
    assert two.state() == before


def test_a_database_cannot_be_made_where_nobody_may_write(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    closed = workspace.root / "closed"
    closed.mkdir()
    workspace.settings(database="closed/nes-db")
    with read_only(closed):
        ran = workspace.doit()
        assert ran.code == 3
        assert "closed/nes-db cannot be created" in one_line(ran)
    assert list(closed.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("databse = 'x'", "[tool.nes_tasks] databse is not a setting; did you mean database?"),
        ("batch_size = '9'", "[tool.nes_tasks] batch_size is '9'"),
        ("migrations = 'nowhere'", "the migrations folder nowhere does not exist; mkdir nowhere"),
        ("out_of_order = 'maybe'", "not one of refuse, allow"),
    ],
)
def test_a_wrong_setting_is_wrong_use(workspace: Workspace, line: str, said: str) -> None:
    (workspace.root / "pyproject.toml").write_text(f"[tool.nes_tasks]\n{line}\n")
    for command in (["run"], ["list"], ["info", "migrate"]):
        ran = workspace.doit(*command)
        assert ran.code == 2, command
        assert said in one_line(ran)


def test_the_environment_wins_over_the_file(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit(NES_TASKS_DATABASE="other-db").code == 0
    assert (workspace.root / "other-db/v2").is_dir()
    ran = workspace.doit(NES_TASKS_PUSH="perhaps")
    assert (ran.code, ran.err) == (
        2,
        "error: NES_TASKS_PUSH is 'perhaps', neither true nor false\n",
    )


def test_a_project_of_somebody_else_keeps_doits_own_behaviour(tmp_path: Path) -> None:
    (tmp_path / "dodo.py").write_text("def task_hi():\n    return {'actions': ['echo hi']}\n")
    ran = subprocess.run(
        [sys.executable, "-m", "doit"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (0, ".  hi\n")


def test_a_folder_without_dodo_file_tells_how_to_begin(workspace: Workspace) -> None:
    (workspace.root / "dodo.py").unlink()
    ran = workspace.doit("status")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"error: there is no {workspace.root}/dodo.py; cd to the folder of the project; "
        "or begin one: echo 'from nes_tasks.dodo import *' > dodo.py\n"
    )


def test_logs_and_caches_are_ignored_by_git_without_being_asked(workspace: Workspace) -> None:
    workspace.git_in(workspace.root, "init", "-q")
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit().code == 0
    assert (workspace.root / ".nes-tasks/logs").is_dir()
    assert ".nes-tasks" not in workspace.git_in(workspace.root, "status", "--porcelain")
