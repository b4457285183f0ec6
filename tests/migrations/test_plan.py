"""The plan: states, order, refusals, look-up and the last check before a run."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from migrations_directory import SCRIPT, Directory

from nes_tasks.database.marker import Marker, Metadata
from nes_tasks.errors import (
    InvalidMigrationError,
    MigrationRefusedError,
    NesTasksError,
    UsageError,
)
from nes_tasks.migrations import AppliedRecord, Decision, HashCache, Plan, State, check_may_run

LEGACY = Metadata(
    "Damodar Dahal", dt.date(2025, 11, 11), "[TODO: Describe what this migration does]"
)


@dataclass(frozen=True)
class EarlierRecord:
    """What an earlier system's log tells: everything but the inputs."""

    metadata: Metadata = LEGACY
    inputs: None = None


def states(plan: Plan) -> dict[str, str]:
    return {entry.name: str(entry.state) for entry in plan}


def chain(plan: Plan) -> dict[str, str | None]:
    return {entry.name: entry.predecessor for entry in plan}


def told(plan: Plan, name: str) -> InvalidMigrationError:
    problem = plan[name].problem
    assert problem is not None
    assert problem.hint
    return problem


def three(migrations: Directory) -> None:
    for name in ("001-a", "002-b", "003-c"):
        migrations.add(name)


# --- states ---------------------------------------------------------------------------------


def test_folders_without_records_are_pending_in_order(migrations: Directory) -> None:
    three(migrations)
    plan = Plan.build(reversed(migrations.folders()), {})
    assert chain(plan) == {"001-a": None, "002-b": "001-a", "003-c": "002-b"}
    assert plan.pending == plan.entries
    assert plan["002-b"].migration is not None
    assert plan["002-b"].metadata is plan["002-b"].migration.metadata


def test_recorded_migrations_with_the_same_files_are_applied(migrations: Directory) -> None:
    three(migrations)
    plan = Plan.build(migrations.folders(), migrations.record("001-a", "002-b"))
    assert states(plan) == {"001-a": "applied", "002-b": "applied", "003-c": "pending"}
    assert chain(plan)["003-c"] == "002-b"
    assert len(plan) == 3


def test_an_applied_migration_is_described_by_its_record(migrations: Directory) -> None:
    migrations.add("001-a")
    (entry,) = Plan.build(migrations.folders(), migrations.record("001-a"))
    assert entry.metadata is not None
    assert entry.metadata.author == "Recorded Author"
    assert entry.migration is None


def test_scripts_of_applied_migrations_are_not_parsed(migrations: Directory) -> None:
    migrations.add("001-a", script="this is (no Python\n")
    plan = Plan.build(migrations.folders(), migrations.record("001-a"))
    assert states(plan) == {"001-a": "applied"}


def test_drift_names_the_files(migrations: Directory) -> None:
    migrations.add("001-a", files={"data.csv": "1", "old.csv": "2", "same.csv": "3"})
    applied = migrations.record("001-a")
    migrations.write("001-a/data.csv", "changed")
    migrations.write("001-a/new/notes.md", "new")
    (migrations.path / "001-a/old.csv").unlink()
    (entry,) = Plan.build(migrations.folders(), applied).drifted
    assert (entry.changed, entry.added, entry.removed) == (
        ("data.csv",),
        ("new/notes.md",),
        ("old.csv",),
    )
    assert entry.difference == "changed data.csv; added new/notes.md; removed old.csv"
    assert entry.is_applied


def test_what_would_make_a_new_folder_invalid_is_drift_of_an_applied_one(
    migrations: Directory,
) -> None:
    three(migrations)
    applied = migrations.record("001-a", "002-b", "003-c")
    (migrations.path / "001-a/README.md").unlink()
    migrations.write("001-a/notes.txt", "new")
    migrations.write("002-b/run.py", SCRIPT)
    (migrations.path / "003-c/data.csv").symlink_to("/etc/passwd")
    plan = Plan.build(migrations.folders(), applied)
    assert set(states(plan).values()) == {"drift"}
    assert plan["001-a"].removed == ("README.md",)
    assert plan["002-b"].added == ("run.py",)
    assert "leads out of the folder" in plan["003-c"].difference


@pytest.mark.parametrize("edit", [lambda p: p.write_text("other"), lambda p: p.unlink()])
def test_another_readme_is_a_note_and_no_drift(
    migrations: Directory, edit: Callable[[Path], object]
) -> None:
    migrations.add("001-a", files={"README.txt": "x", "data/README.md": "x"})
    applied = migrations.record("001-a")
    edit(migrations.path / "001-a/README.md")
    entry = Plan.build(migrations.folders(), applied)["001-a"]
    assert entry.state == "applied"
    assert entry.note in ("changed README.md", "removed README.md")
    # The one in a folder below is data like any other.
    migrations.write("001-a/data/README.md", "y")
    entry = Plan.build(migrations.folders(), applied)["001-a"]
    assert (entry.state, entry.note) == ("drift", "")


def test_leavings_of_tools_are_no_drift(migrations: Directory) -> None:
    migrations.add("001-a")
    applied = migrations.record("001-a")
    for name in ("__pycache__/migrate.cpython-311.pyc", "migrate.py~", ".DS_Store"):
        migrations.write(f"001-a/{name}", "x")
    assert states(Plan.build(migrations.folders(), applied)) == {"001-a": "applied"}


def test_a_touched_file_is_no_drift(migrations: Directory) -> None:
    migrations.add("001-a")
    applied = migrations.record("001-a")
    os.utime(migrations.path / "001-a/migrate.py", (0, 0))
    assert states(Plan.build(migrations.folders(), applied)) == {"001-a": "applied"}


def test_a_record_without_a_folder_is_missing_and_in_nobodys_way(migrations: Directory) -> None:
    three(migrations)
    applied: dict[str, AppliedRecord] = dict(migrations.record("001-a"))
    applied["002-gone"] = EarlierRecord()
    (migrations.path / "002-b/README.md").rename(migrations.path / "x")
    for leftover in (migrations.path / "002-b").iterdir():
        leftover.unlink()
    (migrations.path / "002-b").rmdir()
    plan = Plan.build(migrations.folders(), applied)
    assert states(plan) == {"001-a": "applied", "002-gone": "missing", "003-c": "pending"}
    assert chain(plan) == {"001-a": None, "002-gone": None, "003-c": "001-a"}
    assert plan["002-gone"].folder is None
    assert plan["002-gone"].metadata == EarlierRecord().metadata


def test_a_folder_with_nothing_for_git_in_it_counts_as_missing(migrations: Directory) -> None:
    migrations.add("001-a")
    applied = migrations.record("001-a")
    for name in ("migrate.py", "README.md"):
        (migrations.path / "001-a" / name).unlink()
    migrations.write("001-a/__pycache__/migrate.cpython-311.pyc", "x")
    assert states(Plan.build(migrations.folders(), applied)) == {"001-a": "missing"}


@pytest.mark.parametrize("readme", [None, "# Words\n"])
def test_without_recorded_inputs_a_migration_is_applied(
    migrations: Directory, readme: str | None
) -> None:
    migrations.add("001-a", readme=readme)
    migrations.add("002-b")
    without = dataclasses.replace(migrations.record("002-b")["002-b"], inputs={})
    applied: dict[str, AppliedRecord] = {"001-a": EarlierRecord(), "002-b": without}
    plan = Plan.build(migrations.folders(), applied)
    assert states(plan) == {"001-a": "applied", "002-b": "applied"}


def test_nothing_at_all_is_a_plan(migrations: Directory) -> None:
    plan = Plan.build(migrations.folders(), {})
    assert len(plan) == 0
    assert plan.next_number == 1


def test_the_views_share_the_entries_among_them(migrations: Directory) -> None:
    for name in ("001-applied", "002-drift", "003-gone", "004-pending", "005_invalid"):
        migrations.add(name, files={"which.txt": name})
    applied = migrations.record("001-applied", "002-drift", "003-gone")
    migrations.write("002-drift/migrate.py", "changed")
    (migrations.path / "003-gone").rename(migrations.path / ".hidden")
    plan = Plan.build(migrations.folders(), applied)
    views = (plan.applied, plan.drifted, plan.missing, plan.invalid, plan.pending)
    assert [[entry.name for entry in view] for view in views] == [
        ["001-applied"],
        ["002-drift"],
        ["003-gone"],
        ["005_invalid"],
        ["004-pending"],
    ]
    assert plan.in_state(State.DRIFT) == plan.drifted


# --- order ----------------------------------------------------------------------------------


def test_an_invalid_folder_stands_at_its_number_and_an_unnumbered_one_last(
    migrations: Directory,
) -> None:
    for name in ("001-a", "002-b", "004-d"):
        migrations.add(name)
    migrations.add("003-c", script="def migrate(:")
    migrations.add("9-Nine")
    plan = Plan.build(migrations.folders(), migrations.record("001-a"))
    assert list(chain(plan).items()) == [
        ("001-a", None),
        ("002-b", "001-a"),
        ("003-c", "002-b"),
        ("004-d", "003-c"),
        ("9-Nine", "004-d"),
    ]
    assert "expected" in told(plan, "003-c").message or "invalid" in told(plan, "003-c").message


def test_numbers_beyond_three_digits_come_last(migrations: Directory) -> None:
    for name in ("1000-z", "999-y", "200-x"):
        migrations.add(name)
    assert list(states(Plan.build(migrations.folders(), {}))) == ["200-x", "999-y", "1000-z"]


def test_the_order_of_the_arguments_does_not_matter(migrations: Directory) -> None:
    for name in ("001-a", "002-b", "002-c", "003-d", "3-D", "005-e", "004-f"):
        migrations.add(name)
    folders = migrations.folders()
    records = list(migrations.record("001-a", "005-e").items())
    plans = set()
    for seed in range(20):
        random.Random(seed).shuffle(folders)
        random.Random(seed).shuffle(records)
        plan = Plan.build(folders, dict(records))
        plans.add(tuple((e.name, e.state, e.predecessor, str(e.problem)) for e in plan))
    assert len(plans) == 1


def test_drift_does_not_stop_what_comes_after(migrations: Directory) -> None:
    three(migrations)
    applied = migrations.record("001-a")
    migrations.write("001-a/notes.txt", "new")
    plan = Plan.build(migrations.folders(), applied)
    assert chain(plan)["002-b"] == "001-a"
    assert check_may_run(plan, "002-b") == Decision(run=True)


# --- numbers --------------------------------------------------------------------------------


def test_two_new_folders_with_one_number_are_both_invalid(migrations: Directory) -> None:
    for name in ("005-a", "005-b", "006-c"):
        migrations.add(name)
    plan = Plan.build(migrations.folders(), {})
    assert states(plan) == {"005-a": "invalid", "005-b": "invalid", "006-c": "pending"}
    assert told(plan, "005-a").message == "migrations/005-a has the same number as 005-b"
    assert told(plan, "005-b").message == "migrations/005-b has the same number as 005-a"
    for name in ("005-a", "005-b"):
        assert told(plan, name).hint == "mv migrations/005-b migrations/007-b"


def test_three_folders_with_one_number_get_different_new_ones(migrations: Directory) -> None:
    for name in ("005-a", "005-b", "005-c"):
        migrations.add(name)
    plan = Plan.build(migrations.folders(), {})
    assert told(plan, "005-b").message == "migrations/005-b has the same number as 005-a and 005-c"
    hint = "mv migrations/005-b migrations/006-b && mv migrations/005-c migrations/007-c"
    assert {told(plan, entry.name).hint for entry in plan} == {hint}


def test_following_the_hints_makes_a_plan_without_problems(migrations: Directory) -> None:
    for name in ("001-a", "002-b", "002-c", "002-d", "003-e", "5-F_f", "005-g"):
        migrations.add(name)
    applied = migrations.record("001-a", "003-e")
    for _ in range(2):  # a corrected name can be too early for what is applied
        for entry in Plan.build(migrations.folders(), applied).invalid:
            assert entry.problem is not None
            for command in (entry.problem.hint or "").split(",")[0].split(" && "):
                mv, old, new = command.split()
                assert mv == "mv"
                source = migrations.path.parent / old
                target = migrations.path.parent / new
                if source.exists():
                    assert not target.exists()
                    source.rename(target)
    plan = Plan.build(migrations.folders(), applied)
    assert plan.invalid == ()
    assert len(plan.pending) == 5


def test_named_migrations_may_share_a_number_and_have_the_order_of_their_names(
    migrations: Directory,
) -> None:
    for name in ("006-a", "007-redact", "007-source", "008-b"):
        migrations.add(name, files={"which.txt": name})
    pair = ("007-source", "007-redact")
    plan = Plan.build(migrations.folders(), {}, same_number=pair)
    assert list(states(plan)) == ["006-a", "007-source", "007-redact", "008-b"]
    assert plan.invalid == ()
    plan = Plan.build(
        migrations.folders(), migrations.record("006-a", "007-source"), same_number=pair
    )
    assert check_may_run(plan, "007-redact") == Decision(run=True)
    plan = Plan.build(
        migrations.folders(), migrations.record("006-a", "007-redact"), same_number=pair
    )
    assert told(plan, "007-source").message == (
        "migrations/007-source comes before 007-redact, which is already applied"
    )
    migrations.add("007-third")
    plan = Plan.build(migrations.folders(), {}, same_number=pair)
    assert [entry.name for entry in plan.invalid] == ["007-source", "007-redact", "007-third"]


def test_history_may_hold_a_number_twice(migrations: Directory) -> None:
    migrations.add("007-redact")
    migrations.add("007-source")
    plan = Plan.build(migrations.folders(), migrations.record("007-redact", "007-source"))
    assert states(plan) == {"007-redact": "applied", "007-source": "applied"}


@pytest.mark.parametrize("out_of_order", [False, True])
@pytest.mark.parametrize(("first", "second"), [("007-a", "007-b"), ("007-b", "007-a")])
def test_a_new_folder_with_the_number_of_an_applied_one_is_the_invalid_one(
    migrations: Directory, first: str, second: str, out_of_order: bool
) -> None:
    migrations.add(first)
    applied = migrations.record(first)
    migrations.add(second)
    plan = Plan.build(migrations.folders(), applied, out_of_order=out_of_order)
    assert states(plan) == {first: "applied", second: "invalid"}
    problem = told(plan, second)
    expected = f"migrations/{second} has the number of {first}, which is already applied"
    assert problem.message == expected
    assert problem.hint == f"mv migrations/{second} migrations/008-{second[4:]}"


def test_the_number_of_a_missing_folder_stays_taken(migrations: Directory) -> None:
    migrations.add("005-b")
    plan = Plan.build(migrations.folders(), {"005-a": EarlierRecord()})
    assert "has the number of 005-a" in told(plan, "005-b").message
    assert plan.next_number == 6


def test_a_folder_without_files_takes_no_number(migrations: Directory) -> None:
    migrations.add("005-a", script=None, readme=None)
    migrations.add("005-b")
    plan = Plan.build(migrations.folders(), {})
    assert states(plan) == {"005-a": "invalid", "005-b": "pending"}
    assert "holds no files" in told(plan, "005-a").message


def test_a_new_folder_before_an_applied_one_is_invalid(migrations: Directory) -> None:
    three(migrations)
    plan = Plan.build(migrations.folders(), migrations.record("001-a", "003-c"))
    problem = told(plan, "002-b")
    assert problem.message == "migrations/002-b comes before 003-c, which is already applied"
    assert (problem.hint or "").startswith("mv migrations/002-b migrations/004-b, or set ")
    assert 'out_of_order = "allow"' in (problem.hint or "")


def test_out_of_order_allows_it_after_all_applied_ones(migrations: Directory) -> None:
    three(migrations)
    migrations.add("004-d")
    applied = migrations.record("001-a", "003-c")
    plan = Plan.build(migrations.folders(), applied, out_of_order=True)
    assert list(chain(plan).items()) == [
        ("001-a", None),
        ("003-c", "001-a"),
        ("002-b", "003-c"),
        ("004-d", "002-b"),
    ]
    assert check_may_run(plan, "002-b") == Decision(run=True)


def test_records_without_a_number_hold_up_nothing(migrations: Directory) -> None:
    migrations.add("001-a")
    plan = Plan.build(migrations.folders(), {"by-hand": EarlierRecord()})
    assert states(plan) == {"by-hand": "missing", "001-a": "pending"}
    assert plan["by-hand"].prefix is None


@pytest.mark.parametrize(
    ("folders", "records", "number"),
    [
        (["000-a"], [], 1),
        (["001-a", "007-b"], [], 8),
        (["001-a"], ["009-gone"], 10),
        (["999-a"], [], 1000),
        (["notes"], [], 1),
    ],
)
def test_the_next_number_is_after_the_highest(
    migrations: Directory, folders: list[str], records: list[str], number: int
) -> None:
    for name in folders:
        migrations.add(name)
    plan = Plan.build(migrations.folders(), {name: EarlierRecord() for name in records})
    assert plan.next_number == number


# --- renamed folders ------------------------------------------------------------------------


@pytest.mark.parametrize("renamed", ["005-b", "006-a", "004-a"])
def test_a_renamed_applied_folder_is_not_applied_again(migrations: Directory, renamed: str) -> None:
    folder = migrations.add("005-a")
    applied = migrations.record("005-a")
    folder.rename(migrations.path / renamed)
    plan = Plan.build(migrations.folders(), applied, out_of_order=True)
    assert states(plan) == {"005-a": "missing", renamed: "invalid"}
    problem = told(plan, renamed)
    assert "is 005-a under another name" in problem.message
    assert problem.hint == f"mv migrations/{renamed} migrations/005-a"


def test_what_a_rename_left_behind_is_cleared_first(migrations: Directory) -> None:
    folder = migrations.add("005-a")
    applied = migrations.record("005-a")
    folder.rename(migrations.path / "006-a")
    migrations.write("005-a/__pycache__/migrate.pyc", "x")
    plan = Plan.build(migrations.folders(), applied)
    hint = "rm -r migrations/005-a && mv migrations/006-a migrations/005-a"
    assert told(plan, "006-a").hint == hint


def test_a_similar_folder_is_not_taken_for_a_renamed_one(migrations: Directory) -> None:
    folder = migrations.add("005-a")
    applied = migrations.record("005-a")
    folder.rename(migrations.path / "006-a")
    migrations.write("006-a/README.md", "other words")
    migrations.add("007-b", files={"data.csv": "x"})
    plan = Plan.build(migrations.folders(), applied)
    assert states(plan) == {"005-a": "missing", "006-a": "pending", "007-b": "pending"}


def test_a_file_that_vanishes_during_the_comparison_is_told(migrations: Directory) -> None:
    folder = migrations.add("005-a")
    applied = migrations.record("005-a")
    folder.rename(migrations.path / "006-a")
    folders = migrations.folders()
    (migrations.path / "006-a/README.md").unlink()
    plan = Plan.build(folders, applied)
    assert "README.md cannot be read" in told(plan, "006-a").message


# --- with a cache ---------------------------------------------------------------------------


def test_a_cache_changes_nothing_but_the_work(migrations: Directory, tmp_path: Path) -> None:
    three(migrations)
    migrations.add("004-d", script="def migrate(:")
    applied = migrations.record("001-a", "002-b")
    migrations.write("002-b/notes.txt", "new")
    path = tmp_path / "state" / "cache.json"
    plain = Plan.build(migrations.folders(), applied).entries
    for _ in range(2):
        cache = HashCache(path, clock=lambda: time.time_ns() + 60_000_000_000)
        cached = Plan.build(migrations.folders(), applied, cache=cache).entries
        cache.save()
        assert [(e.name, e.state, str(e.problem)) for e in cached] == [
            (e.name, e.state, str(e.problem)) for e in plain
        ]
    assert path.exists()


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
    assert "001-a is neither a folder nor applied" in error.message


# --- many -----------------------------------------------------------------------------------


def test_a_thousand_folders_make_one_chain(migrations: Directory) -> None:
    names = [f"{number:03d}-step" for number in range(1, 1001)]
    for name in names:
        migrations.add(name)
    applied: dict[str, Marker] = migrations.record(*names[:3])
    plan = Plan.build(migrations.folders(), applied)
    assert list(chain(plan).items()) == list(zip(names, [None, *names], strict=False))
    assert [entry.name for entry in plan.applied] == names[:3]
    assert plan.next_number == 1001


# --- what a run changes ---------------------------------------------------------------------


def test_a_plan_goes_on_without_reading_after_a_migration_was_applied(
    migrations: Directory,
) -> None:
    three(migrations)
    plan = Plan.build(migrations.folders(), migrations.record("001-a"))
    record = migrations.record("002-b")["002-b"]
    assert plan.with_applied("002-b", record).entries == (
        Plan.build(migrations.folders(), migrations.record("001-a", "002-b")).entries
    )
    with pytest.raises(KeyError):
        plan.with_applied("009-z", record)


def test_drift_ends_when_the_folder_as_it_is_was_applied(migrations: Directory) -> None:
    three(migrations)
    records = migrations.record("001-a", "002-b")
    (migrations.path / "001-a/data.csv").write_text("new")
    drifted = Plan.build(migrations.folders(), records)
    assert drifted["001-a"].state is State.DRIFT
    again = drifted.with_applied("001-a", migrations.record("001-a")["001-a"])
    assert states(again) == {"001-a": "applied", "002-b": "applied", "003-c": "pending"}
    assert again["001-a"].difference == ""
