"""Several publications in a row, which the working tree follows at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from publication import CHANGE
from repositories import ASHA, LOGS, MINA, NEW, REF, Place, clone, commit_all, opened

from nes_tasks.database.journal import Journal, Publication
from nes_tasks.database.repository import Repository
from nes_tasks.errors import DatabaseError

AN_HOUR = 3600.0


@pytest.fixture
def lagging(filled: Place, repository: Repository) -> Repository:
    """A repository whose files follow when they are told to."""
    with repository.locked("doit run"):
        repository.check_ready()
    repository.let_files_lag(AN_HOUR)
    return repository


def apply(
    repository: Repository,
    number: int,
    files: Mapping[str, bytes],
    *,
    deleted: Iterable[str] = (),
) -> str:
    """Apply a migration as a run does with one after another; return its commit."""
    with repository.locked("doit run"):
        base = repository.head()
        with repository.transaction(base, REF) as writing:
            for path in deleted:
                writing.delete(path)
            for path, data in files.items():
                writing.write(path, data)
            records = [(f"{LOGS[3:]}/{number:03d}/marker.toml", b"%d" % number)]
            commits = commit_all(writing, records=records)
            changes = writing.changes
        repository.publish(REF, base, commits[-1], changes=changes)
    return commits[-1]


def catch_up(repository: Repository) -> None:
    with repository.locked("doit run"):
        repository.catch_up()


def content(database: Place, path: str) -> bytes | None:
    file = database.path / "v2" / path
    return file.read_bytes() if file.is_file() else None


def assert_at(database: Place, repository: Repository, commit: str) -> None:
    """Check that branch, files and journal are as after an undisturbed run."""
    assert database.git("rev-parse", "main") == commit
    assert database.status() == ""
    assert repository.files_due is None
    assert not repository.is_unfinished


def test_the_files_follow_all_at_once(filled: Place, lagging: Repository) -> None:
    apply(lagging, 1, CHANGE)
    second = apply(lagging, 2, {ASHA: b"second"}, deleted=[NEW])
    third = apply(lagging, 3, {NEW: b"third"}, deleted=[MINA])
    assert filled.git("rev-parse", "main", "main~1") == f"{third}\n{second}"
    assert (content(filled, ASHA), content(filled, NEW)) == (b"asha", None)
    assert lagging.files_due is not None
    catch_up(lagging)
    assert_at(filled, lagging, third)
    assert (content(filled, ASHA), content(filled, NEW)) == (b"second", b"third")
    catch_up(lagging)  # there is nothing more to do


def test_the_files_follow_a_publication_after_they_are_due(
    filled: Place, repository: Repository
) -> None:
    with repository.locked("doit run"):
        repository.check_ready()
    repository.let_files_lag(0.01)
    apply(repository, 1, {ASHA: b"1"})
    time.sleep(0.02)
    assert_at(filled, repository, apply(repository, 2, {ASHA: b"2"}))


@pytest.mark.parametrize("killed", [False, True])
def test_the_first_files_of_all_may_follow_later_too(tmp_path: Path, killed: bool) -> None:
    repository = opened(tmp_path)
    database = Place(tmp_path / "nes-db")
    repository.let_files_lag(AN_HOUR)
    apply(repository, 1, CHANGE)
    commit = apply(repository, 2, {ASHA: b"second"})
    assert database.files() == []
    if killed:
        repository = opened(tmp_path)
        with repository.locked("doit run"):
            repository.check_ready()
    else:
        catch_up(repository)
    assert_at(database, repository, commit)
    assert content(database, ASHA) == b"second"


def test_without_files_nothing_follows(tmp_path: Path, filled: Place) -> None:
    bare = clone(filled.path, tmp_path / "bare" / "nes-db", "--bare")
    repository = opened(bare.path.parent)
    repository.let_files_lag(AN_HOUR)
    apply(repository, 1, CHANGE)
    assert repository.files_due is None
    assert not repository.is_unfinished


def test_a_file_makes_room_for_a_folder_before_the_files_follow(
    filled: Place, lagging: Repository
) -> None:
    apply(lagging, 1, {}, deleted=[MINA])
    commit = apply(lagging, 2, {f"{MINA}/more.json": b"below"})
    catch_up(lagging)
    assert_at(filled, lagging, commit)
    assert content(filled, f"{MINA}/more.json") == b"below"


@pytest.mark.parametrize("touched", ["nothing", "all", "stashed"])
def test_killed_before_the_files_follow(
    tmp_path: Path, filled: Place, lagging: Repository, touched: str
) -> None:
    apply(lagging, 1, CHANGE)
    commit = apply(lagging, 2, {ASHA: b"second"}, deleted=[MINA])
    if touched == "all":  # git was at work
        filled.write({f"v2/{ASHA}": b"sec", f"v2/{NEW}": CHANGE[NEW]})
        (filled.path / ".git/index.lock").write_bytes(b"DIRC")
    elif touched == "stashed":  # a person saw an odd status
        filled.git("reset", "--quiet", "--hard")
    later = opened(tmp_path)
    assert later.is_unfinished
    with later.locked("doit run"):
        later.check_ready()
    assert_at(filled, later, commit)
    assert content(filled, ASHA) == b"second"
    # The repository that had begun it has nothing left to do.
    assert_at(filled, lagging, apply_and_catch_up(lagging, 3))


def apply_and_catch_up(repository: Repository, number: int) -> str:
    commit = apply(repository, number, {ASHA: b"%d" % number})
    catch_up(repository)
    return commit


def test_killed_before_the_branch_has_moved_again(
    tmp_path: Path, filled: Place, lagging: Repository
) -> None:
    start = filled.git("rev-parse", "main")
    first = apply(lagging, 1, CHANGE, deleted=[MINA])
    planned = Publication("refs/heads/main", first, "1" * 40, REF, None, True, start)
    Journal(filled.path / ".git").begin(planned)
    later = opened(tmp_path)
    with later.locked("doit run"):
        later.check_ready()
    assert_at(filled, later, first)
    assert content(filled, NEW) == CHANGE[NEW]


def test_a_branch_that_cannot_move_again_keeps_what_is_to_follow(
    filled: Place, lagging: Repository
) -> None:
    first = apply(lagging, 1, CHANGE)
    lock = filled.path / ".git/refs/heads/main.lock"
    with lagging.locked("doit run"):
        with lagging.transaction(first, REF) as writing:
            writing.write(ASHA, b"second")
            second = commit_all(writing)[-1]
            changes = writing.changes
        lock.touch()
        with pytest.raises(DatabaseError, match="nothing was applied"):
            lagging.publish(REF, first, second, changes=changes)
        lock.unlink()
        lagging.discard(REF)
    catch_up(lagging)
    assert_at(filled, lagging, first)
    assert content(filled, ASHA) == CHANGE[ASHA]


def test_an_edit_of_a_file_that_has_not_followed_stops_its_next_change(
    filled: Place, lagging: Repository
) -> None:
    first = apply(lagging, 1, CHANGE)
    filled.write({f"v2/{ASHA}": "mine"})
    with pytest.raises(DatabaseError, match="has changed while the migration ran"):
        apply(lagging, 2, {ASHA: b"second"})
    assert filled.git("rev-parse", "main") == first
    assert content(filled, ASHA) == b"mine"


def test_an_ignored_file_in_the_way_of_a_later_file_stops_it(
    filled: Place, lagging: Repository
) -> None:
    (filled.path / ".git/info/exclude").write_text("*.json\n")
    first = apply(lagging, 1, {ASHA: b"first"})
    filled.write({f"v2/{NEW}": "mine"})
    with pytest.raises(DatabaseError, match="an ignored file where a new one belongs"):
        apply(lagging, 2, {NEW: b"second"})
    assert filled.git("rev-parse", "main") == first
    assert content(filled, NEW) == b"mine"


def test_an_edit_that_the_files_cannot_follow_over_is_kept_aside_by_the_next_command(
    tmp_path: Path, filled: Place, lagging: Repository
) -> None:
    commit = apply(lagging, 1, CHANGE)
    filled.write({f"v2/{ASHA}": "mine"})
    with pytest.raises(DatabaseError, match=r"applied and committed, but .* not be checked out"):
        catch_up(lagging)
    assert content(filled, ASHA) == b"mine"
    with opened(tmp_path).locked("doit run"):
        pass
    assert_at(filled, opened(tmp_path), commit)
    kept = filled.path / ".git/nes-tasks/kept" / commit[:12] / "v2" / ASHA
    assert kept.read_bytes() == b"mine"


def test_another_process_brings_the_files_along_between_two_publications(
    tmp_path: Path, filled: Place, lagging: Repository
) -> None:
    first = apply(lagging, 1, CHANGE)
    with opened(tmp_path).locked("doit check"):
        pass
    assert_at(filled, opened(tmp_path), first)
    assert_at(filled, lagging, apply_and_catch_up(lagging, 2))


@pytest.mark.parametrize("bad", ["", "{}", '{"branch": "refs/heads/main"}'])
def test_a_journal_that_another_has_changed_is_not_taken_for_our_own(
    filled: Place, lagging: Repository, bad: str
) -> None:
    apply(lagging, 1, CHANGE)
    (filled.path / ".git/nes-tasks/publishing.json").write_text(bad)
    filled.git("reset", "--quiet", "--hard")
    assert_at(filled, lagging, apply_and_catch_up(lagging, 2))
