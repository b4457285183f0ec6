"""The executions of migrations: forced, squashed, moved, reverted, made by hand and cut off."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from histories import batches_since, close_with_a_merge
from repositories import LOGS, WHEN, Place, clone

from nes_tasks.database.counts import count_ahead_and_behind
from nes_tasks.database.executions import Execution, find_executions, migrations_of, records_of
from nes_tasks.database.history import History
from nes_tasks.database.ledger import read_ledger
from nes_tasks.database.marker import Marker, Metadata
from nes_tasks.git.command import Git

NAME = "001-first"
DATA = "v2/entity/person/asha-rai.json"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def execute(place: Place, *contents: str, name: str = NAME, subject: str | None = None) -> str:
    """Commit one batch for each content, the marker with the last; return the last commit."""
    has_commit = place.git("rev-parse", "--quiet", "--verify", "HEAD", check=False)
    base = place.git("rev-parse", "HEAD^{tree}") if has_commit else EMPTY_TREE
    count = len(place.git("log", "--oneline", check=False).splitlines())
    moment = WHEN + timedelta(days=count)
    marker = Marker(name, Metadata("Asha", date(2024, 1, 25), "Add her"), moment, base)
    *batches, last = contents
    for content in batches:
        place.commit({DATA: content}, f"Migration: {name}")
    files: dict[str, str | bytes] = {DATA: last, f"{LOGS}/{name}/marker.toml": marker.to_bytes()}
    return place.commit(files, subject or f"Migration: {name}")


def found(place: Place, *names: str) -> dict[str, Execution]:
    history = History(Git(place.path), place.git("rev-parse", "HEAD"), "v2")
    applied = read_ledger(place.path, "v2").applied
    records = records_of({name: applied[name] for name in names or [NAME] if name in applied})
    return find_executions(history, dict.fromkeys(names) | records)


def ids(execution: Execution) -> list[str]:
    return [commit.id for commit in execution.commits]


def test_the_last_of_two_executions_has_all_its_batches(database: Place) -> None:
    execute(database, "1", "2")
    between = database.commit({DATA: "3"}, "By hand")
    last = execute(database, "4", "5", "6")
    one = found(database)[NAME]
    assert ids(one) == database.git("rev-list", "--reverse", f"{between}..{last}").split()
    assert (one.commit, one.base) == (last, between)
    assert one.base_tree == database.git("rev-parse", f"{between}^{{tree}}")
    assert one.tree == database.git("rev-parse", f"{last}^{{tree}}")
    assert (one.earlier, one.earlier_commits, one.is_truncated) == (1, 2, False)
    assert one.marker == database.git("rev-parse", f"HEAD:{LOGS}/{NAME}/marker.toml")


def test_two_executions_that_follow_on_each_other_stay_two_when_they_are_moved(
    database: Place,
) -> None:
    start = database.commit(message="Begin")
    execute(database, "1", "2")
    execute(database, "3", "4")
    tip = database.git("rev-parse", "HEAD")
    database.git("checkout", "-q", "-B", "main", start)
    database.commit({"by-hand.txt": "x"}, "By hand")
    database.git("cherry-pick", f"{start}..{tip}")
    one = found(database)[NAME]
    assert ids(one) == database.git("rev-list", "--reverse", "HEAD~2..HEAD").split()
    assert (one.earlier, one.earlier_commits) == (1, 2)


def test_whatever_the_subject_the_commit_on_the_base_that_wrote_the_marker_is_it(
    database: Place,
) -> None:
    database.commit(message="Begin")
    squashed = execute(database, "1", subject="Add her, all at once")
    one = found(database)[NAME]
    assert (ids(one), one.earlier, one.earlier_commits) == ([squashed], 0, 0)


def test_a_revert_that_was_reverted_is_no_execution(database: Place) -> None:
    database.commit(message="Begin")
    first = execute(database, "1")
    before = found(database)
    database.git("revert", "--no-edit", first)
    database.git("revert", "--no-edit", "HEAD")
    assert found(database) == before
    assert ids(before[NAME]) == [first]


def test_without_a_marker_of_its_own_it_is_what_is_named_after_it(database: Place) -> None:
    record = f"{LOGS}/{NAME}/metadata.json"
    base = database.commit(message="Begin")
    run = [database.commit({DATA: text}, f"Run migration {NAME}") for text in "12"]
    database.commit({record: "{}"}, "Log it")
    one = found(database)[NAME]
    assert (ids(one), one.base, one.marker) == (run, base, None)
    marker = Marker(NAME, Metadata("Asha", date(2024, 1, 25), "Add her"), WHEN, EMPTY_TREE)
    database.commit({f"{LOGS}/{NAME}/marker.toml": marker.to_bytes()}, "Adopt 1 migration")
    assert found(database)[NAME] == one


def test_what_was_run_by_hand_and_reverted_is_of_an_earlier_execution(database: Place) -> None:
    first = database.commit({DATA: "1"}, f"Run {NAME}")
    database.git("revert", "--no-edit", first)
    base = database.git("rev-parse", "HEAD")
    second = database.commit({DATA: "2", f"{LOGS}/{NAME}/metadata.json": "{}"}, f"Run {NAME}")
    one = found(database)[NAME]
    assert (ids(one), one.base, one.earlier_commits) == ([second], base, 1)
    database.git("revert", "--no-edit", second)
    third = database.commit({DATA: "3", f"{LOGS}/{NAME}/metadata.json": "{}"}, "Add her again")
    one = found(database)[NAME]
    assert (ids(one), one.earlier_commits) == ([third], 2)


def test_the_commit_that_brought_one_earlier_record_is_its_own_and_of_several_nobodys(
    database: Place,
) -> None:
    names = ["001-a", "002-b", "003-c"]
    records = {name: f"{LOGS}/{name}/metadata.json" for name in names}
    database.commit({DATA: "1", records["001-a"]: "{}", records["002-b"]: "{}"}, "Import it all")
    alone = database.commit({DATA: "2", records["003-c"]: "{}"}, "Parties. PR 17")
    database.commit({records["003-c"]: "{ }"}, "Format it")
    assert {name: ids(one) for name, one in found(database, *names).items()} == {"003-c": [alone]}
    assert found(database, "004-unknown") == {}


def test_a_shallow_clone_knows_only_that_it_is_cut_off(database: Place, tmp_path: Path) -> None:
    execute(database, "1", name="001-first")
    second = execute(database, "2", "3", name="002-second")
    third = execute(database, "4", name="003-third")
    names = ["001-first", "002-second", "003-third"]
    whole = found(database, *names)
    known = found(clone(database.path, tmp_path / "there", "--depth=2"), *names)
    assert [known[name].is_truncated for name in names] == [True, True, False]
    assert [ids(known[name]) for name in names] == [[], [second], [third]]
    assert known["002-second"].base_tree == whole["002-second"].base_tree
    assert known["003-third"].base == second
    assert known["003-third"] == whole["003-third"]


def test_a_merge_does_not_part_the_batches(database: Place) -> None:
    start = database.commit(message="Begin")
    tip = execute(database, "1", "2")
    database.git("checkout", "-q", "-b", "side", start)
    database.commit({"by-hand.txt": "x"}, "Aside")
    database.git("merge", "-q", "--no-ff", "-m", "Merge", tip)
    one = found(database)[NAME]
    assert (ids(one)[-1], len(one.commits), one.base) == (tip, 2, start)


def test_the_merge_that_closes_a_side_chain_is_the_last_commit(database: Place) -> None:
    base = database.commit(message="Begin")
    execute(database, "1", "2", "3")
    batches = batches_since(database, base)
    merge = close_with_a_merge(database, base, NAME)
    one = found(database)[NAME]
    assert (ids(one), one.base, one.live) == ([*batches, merge], base, one.commits)
    assert one.tree == database.git("rev-parse", "HEAD^{tree}")


def test_a_merge_of_one_migration_by_somebody_else_is_not_its_own(database: Place) -> None:
    base = database.commit(message="Begin")
    commit = execute(database, "1")
    close_with_a_merge(database, base, "Pull request 12")
    database.git("commit", "-q", "--amend", "-m", "Merge pull request #12")
    assert ids(found(database)[NAME]) == [commit]


def test_a_shallow_clone_that_holds_the_merge_and_its_parents_knows_the_base(
    database: Place, tmp_path: Path
) -> None:
    base = database.commit(message="Begin")
    execute(database, "1", "2", "3")
    merge = close_with_a_merge(database, base, NAME)
    last = database.git("rev-parse", "HEAD^2")
    one = found(clone(database.path, tmp_path / "there", "--depth=2"))[NAME]
    assert (ids(one), one.base, one.is_truncated) == ([last, merge], base, False)
    cut = found(clone(database.path, tmp_path / "one", "--depth=1"))[NAME]
    assert (ids(cut), cut.is_truncated) == ([merge], True)


def test_whatever_subject_and_base_the_commit_that_brought_the_record_is_it(
    database: Place,
) -> None:
    start = database.commit(message="Begin")
    execute(database, "1")
    database.git("commit", "-q", "--amend", "-m", "Districts of Nepal (#12)")
    moved = database.git("rev-parse", "HEAD")
    database.git("checkout", "-q", "-B", "main", start)
    below = database.commit({"by-hand.txt": "x"}, "By hand")
    database.git("cherry-pick", moved)
    one = found(database)[NAME]
    assert (ids(one), one.base) == ([database.git("rev-parse", "HEAD")], below)


def test_an_edited_marker_is_no_execution_and_a_renewed_one_is(database: Place) -> None:
    database.commit(message="Begin")
    first = execute(database, "1")
    path = f"{LOGS}/{NAME}/marker.toml"
    text = (database.path / path).read_text()
    edited = database.commit({path: text.replace("Add her", "Add him")}, "Word it better")
    one = found(database)[NAME]
    assert (ids(one), one.marker) == ([first], database.git("rev-parse", f"{first}:{path}"))
    moved = text.replace("2026-", "2027-")
    renewed = database.commit({path: moved, DATA: "2"}, "Districts, once more (#14)")
    one = found(database)[NAME]
    assert (ids(one), one.base, one.earlier) == ([renewed], edited, 1)
    assert [commit.id for commit in one.live] == [first, renewed]


def test_no_commit_is_of_a_migration_whose_marker_was_adopted(database: Place) -> None:
    database.commit({DATA: "1"}, "Import")
    marker = Marker(NAME, Metadata("Asha", date(2024, 1, 25), "Add her"), WHEN, EMPTY_TREE)
    database.commit({f"{LOGS}/{NAME}/marker.toml": marker.to_bytes()}, "Adopt 1 migration")
    assert found(database) == {}


def test_migrations_in_one_commit_name_each_other(database: Place) -> None:
    base = database.commit(message="Begin")
    execute(database, "1", name="001-first")
    execute(database, "2", name="002-second")
    database.git("reset", "-q", "--soft", base)
    squashed = database.commit(message="Two at once")
    both = found(database, "001-first", "002-second")
    assert [ids(one) for one in both.values()] == [[squashed], [squashed]]
    assert [one.squashed_with for one in both.values()] == [("002-second",), ("001-first",)]
    subjects = {squashed: "Two at once", base: "Begin"}
    named = migrations_of(Git(database.path), subjects, "v2")
    assert named == {squashed: "001-first, 002-second"}


def test_the_earlier_records_of_a_commit_are_those_that_it_brought_alone(database: Place) -> None:
    records = {n: f"{LOGS}/{n}/metadata.json" for n in ("001-a", "002-b", "003-c")}
    first = database.commit({DATA: "1", records["001-a"]: "{}"}, "By hand")
    both = database.commit({DATA: "2", records["002-b"]: "{}", records["003-c"]: "{}"}, "Import")
    edited = database.commit({DATA: "3", records["001-a"]: "{ }"}, "Format it")
    subjects = dict.fromkeys((both, first, edited), "By hand")
    assert migrations_of(Git(database.path), subjects, "v2") == {first: "001-a"}
    assert migrations_of(Git(database.path), {}, "v2") == {}


def test_records_count_as_migrations_and_other_files_do_not(database: Place) -> None:
    begin = database.commit(message="Begin")
    execute(database, "1", "2")
    execute(database, "3", name="002-second")
    database.commit({"by-hand.txt": "x"}, "By hand")
    git = Git(database.path)
    tip = database.git("rev-parse", "HEAD")
    assert count_ahead_and_behind(git, tip, begin, "v2") == (2, 0)
    assert count_ahead_and_behind(git, begin, tip, "v2") == (0, 2)
    assert count_ahead_and_behind(git, tip, None, "v2") == (2, 0)
    alone = database.git("commit-tree", tip + "^{tree}", "-m", "Unrelated")
    assert count_ahead_and_behind(git, tip, alone, "v2") is None


def test_adopting_what_changed_nothing_is_no_execution_either(database: Place) -> None:
    database.commit({DATA: "1"}, "Begin")
    by_hand = database.commit(message=f"Run {NAME}")
    tree = database.git("rev-parse", "HEAD^{tree}")
    marker = Marker(NAME, Metadata("Asha", date(2024, 1, 25), "Add her"), WHEN, tree)
    database.commit({f"{LOGS}/{NAME}/marker.toml": marker.to_bytes()}, "Adopt 1 migration")
    one = found(database)[NAME]
    assert (ids(one), one.marker) == ([by_hand], None)


def test_another_run_with_the_same_clock_is_the_one_that_counts(database: Place) -> None:
    database.commit(message="Begin")
    first = execute(database, "1")
    database.git("revert", "--no-edit", first)
    reverted = database.git("rev-parse", "HEAD")
    database.git("cherry-pick", first)
    one = found(database)[NAME]
    assert (ids(one), one.base) == ([database.git("rev-parse", "HEAD")], reverted)
    assert one.earlier == 1


def test_a_last_batch_that_has_the_marker_alone_belongs_to_the_others(database: Place) -> None:
    base = database.commit(message="Begin")
    tree = database.git("rev-parse", "HEAD^{tree}")
    first = database.commit({DATA: "1"}, f"Migration: {NAME} (Batch 1/2)")
    marker = Marker(NAME, Metadata("Asha", date(2024, 1, 25), "Add her"), WHEN, tree).to_bytes()
    last = database.commit({f"{LOGS}/{NAME}/marker.toml": marker}, "Districts (#12)")
    one = found(database)[NAME]
    assert (ids(one), one.base) == ([first, last], base)
    # The same after a run by hand is what adopting it leaves.
    database.git("reset", "-q", "--hard", base)
    by_hand = database.commit({DATA: "1"}, f"Run {NAME}")
    database.commit({f"{LOGS}/{NAME}/marker.toml": marker}, "Adopt 1 applied migration")
    one = found(database)[NAME]
    assert (ids(one), one.marker) == ([by_hand], None)
