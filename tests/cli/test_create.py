"""`doit create`: from a name to a migration that can be edited, checked and applied."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from workspace import EPOCH, Workspace, create_person

AUTHOR = "Asha Rai <asha@example.org>"


def script(folder: Path) -> str:
    return (folder / "migrate.py").read_text("utf-8")


def described(folder: Path) -> None:
    """Replace the placeholders, as a contributor does."""
    for name in ("migrate.py", "README.md"):
        path = folder / name
        text = re.sub(r"\[TODO: say in one line what it does\] ", "", path.read_text("utf-8"))
        path.write_text(re.sub(r"\[TODO: (.*)\]", r"Here is \1.", text), "utf-8")


def test_it_makes_a_folder_with_the_next_number_author_date_and_says_what_to_do(
    workspace: Workspace,
) -> None:
    workspace.migration("004-before")
    ran = workspace.doit("create", "--author", AUTHOR, "Add ministers!", SOURCE_DATE_EPOCH=EPOCH)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "Created migrations/005-add-ministers. Fill in every [TODO …] in:",
        "  migrations/005-add-ministers/migrate.py",
        "  migrations/005-add-ministers/README.md",
        "Then:",
        "  doit check:005-add-ministers",
        "  doit preview 005-add-ministers",
        "  doit migrate:005-add-ministers",
    ]
    text = script(workspace.migrations / "005-add-ministers")
    assert f'AUTHOR = "{AUTHOR}"\nDATE = "2026-02-03"\n' in text


def test_the_first_migration_has_the_number_001_and_a_plain_name_is_not_commented_on(
    workspace: Workspace,
) -> None:
    ran = workspace.doit("create", "add-ministers")
    assert ran.out.startswith("Created migrations/001-add-ministers.")


def test_a_number_in_the_database_alone_is_taken_too(workspace: Workspace) -> None:
    workspace.migration("007-applied", create_person("asha-rai"))
    assert workspace.doit().code == 0
    (workspace.migrations / "007-applied").rename(workspace.root / "elsewhere")
    assert "Created migrations/008-x-y." in workspace.doit("create", "x", "y").out


def test_the_author_is_who_git_says(workspace: Workspace) -> None:
    workspace.doit("create", "x-y")
    assert 'AUTHOR = "Mina Maintainer <mina@example.org>"' in script(
        workspace.migrations / "001-x-y"
    )


def test_when_git_knows_nobody_it_says_what_to_type(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = workspace.environment
    monkeypatch.setattr(
        workspace,
        "environment",
        lambda **extra: {k: v for k, v in plain(**extra).items() if "GIT_AUTHOR" not in k},
    )
    ran = workspace.doit("create", "Add ministers")
    assert ran.code == 2
    assert ran.err == (
        "error: git does not know who you are, and a migration needs an author; "
        "doit create --author \"Your Name <you@example.org>\" 'Add ministers'\n"
    )
    assert list(workspace.migrations.iterdir()) == []
    workspace.git_in(workspace.root, "init", "-q")
    workspace.git_in(workspace.root, "config", "user.name", "Local Rai")
    workspace.git_in(workspace.root, "config", "user.email", "local@example.org")
    assert workspace.doit("create", "Add ministers").code == 0
    assert 'AUTHOR = "Local Rai <local@example.org>"' in script(
        workspace.migrations / "001-add-ministers"
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "the new migration needs a name; doit create add-ministers"),
        (["मन्त्री"], "no name for a migration can be made of 'मन्त्री'"),
        (["x", "--author", "<a@b.c>"], "the author is '<a@b.c>'"),
        (["n" * 100], "the name 001-nnnn"),
        (["--nonsense", "x"], "option --nonsense not recognized"),
    ],
)
def test_wrong_use_makes_nothing_and_ends_with_2(
    workspace: Workspace, args: list[str], said: str
) -> None:
    ran = workspace.doit("create", *args)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert said in ran.err
    assert list(workspace.migrations.iterdir()) == []


def test_what_is_in_the_way_stays(workspace: Workspace) -> None:
    (workspace.migrations / "001-x-y").write_text("a file, so no number is taken")
    ran = workspace.doit("create", "x-y")
    assert ran.code == 2
    assert "migrations/001-x-y is there already" in ran.err
    assert (workspace.migrations / "001-x-y").read_text().startswith("a file")


def test_the_untouched_template_is_neither_applied_nor_passes_the_check(
    workspace: Workspace,
) -> None:
    workspace.doit("create", "x-y")
    ran = workspace.doit()
    assert ran.code == 1
    assert "migrate.py: DESCRIPTION is still the placeholder '[TODO" in ran.err
    checked = workspace.doit("check")
    assert checked.code == 1
    places = re.findall(
        r"^error: migrations/001-x-y/(\S+):\d+: .*\[TODO", checked.out, re.MULTILINE
    )
    assert places == ["README.md", "README.md", "README.md", "migrate.py"]


def test_with_the_placeholders_replaced_it_passes_and_is_applied(workspace: Workspace) -> None:
    workspace.doit("create", "x-y")
    described(workspace.migrations / "001-x-y")
    assert workspace.doit("check").out == "1 migration checked: no problems found.\n"
    assert workspace.doit().code == 0
    assert workspace.applied() == ["001-x-y"]


def test_the_example_of_the_template_runs_when_it_is_uncommented(workspace: Workspace) -> None:
    workspace.doit("create", "add-people")
    folder = workspace.migrations / "001-add-people"
    described(folder)
    head, instruction, example = script(folder).partition("then make it yours.\n")
    assert instruction
    assert len(example.splitlines()) > 10
    uncommented = re.sub(r"^    # ", "    ", example, flags=re.MULTILINE)
    (folder / "migrate.py").write_text(head + instruction + uncommented, "utf-8")
    assert workspace.doit("check").code == 0
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    people = workspace.db / "v2/entity/person"
    asha = json.loads((people / "asha-rai.json").read_text())
    assert asha["tags"] == ["example"]
    assert asha["version_summary"]["version_number"] == 2
    assert asha["names"][0]["ne"]["full"] == "आशा राई"
    assert sorted(path.stem for path in people.iterdir()) == ["asha-rai", "bina-lama"]
    log = workspace.git("show", "HEAD:v2/migration-logs/001-add-people/log.txt")
    assert log == "Created 2 people"


def test_it_works_from_a_folder_below(workspace: Workspace) -> None:
    below = workspace.migrations / "001-first"
    workspace.migration("001-first")
    ran = workspace.doit("create", "-k", "x-y", cwd=below)
    assert ran.code == 0, ran.err
    assert (workspace.migrations / "002-x-y/migrate.py").is_file()


def test_help_teaches_with_an_example(workspace: Workspace) -> None:
    out = workspace.doit("help", "create").out
    assert 'doit create "Add the ministers of 2026"' in out
    assert "--author" in out
