"""The plan: numbers that are taken twice, numbers before applied ones, and renamed folders."""

from __future__ import annotations

import pytest
from migrations_directory import Directory
from plans import EarlierRecord, chain, states, three, told

from nes_tasks.migrations import Decision, Plan, check_may_run

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
    assert "contains no files" in told(plan, "005-a").message


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
