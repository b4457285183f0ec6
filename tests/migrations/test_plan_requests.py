"""The plan: migrations that a command names, and the last check before a run."""

from __future__ import annotations

import pytest
from migrations_directory import SCRIPT, Directory
from plans import EarlierRecord, states, three

from nes_tasks.errors import (
    InvalidMigrationError,
    MigrationRefusedError,
    NesTasksError,
    UsageError,
)
from nes_tasks.migrations import Decision, Plan, check_may_run

# --- look-up --------------------------------------------------------------------------------


@pytest.fixture
def named(migrations: Directory) -> Plan:
    for name in ("005-add-ministers", "015-add-wards", "016-fix-wards-2082", "1000-last"):
        migrations.add(name)
    applied = {"007-redact-a": EarlierRecord(), "007-source-b": EarlierRecord()}
    return Plan.build(migrations.folders(), applied, out_of_order=True)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("005-add-ministers", "005-add-ministers"),
        ("005", "005-add-ministers"),
        ("5", "005-add-ministers"),
        ("0005", "005-add-ministers"),
        ("15", "015-add-wards"),
        ("1000", "1000-last"),
        ("ministers", "005-add-ministers"),
        ("MINIST", "005-add-ministers"),
        ("5-add-m", "005-add-ministers"),
        ("2082", "016-fix-wards-2082"),
        ("redact", "007-redact-a"),
        ("migrations/015-add-wards/", "015-add-wards"),
        ("  005 ", "005-add-ministers"),
    ],
)
def test_a_migration_is_found_by_what_people_type(named: Plan, text: str, name: str) -> None:
    assert named.resolve(text).name == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("wards", "015-add-wards or 016-fix-wards-2082"),
        ("7", "007-redact-a or 007-source-b"),
        ("add-", "005-add-ministers or 015-add-wards"),
    ],
)
def test_an_ambiguous_text_names_what_it_can_mean(named: Plan, text: str, names: str) -> None:
    with pytest.raises(UsageError, match=f"can mean {names}"):
        named.resolve(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("005-add-minsters", "did you mean 005-add-ministers?"),
        ("add-minister5", "did you mean 005-add-ministers?"),
        ("redcat-a", "did you mean 007-redact-a?"),
        ("xyzzy", "doit list shows them"),
        ("6", "doit list shows them"),
        ("82", "doit list shows them"),
        ("५", "doit list shows them"),
        ("9" * 5000, "doit list shows them"),
        ("", "doit list shows them"),
        ("/", "doit list shows them"),
        ("\x1b[31m\n", "doit list shows them"),
    ],
)
def test_an_unknown_text_is_refused_with_a_suggestion(named: Plan, text: str, hint: str) -> None:
    with pytest.raises(UsageError, match="there is no migration") as caught:
        named.resolve(text)
    assert caught.value.hint == hint
    assert str(caught.value).isprintable()
    assert caught.value.exit_code == 2


def test_without_migrations_the_suggestion_is_to_make_one() -> None:
    with pytest.raises(UsageError, match="doit create NAME"):
        Plan([]).resolve("5")


def test_indexing_needs_the_full_name(named: Plan) -> None:
    assert named["005-add-ministers"].prefix == 5
    assert "005" not in named
    with pytest.raises(KeyError):
        named["005"]


# --- the guard ------------------------------------------------------------------------------


def refused(plan: Plan, name: str, *, force: bool = False) -> NesTasksError:
    with pytest.raises(NesTasksError) as caught:
        check_may_run(plan, name, force=force)
    assert caught.value.hint
    return caught.value


def test_the_first_pending_migration_may_run(migrations: Directory) -> None:
    three(migrations)
    plan = Plan.build(migrations.folders(), migrations.record("001-a"))
    assert check_may_run(plan, "002-b") == Decision(run=True)
    assert check_may_run(plan, "002-b", force=True) == Decision(run=True)


@pytest.mark.parametrize("force", [False, True])
def test_a_later_one_must_wait_for_the_first_unapplied(migrations: Directory, force: bool) -> None:
    three(migrations)
    error = refused(Plan.build(migrations.folders(), {}), "003-c", force=force)
    assert isinstance(error, MigrationRefusedError)
    assert error.message == "003-c cannot be applied before 001-a"
    assert error.hint == "doit migrate:001-a"


def test_a_broken_folder_holds_up_what_comes_after_it_alone(migrations: Directory) -> None:
    three(migrations)
    (migrations.path / "002-b/README.md").unlink()
    plan = Plan.build(migrations.folders(), {})
    assert check_may_run(plan, "001-a") == Decision(run=True)
    plan = Plan.build(migrations.folders(), migrations.record("001-a"))
    error = refused(plan, "003-c")
    assert isinstance(error, MigrationRefusedError)
    assert "migrations/002-b has no README.md" in error.message
    assert error.hint
    assert "write migrations/002-b/README.md" in error.hint
    assert check_may_run(plan, "003-c", passed_over={"002-b"}) == Decision(run=True)


def test_what_needs_a_new_number_holds_up_nothing(migrations: Directory) -> None:
    for name in ("001-late", "003-again", "003-c", "004-d"):
        migrations.add(name)
    plan = Plan.build(migrations.folders(), migrations.record("003-c"))
    assert list(states(plan).items()) == [
        ("003-c", "applied"),
        ("004-d", "pending"),
        ("001-late", "invalid"),
        ("003-again", "invalid"),
    ]
    assert check_may_run(plan, "004-d") == Decision(run=True)


def test_an_applied_migration_is_skipped(migrations: Directory) -> None:
    three(migrations)
    plan = Plan.build(migrations.folders(), migrations.record("001-a", "002-b"))
    assert check_may_run(plan, "001-a") == Decision(run=False, reason="already applied")


def test_drift_is_skipped_with_the_files_named(migrations: Directory) -> None:
    migrations.add("001-a")
    applied = migrations.record("001-a")
    migrations.write("001-a/notes.txt", "new")
    decision = check_may_run(Plan.build(migrations.folders(), applied), "001-a")
    assert not decision.run
    assert decision.reason == ("already applied; its folder has changed since: added notes.txt")


@pytest.mark.parametrize("name", ["001-a", "002-b"])
def test_force_executes_an_applied_one_again_whatever_follows(
    migrations: Directory, name: str
) -> None:
    three(migrations)
    applied = migrations.record("001-a", "002-b")
    migrations.write("001-a/notes.txt", "new")
    migrations.add("009-broken", readme=None)
    plan = Plan.build(migrations.folders(), applied)
    assert check_may_run(plan, name, force=True) == Decision(run=True, again=True)


def test_force_does_not_execute_a_folder_that_is_no_migration(migrations: Directory) -> None:
    migrations.add("001-a")
    applied = migrations.record("001-a")
    migrations.write("001-a/run.py", SCRIPT)
    plan = Plan.build(migrations.folders(), applied)
    assert check_may_run(plan, "001-a").run is False
    assert "has two scripts" in refused(plan, "001-a", force=True).message


def test_force_does_not_execute_a_folder_that_cannot_be_read(migrations: Directory) -> None:
    migrations.add("001-a")
    applied = migrations.record("001-a")
    (migrations.path / "001-a/data.csv").symlink_to("/etc/passwd")
    plan = Plan.build(migrations.folders(), applied)
    assert "leads out of the folder" in (check_may_run(plan, "001-a").reason or "")
    assert isinstance(refused(plan, "001-a", force=True), InvalidMigrationError)


def test_a_missing_folder_is_skipped_and_cannot_be_forced(migrations: Directory) -> None:
    plan = Plan.build(migrations.folders(), {"001-gone": EarlierRecord()})
    assert check_may_run(plan, "001-gone") == Decision(run=False, reason="already applied")
    error = refused(plan, "001-gone", force=True)
    assert isinstance(error, MigrationRefusedError)
    assert "its folder is missing" in error.message


@pytest.mark.parametrize("force", [False, True])
def test_a_pending_one_before_an_applied_one_is_refused(migrations: Directory, force: bool) -> None:
    three(migrations)
    plan = Plan.build(migrations.folders(), migrations.record("003-c"))
    assert "comes before 003-c" in refused(plan, "001-a", force=force).message


def test_an_invalid_one_is_refused_with_its_problem(migrations: Directory) -> None:
    migrations.add("001-a", script="")
    plan = Plan.build(migrations.folders(), {})
    assert refused(plan, "001-a").message == "migrations/001-a/migrate.py is empty"


def test_a_folder_that_went_away_meanwhile_is_refused(migrations: Directory) -> None:
    error = refused(Plan.build(migrations.folders(), {}), "001-a")
    assert isinstance(error, MigrationRefusedError)
    assert "001-a has neither a folder nor a record" in error.message
