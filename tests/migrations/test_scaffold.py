"""A new migration: its name, its author, its files."""

from __future__ import annotations

import ast
import datetime as dt
from pathlib import Path

import pytest

from nes_tasks.errors import UnavailableError, UsageError
from nes_tasks.migrations import discover, load, split_name
from nes_tasks.migrations.scaffold import (
    TEMPLATE,
    Scaffold,
    checked_author,
    name_words,
    new_scaffold,
    template_of,
)

DAY = dt.date(2026, 1, 15)
AUTHOR = "Asha Rai <asha@example.org>"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("add-ministers", "add-ministers"),
        ("Add Ministers", "add-ministers"),
        ("add_ministers.2026", "add-ministers-2026"),
        ("AddMinisters", "add-ministers"),
        ("  --add  ministers! ", "add-ministers"),
        ("Nepal's provinces", "nepals-provinces"),
        ("the members’ names", "the-members-names"),
        ("Café au lait", "cafe-au-lait"),
        ("005-add-ministers", "add-ministers"),
        ("005 add ministers", "add-ministers"),
        ("2026-budget", "2026-budget"),
        ("77 districts", "77-districts"),
    ],
)
def test_a_name_becomes_lower_case_words_joined_by_hyphens(text: str, words: str) -> None:
    assert name_words(text) == words
    assert split_name(f"007-{words}") == (7, words)


@pytest.mark.parametrize(
    "text", ["", "  ", "-", "005", "005-", "2026", "!!", "मन्त्री", "add मन्त्री", "\x1b[\x1b"]
)
def test_what_no_name_can_be_made_of_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        name_words(text)
    assert "doit create add-ministers" in str(refused.value)
    assert "\x1b" not in str(refused.value)


def test_a_name_has_at_most_80_characters_with_its_number() -> None:
    assert len(new_scaffold("a" * 76, 7, AUTHOR, DAY).name) == 80
    with pytest.raises(UsageError, match="81 characters, more than 80"):
        new_scaffold("a" * 77, 7, AUTHOR, DAY)


@pytest.mark.parametrize("author", ["Asha Rai", AUTHOR, "system@example.org", 'A "B" \\ C <a@b.c>'])
def test_an_author_that_git_can_record_is_taken_as_it_is(author: str) -> None:
    assert checked_author(f" {author} ") == author


@pytest.mark.parametrize("author", [" ", "<a@example.org>", "A <a", "A\nB", "A\x1b[0m", "[TODO] A"])
def test_another_author_is_refused_with_what_to_type(author: str) -> None:
    with pytest.raises(UsageError) as refused:
        checked_author(author)
    assert '--author "Your Name <you@example.org>"' in str(refused.value)
    assert "\x1b" not in str(refused.value)


def written(tmp_path: Path, author: str = AUTHOR) -> Path:
    directory = tmp_path / "migrations"
    directory.mkdir()
    scaffold = Scaffold(5, "add-ministers", author, DAY)
    return scaffold.write(directory, template_of(tmp_path), "migrations")


def test_the_files_are_those_of_the_template_with_author_date_and_name(tmp_path: Path) -> None:
    folder = written(tmp_path)
    assert folder.name == "005-add-ministers"
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "migrate.py"]
    assert (folder / "README.md").read_text().startswith("# 005-add-ministers\n")
    script = (folder / "migrate.py").read_text()
    assert f'AUTHOR = "{AUTHOR}"\nDATE = "2026-01-15"\n' in script
    for path in folder.iterdir():
        assert not {"[AUTHOR]", "[DATE]", "[TITLE]", "[NAME]"} & set(path.read_text().split())


@pytest.mark.parametrize("author", ['A "B" \\ C <a@b.c>', "आशा राई <asha@example.org>", "O'Neil"])
def test_any_author_makes_a_script_that_says_so(tmp_path: Path, author: str) -> None:
    tree = ast.parse((written(tmp_path, author) / "migrate.py").read_text("utf-8"))
    values = [
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    ]
    assert values[0] == author


def test_the_untouched_folder_is_no_migration_because_of_its_description_alone(
    tmp_path: Path,
) -> None:
    folder = written(tmp_path)
    found = discover(tmp_path / "migrations")[0]
    with pytest.raises(Exception, match="DESCRIPTION is still the placeholder"):
        load(found)
    script = folder / "migrate.py"
    script.write_text(script.read_text().replace("[TODO: say in one line what it does] ", ""))
    migration = load(discover(tmp_path / "migrations")[0])
    assert migration.description == "Add ministers"
    assert migration.date == DAY


def test_a_folder_or_file_of_the_name_stays_as_it_is(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "migrate.py").write_text("mine")
    scaffold = Scaffold(5, "add-ministers", AUTHOR, DAY)
    with pytest.raises(UsageError, match="already exists, and nothing in it was changed"):
        scaffold.write(folder.parent, template_of(tmp_path), "migrations")
    assert (folder / "migrate.py").read_text() == "mine"


def test_a_directory_that_cannot_be_written_to_is_the_environments_fault(tmp_path: Path) -> None:
    scaffold = Scaffold(5, "add-ministers", AUTHOR, DAY)
    with pytest.raises(UnavailableError, match="migrations/005-add-ministers cannot be written"):
        scaffold.write(tmp_path / "gone", template_of(tmp_path), "migrations")


def test_a_template_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    own = tmp_path / TEMPLATE
    own.mkdir(parents=True)
    (own / "migrate.py").write_bytes(b"\xff")
    (own / "README.md").write_text("# [NAME]\n")
    directory = tmp_path / "migrations"
    directory.mkdir()
    with pytest.raises(UsageError, match=r"migrate\.py is not UTF-8"):
        Scaffold(5, "x-y", AUTHOR, DAY).write(directory, template_of(tmp_path), "migrations")
    assert list(directory.iterdir()) == []


def test_a_project_may_have_a_template_of_its_own_with_more_files(tmp_path: Path) -> None:
    own = tmp_path / TEMPLATE
    (own / "__pycache__").mkdir(parents=True)
    (own / "migrate.py").write_text('A = "[AUTHOR]"\n')
    (own / "README.md").write_text("# [NAME]\n\n[TITLE]\n")
    (own / "data.csv").write_text("slug\n")
    folder = written(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "data.csv", "migrate.py"]
    assert (folder / "migrate.py").read_text() == f'A = "{AUTHOR}"\n'
    assert (folder / "README.md").read_text() == "# 005-add-ministers\n\nAdd ministers\n"


def test_a_template_of_its_own_without_a_readme_is_refused(tmp_path: Path) -> None:
    (tmp_path / TEMPLATE).mkdir(parents=True)
    (tmp_path / TEMPLATE / "migrate.py").write_text("")
    with pytest.raises(UsageError, match=r"templates/migration has no README\.md"):
        template_of(tmp_path)


def test_the_template_is_shipped_where_an_installed_package_looks_for_it(project: Path) -> None:
    import tomllib

    build = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    shipped = build["targets"]["wheel"]["force-include"]
    assert shipped[str(TEMPLATE)] == f"nes_tasks/{TEMPLATE}"
    assert {path.name for path in (project / TEMPLATE).iterdir()} >= {"migrate.py", "README.md"}


def test_the_readme_of_the_template_has_the_five_sections(project: Path) -> None:
    lines = (project / TEMPLATE / "README.md").read_text().splitlines()
    sections = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert sections == ["Purpose", "Data Sources", "Changes", "Dependencies", "Notes"]
