"""Typing mistakes: one line that names the probable intention."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from our_commands import our_commands
from workspace import Workspace, create_person

from nes_tasks import __version__
from nes_tasks.cli.suggestions import FOREIGN, FOREIGN_OPTIONS, HARMLESS, foreign

# What is said of --force where no migration stands before it.
FORCED = "doit help run explains doit migrate:NNN-name --force"


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
        (["55"], "there is no migration '55'; doit list shows them"),
        (
            ["rivers"],
            "there is no command or task 'rivers'; did you mean revert? "
            "doit help revert explains it",
        ),
        (
            ["add"],
            "there is no command or task 'add'; doit create NAME makes the folder of a new "
            "migration",
        ),
        (
            ["pusch"],
            "there is no command or task 'pusch'; did you mean push? doit help push explains it",
        ),
        (["chekc", "5"], "there is no command or task 'chekc'; did you mean doit check?"),
        (
            ["migrate"],
            "doit migrate names no migration; doit preview shows what is pending, and doit alone "
            "applies it",
        ),
        (
            ["migrate", "--force"],
            "--force needs the name of one migration; doit help run explains "
            "doit migrate:NNN-name --force",
        ),
        (
            ["migrate", "rivers"],
            "there is no command or task 'rivers'; did you mean revert? "
            "doit help revert explains it",
        ),
        (["chekc"], "there is no command or task 'chekc'; did you mean doit check?"),
        (["migrat:5"], "there is no task 'migrat:5'; doit list --all shows them"),
        (
            ["migrate:005-add-river-s"],
            "there is no migration '005-add-river-s'; did you mean 005-add-rivers?",
        ),
        (["show", "ad-rivers"], "there is no migration 'ad-rivers'; did you mean 005-add-rivers?"),
        (["preview", "9"], "there is no migration '9'; doit list shows them"),
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
        *(
            ([*words, "--force"], f"option --force not recognized; {FORCED}")
            for words in (["run"], ["run", "--dry-run"], [])
        ),
        (["help", "77"], "there is no migration '77'; doit list shows them"),
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
    assert project_of_five.doit("help", "5") == project_of_five.doit("help", "migrate:5")
    for words in (["info", "5"], ["list", "005"], ["migrate:5"], ["migrate:005"]):
        assert project_of_five.doit(*words).code == 0


@pytest.mark.parametrize("words", [["check", "5"], ["run", "check", "rivers"], ["check", "005"]])
def test_a_space_in_the_place_of_the_colon_is_understood_of_a_check(
    project_of_five: Workspace, words: list[str]
) -> None:
    project_of_five.doit("check:005-add-rivers")
    unchanged = project_of_five.doit("check:005-add-rivers")
    assert unchanged.out == "1 migration unchanged since the last check.\n"
    assert project_of_five.doit(*words) == unchanged


@pytest.mark.parametrize(
    "words",
    [
        *(["2"], ["run", "2"], ["migrate", "2"], ["002"], ["002-second"], ["migrate:2"]),
        *(["migrations/002-second/"], ["migrate", "002-second"]),
    ],
)
def test_a_number_is_enough_to_apply_up_to_a_migration(
    workspace: Workspace, words: list[str]
) -> None:
    for name in ("001-first", "002-second", "003-third"):
        workspace.migration(name)
    ran = workspace.doit(*words)
    assert ran.code == 0, ran.err
    assert workspace.applied() == ["001-first", "002-second"]


def test_a_number_behind_another_task_is_not_a_migration(workspace: Workspace) -> None:
    workspace.migration("001-first")
    dodo = workspace.root / "dodo.py"
    dodo.write_text(
        dodo.read_text()
        + "def task_other():\n    return {'actions': ['echo %(n)s'], 'verbosity': 2,\n"
        + "            'params': [{'name': 'n', 'long': 'n', 'default': '0'}]}\n"
    )
    ran = workspace.doit("other", "1")
    assert (ran.code, ran.out) == (2, "")
    assert not workspace.db.exists()
    assert workspace.doit("other", "--n", "1").out == ".  other\n1\n"
    assert not workspace.db.exists()


# The words that people bring along from git and from other migration tools, and what is said.
WORDS = {
    "apply": "doit preview shows",
    "migrations": "doit preview shows",
    "up": "doit preview shows",
    "upgrade": "doit preview shows",
    "down": "doit help ",
    "downgrade": "doit help ",
    "rollback": "doit help ",
    "unapply": "doit help ",
    "log": "doit history lists",
    "cat": "doit show NAME says",
    "validate": "doit check looks",
    "new": "doit create NAME makes",
    "makemigrations": "doit create NAME makes",
    "showmigrations": "doit list shows",
    "plan": "doit preview shows",
    "dry-run": "doit preview shows",
    "redo": "doit help run explains",
    "repair": "doit status shows",
    "makemigration": "doit create NAME makes",
    "stamp": "doit help adopt explains",
    "pull": "doit help sync explains",
    "--plan": "doit preview shows",
    "--version": "doit version prints",
    "--fake": "doit help adopt explains",
    "--rollback": "doit help ",
}
# Words that become commands of their own: then it is they that answer.
MAY_BE_COMMANDS = ("diff", "graph", "init", "undo")


def test_words_of_other_tools_have_their_answers() -> None:
    commands = {*our_commands(), "run"}
    for word, said in WORDS.items():
        table = FOREIGN_OPTIONS if word.startswith("-") else FOREIGN
        assert (foreign(word, commands, table) or "").startswith(said), word


@pytest.mark.parametrize("word", ["apply", "migrations", "rollback", "--plan", "--version"])
def test_words_of_other_tools_are_answered_with_the_command_of_ours_and_run_nothing(
    project_of_five: Workspace, word: str
) -> None:
    before = project_of_five.state()
    typed = ["run", word] if word == "--version" else [word]
    ran = project_of_five.doit(*typed)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert f"; {WORDS[word]}" in ran.err
    assert project_of_five.state() == before


def test_each_word_of_another_tool_leads_to_a_command_that_there_is() -> None:
    commands = {*our_commands(), "run"}
    for table in (FOREIGN, FOREIGN_OPTIONS):
        for word in table:
            assert word not in commands or word in MAY_BE_COMMANDS
            assert (foreign(word, commands, table) or "").startswith("doit "), word
    for word in MAY_BE_COMMANDS:
        (name, hint), *_ = FOREIGN[word]
        assert foreign(word, {*commands, name}) == hint


def test_no_suggestion_changes_the_database(project_of_five: Workspace) -> None:
    """Whatever is typed, what follows "doit " in the answer applies and publishes nothing."""
    project_of_five.migration("007-tag-and-catalogue")
    try:
        for word in ("tag", "catalog", "migrat", "runn", "pusch", "revrt", "synk", "adpt", "rvert"):
            ran = project_of_five.doit(word)
            assert ran.code == 2
            suggested = re.findall(r"doit (\w+)", ran.err)
            assert suggested
            assert {*suggested} <= HARMLESS, ran.err
    finally:
        shutil.rmtree(project_of_five.migrations / "007-tag-and-catalogue")


def test_versions_are_printed_with_and_without_a_project(
    project_of_five: Workspace, tmp_path: Path
) -> None:
    ran = project_of_five.doit("version")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == ["nes-tasks", "doit", "Python"]
    assert f"nes-tasks {__version__}\n" in ran.out
    assert project_of_five.doit("version", cwd=tmp_path) == ran


def test_without_a_dodo_file_it_is_said_where_to_go(
    project_of_five: Workspace, tmp_path: Path
) -> None:
    root, below = project_of_five.root, project_of_five.migrations
    told = f"error: there is no {below}/dodo.py; doit -k{{}} uses the one in {root}\n"
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
        (b"[tool.nes_tasks]\n# \xff", "pyproject.toml:2: it is not UTF-8, as TOML requires"),
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


def test_the_versions_are_printed_by_the_option_too_where_the_project_names_our_loader(
    workspace: Workspace,
) -> None:
    ran = workspace.doit("--version")
    assert ran.code == 0
    assert not ran.out.startswith("nes-tasks")  # doit answers itself
    project = workspace.root / "pyproject.toml"
    project.write_text(f'{project.read_text()}\n[tool.doit]\nloader = "nes_tasks"\n')
    assert workspace.doit("--version") == workspace.doit("version")
    for words in ([""], ["show", ""]):
        ran = workspace.doit(*words)
        assert (ran.code, ran.err) == (2, "error: a word of the command line is empty; doit help\n")
    workspace.migration("001-first")
    assert workspace.doit().code == 0
    assert workspace.applied() == ["001-first"]
