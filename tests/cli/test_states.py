"""Applied, pending, drift, missing: the database alone knows."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from workspace import Workspace, create_person


@pytest.fixture(scope="module")
def applied_once(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with two applied migrations, to copy from."""
    workspace = Workspace(tmp_path_factory.mktemp("applied") / "project")
    workspace.migration("001-first", create_person("asha-rai"), files={"data.csv": "a\n1\n"})
    workspace.migration("002-second", create_person("bina-rai"))
    assert workspace.doit().code == 0
    return workspace


@pytest.fixture
def applied(applied_once: Workspace, tmp_path: Path) -> Workspace:
    """A project with two applied migrations."""
    return applied_once.copy_to(tmp_path / "project")


def listed(workspace: Workspace) -> dict[str, dict[str, str]]:
    """Return what `doit list` has of each migration and task, by name."""
    found = json.loads(workspace.doit("list", "--json", "--status").out)
    rows = [(f"migrate:{row['name']}", row) for row in found["migrations"]]
    return dict([*rows, *((row["name"], row) for row in found["tasks"] if row["name"] != "check")])


def letters(workspace: Workspace) -> dict[str, str]:
    """Return the status letter of each migration."""
    return {name: row["status"] for name, row in listed(workspace).items() if "status" in row}


def test_the_list_shows_state_date_author_and_description(applied: Workspace) -> None:
    applied.migration("003-third")
    (applied.migration("004-broken") / "README.md").unlink()
    applied.edit("002-second")
    shutil.rmtree(applied.migrations / "001-first")
    out = applied.doit("list").out.splitlines()
    assert [" ".join(line.split()) for line in out if line[:1].isdigit()] == [
        "001-first missing 2026-01-15 Asha Example Do 001-first",
        "002-second changed 2026-01-15 Asha Example Do 002-second (changed migrate.py)",
        "003-third pending 2026-01-15 Asha Example Do 003-third",
        "004-broken invalid - - migrations/004-broken has no README.md",
    ]
    assert out[out.index("") + 1 :][2:] == [
        "check    check migration folders; an error fails",
        "migrate  apply all pending migrations, in order",
    ]
    lettered = applied.doit("list", "--status").out.splitlines()
    assert [line[:6] for line in lettered if line[2:3].isdigit()] == [
        *("  001-", "D 002-", "R 003-", "E 004-")
    ]


def test_the_options_of_doits_list_go_on_working(applied: Workspace) -> None:
    applied.migration("003-third")
    assert applied.doit("list", "2").out.splitlines()[2:] == [
        "002-second  applied  2026-01-15  Asha Example  Do 002-second"
    ]
    assert applied.doit("list", "--deps", "2").out == (
        "002-second  applied  Do 002-second\n"
        " -  migrations/002-second/README.md\n -  migrations/002-second/migrate.py\n\n"
    )
    assert applied.doit("list", "-q").out.split() == [
        *("check", "migrate", "migrate:001-first", "migrate:002-second", "migrate:003-third")
    ]
    assert "check:003-third" in applied.doit("list", "--all").out
    assert "check:003-third" not in applied.doit("list").out
    template = applied.doit("list", "--template", "{name}!", "migrate:1").out
    assert template == "migrate:001-first!\n"
    found = json.loads(applied.doit("list", "migrate", "--json").out)
    assert [row["state"] for row in found["migrations"]] == ["applied", "applied", "pending"]
    assert [row["name"] for row in found["tasks"]] == ["migrate"]


def test_the_group_is_up_to_date_when_all_are_applied(applied: Workspace) -> None:
    assert letters(applied)["migrate"] == "U"
    applied.migration("003-third")
    assert letters(applied)["migrate"] == "R"


def test_without_any_local_state_it_is_still_up_to_date(applied: Workspace) -> None:
    shutil.rmtree(applied.root / ".nes-tasks")
    assert "nothing to do" in applied.doit().out


@pytest.mark.parametrize(
    "options",
    [
        ["--depth", "1"],
        ["--bare"],
        ["--no-checkout"],
        ["--filter=blob:none", "--sparse", "--depth", "1"],
    ],
    ids=["shallow", "bare", "no-checkout", "blobless-sparse"],
)
def test_any_kind_of_clone_knows_what_is_applied(applied: Workspace, options: list[str]) -> None:
    applied.git("config", "uploadpack.allowFilter", "true")
    applied.git_in(applied.root, "clone", "-q", *options, applied.db.as_uri(), "copy")
    if "--sparse" in options:
        applied.git_in(applied.root / "copy", "sparse-checkout", "set", "v2/migration-logs")
    applied.settings(database="copy")
    ran = applied.doit()
    assert (ran.code, ran.out) == (
        0,
        "copy is up to date: 2 migrations are applied, nothing to do.\n",
    )
    applied.migration("003-third", create_person("chet-rai"))
    ran = applied.doit()
    assert ran.code == 0, ran.err
    marker = applied.git_in(
        applied.root / "copy", "ls-tree", "--name-only", "HEAD", "v2/migration-logs/003-third/"
    )
    assert "v2/migration-logs/003-third/marker.toml" in marker


def test_a_revert_makes_exactly_that_one_pending_again(applied: Workspace) -> None:
    applied.git("revert", "--no-edit", "HEAD")
    states = letters(applied)
    assert states["migrate:001-first"] == "U"
    assert states["migrate:002-second"] == "R"
    assert not (applied.db / "v2/entity/person/bina-rai.json").exists()
    assert applied.doit().code == 0
    assert applied.applied() == ["001-first", "002-second"]


def test_an_edited_folder_is_drift_and_does_not_run_again(applied: Workspace) -> None:
    (applied.migrations / "001-first/data.csv").write_text("a\n2\n")
    (applied.migrations / "001-first/notes.md").write_text("new")
    before = applied.state()
    assert letters(applied)["migrate:001-first"] == "D"
    ran = applied.doit()
    assert ran.code == 0
    assert ran.err == (
        "warning: 001-first was changed after it was applied (changed data.csv; added notes.md)\n"
    )
    assert applied.state() == before


def test_drift_does_not_hold_up_later_migrations(applied: Workspace) -> None:
    (applied.migrations / "001-first/data.csv").write_text("a\n2\n")
    applied.migration("003-third", create_person("chet-rai"))
    assert applied.doit().code == 0
    assert applied.applied() == ["001-first", "002-second", "003-third"]


def test_force_executes_it_again_in_a_new_commit(applied: Workspace) -> None:
    script = applied.migrations / "002-second/migrate.py"
    script.write_text(
        script.read_text().split("    await")[0]
        + '    person = await context.db.get_entity("entity:person/bina-rai")\n'
        '    person.tags = ["again"]\n'
        '    await context.publication.update_entity(person, context.author_id, "Again")\n'
    )
    before = applied.git("rev-list", "--count", "HEAD")
    ran = applied.doit("migrate:002-second", "--force")
    assert ran.code == 0, ran.err
    assert int(applied.git("rev-list", "--count", "HEAD")) == int(before) + 1
    assert letters(applied)["migrate:002-second"] == "U"
    assert "again" in (applied.db / "v2/entity/person/bina-rai.json").read_text()


def test_forcing_one_leaves_the_later_ones_up_to_date(applied: Workspace) -> None:
    applied.migration("003-third", "pass")
    applied.doit()
    script = applied.migrations / "003-third/migrate.py"
    script.write_text(script.read_text() + "\n# edited\n")
    assert applied.doit("migrate:003-third", "--force").code == 0
    assert set(letters(applied).values()) == {"U"}


def test_an_applied_migration_without_folder_is_reported(applied: Workspace) -> None:
    shutil.rmtree(applied.migrations / "001-first")
    assert listed(applied)["migrate:001-first"]["state"] == "missing"
    assert applied.doit().code == 0


def test_a_record_of_the_earlier_system_counts_as_applied(workspace: Workspace) -> None:
    workspace.migration("000-example-migration", "raise SystemExit")
    workspace.git_in(workspace.root, "init", "-q", "-b", "main", "nes-db")
    log = workspace.db / "v2/migration-logs/000-example-migration"
    log.mkdir(parents=True)
    (log / "metadata.json").write_text(
        '{"migration_name": "000-example-migration", "author": "A", '
        '"date": "2024-11-08T00:00:00", "description": "d", "status": "completed"}'
    )
    workspace.git("add", ".")
    workspace.git("commit", "-qm", "Run 000-example-migration")
    ran = workspace.doit()
    assert (ran.code, ran.err) == (0, "")
    assert letters(workspace)["migrate:000-example-migration"] == "U"


def test_a_marker_that_is_not_committed_does_not_count(applied: Workspace) -> None:
    applied.migration("003-third", create_person("chet-rai"))
    marker = applied.db / "v2/migration-logs/003-third/marker.toml"
    marker.parent.mkdir()
    marker.write_text("format = 1\n")
    assert letters(applied)["migrate:003-third"] == "R"
    ran = applied.doit()
    assert ran.code == 3
    assert "nes-db has uncommitted changes: v2/migration-logs/003-third/" in ran.err


def test_what_is_changed_while_a_run_goes_on_is_never_overwritten(workspace: Workspace) -> None:
    mine = workspace.db / "v2/entity/person/bina-rai.json"
    leave = f'open("{mine}", "w").write("mine")'
    # When the second one starts, the folder is there because of the first.
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-second", f"{leave}\n{create_person('bina-rai')}")
    # The script stands for somebody at work in the folder, where the sandbox would not let it.
    ran = workspace.doit(NES_TASKS_SANDBOX="off")
    assert (ran.code, workspace.applied()) == (3, ["001-first"])
    assert "v2/entity/person/bina-rai.json" in ran.err
    assert mine.read_text() == "mine"


def test_files_that_git_ignores_are_no_inputs(workspace: Workspace) -> None:
    workspace.git_in(workspace.root, "init", "-q")
    (workspace.root / ".gitignore").write_text("*.secret\nnes-db/\n.nes-tasks/\n")
    folder = workspace.migration("001-first", create_person("asha-rai"))
    (folder / "key.secret").write_text("x")
    workspace.doit()
    assert "secret" not in workspace.git("show", "HEAD:v2/migration-logs/001-first/marker.toml")
    (folder / "key.secret").write_text("y")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/x.pyc").write_text("")
    (folder / "migrate.py~").write_text("")
    assert letters(workspace)["migrate:001-first"] == "U"


def test_touching_a_file_is_not_drift(applied: Workspace) -> None:
    os.utime(applied.migrations / "001-first/data.csv", (1, 1))
    assert letters(applied)["migrate:001-first"] == "U"


def test_a_database_that_was_copied_or_touched_is_not_taken_for_changed(
    applied: Workspace,
) -> None:
    applied.migration(
        "003-update",
        'person = await context.db.get_entity("entity:person/asha-rai")\n'
        'person.tags = ["new"]\n'
        'await context.publication.update_entity(person, context.author_id, "Tag")',
    )
    os.utime(applied.db / "v2/entity/person/asha-rai.json", (1, 1))
    ran = applied.doit()
    assert ran.code == 0, ran.err
    assert applied.git("status", "--porcelain") == ""


def test_files_may_be_called_like_the_keys_of_doit(workspace: Workspace) -> None:
    keys = ("ignore:", "deps:", "checker:", "_values_:", "result:")
    workspace.migration("001-first", files=dict.fromkeys(keys, "x"))
    assert workspace.doit().code == 0
    assert letters(workspace) == {"migrate": "U", "migrate:001-first": "U"}
    assert workspace.doit("migrate:001-first", "--force").code == 0
    assert workspace.git("rev-list", "--count", "HEAD") == "3"


def test_a_migration_without_folder_is_named_when_it_is_asked_for(applied: Workspace) -> None:
    shutil.rmtree(applied.migrations / "001-first")
    ran = applied.doit("migrate:1")
    assert ran.code == 2
    assert ran.err.startswith("error: 001-first is applied, but its folder is missing; ")


def test_what_is_pending_beyond_the_name_that_was_asked_for_is_said(applied: Workspace) -> None:
    applied.migration("003-third")
    ran = applied.doit("migrate:001-first")
    assert ran.out == "nothing to do, it is applied already; 1 more is pending: doit\n"


def test_a_clone_that_has_everything_is_up_to_date_at_once(applied: Workspace) -> None:
    origin = applied.root / "elsewhere"
    shutil.move(applied.db, origin)
    applied.settings(remote_url=origin.as_uri())
    assert applied.doit().out == "nes-db is up to date: 2 migrations are applied, nothing to do.\n"
