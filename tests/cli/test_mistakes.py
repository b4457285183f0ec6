"""What is typed wrongly gets one line that says what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from workspace import Workspace, create_person


@pytest.fixture(scope="module")
def project_of_five(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project in which 005-add-rivers is applied, and 006-add-lakes pending."""
    workspace = Workspace(tmp_path_factory.mktemp("mistakes") / "project")
    workspace.migration("005-add-rivers", create_person("asha-rai"))
    assert workspace.doit().code == 0
    workspace.migration("006-add-lakes")
    return workspace


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["statsu"], "there is no command or task 'statsu'; did you mean doit status?"),
        (["SHOW", "5"], "there is no command or task 'SHOW'; did you mean doit show?"),
        (["qwertz"], "there is no command or task 'qwertz'; doit help lists the commands"),
        (["5"], "there is no command or task '5'; did you mean doit migrate:005-add-rivers?"),
        (["chekc"], "there is no command or task 'chekc'; did you mean doit check?"),
        (["migrat:5"], "there is no task 'migrat:5'; did you mean migrate?"),
        (
            ["migrate:005-add-river-s"],
            "there is no migration '005-add-river-s'; did you mean 005-add-rivers?",
        ),
        (["show", "ad-rivers"], "there is no migration 'ad-rivers'; did you mean 005-add-rivers?"),
        (["preview", "9"], "there is no migration '9'; doit list --all shows them"),
        (["list", "migrat"], "there is no task 'migrat'; did you mean migrate?"),
        (["info", "chek"], "there is no task 'chek'; did you mean check?"),
        (["forget", "chekc"], "there is no task 'chekc'; did you mean check?"),
        (
            ["pending", "--jsn"],
            "option --jsn not recognized; did you mean --json? doit help pending",
        ),
        (
            ["run", "-n", "x"],
            "num_process: invalid literal for int() with base 10: 'x'; doit help run",
        ),
        (["adopt", "5"], "doit adopt takes no name; doit help adopt"),
        (["tabcompletion", "bash"], "doit tabcompletion takes no name; doit help tabcompletion"),
    ],
)
def test_one_line_says_what_was_meant(
    project_of_five: Workspace, words: list[str], said: str
) -> None:
    ran = project_of_five.doit(*words)
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {said}\n")


def test_numbers_are_names(project_of_five: Workspace) -> None:
    full = project_of_five.doit("show", "005-add-rivers")
    assert full.code == 0
    for short in ("5", "005", "rivers", "migrate:5", "migrations/005-add-rivers/"):
        assert project_of_five.doit("show", short) == full
    for words in (["info", "5"], ["list", "--all", "005"], ["migrate:5"], ["migrate:005"]):
        assert project_of_five.doit(*words).code == 0


def test_a_space_in_the_place_of_the_colon_keeps_what_was_meant(
    project_of_five: Workspace,
) -> None:
    for typed, meant in (
        (["check", "5"], "check:005-add-rivers"),
        (["migrate", "5"], "migrate:005-add-rivers"),
        (["run", "check", "rivers"], "check:005-add-rivers"),
    ):
        ran = project_of_five.doit(*typed)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.endswith(f"; did you mean doit {meant}?\n")


def test_without_a_dodo_file_it_is_said_where_to_go(
    project_of_five: Workspace, tmp_path: Path
) -> None:
    root, below = project_of_five.root, project_of_five.migrations
    told = f"error: there is no {below}/dodo.py; doit -k{{}} takes the one in {root}\n"
    for words, typed in (([], ""), (["status"], " status"), (["show", "5"], " show")):
        ran = project_of_five.doit(*words, cwd=below)
        assert (ran.code, ran.out, ran.err) == (2, "", told.format(typed))
    assert project_of_five.doit("-k", "status", cwd=below) == project_of_five.doit("status")
    assert project_of_five.doit("show", "5", "-k", cwd=below) == project_of_five.doit("show", "5")
    for words in (["-k"], ["status", "--seek-file"], ["list"]):
        ran = project_of_five.doit(*words, cwd=tmp_path)
        assert ran.code == 2
        assert ran.err.startswith(
            f"error: there is no {tmp_path}/dodo.py; cd to the folder of the project; "
        )
        assert ran.err.count("\n") == 1
    ran = project_of_five.doit("-f", "/nowhere/dodo.py")
    assert (ran.code, ran.err) == (
        2,
        "error: there is no file /nowhere/dodo.py; name the dodo.py with -f\n",
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[tool.nes_tasks]\npush = perhaps", "pyproject.toml:2: it is not valid TOML: "),
        (b"[tool.nes_tasks]\n# \xff", "pyproject.toml:2: it is not UTF-8, which TOML must be"),
        (None, "pyproject.toml cannot be read: Is a directory"),
        (b"[tool]\nnes_tasks = 5", "pyproject.toml: tool.nes_tasks is 5, not a table"),
    ],
)
def test_a_broken_pyproject_is_told_in_one_line_from_below(
    workspace: Workspace, content: bytes | None, said: str
) -> None:
    path = workspace.root / "pyproject.toml"
    path.unlink()
    path.mkdir() if content is None else path.write_bytes(content)
    below = workspace.migrations
    ran = workspace.doit("-k", "status", cwd=below)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {said}")
    assert ran.err.count("\n") == 1


def test_a_table_that_is_none_is_told_at_the_root_too(workspace: Workspace) -> None:
    (workspace.root / "pyproject.toml").write_text("[tool]\nnes_tasks = 5")
    ran = workspace.doit()
    said = "error: pyproject.toml: tool.nes_tasks is 5, not a table\n"
    assert (ran.code, ran.out, ran.err) == (2, "", said)


def test_at_the_root_doit_itself_stumbles_over_it_and_names_the_line(workspace: Workspace) -> None:
    """As the settings page says: doit reads the file before any plugin is loaded."""
    (workspace.root / "pyproject.toml").write_text("[tool.nes_tasks]\npush = perhaps")
    ran = workspace.doit("status")
    assert (ran.code, ran.out) == (1, "")
    assert "(at line 2, column 8)" in ran.err.splitlines()[-1]
