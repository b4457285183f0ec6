"""doit's own commands and flags keep their meaning, and cannot be used to break the order."""

from __future__ import annotations

from pathlib import Path

import pytest
from workspace import Workspace, create_person


@pytest.fixture(scope="module")
def three_once(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with three migrations, the first one applied, to copy from."""
    workspace = Workspace(tmp_path_factory.mktemp("three") / "project")
    for name in ("001-first", "002-second", "003-third"):
        workspace.migration(name, create_person(f"p-{name}"))
    assert workspace.doit("migrate:001-first").code == 0
    return workspace


@pytest.fixture
def three(three_once: Workspace, tmp_path: Path) -> Workspace:
    """A project with three migrations, the first one applied."""
    return three_once.copy_to(tmp_path / "project")


def test_single_does_not_skip_a_predecessor(three: Workspace) -> None:
    before = three.state()
    ran = three.doit("run", "-s", "migrate:003-third")
    assert ran.code == 1
    assert (
        "error: 003-third cannot be applied before 002-second; doit migrate:002-second" in ran.err
    )
    assert three.state() == before


def test_single_with_the_next_one_applies_it(three: Workspace) -> None:
    assert three.doit("-s", "migrate:002-second").code == 0
    assert three.applied() == ["001-first", "002-second"]


def test_single_without_a_name_applies_all_in_order(three: Workspace) -> None:
    assert three.doit("-s").code == 0
    assert three.applied() == ["001-first", "002-second", "003-third"]


def test_always_without_a_name_is_refused(three: Workspace) -> None:
    before = three.state()
    ran = three.doit("-a")
    assert ran.code == 2
    assert "doit migrate:NNN-name --force" in ran.err
    assert three.state() == before


def test_always_with_a_name_re_executes_nothing(three: Workspace) -> None:
    before = three.git("rev-parse", "HEAD")
    ran = three.doit("run", "-a", "migrate:001-first")
    assert ran.code == 0
    assert three.git("rev-parse", "HEAD") == before


def test_parallel_runs_keep_the_order(three: Workspace) -> None:
    for parallel in ("process", "thread"):
        three.migration(f"004-{parallel}" if parallel == "process" else "005-thread")
        ran = three.doit("-n", "2", "-P", parallel)
        assert ran.code == 0, ran.err
    assert three.applied() == ["001-first", "002-second", "003-third", "004-process", "005-thread"]


def test_a_failure_in_a_parallel_run_has_the_same_exit_code(three: Workspace) -> None:
    three.git("checkout", "-q", "--detach")
    ran = three.doit("-n", "2")
    assert ran.code == 3
    assert "Traceback" not in ran.err


def test_a_negative_number_of_processes_is_wrong_use(three: Workspace) -> None:
    ran = three.doit("-n", "-1")
    assert (ran.code, ran.err) == (2, "error: doit -n -1 would execute nothing\n")


@pytest.mark.parametrize("reporter", ["json", "zero", "console"])
def test_the_exit_code_does_not_depend_on_the_reporter(three: Workspace, reporter: str) -> None:
    three.git("checkout", "-q", "--detach")
    assert three.doit("-r", reporter).code == 3


@pytest.mark.parametrize("backend", ["json", "sqlite3"])
def test_another_backend_runs_nothing_twice(three: Workspace, backend: str) -> None:
    assert three.doit("--backend", backend).code == 0
    head = three.git("rev-parse", "HEAD")
    for args in ([], ["-a", "migrate"], ["migrate:001-first", "migrate:002-second"]):
        assert three.doit("run", "--backend", backend, *args).code == 0
    assert three.doit("-a", "--backend", backend).code == 2
    assert three.git("rev-parse", "HEAD") == head
    assert three.applied() == ["001-first", "002-second", "003-third"]


def test_wildcards_mean_what_they_mean_in_doit(three: Workspace) -> None:
    assert three.doit("migrate:002*").code == 0
    assert three.applied() == ["001-first", "002-second"]


def test_a_wrong_option_of_a_task_is_one_short_line(three: Workspace) -> None:
    ran = three.doit("migrate:002-second", "--forse")
    assert (ran.code, ran.err) == (
        2,
        "error: option --forse not recognized; did you mean --force? doit help run\n",
    )


def test_clean_copes_with_more_migrations_than_python_recurses(three: Workspace) -> None:
    for number in range(4, 1101):
        three.migration(f"{number:03d}-more")
    ran = three.doit("clean")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_the_list_is_in_the_order_of_the_numbers(three: Workspace) -> None:
    for name in ("999-nearly", "1000-thousand"):
        three.migration(name)
    rows = three.doit("list", "-q").out.split()
    assert rows[-2:] == ["migrate:999-nearly", "migrate:1000-thousand"]
    table = [line.split()[0] for line in three.doit("list").out.splitlines() if line[:1].isdigit()]
    assert table[-2:] == ["999-nearly", "1000-thousand"]


def test_info_tells_why_it_would_run(three: Workspace) -> None:
    ran = three.doit("info", "migrate:002-second")
    assert ran.code == 1
    assert "status     : pending; doit applies it, after 001-first\n" in ran.out
    assert "nes-db/v2/migration-logs/002-second/marker.toml" in ran.out
    ran = three.doit("info", "migrate:001-first")
    assert ran.code == 0
    assert "status     : applied; up-to-date\n" in ran.out
    (three.migrations / "002-second/README.md").unlink()
    assert "status     : not valid; migrations/002" in three.doit("info", "2").out
    assert "pending; it waits for 002-second, which is not valid" in three.doit("info", "3").out


def test_info_lists_the_commits_of_an_applied_one(three: Workspace) -> None:
    out = three.doit("info", "migrate:001-first").out
    commit = three.git("log", "-1", "--format=%H  %cd  %cn", "--date=format:%Y-%m-%d %H:%M UTC")
    assert out.endswith(f"commits    : \n - {commit}\n")
    assert "commits" not in three.doit("info", "migrate:002-second").out


def test_of_a_drift_all_commands_say_the_same(three: Workspace) -> None:
    assert three.doit().code == 0
    three.edit("001-first")
    info = three.doit("info", "1")
    assert info.code == 0
    assert "status     : applied, and changed since: changed migrate.py\n" in info.out
    assert "doit does not run it again; undo the change" in info.out
    check = three.doit("check:1").out
    assert "undo the change (git log -p -- migrations/001-first)" in check
    assert "--force" not in info.out + check
    status = three.doit("status").out
    assert status.endswith(
        "Next: doit info 001-first  "
        "(001-first was changed after it was applied: changed migrate.py)\n"
    )
    head = three.git("rev-parse", "HEAD")
    assert three.doit().code == 0
    assert three.git("rev-parse", "HEAD") == head


def test_info_of_an_unknown_task_is_wrong_use(three: Workspace) -> None:
    ran = three.doit("info", "nonsense")
    assert (ran.code, ran.err) == (
        2,
        "error: there is no task 'nonsense'; doit list --all shows them\n",
    )


@pytest.mark.parametrize("args", [["migrate:001-first"], ["migrate"], ["--all"]])
def test_forget_forgets_no_migration(three: Workspace, args: list[str]) -> None:
    ran = three.doit("forget", *args)
    assert ran.code == 0
    assert "migrations are not forgotten" in ran.err
    assert "U 001-first" in three.doit("list", "--status").out


@pytest.mark.parametrize("name", ["migrate:002-second", "migrate"])
def test_ignore_is_refused(three: Workspace, name: str) -> None:
    ran = three.doit("ignore", name)
    assert ran.code == 2
    assert f"error: {name} cannot be ignored" in ran.err
    assert three.doit().code == 0
    assert three.applied() == ["001-first", "002-second", "003-third"]


def test_clean_and_resetdep_leave_the_database_alone(three: Workspace) -> None:
    before = three.state()
    three.doit("clean", "--clean-all")
    three.doit("resetdep")
    assert three.state() == before
    assert "R 002-second" in three.doit("list", "--status").out


def test_the_target_of_a_migration_names_it_too(three: Workspace) -> None:
    assert three.doit("nes-db/v2/migration-logs/002-second/marker.toml").code == 0
    assert three.applied() == ["001-first", "002-second"]


def test_forcing_a_pending_one_runs_it_and_forces_no_other(three: Workspace) -> None:
    commits = three.git("rev-list", "--count", "HEAD")
    assert three.doit("migrate:002-second", "--force").code == 0
    assert int(three.git("rev-list", "--count", "HEAD")) == int(commits) + 1


def test_other_tasks_of_the_project_work_as_ever(three: Workspace) -> None:
    dodo = three.root / "dodo.py"
    dodo.write_text(
        dodo.read_text()
        + "def task_copy():\n"
        + "    return {'actions': ['cp in.txt out.txt'], 'file_dep': ['in.txt'],\n"
        + "            'targets': ['out.txt']}\n"
        + "def task_bad():\n    return {'actions': ['exit 3']}\n"
    )
    (three.root / "in.txt").write_text("x")
    assert three.doit("copy").out == ".  copy\n"
    assert three.doit("copy").out == "-- copy\n"
    (three.root / "in.txt").write_text("longer")
    assert three.doit("copy").out == ".  copy\n"
    three.doit("forget", "copy")
    assert three.doit("copy").out == ".  copy\n"
    assert three.doit("bad").code == 1


def test_a_broken_local_state_file_is_of_no_importance(three: Workspace) -> None:
    state = three.root / ".nes-tasks"
    state.mkdir(exist_ok=True)
    (state / "doit.json").write_text("{broken")
    (state / "cache").mkdir(exist_ok=True)
    for name in ("ledger.json", "inputs.json"):
        (state / "cache" / name).write_text("{broken")
    assert three.doit().code == 0
    assert three.applied() == ["001-first", "002-second", "003-third"]


def test_help_explains_exit_codes_and_letters(three: Workspace) -> None:
    assert "3 the environment" in " ".join(three.doit("help", "run").out.split())
    assert "D changed since it was applied" in " ".join(three.doit("help", "list").out.split())
