"""`doit create`: from a name to a migration that can be edited, checked and applied."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import openpyxl
import pytest
from template import uncommented
from workspace import EPOCH, Workspace, create_person

from nes_tasks.api import MigrationContext
from nes_tasks.running.toolbox import Calendar, Names, Values
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.publication import PublicationService
from nes_tasks.services.search import SearchService

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
    assert "migrations/001-x-y already exists" in ran.err
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
    assert places == ["README.md"] * 3 + ["migrate.py"] * 3


def test_a_run_refuses_what_the_template_left_in_the_readme_or_in_the_data(
    workspace: Workspace,
) -> None:
    workspace.doit("create", "x-y")
    folder = workspace.migrations / "001-x-y"
    script, readme = folder / "migrate.py", folder / "README.md"
    text = re.sub(r"\[TODO: say in one line what it does\] ", "", script.read_text("utf-8"))
    script.write_text(text, "utf-8")
    ran = workspace.doit()
    assert ran.code == 1
    assert (
        "migrations/001-x-y/README.md:5: it still contains the placeholder '[TODO: what this "
        "migration changes, and why]', and 4 more; replace it; doit check:001-x-y lists all\n"
    ) in ran.err
    assert not workspace.db.exists() or workspace.applied() == []
    # To try the script comes before writing about it.
    assert workspace.doit("preview", "1").code == 0
    readme.write_text("<!-- [TODO: not shown] -->\nWhat it does.\n")
    ran = workspace.doit()
    assert "001-x-y/migrate.py:17: it still contains the placeholder '[TODO: who pub" in ran.err
    assert ", and 1 more; replace it" in ran.err
    script.write_text(re.sub(r"\[TODO: (.*)\]", r"Here is \1.", text), "utf-8")
    assert workspace.doit().code == 0
    # What is applied stays what it was.
    readme.write_text("[TODO: the rest]\n")
    assert workspace.doit("replay").code == 0


def test_with_the_placeholders_replaced_it_passes_and_is_applied(workspace: Workspace) -> None:
    workspace.doit("create", "x-y")
    described(workspace.migrations / "001-x-y")
    assert workspace.doit("check").out == "1 migration checked: no problems found.\n"
    assert workspace.doit().code == 0
    assert workspace.applied() == ["001-x-y"]


DATA_FILE = re.compile(
    r"^    # # \d\. .*?([\w]+\.\w+)[^\n]*\n((?:    # #      .*\n)+)", re.MULTILINE
)


def write_data(folder: Path, text: str, *names: str) -> None:
    """Make the data files that the examples of the template name, with what is shown there."""
    shown = {
        name: re.sub(r"^    # #      ", "", content, flags=re.MULTILINE)
        for name, content in DATA_FILE.findall(text)
    }
    assert [*shown] == ["people.csv", "parties.xlsx", "provinces.json"]
    for name in names:
        if name.endswith(".xlsx"):
            sheet = openpyxl.Workbook()
            rows = list(csv.reader(shown[name].splitlines()))
            for row in [["Registered parties"], *rows]:
                sheet.active.append([int(cell) if cell.isdigit() else cell for cell in row])
            sheet.save(folder / name)
        else:
            (folder / name).write_text(shown[name], "utf-8")


@pytest.mark.parametrize(
    ("examples", "files", "made"),
    [
        ("1", ["people.csv"], ["person/asha-rai", "person/bina-lama"]),
        (
            "2",
            ["parties.xlsx"],
            ["organization/political_party/blue-party", "organization/political_party/green-party"],
        ),
        (
            "3",
            ["provinces.json"],
            ["location/district/example-district", "location/province/example-province"],
        ),
    ],
)
def test_each_example_of_the_template_runs_when_it_is_uncommented(
    workspace: Workspace, examples: str, files: list[str], made: list[str]
) -> None:
    workspace.doit("create", "add-people")
    folder = workspace.migrations / "001-add-people"
    described(folder)
    text = script(folder)
    write_data(folder, text, *files)
    (folder / "migrate.py").write_text(uncommented(text, *examples), "utf-8")
    checked = workspace.doit("check")
    assert checked.out == "1 migration checked: no problems found.\n"
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    entities = workspace.db / "v2/entity"
    found = sorted(
        p.relative_to(entities).with_suffix("").as_posix() for p in entities.rglob("*.json")
    )
    assert found == made
    for path in entities.rglob("*.json"):
        assert json.loads(path.read_text("utf-8"))["attributions"][0]["title"]["en"]["value"]


@pytest.fixture
def whole(workspace: Workspace) -> Path:
    """The folder of a migration with all of the template uncommented."""
    workspace.doit("create", "add-people")
    folder = workspace.migrations / "001-add-people"
    described(folder)
    text = script(folder)
    write_data(folder, text, "people.csv", "parties.xlsx", "provinces.json")
    (folder / "migrate.py").write_text(uncommented(text, *"1234", verify=True), "utf-8")
    return folder


def test_the_whole_template_runs_when_it_is_uncommented(workspace: Workspace, whole: Path) -> None:
    assert workspace.doit("check").out == "1 migration checked: no problems found.\n"
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    people = workspace.db / "v2/entity/person"
    asha = json.loads((people / "asha-rai.json").read_text("utf-8"))
    assert asha["tags"] == ["party-member"]
    assert asha["names"][0]["ne"]["full"] == "आशा राई"
    assert asha["contacts"] == [{"type": "PHONE", "value": "+9779841234567"}]
    parties = workspace.db / "v2/entity/organization/political_party"
    party = json.loads((parties / "green-party.json").read_text("utf-8"))
    assert party["registration_date"] == "2023-03-04"
    relationships = list((workspace.db / "v2/relationship").rglob("MEMBER_OF.json"))
    assert len(relationships) == 2
    log = workspace.git("show", "HEAD:v2/migration-logs/001-add-people/log.txt")
    assert log == "Created 2 people"
    assert workspace.doit("verify").code == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("SEATS", 74), "the sum of seats is 164, not 165"),
        (('"parent": created.id,', ""), "every district has a province, but not"),
        (('"organization": 2,', '"organization": 3,'), "organization"),
    ],
)
def test_verify_and_expect_of_the_template_find_what_is_wrong(
    workspace: Workspace, whole: Path, change: tuple[str, object], said: str
) -> None:
    if change[0] == "SEATS":
        book = openpyxl.load_workbook(whole / "parties.xlsx")
        book.active["D4"] = change[1]
        book.save(whole / "parties.xlsx")
    else:
        text = script(whole)
        assert change[0] in text
        (whole / "migrate.py").write_text(text.replace(change[0], str(change[1])), "utf-8")
    ran = workspace.doit()
    assert ran.code == 1
    assert said in ran.err
    assert not (workspace.db / "v2").exists()


def test_the_template_names_what_a_contributor_needs_and_nothing_that_is_not_there(
    project: Path,
) -> None:
    text = (project / "templates/migration/migrate.py").read_text("utf-8")
    context = {name for name in dir(MigrationContext) if not name.startswith("_")}
    fields = {"publication", "search", "db", "migration_dir"}
    rare = {"scraping", "logs"}
    named = set(re.findall(r"\w+", "\n".join(re.findall(r"context\..*", text))))
    assert (context | fields) - rare <= named
    services = {
        "publication": PublicationService,
        "search": SearchService,
        "db": EntityDatabase,
        "calendar": Calendar,
        "names": Names,
        "values": Values,
    }
    for attribute, methods in re.findall(r"context\.(\w+)\.(\w+(?:, (?!context)\w+)*)", text):
        if attribute in services:
            for method in methods.split(", "):
                assert hasattr(services[attribute], method), f"context.{attribute}.{method}"
    assert {"create_entity", "update_relationship", "find_similar_names", "best_match"} <= named


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
