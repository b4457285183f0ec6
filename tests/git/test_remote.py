"""Remotes: what is not pushed yet, and pushing it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from repositories import Place, clone, init, publish, settings

from nes_tasks.database.repository import Repository
from nes_tasks.errors import UnavailableError
from nes_tasks.git.command import check_version
from nes_tasks.git.push_report import is_overtaken, line_of, push
from nes_tasks.git.transfer_progress import TransferProgress


@pytest.fixture
def remote(tmp_path: Path) -> Place:
    """A remote repository with one commit."""
    seed = init(tmp_path / "seed")
    seed.commit({"README.md": "about"})
    return clone(seed.path, tmp_path / "remote.git", "--bare")


@pytest.fixture
def repository(tmp_path: Path, remote: Place) -> Repository:
    """A clone of the remote with one migration that is not pushed."""
    opened = Repository.open(settings(tmp_path, remote_url=f"file://{remote.path}"))
    publish(opened, {"entity/a.json": b"1"})
    return opened


def hook(remote: Place, script: str) -> None:
    """Let the remote run a script before it takes a push."""
    path = remote.path / "hooks" / "pre-receive"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def refusal(repository: Repository) -> UnavailableError:
    with pytest.raises(UnavailableError) as raised:
        repository.push()
    return raised.value


def test_without_a_remote_there_is_nothing_to_push_to(tmp_path: Path) -> None:
    repository = Repository.open(settings(tmp_path))
    assert repository.unpushed() is None
    publish(repository, {"entity/a.json": b"1"})
    assert repository.unpushed() is None


def test_a_remote_of_another_name_does_not_count(tmp_path: Path, repository: Repository) -> None:
    assert Repository.open(settings(tmp_path, remote="upstream")).unpushed() is None


def test_a_remote_without_commits_of_ours_has_none_to_compare(
    tmp_path: Path, database: Place
) -> None:
    database.git("remote", "add", "origin", "file:///nowhere")
    repository = Repository.open(settings(tmp_path))
    assert repository.unpushed() is None
    publish(repository, {"entity/a.json": b"1"})
    publish(repository, {"entity/b.json": b"1"}, name="002-second")
    assert repository.unpushed() == 3  # with the empty one that it begins with


def test_commits_are_counted_until_they_are_pushed(remote: Place, repository: Repository) -> None:
    assert repository.unpushed() == 1
    publish(repository, {"entity/b.json": b"1"}, name="002-second")
    assert repository.unpushed() == 2
    repository.push()
    assert repository.unpushed() == 0
    assert remote.git("rev-parse", "main") == repository.head()
    repository.push()


def test_a_commit_on_any_branch_of_the_remote_is_there(
    remote: Place, repository: Repository
) -> None:
    Place(repository.git.folder).git("push", "--quiet", "origin", "main:refs/heads/reviewed")
    assert repository.unpushed() == 0


def test_only_the_branch_is_pushed(remote: Place, repository: Repository) -> None:
    place = Place(repository.git.folder)
    place.git("branch", "private")
    place.git("tag", "mine")
    place.git("update-ref", "refs/nes-tasks/x", "HEAD")
    repository.push()
    assert remote.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_push_counts_where_it_cannot_be_noted(remote: Place, repository: Repository) -> None:
    seen = repository.git_dir / "refs/remotes/origin/main.lock"
    seen.parent.mkdir(parents=True, exist_ok=True)
    seen.touch()
    repository.push()
    assert remote.git("rev-parse", "main") == repository.head()


def test_a_first_push_makes_the_branch(tmp_path: Path, repository: Repository) -> None:
    empty = init(tmp_path / "empty.git", "--bare")
    Place(repository.git.folder).git("remote", "set-url", "origin", f"file://{empty.path}")
    repository.push()
    assert empty.git("rev-parse", "main") == repository.head()


def test_a_remote_that_refuses_is_quoted(remote: Place, repository: Repository) -> None:
    hook(remote, "echo 'Data is reviewed on Fridays' >&2; exit 1")
    error = refusal(repository)
    assert error.message == (
        "the push to origin failed: [remote rejected] main -> main (pre-receive hook declined) "
        "(Data is reviewed on Fridays); the data is committed locally"
    )
    assert error.hint == "doit push"
    assert repository.unpushed() == 1


def test_a_remote_that_has_moved_on_is_told(
    tmp_path: Path, remote: Place, repository: Repository
) -> None:
    other = clone(remote.path, tmp_path / "other")
    other.commit({"b": "1"})
    other.git("push", "--quiet")
    theirs = remote.git("rev-parse", "main")
    error = refusal(repository)
    assert "[rejected] main -> main (fetch first)" in error.message
    assert error.hint == "doit sync"
    assert error.hint == "doit sync"
    assert remote.git("rev-parse", "main") == theirs
    assert repository.unpushed() == 1


def test_a_remote_that_is_not_there_is_told(
    tmp_path: Path, remote: Place, repository: Repository
) -> None:
    remote.path.rename(tmp_path / "gone")
    error = refusal(repository)
    assert "does not appear to be a git repository" in error.message
    assert error.message.endswith("the data is committed locally")
    assert error.hint == "doit push"


def test_a_remote_that_nobody_has_named_is_told(tmp_path: Path, repository: Repository) -> None:
    error = refusal(Repository.open(settings(tmp_path, remote="upstream")))
    assert error.message == "nes-db has no remote upstream"
    assert error.hint == "git -C nes-db remote add upstream URL"


@pytest.fixture
def silence(tmp_path: Path, remote: Place) -> Iterator[None]:
    """A remote that never answers, until the test is over."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    hook(remote, f"read answer < {pipe}; exit 1")
    holder = os.open(pipe, os.O_RDWR)
    yield
    os.write(holder, b"go\n")
    os.close(holder)


def test_a_remote_that_does_not_answer_in_time_is_given_up(
    tmp_path: Path, repository: Repository, silence: None
) -> None:
    error = refusal(Repository.open(settings(tmp_path, push_timeout=1)))
    assert "no answer within 1 seconds (the setting push_timeout)" in error.message
    assert repository.unpushed() == 1


def test_a_push_never_asks_for_a_password(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    script = tmp_path / "ssh"
    script.write_text(f'#!/bin/sh\necho "$GIT_TERMINAL_PROMPT" > {seen}\nexit 1\n')
    script.chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(script))
    place = Place(repository.git.folder)
    place.git("remote", "set-url", "origin", "ssh://example.invalid/x.git")
    error = refusal(Repository.open(settings(tmp_path)))
    assert "Could not read from remote repository" in error.message
    assert seen.read_text() == "0\n"


# What GitPython makes of a push, see `push_report`


def test_progress_has_stage_and_numbers(repository: Repository) -> None:
    heard: list[TransferProgress] = []
    repository.push(heard.append)
    written = [one for one in heard if one.stage == "Writing objects"]
    assert written[-1].done == written[-1].total
    assert str(written[-1]).startswith(f"Writing objects: {written[-1].done}/")
    fetched: list[TransferProgress] = []
    repository.remote.fetch(fetched.append)


def test_words_of_the_remote_that_look_like_progress_are_kept(
    remote: Place, repository: Repository
) -> None:
    hook(remote, "echo 'Errors found: 3 of 5 files' >&2; exit 1")
    with pytest.raises(UnavailableError, match="Errors found: 3 of 5 files"):
        repository.push(lambda progress: None)


def test_a_branch_that_was_overtaken_is_known_without_words() -> None:
    line = "!\trefs/heads/main:refs/heads/main\t[rejected] (in words of another git)"
    run: list[Sequence[str]] = []

    def answer(arguments: Sequence[str]) -> tuple[str, str]:
        run.append(arguments)
        return f"To x\n{line}\nDone\n", "error: failed to push some refs to 'x'\n"

    with TemporaryDirectory() as folder:
        assert push(Path(folder), "origin", "refs/heads/main", answer, thin=False) is None
        init(Path(folder))
        info = push(Path(folder), "origin", "refs/heads/main", answer, thin=False)
    assert info is not None
    assert is_overtaken(info)
    assert line_of(info) == "! [rejected] main -> main (in words of another git)"
    # Without a repository that GitPython opens the command is the same.
    command = [
        "push",
        "--porcelain",
        "--no-thin",
        "--",
        "origin",
        "refs/heads/main:refs/heads/main",
    ]
    assert run == [command, command]


def test_the_environment_of_a_caller_does_not_reach_a_push(
    tmp_path: Path, remote: Place, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = init(tmp_path / "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(elsewhere.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(elsewhere.path))
    repository.push()
    monkeypatch.undo()
    assert remote.git("rev-parse", "main") == repository.head()


@pytest.mark.parametrize(
    "options", [["--object-format=sha256"], ["--ref-format=reftable"]], ids=["sha256", "reftable"]
)
def test_a_repository_that_gitpython_cannot_read_is_pushed(
    tmp_path: Path, options: list[str]
) -> None:
    if options[0].startswith("--ref-format") and check_version() < (2, 45):
        pytest.skip("reftables came with git 2.45")
    place = init(tmp_path / "nes-db", *options)
    empty = init(tmp_path / "empty.git", "--bare", *options)
    place.git("remote", "add", "origin", f"file://{empty.path}")
    opened = Repository.open(settings(tmp_path))
    publish(opened, {"entity/a.json": b"1"})
    opened.push()
    assert empty.git("rev-parse", "main") == opened.head()
    hook(empty, "exit 1")
    publish(opened, {"entity/b.json": b"1"}, name="002-second")
    assert refusal(opened).message.startswith(
        "the push to origin failed: [remote rejected] main -> main (pre-receive hook declined)"
    )


@pytest.mark.parametrize("kind", ["worktree", "separate-git-dir"])
def test_a_repository_whose_own_folder_lies_elsewhere_is_pushed(
    tmp_path: Path, remote: Place, kind: str
) -> None:
    if kind == "worktree":
        main = clone(remote.path, tmp_path / "main")
        main.git("checkout", "-q", "--detach")
        main.git("worktree", "add", "-q", str(tmp_path / "nes-db"), "main")
    else:
        clone(remote.path, tmp_path / "nes-db", f"--separate-git-dir={tmp_path / 'own'}")
    opened = Repository.open(settings(tmp_path))
    publish(opened, {"entity/a.json": b"1"})
    opened.push()
    assert remote.git("rev-parse", "main") == opened.head()


def test_a_configuration_that_is_not_utf_8_does_not_matter(
    tmp_path: Path, remote: Place, repository: Repository
) -> None:
    with (repository.git_dir / "config").open("ab") as config:
        config.write(b'[section]\n\tname = "J\xf6rg"\n')
    Repository.open(settings(tmp_path)).push()
    assert remote.git("rev-parse", "main") == repository.head()
