"""The database repository: whether a migration may run on its branch and working tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from repositories import (
    FILES,
    Place,
    clone,
    init,
    opened,
    partial_clone,
    publish,
)

from nes_tasks.database.repository import Repository
from nes_tasks.errors import DatabaseError, NesTasksError


def refusal(repository: Repository) -> DatabaseError:
    """Return why a migration may not run."""
    with pytest.raises(DatabaseError) as raised:
        repository.check_ready()
    return raised.value


# Which branch


@pytest.mark.parametrize("name", ["main", "data/v2", "नेपाल", "trunk.2"])
def test_the_branch_is_the_one_that_is_checked_out(tmp_path: Path, name: str) -> None:
    database = init(tmp_path / "nes-db", f"--initial-branch={name}")
    assert opened(tmp_path).branch == name
    commit = database.commit(FILES)
    assert (opened(tmp_path).branch, opened(tmp_path).head()) == (name, commit)


def test_another_branch_than_that_of_the_settings_is_refused(
    tmp_path: Path, database: Place
) -> None:
    database.commit(FILES)
    repository = opened(tmp_path, branch="data")
    error = refusal(repository)
    assert error.message == "nes-db has the branch main checked out, not data"
    assert error.hint == "it has main; name one of them in the setting `branch`"
    database.git("branch", "data")
    assert refusal(repository).hint == "git -C nes-db switch data"
    database.git("switch", "--quiet", "data")
    repository.check_ready()


def test_the_hint_for_another_branch_works_before_the_first_commit(
    tmp_path: Path, database: Place
) -> None:
    repository = opened(tmp_path, branch="data")
    assert refusal(repository).hint == "git -C nes-db switch -c data"
    database.git("switch", "-c", "data")
    repository.check_ready()


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_a_detached_head_is_refused(tmp_path: Path, kind: str) -> None:
    database = init(tmp_path / "nes-db", f"--object-format={kind}")
    database.commit(FILES)
    database.git("checkout", "--quiet", "--detach")
    error = refusal(opened(tmp_path))
    assert error.message == "nes-db has a detached HEAD, so there is no branch to publish to"
    assert error.hint == "git -C nes-db switch main"
    assert refusal(opened(tmp_path, branch="data")).hint == (
        "it has main; name one of them in the setting `branch`"
    )


def test_a_fresh_submodule_is_detached_and_the_hint_says_how_to_go_on(tmp_path: Path) -> None:
    source = init(tmp_path / "source")
    source.commit(FILES)
    service = init(tmp_path / "service")
    allow = ("-c", "protocol.file.allow=always")
    service.git(*allow, "submodule", "add", str(source.path), "nes-db")
    service.commit()
    there = clone(service.path, tmp_path / "there")
    there.git(*allow, "submodule", "update", "--init")
    repository = opened(there.path)
    assert refusal(repository).hint == "git -C nes-db switch main"
    there.git("-C", "nes-db", "switch", "main")
    repository.check_ready()
    assert repository.git_dir == there.path / ".git" / "modules" / "nes-db"


def test_a_bare_repository_has_the_branch_of_the_settings(tmp_path: Path, database: Place) -> None:
    database.commit(FILES)
    other = database.commit({"a": "1"})
    database.git("branch", "data")
    bare = clone(database.path, tmp_path / "bare.git", "--bare")
    repository = opened(tmp_path, database=bare.path, branch="data")
    assert (repository.branch, repository.head()) == ("data", other)
    assert not repository.has_checkout
    repository.check_ready()
    assert opened(tmp_path, database=bare.path).branch == "main"


def test_a_misspelt_branch_of_a_bare_repository_does_not_start_another_history(
    tmp_path: Path, database: Place
) -> None:
    database.commit(FILES)
    bare = clone(database.path, tmp_path / "bare.git", "--bare")
    error = refusal(opened(tmp_path, database=bare.path, branch="mian"))
    assert error.message == "bare.git has no branch mian"


def test_an_empty_bare_repository_starts_with_the_branch_of_the_settings(tmp_path: Path) -> None:
    init(tmp_path / "nes-db", "--bare")
    repository = opened(tmp_path, branch="data")
    commit = publish(repository, {"entity/a.json": b"1"})
    assert (repository.branch, repository.head()) == ("data", commit)


def test_a_damaged_branch_is_an_error_and_not_an_empty_database(
    tmp_path: Path, database: Place
) -> None:
    database.commit(FILES)
    repository = opened(tmp_path)
    (database.path / ".git" / "HEAD").write_text("rubbish")
    with pytest.raises(NesTasksError):
        repository.head()


# Whether a migration may run


def diverge(database: Place) -> None:
    """Make two branches that cannot be merged."""
    database.commit({"a": "0\n"})
    database.git("switch", "--quiet", "-c", "other")
    database.commit({"a": "other\n"})
    database.git("switch", "--quiet", "main")
    database.commit({"a": "main\n"})


def merge(database: Place) -> None:
    diverge(database)
    database.git("merge", "other", check=False)


def rebase(database: Place) -> None:
    diverge(database)
    database.git("rebase", "other", check=False)


def rebase_by_patches(database: Place) -> None:
    diverge(database)
    database.git("rebase", "--apply", "other", check=False)


def cherry_pick(database: Place) -> None:
    diverge(database)
    database.git("cherry-pick", "other", check=False)


def revert(database: Place) -> None:
    diverge(database)
    database.commit({"a": "later\n"})
    database.git("revert", "--no-edit", "HEAD~1", check=False)


def bisect(database: Place) -> None:
    diverge(database)
    database.git("bisect", "start")


def am(database: Place) -> None:
    diverge(database)
    patch = database.git("format-patch", "-1", "other")
    database.git("am", patch, check=False)
    (database.path / patch).unlink()


@pytest.mark.parametrize(
    ("begin", "name", "way_out"),
    [
        (merge, "merge", "merge --abort"),
        (rebase, "rebase", "rebase --abort"),
        (rebase_by_patches, "rebase", "rebase --abort"),
        (cherry_pick, "cherry-pick", "cherry-pick --abort"),
        (revert, "revert", "revert --abort"),
        (bisect, "bisect", "bisect reset"),
        (am, "am", "am --abort"),
    ],
)
def test_an_unfinished_operation_is_named_with_a_way_out_that_works(
    tmp_path: Path, database: Place, begin: Callable[[Place], None], name: str, way_out: str
) -> None:
    begin(database)
    repository = opened(tmp_path)
    before = database.state()
    error = refusal(repository)
    assert error.message == f"nes-db is in the middle of a {name}"
    assert error.hint == f"finish it, or git -C nes-db {way_out}"
    assert database.state() == before
    database.git(*way_out.split())
    repository.check_ready()


def test_an_unfinished_operation_of_another_worktree_is_no_matter(
    tmp_path: Path, database: Place
) -> None:
    merge(database)
    database.git("worktree", "add", "--quiet", "-b", "third", str(tmp_path / "linked"))
    opened(tmp_path, database=tmp_path / "linked").check_ready()
    assert "merge" in refusal(opened(tmp_path)).message


def modify(database: Place) -> None:
    database.write({"README.md": "changed"})


def stage(database: Place) -> None:
    modify(database)
    database.git("add", "README.md")


def delete(database: Place) -> None:
    (database.path / "README.md").unlink()


def untracked(database: Place) -> None:
    database.write({"README.md.orig": "x"})


def hidden_untracked(database: Place) -> None:
    untracked(database)
    database.git("config", "status.showUntrackedFiles", "no")


def rename(database: Place) -> None:
    database.git("mv", "README.md", "READ ME नेपाल")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (modify, "README.md"),
        (stage, "README.md"),
        (delete, "README.md"),
        (untracked, "README.md.orig"),
        (hidden_untracked, "README.md.orig"),
        (rename, "READ ME नेपाल, README.md"),
    ],
)
def test_uncommitted_changes_are_named(
    tmp_path: Path, database: Place, change: Callable[[Place], None], named: str
) -> None:
    database.commit(FILES)
    change(database)
    before = database.state()
    error = refusal(opened(tmp_path))
    assert error.message == f"nes-db has uncommitted changes: {named}"
    assert error.hint == "commit them, or git -C nes-db stash --include-untracked"
    assert database.state() == before


def test_of_many_changes_some_are_named(tmp_path: Path, database: Place) -> None:
    database.write(dict.fromkeys("abcdef", ""))
    message = refusal(opened(tmp_path)).message
    assert message == "nes-db has uncommitted changes: a, b, c and 3 more"


def test_the_hint_for_uncommitted_changes_works(tmp_path: Path, database: Place) -> None:
    database.commit(FILES)
    stage(database)
    untracked(database)
    repository = opened(tmp_path)
    assert "git -C nes-db stash --include-untracked" in str(refusal(repository).hint)
    database.git("stash", "--include-untracked")
    repository.check_ready()


def test_ignored_files_are_no_changes(tmp_path: Path, database: Place) -> None:
    database.commit({**FILES, ".gitignore": "*.log\n"})
    database.write({"run.log": "x", "v2/deep/er.log": "x"})
    opened(tmp_path).check_ready()
    database.write({"run.txt": "x"})
    assert "run.txt" in refusal(opened(tmp_path)).message


def test_a_git_at_work_is_told_with_the_file_that_says_so(tmp_path: Path, database: Place) -> None:
    database.commit(FILES)
    (database.path / ".git" / "index.lock").write_text("")
    error = refusal(opened(tmp_path))
    assert error.message == "another git command is running in nes-db"
    assert error.hint == "if none is, remove nes-db/.git/index.lock"


def test_in_a_linked_worktree_too(tmp_path: Path, database: Place) -> None:
    database.commit(FILES)
    database.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    lock = database.path / ".git" / "worktrees" / "linked" / "index.lock"
    lock.write_text("")
    error = refusal(opened(tmp_path, database=tmp_path / "linked"))
    assert error.hint == "if none is, remove nes-db/.git/worktrees/linked/index.lock"


@pytest.mark.parametrize("options", [["--no-checkout"], ["--bare"], ["--sparse"]])
def test_files_that_were_never_checked_out_are_no_changes(
    tmp_path: Path, options: list[str]
) -> None:
    source = init(tmp_path / "source")
    commit = source.commit(FILES)
    clone(source.path, tmp_path / "nes-db", *options)
    repository = opened(tmp_path)
    repository.check_ready()
    assert repository.head() == commit
    assert not (tmp_path / "nes-db" / "v2").exists()


def test_a_partial_clone_is_ready_without_its_remote(tmp_path: Path) -> None:
    source = init(tmp_path / "source")
    source.commit(FILES)
    there = partial_clone(source, tmp_path / "nes-db")
    source.path.rename(tmp_path / "gone")
    opened(tmp_path).check_ready()
    assert there.missing()
