"""The executions of migrations: forced, squashed, moved, reverted, made by hand and cut off."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from repositories import LOGS, WHEN, Place, clone

from nes_tasks.database.executions import Execution, find_executions, read_markers
from nes_tasks.database.marker import Marker
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
    marker = Marker(name, "Asha", date(2024, 1, 25), "Add her", moment, base)
    *batches, last = contents
    for content in batches:
        place.commit({DATA: content}, f"Migration: {name}")
    files: dict[str, str | bytes] = {DATA: last, f"{LOGS}/{name}/marker.toml": marker.to_bytes()}
    return place.commit(files, subject or f"Migration: {name}")


def found(place: Place, *names: str) -> dict[str, Execution]:
    git, commit = Git(place.path), place.git("rev-parse", "HEAD")
    return find_executions(git, commit, "v2", read_markers(git, commit, "v2", names or [NAME]))


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
    assert (one.earlier, one.earlier_commits, one.is_cut) == (1, 2, False)
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
    marker = Marker(NAME, "Asha", date(2024, 1, 25), "Add her", WHEN, EMPTY_TREE)
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
    assert [known[name].is_cut for name in names] == [True, True, False]
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
