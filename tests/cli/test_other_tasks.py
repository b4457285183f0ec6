"""Tasks of a project's own that build on migrations: doit's whole protocol, from the markers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from workspace import Workspace, create_person

DODO = """
from doit.tools import result_dep


def show(files, group, everything):
    print("GOT", files, group, everything["migration"], everything["description"])


def task_values():
    got = {
        "files": ("migrate:001-first", "files"),
        "group": ("migrate", "entities_created"),
        "everything": ("migrate:001-first", None),
    }
    return {"actions": [(show,)], "getargs": got, "verbosity": 2}


def task_one():
    return {"actions": ["echo ONE"], "uptodate": [result_dep("migrate:002-log")], "verbosity": 2}


def task_all():
    return {"actions": ["echo ALL"], "uptodate": [result_dep("migrate")], "verbosity": 2}


def task_marker():
    marker = "nes-db/v2/migration-logs/002-log/marker.toml"
    return {"actions": ["echo MARKER %(dependencies)s"], "file_dep": [marker], "verbosity": 2}
"""
MARKER = "MARKER nes-db/v2/migration-logs/002-log/marker.toml"


@pytest.fixture
def project_with_tasks(workspace: Workspace) -> Workspace:
    """A project of two migrations, and tasks that build on them; nothing has run yet."""
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-log", "context.log('done')")
    dodo = workspace.root / "dodo.py"
    dodo.write_text(dodo.read_text() + DODO)
    return workspace


def executed(workspace: Workspace, *words: str) -> list[str]:
    """Run doit and return what the tasks printed."""
    ran = workspace.doit(*words)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    return [line for line in lines if line.startswith(("ONE", "ALL", "MARKER", "GOT"))]


def test_getargs_has_the_values_of_the_marker_in_the_same_run_and_later(
    project_with_tasks: Workspace,
) -> None:
    got = "GOT 3 {'001-first': 1, '002-log': 0} 001-first Do 001-first"
    assert executed(project_with_tasks, "values") == [got]
    assert project_with_tasks.applied() == ["001-first", "002-log"]
    shutil.rmtree(project_with_tasks.root / ".nes-tasks")
    assert executed(project_with_tasks, "values") == [got]


def test_they_run_again_after_a_forced_execution_and_not_otherwise(
    project_with_tasks: Workspace,
) -> None:
    tasks = ("one", "all", "marker")
    assert executed(project_with_tasks, *tasks) == ["ONE", "ALL", MARKER]
    assert executed(project_with_tasks, *tasks) == []
    # On its own, in the same command, and in another process.
    assert executed(project_with_tasks, "migrate:002-log", "--force") == []
    assert executed(project_with_tasks, *tasks) == ["ONE", "ALL", MARKER]
    assert executed(project_with_tasks, *tasks) == []
    again = ("migrate:002-log", "--force", *tasks)
    assert executed(project_with_tasks, *again) == ["ONE", "ALL", MARKER]
    assert executed(project_with_tasks, *tasks) == []
    assert sorted(executed(project_with_tasks, "-n", "2", *again)) == ["ALL", MARKER, "ONE"]
    assert executed(project_with_tasks, *tasks) == []


def test_an_edited_folder_is_no_reason_to_run_again(project_with_tasks: Workspace) -> None:
    tasks = ("one", "all", "marker")
    executed(project_with_tasks, *tasks)
    (project_with_tasks.migrations / "002-log/README.md").write_text("# other\n")
    (project_with_tasks.migrations / "002-log/notes.md").write_text("# new\n")
    assert executed(project_with_tasks, *tasks) == []


def test_a_marker_that_is_not_checked_out_is_there(project_with_tasks: Workspace) -> None:
    tasks = ("one", "all", "marker")
    executed(project_with_tasks, *tasks)
    project_with_tasks.git("sparse-checkout", "set", "--no-cone", "v2/entity")
    assert not (project_with_tasks.db / "v2/migration-logs").exists()
    assert executed(project_with_tasks, *tasks) == []
    assert executed(project_with_tasks, "migrate:002-log", "--force", *tasks) == [
        *("ONE", "ALL", MARKER)
    ]
    assert executed(project_with_tasks, *tasks) == []


def test_a_revert_is_a_reason_to_run_again(project_with_tasks: Workspace) -> None:
    executed(project_with_tasks, "marker")
    project_with_tasks.git("revert", "--no-edit", "HEAD")
    assert executed(project_with_tasks, "marker") == [MARKER]
    assert project_with_tasks.applied() == ["001-first", "002-log"]


BETWEEN = """
def look():
    from pathlib import Path
    from nes_tasks.git.leftovers import working_gits
    print("AT WORK:", working_gits((Path("nes-db"),)))


def task_between():
    return {"actions": [look], "task_dep": ["migrate:001-first"], "verbosity": 2}
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_no_git_of_the_run_seems_at_work_while_another_task_runs(workspace: Workspace) -> None:
    workspace.migration("001-first")
    dodo = workspace.root / "dodo.py"
    dodo.write_text(dodo.read_text() + BETWEEN)
    ran = workspace.doit("between")
    assert ran.code == 0, ran.err
    assert workspace.applied() == ["001-first"]
    assert "AT WORK: []" in ran.out


def test_a_state_file_that_cannot_be_written_is_named_in_one_line(
    project_with_tasks: Workspace,
) -> None:
    (project_with_tasks.root / ".nes-tasks/doit.json").mkdir(parents=True)
    ran = project_with_tasks.doit()
    assert ran.code == 3
    assert "Traceback" not in ran.err
    assert ran.err.splitlines()[-1].startswith("error: .nes-tasks/doit.json: Is a directory")
    assert project_with_tasks.applied()
