"""Migrations known from commit subjects only: run by hand, present in part, or reverted."""

from __future__ import annotations

from histories import close_with_a_merge
from repositories import LOGS, Place

from nes_tasks.database.history import History
from nes_tasks.database.unrecorded import find_unrecorded
from nes_tasks.git.command import Git

NAME = "001-first"
MARKER = f"{LOGS}/{NAME}/marker.toml"


def batch(place: Place, number: int, count: int = 3) -> str:
    """Commit one of several batches, the marker with the last."""
    files = {f"v2/entity/person/p-{number}.json": "{}"}
    files |= {MARKER: "format = 1"} if number == count else {}
    return place.commit(files, f"Migration: {NAME} (Batch {number}/{count})")


def run(place: Place) -> list[str]:
    """Commit all batches on top of a first commit."""
    place.commit(message="Begin")
    return [batch(place, number) for number in (1, 2, 3)]


def found(place: Place) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the commits of what was run by hand, and of what is there in part."""
    history = History(Git(place.path), place.git("rev-parse", "HEAD"), "v2")
    has_marker = place.git("cat-file", "-e", f"HEAD:{MARKER}", check=False) == "" and (
        MARKER in place.tracked()
    )
    rows = find_unrecorded(history, [NAME] if has_marker else [])
    return (
        {name: [one.id for one in commits] for name, commits in rows.by_hand.items()},
        {name: [one.id for one in part.commits] for name, part in rows.partial.items()},
    )


def test_what_has_a_record_is_neither(database: Place) -> None:
    run(database)
    assert found(database) == ({}, {})


def test_batches_without_the_last_are_a_part(database: Place) -> None:
    ids = run(database)
    database.git("reset", "-q", "--hard", "HEAD~1")
    assert found(database) == ({}, {NAME: ids[:2]})
    database.git("reset", "-q", "--hard", "HEAD~1")
    assert found(database) == ({}, {NAME: ids[:1]})


def test_what_is_left_after_a_revert_of_the_last_batch_is_a_part(database: Place) -> None:
    ids = run(database)
    database.git("revert", "--no-edit", "HEAD")
    assert found(database) == ({}, {NAME: ids[:2]})
    database.git("revert", "--no-edit", ids[1])
    assert found(database) == ({}, {NAME: ids[:1]})
    database.git("revert", "--no-edit", ids[0])
    assert found(database) == ({}, {})


def test_reverts_in_one_commit_leave_nothing_whatever_their_message(database: Place) -> None:
    run(database)
    database.git("revert", "--no-commit", "HEAD~3..HEAD")
    database.git("commit", "-q", "-m", "Away with it")
    assert found(database) == ({}, {})
    database.commit({"v2/entity/person/p-1.json": "{}"}, "Migration: 002-renamed")
    assert found(database)[1] == {}


def test_a_merge_that_was_reverted_leaves_nothing(database: Place) -> None:
    ids = run(database)
    close_with_a_merge(database, f"{ids[0]}^", NAME)
    database.git("revert", "--no-edit", "-m", "1", "HEAD")
    assert found(database) == ({}, {})


def test_what_wrote_a_record_that_is_gone_was_undone_after_a_rebase_too(database: Place) -> None:
    start = database.commit(message="Begin")
    database.commit({MARKER: "1", "v2/entity/person/p-1.json": "{}"}, f"Migration: {NAME}")
    database.git("revert", "--no-edit", "HEAD")
    tip = database.git("rev-parse", "HEAD")
    database.git("checkout", "-q", "-B", "main", start)
    database.commit({"by-hand.txt": "x"}, "By hand")
    database.git("cherry-pick", f"{start}..{tip}")
    assert found(database) == ({}, {})


def test_what_was_run_by_hand_counts_until_it_is_reverted(database: Place) -> None:
    start = database.commit(message="Begin")
    first = database.commit({"v2/entity/person/p-1.json": "{}"}, f"Run {NAME}")
    assert found(database) == ({NAME: [first]}, {})
    database.git("revert", "--no-edit", "HEAD")
    assert found(database) == ({}, {})
    tip = database.git("rev-parse", "HEAD")
    database.git("checkout", "-q", "-B", "main", start)
    database.commit({"by-hand.txt": "x"}, "By hand")
    database.git("cherry-pick", f"{start}..{tip}")  # the revert names a commit of old now
    assert found(database) == ({}, {})
    database.git("revert", "--no-edit", "HEAD")
    again = database.git("rev-parse", "HEAD~2")
    assert found(database) == ({NAME: [again]}, {})


def test_all_batches_without_a_record_were_run_by_hand(database: Place) -> None:
    ids = [batch(database, number, count=9) for number in range(1, 9)]
    ids.append(database.commit({"last": "x"}, f"Migration: {NAME} (Batch 9/9)"))
    assert found(database) == ({NAME: ids}, {})
