"""Running git: its environment, its errors, its version."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from repositories import Place, git_called, init

from nes_tasks.errors import MAKE_ROOM, GitError, UnavailableError
from nes_tasks.git.command import Git, check_version, clean_environment, failure, reason


def test_the_output_and_the_input_are_bytes_as_they_are(database: Place) -> None:
    git = Git(database.path)
    oid = git.run("hash-object", "-w", "--stdin", stdin=b"\xff\0\n").decode().strip()
    assert git.run("cat-file", "blob", oid) == b"\xff\0\n"


def test_text_has_no_line_end(database: Place) -> None:
    assert Git(database.path).text("symbolic-ref", "HEAD") == "refs/heads/main"


def test_a_failing_command_raises_gits_own_words(database: Place) -> None:
    with pytest.raises(GitError, match="git cat-file failed: Not a valid object name nothing") as e:
        Git(database.path).run("cat-file", "-p", "nothing")
    assert e.value.stderr == "fatal: Not a valid object name nothing"
    assert e.value.exit_code == 3


def test_a_failing_attempt_is_only_told(database: Place) -> None:
    assert Git(database.path).run_unchecked("cat-file", "-p", "nothing").returncode == 128


def test_asking_tells_none_from_an_error(database: Place) -> None:
    git = Git(database.path)
    assert git.query("symbolic-ref", "--quiet", "HEAD") == "refs/heads/main"
    assert git.query("rev-parse", "--verify", "--quiet", "refs/heads/main") is None
    with pytest.raises(GitError, match="git rev-parse failed: not a git repository"):
        Git(database.path.parent).query("rev-parse", "--git-dir")


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_the_empty_tree_is_that_of_the_repositorys_hash(tmp_path: Path, kind: str) -> None:
    git = Git(init(tmp_path / "db", f"--object-format={kind}").path)
    assert git.text("cat-file", "-t", git.empty_tree()) == "tree"
    assert git.text("cat-file", "-s", git.empty_tree()) == "0"


def test_variables_of_a_callers_repository_are_dropped(
    tmp_path: Path, database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = init(tmp_path / "other")
    commit = other.commit({"a": "1"})
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.path / ".git" / "objects"))
    monkeypatch.setenv("GIT_NAMESPACE", "elsewhere")
    git = Git(database.path)
    assert git.text("rev-parse", "--show-toplevel") == str(database.path)
    assert git.run_unchecked("cat-file", "-e", commit).returncode != 0


def test_who_the_user_is_and_how_to_reach_a_remote_is_kept() -> None:
    kept = {
        "GIT_AUTHOR_NAME": "A",
        "GIT_COMMITTER_EMAIL": "c@x",
        "GIT_SSH_COMMAND": "ssh -v",
        "GIT_ASKPASS": "/bin/true",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_COUNT": "0",
        "GIT_SSL_CAINFO": "/ca.pem",
        "GIT_HTTP_USER_AGENT": "x",
        "GIT_EXEC_PATH": "/opt/git",
        "HOME": "/home/a",
    }
    cleaned = clean_environment({**kept, "GIT_DIR": "/x", "GIT_CONFIG": "/y", "GIT_TRACE": "1"})
    assert kept.items() <= cleaned.items()
    assert not {"GIT_DIR", "GIT_CONFIG", "GIT_TRACE"} & set(cleaned)


def test_git_speaks_english_and_never_waits_for_a_person() -> None:
    cleaned = clean_environment({"LC_ALL": "ne_NP.UTF-8", "GIT_TERMINAL_PROMPT": "1"})
    assert cleaned["LC_ALL"] == "C.UTF-8"
    assert cleaned["GIT_TERMINAL_PROMPT"] == "0"


def test_a_folder_is_not_a_part_of_the_repository_around_it(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / "nes-db").mkdir()
    with pytest.raises(GitError, match="not a git repository"):
        Git(tmp_path / "nes-db").run("rev-parse", "--git-dir")


def test_nor_is_one_that_is_reached_through_a_link(tmp_path: Path) -> None:
    outer = init(tmp_path / "outer")
    outer.write({"data/file": "x"})
    (tmp_path / "nes-db").symlink_to(tmp_path / "outer" / "data")
    with pytest.raises(GitError, match="not a git repository"):
        Git(tmp_path / "nes-db").run("rev-parse", "--git-dir")


def test_a_repository_reached_through_a_link_is_one(tmp_path: Path, database: Place) -> None:
    (tmp_path / "link").symlink_to(database.path)
    assert Git(tmp_path / "link").text("rev-parse", "--git-dir") == ".git"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "no reason given"),
        ("warning: careful\nfatal: it broke\nhint: mend it", "it broke"),
        ("error: one\nfatal: two", "one"),
        ("something odd\nhappened", "happened"),
        (
            "remote: Not on Saturdays\nremote: \nTo file:///x\n"
            " ! [remote rejected]   main -> main (pre-receive hook declined)\n"
            "error: failed to push some refs to 'file:///x'",
            "[remote rejected] main -> main (pre-receive hook declined) (Not on Saturdays)",
        ),
    ],
)
def test_the_reason_is_the_line_that_tells(said: str, told: str) -> None:
    assert reason(said) == told


def test_words_that_are_no_utf8_are_shown_all_the_same() -> None:
    assert "bad \ufffd" in failure(["add"], b"fatal: bad \xff").message


def test_the_version_is_read() -> None:
    assert check_version() >= (2, 30)


@pytest.mark.parametrize(
    "version", ["git version 2.39.5 (Apple Git-154)", "git version 2.30", "git version 3.0.0.rc1"]
)
def test_versions_are_understood_in_all_their_shapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("PATH", git_called(tmp_path / "bin", f"echo '{version}'"))
    assert check_version() >= (2, 30)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo git version 2.29.9", "git 2.29.9 is too old"),
        ("echo git version 1.8.3.1", "git 1.8.3 is too old"),
        ("echo surprise", "git of an unknown version is too old"),
        ("exit 1", "git of an unknown version is too old"),
    ],
)
def test_a_git_that_is_too_old_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    monkeypatch.setenv("PATH", git_called(tmp_path / "bin", script))
    with pytest.raises(UnavailableError, match=words) as raised:
        check_version()
    assert "install git 2.30 or newer" in str(raised.value.hint)


def test_a_machine_without_git_is_told_so(
    tmp_path: Path, database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = Git(database.path)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    git.env["PATH"] = os.environ["PATH"]
    for act in (check_version, lambda: git.run("status"), lambda: git.popen("cat-file", "--batch")):
        with pytest.raises(UnavailableError, match="git is not installed or not on PATH"):
            act()


def test_a_git_that_may_not_be_executed_is_as_good_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_called(tmp_path / "bin", "exit 0")
    (tmp_path / "bin" / "git").chmod(0o644)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(UnavailableError, match="git is not installed or not on PATH"):
        check_version()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_git_that_finds_the_disk_full_says_what_to_do(code: int) -> None:
    words = f"fatal: write error: {os.strerror(code)}"
    assert failure(["index-pack"], words.encode()).hint == MAKE_ROOM
    # The disk of a server is not ours to tidy.
    assert failure(["push"], f"remote: {words}".encode()).hint is None
