"""The plan: the states of migrations, their order, and what a plan costs."""

from __future__ import annotations

import dataclasses
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from migrations_directory import SCRIPT, Directory
from plans import EarlierRecord, chain, states, three, told

from nes_tasks.database.marker import Marker
from nes_tasks.migrations import AppliedRecord, Decision, HashCache, Plan, State, check_may_run

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
