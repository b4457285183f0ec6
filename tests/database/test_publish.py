"""Publishing: the branch moves and the working tree follows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from publication import AFTER, CHANGE, MARKER, assert_published, create_folder
from repositories import (
    ASHA,
    BASE,
    MINA,
    NEW,
    REF,
    Place,
    clone,
    init,
    opened,
    partial_clone,
    prepare,
    publish,
)

from nes_tasks.database.repository import PRIVATE_REFS, Repository
from nes_tasks.errors import DatabaseError

# The normal case


def test_branch_and_working_tree_move_together(filled: Place, repository: Repository) -> None:
    commit = publish(repository, CHANGE, deleted=[MINA])
    assert_published(filled, commit)
    assert repository.head() == commit
    assert filled.git("log", "-1", "--format=%gs", "--walk-reflogs", "main") == (
        "nes-tasks: migration"
    )


def test_the_first_migration_fills_an_empty_repository(tmp_path: Path) -> None:
    publish(opened(tmp_path), {ASHA: b"1"})
    database = Place(tmp_path / "nes-db")
    assert database.files() == [f"v2/{ASHA}", MARKER]
    assert database.status() == ""
    publish(opened(tmp_path), {ASHA: b"2"}, name="002-second")
    assert database.status() == ""
    assert len(database.files()) == 3


def test_ignored_files_are_left_alone(filled: Place, repository: Repository) -> None:
    filled.commit({".gitignore": "*.log\n"})
    filled.write({"v2/entity/person/mine.log": "mine", "run.log": "mine"})
    publish(repository, CHANGE, deleted=[ASHA, MINA, NEW])
    assert {"v2/entity/person/mine.log", "run.log"} < set(filled.files())


def test_an_ignored_file_where_a_new_one_belongs_is_not_overwritten(
    filled: Place, repository: Repository
) -> None:
    filled.commit({".gitignore": f"{Path(NEW).name}\n"})
    filled.write({f"v2/{NEW}": "mine"})
    tip, before = filled.git("rev-parse", "main"), filled.state()
    with pytest.raises(DatabaseError, match=rf"an ignored file where a new one belongs: v2/{NEW}"):
        publish(repository, CHANGE)
    after = filled.state()
    assert after["files"] == before["files"]
    assert (after["index"], after["status"]) == (before["index"], before["status"])
    assert filled.git("rev-parse", "main") == tip


@pytest.mark.parametrize("link", [False, True])
def test_an_ignored_file_where_a_new_folder_belongs_is_not_removed(
    link: bool, filled: Place, repository: Repository, tmp_path: Path
) -> None:
    filled.commit({".gitignore": "/v2/entity/organization\n"})
    mine = filled.path / "v2/entity/organization"
    if link:
        (tmp_path / "elsewhere").mkdir()
        mine.symlink_to(tmp_path / "elsewhere")
    else:
        mine.write_text("mine")
    tip = filled.git("rev-parse", "main")
    with pytest.raises(
        DatabaseError, match=r"an ignored file .* belongs: v2/entity/organization; nothing"
    ):
        publish(repository, {"entity/organization/party/new.json": b"{}"})
    assert mine.is_symlink() if link else mine.read_text() == "mine"
    assert filled.git("rev-parse", "main") == tip


def test_a_bare_repository_has_only_the_branch_to_move(tmp_path: Path, filled: Place) -> None:
    bare = clone(filled.path, tmp_path / "bare.git", "--bare")
    commit = publish(opened(tmp_path, database=bare.path), CHANGE)
    assert bare.git("rev-parse", "main") == commit
    assert not (bare.path / "index").exists()


def test_a_clone_without_checkout_stays_without(tmp_path: Path, filled: Place) -> None:
    there = clone(filled.path, tmp_path / "there", "--no-checkout")
    commit = publish(opened(tmp_path, database=there.path), CHANGE)
    assert there.git("rev-parse", "main") == commit
    assert there.files() == []


def test_a_linked_worktree_is_brought_along_and_the_main_one_is_not(
    tmp_path: Path, filled: Place
) -> None:
    filled.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    commit = publish(opened(tmp_path, database=tmp_path / "linked"), CHANGE)
    linked = Place(tmp_path / "linked")
    assert linked.git("rev-parse", "other") == commit
    assert linked.status() == filled.status() == ""
    assert f"v2/{NEW}" in linked.files()
    assert f"v2/{NEW}" not in filled.files()


def test_a_submodule_is_brought_along(tmp_path: Path, filled: Place) -> None:
    service = init(tmp_path / "service")
    service.git("-c", "protocol.file.allow=always", "submodule", "add", str(filled.path), "nes-db")
    service.commit()
    commit = publish(opened(service.path), CHANGE)
    inside = Place(service.path / "nes-db")
    assert inside.git("rev-parse", "main") == commit
    assert inside.status() == ""
    assert service.status() == " M nes-db"


def test_a_sha256_repository_is_published_to(tmp_path: Path) -> None:
    database = init(tmp_path / "nes-db", "--object-format=sha256")
    database.commit(BASE)
    commit = publish(opened(tmp_path), CHANGE, deleted=[MINA])
    assert len(commit) == 64
    assert_published(database, commit)


def test_a_partial_clone_shows_the_marker_and_fetches_nothing(
    tmp_path: Path, filled: Place
) -> None:
    there = partial_clone(filled, tmp_path / "there")
    before, source = there.missing(), filled.path.rename(tmp_path / "gone")
    files = there.files()
    commit = publish(opened(tmp_path, database=there.path), CHANGE, deleted=[MINA])
    assert there.missing() == before == 2
    assert there.files() == sorted([*files, MARKER])
    assert there.status() == ""
    source.rename(filled.path)
    filled.git("config", "receive.denyCurrentBranch", "ignore")
    opened(tmp_path, database=there.path).push()
    assert there.missing() == before
    assert filled.git("rev-parse", "main") == commit
    assert filled.tracked("main") == AFTER


# Refusals


def test_a_branch_that_moved_meanwhile_is_not_overwritten(
    filled: Place, repository: Repository
) -> None:
    with repository.locked("doit run"):
        base, commit = prepare(repository, CHANGE)
        somebody_elses = filled.commit({"README.md": "better"})
        before = filled.state()
        with pytest.raises(DatabaseError, match="branch main has moved while the migration ran"):
            repository.publish(REF, base, commit)
        assert filled.state() == before
        repository.discard(REF)
    assert repository.head() == somebody_elses
    assert filled.status() == ""
    assert filled.git("for-each-ref", PRIVATE_REFS) == ""
    assert not (filled.path / ".git" / "nes-tasks" / "publishing.json").exists()


def test_a_first_commit_by_somebody_else_is_not_overwritten(
    tmp_path: Path, database: Place
) -> None:
    repository = opened(tmp_path)
    with repository.locked("doit run"):
        base, commit = prepare(repository, CHANGE)
        assert base is None
        somebody_elses = database.commit(BASE)
        with pytest.raises(DatabaseError, match="nothing was applied"):
            repository.publish(REF, base, commit)
    assert repository.head() == somebody_elses
    assert database.status() == ""


def test_a_branch_that_git_cannot_move_is_told_in_its_words(
    filled: Place, repository: Repository
) -> None:
    (filled.path / ".git" / "refs" / "heads" / "main.lock").write_text("")
    with repository.locked("doit run"):
        base, commit = prepare(repository, CHANGE)
        with pytest.raises(DatabaseError, match=r"main cannot be moved: .*main\.lock.*File exists"):
            repository.publish(REF, base, commit)
    assert repository.head() == base
    assert filled.status() == ""


def edit(database: Place) -> None:
    database.write({f"v2/{ASHA}": "mine"})


def stage(database: Place) -> None:
    edit(database)
    database.git("add", "--all")


def create(database: Place) -> None:
    database.write({f"v2/{NEW}": "mine"})


def edit_deleted(database: Place) -> None:
    database.write({f"v2/{MINA}": "mine"})


@pytest.mark.parametrize("change", [edit, stage, create, create_folder, edit_deleted])
def test_what_was_changed_while_the_migration_ran_is_not_overwritten(
    filled: Place, repository: Repository, change: Callable[[Place], None]
) -> None:
    with repository.locked("doit run"):
        base, commit = prepare(repository, CHANGE, deleted=[MINA])
        change(filled)
        before = filled.state()
        with pytest.raises(DatabaseError, match="has changed while the migration ran") as raised:
            repository.publish(REF, base, commit)
        assert "nothing was applied" in raised.value.message
        assert filled.state() == before
    assert repository.head() == base


def test_the_hint_after_a_refusal_works(filled: Place, repository: Repository) -> None:
    with repository.locked("doit run"):
        base, commit = prepare(repository, CHANGE, deleted=[MINA])
        stage(filled)
        with pytest.raises(DatabaseError) as raised:
            repository.publish(REF, base, commit)
    assert raised.value.hint == "git -C nes-db stash --include-untracked, then run it again"
    filled.git("stash", "--include-untracked")
    assert_published(filled, publish(repository, CHANGE, deleted=[MINA]))


def test_an_unrelated_change_meanwhile_stays(filled: Place, repository: Repository) -> None:
    with repository.locked("doit run"):
        base, commit = prepare(repository, CHANGE)
        filled.write({"README.md": "mine", "notes.txt": "mine"})
        repository.publish(REF, base, commit)
    assert filled.status().splitlines() == [" M README.md", "?? notes.txt"]
    assert (filled.path / f"v2/{NEW}").read_bytes() == CHANGE[NEW]


def test_files_that_were_only_touched_are_no_changes(filled: Place, repository: Repository) -> None:
    with repository.locked("doit run"):
        base, commit = prepare(repository, CHANGE, deleted=[MINA])
        for path in BASE:
            os.utime(filled.path / path, (0, 0))
        repository.publish(REF, base, commit)
    assert_published(filled, commit)


def test_a_discarded_migration_leaves_no_ref(filled: Place, repository: Repository) -> None:
    before = filled.git("for-each-ref")
    with repository.locked("doit run"):
        prepare(repository, CHANGE)
        repository.discard(REF)
        assert filled.git("for-each-ref") == before
        repository.discard(REF)
