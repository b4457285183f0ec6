"""The public names, and the library for programs on projects in which something is wrong."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from workspace import Workspace, create_person, environment

import nes_tasks
from nes_tasks import MigrationStatus, Project, RunEvent, api


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)


def statuses(results: list[api.MigrationResult]) -> list[tuple[str, str]]:
    return [(result.migration, result.status.value) for result in results]


def test_every_public_name_loads() -> None:
    for name in api.__all__:
        assert getattr(api, name) is not None
        assert name in dir(api)
    for name in nes_tasks.__all__:
        assert getattr(nes_tasks, name) is getattr(api, name)
    with pytest.raises(AttributeError, match=r"'nes_tasks\.api' has no attribute 'Nothing'"):
        _ = api.Nothing


@pytest.mark.parametrize("module", [nes_tasks, api], ids=["nes_tasks", "nes_tasks.api"])
def test_type_checkers_see_what_programs_get(module: object) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    [checked] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    } | {
        target.id
        for node in checked.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert {name for name in seen if name and not name.startswith("_")} == set(module.__all__)


def test_a_name_loads_only_what_it_needs() -> None:
    code = (
        "import sys, nes_tasks.api; from nes_tasks import text_to_slug\n"
        "print({'pydantic', 'orjson', 'doit', 'nes_tasks.library'} & sys.modules.keys())\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


def test_opening_a_project_makes_nothing(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    project = Project.open(workspace.root)
    assert [migration.full_name for migration in project.pending()] == ["001-first"]
    assert project.applied() == []
    assert project.push() is None
    assert not workspace.db.exists()


def test_a_dry_run_leaves_no_database_and_tells_the_tree(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    project = Project.open(workspace.root)
    result = project.run("001-first", dry_run=True)
    assert (result.status, result.commit_ids) == (MigrationStatus.COMPLETED, [])
    assert result.tree is not None
    assert not workspace.db.exists()


def test_a_folder_without_migrations_and_an_unknown_name_are_raised(
    workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(api.SettingsError, match="migrations"):
        Project.open(tmp_path / "elsewhere")
    workspace.migration("001-first")
    project = Project.open(workspace.root)
    for call in (project.run, project.is_applied):
        with pytest.raises(api.UsageError, match="002-second"):
            call("002-second")


def test_an_invalid_folder_is_a_failure_in_its_place(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-second", script="def migrate(context): pass\n")
    workspace.migration("003-third", create_person("bina-rai"))
    project = Project.open(workspace.root)
    assert project.invalid().keys() == {"002-second"}
    assert [one.full_name for one in project.discover()] == ["001-first", "003-third"]
    results = project.run_all()
    assert statuses(results) == [
        ("001-first", "completed"),
        ("002-second", "failed"),
        ("003-third", "skipped"),
    ]
    assert "AUTHOR" in str(results[1].error)
    assert results[2].reason == "002-second must be applied before it"
    assert statuses(project.run_all(stop_on_failure=False)) == [
        ("002-second", "failed"),
        ("003-third", "completed"),
    ]


def test_a_failed_script_holds_up_those_after_it_unless_told(workspace: Workspace) -> None:
    workspace.migration("001-first", "raise ValueError('no')")
    workspace.migration("002-second", create_person("asha-rai"))
    project = Project.open(workspace.root)
    results = project.run_all()
    assert statuses(results) == [("001-first", "failed"), ("002-second", "skipped")]
    assert Path(workspace.root, str(results[0].log_path)).read_text().count("ValueError")
    dry = project.run("2", dry_run=True)
    assert (dry.migration, dry.status, dry.logs) == ("002-second", MigrationStatus.FAILED, [])
    assert str(dry.error).startswith("001-first failed: ValueError: no")
    assert statuses(project.run_all(stop_on_failure=False)) == [
        ("001-first", "failed"),
        ("002-second", "completed"),
    ]


def test_one_that_comes_too_early_is_a_failure_with_the_reason(workspace: Workspace) -> None:
    workspace.migration("001-first")
    workspace.migration("002-second")
    result = Project.open(workspace.root).run("2")
    assert result.status is MigrationStatus.FAILED
    assert str(result.error).startswith("002-second cannot be applied before 001-first")


def test_force_executes_an_applied_one_again(workspace: Workspace) -> None:
    workspace.migration("001-first", "context.log('again')")
    project = Project.open(workspace.root)
    first, second = project.run("1"), project.run("1", force=True)
    assert first.commit_ids != second.commit_ids
    assert len(workspace.git("rev-list", "--first-parent", "HEAD").split()) == 3
    assert project.run("1", dry_run=True).status is MigrationStatus.SKIPPED


def test_a_database_in_use_is_raised_and_a_callback_can_stop_a_run(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-second", create_person("bina-rai"))
    project = Project.open(workspace.root)

    def start_another(event: RunEvent) -> None:
        Project.open(workspace.root).run("1")

    with pytest.raises(api.LockHeldError):
        project.run("1", progress=start_another)
    assert project.applied() == []

    def stop(event: RunEvent) -> None:
        if event.migration == "002-second":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.run_all(progress=stop)
    assert [record.name for record in project.applied()] == ["001-first"]
    assert project.is_applied("1")
    assert not project.is_applied("2")


def test_records_without_a_folder_are_applied_too(workspace: Workspace) -> None:
    folder = workspace.migration("001-first", create_person("asha-rai"))
    project = Project.open(workspace.root)
    project.run_all()
    folder.rename(workspace.root / "elsewhere")
    assert [record.name for record in project.applied()] == ["001-first"]
    assert project.discover() == []
    assert project.run_all() == []
