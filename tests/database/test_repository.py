"""The database repository: found, cloned or made, and how git is set up in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import (
    FILES,
    Place,
    clone,
    git_called,
    init,
    opened,
    publish,
)

from nes_tasks.database.repository import CONFIGURATION, FALLBACK_IDENTITY
from nes_tasks.errors import DatabaseError, UnavailableError

# Finding or making it


def test_where_there_is_nothing_an_empty_repository_is_made(tmp_path: Path) -> None:
    repository = opened(tmp_path)
    assert repository.branch == "main"
    assert repository.head() is None
    assert repository.has_checkout
    repository.check_ready()
    assert [path.name for path in tmp_path.iterdir()] == ["nes-db"]


@pytest.mark.parametrize("kind", ["sparse", "partial"])
def test_a_large_database_is_cloned_with_few_files(tmp_path: Path, kind: str) -> None:
    source = init(tmp_path / "source")
    source.git("config", "uploadpack.allowFilter", "true")
    marker = "v2/migration-logs/001-first/marker.toml"
    commit = source.commit({**FILES, marker: "format = 1\n"})
    repository = opened(tmp_path, remote_url=source.path.as_uri(), clone=kind)
    assert repository.head() == commit
    top = tmp_path / "nes-db"
    there = {
        str(p.relative_to(top)) for p in top.rglob("*") if p.is_file() and ".git/" not in f"{p}"
    }
    assert there == {"README.md", marker}
    repository.check_ready()
    missing = Place(top).git("rev-list", "--objects", "--missing=print", "--all").count("?")
    assert missing == (1 if kind == "partial" else 0)


def test_an_empty_remote_is_cloned_sparsely_too(tmp_path: Path) -> None:
    init(tmp_path / "source")
    repository = opened(tmp_path, remote_url=f"file://{tmp_path}/source", clone="sparse")
    assert repository.head() is None
    repository.check_ready()


def test_an_empty_folder_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "nes-db").mkdir()
    assert opened(tmp_path, branch="data").branch == "data"


def test_folders_above_are_made_too(tmp_path: Path) -> None:
    repository = opened(tmp_path, database=tmp_path / "deep" / "er" / "db")
    assert repository.git_dir == tmp_path / "deep" / "er" / "db" / ".git"


@pytest.mark.parametrize("name", ["with space", "नेपाल", "$HOME", "~", "a:b", "-dash", "%s"])
def test_its_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    repository = opened(tmp_path, database=tmp_path / name)
    publish(repository, {"entity/a.json": b"1"})
    assert Place(tmp_path / name).status() == ""
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_it_is_cloned_when_there_is_an_address(tmp_path: Path) -> None:
    source = init(tmp_path / "source")
    commit = source.commit(FILES)
    repository = opened(tmp_path, remote_url=f"file://{source.path}", remote="upstream")
    assert repository.head() == commit
    place = Place(repository.git.folder)
    assert place.files() == sorted(FILES)
    assert place.git("remote") == "upstream"
    repository.check_ready()


def test_the_branch_of_the_settings_is_cloned(tmp_path: Path) -> None:
    source = init(tmp_path / "source")
    source.commit(FILES)
    source.git("branch", "data")
    repository = opened(tmp_path, remote_url=f"file://{source.path}", branch="data")
    assert repository.branch == "data"


def test_a_relative_address_starts_at_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    source = init(tmp_path / "source")
    commit = source.commit(FILES)
    monkeypatch.chdir("/")
    assert opened(tmp_path / "project", remote_url="../source").head() == commit


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///nowhere/at/all.git", "does not appear to be a git repository"),
        ("/nowhere/at/all.git", "does not exist"),
        ("--upload-pack=touch pwned", "does not exist"),
        ("ext::sh -c 'touch pwned'", "transport 'ext' not allowed"),
        ("nosuch://example.org/x", "unable to find remote helper|remote-nosuch"),
    ],
)
def test_an_address_that_cannot_be_cloned_leaves_nothing(
    tmp_path: Path, url: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnavailableError, match=words) as raised:
        opened(tmp_path, remote_url=url)
    assert "check the setting remote_url" in str(raised.value.hint)
    assert list(tmp_path.iterdir()) == []


def test_a_clone_that_was_killed_is_made_anew(tmp_path: Path) -> None:
    source = init(tmp_path / "source")
    commit = source.commit(FILES)
    killer = git_called(
        tmp_path / "bin",
        # The real git makes the repository; then the whole process group dies, as in a power cut.
        f'case "$*" in *clone*) {shutil.which("git")} init -q "$2/new"; kill -9 -$$ ;; esac\n'
        f'exec {shutil.which("git")} "$@"',
    )
    code = (
        "import sys; from pathlib import Path; from repositories import settings;"
        "from nes_tasks.database.repository import Repository;"
        "Repository.open(settings(Path(sys.argv[1]), remote_url=sys.argv[2]))"
    )
    url = f"file://{source.path}"
    here = Path(__file__).parents[1]
    process = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), url],
        env={**os.environ, "PATH": killer, "PYTHONPATH": str(here)},
        start_new_session=True,
        check=False,
    )
    assert process.returncode != 0
    assert not (tmp_path / "nes-db").exists()
    assert opened(tmp_path, remote_url=url).head() == commit


def test_two_that_make_it_at_once_get_the_same_one(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from repositories import settings;"
        "from nes_tasks.database.repository import Repository; sys.stdin.readline();"
        "Repository.open(settings(Path(sys.argv[1]))).check_ready()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    ends = [process.communicate(b"go\n") for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ends
    assert [path.name for path in tmp_path.iterdir()] == ["nes-db"]


def test_an_existing_one_is_opened_as_it_is(tmp_path: Path, database: Place) -> None:
    commit = database.commit(FILES)
    before = database.state()
    assert opened(tmp_path, remote_url="file:///elsewhere").head() == commit
    assert database.state() == before


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nes-db").write_text("")
    with pytest.raises(DatabaseError, match="nes-db is a file, not a database repository"):
        opened(tmp_path)


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nes-db").mkdir()
    (tmp_path / "nes-db" / "notes.txt").write_text("mine")
    with pytest.raises(DatabaseError, match="nes-db is not a git repository") as raised:
        opened(tmp_path)
    assert "change the setting `database`" in str(raised.value.hint)


@pytest.mark.parametrize("linked", [False, True])
def test_the_repository_around_it_is_not_mistaken_for_it(tmp_path: Path, linked: bool) -> None:
    service = init(tmp_path)
    service.commit({"data/notes.txt": "mine", "dodo.py": ""})
    if linked:
        (tmp_path / "nes-db").symlink_to("data")
    else:
        (tmp_path / "data").rename(tmp_path / "nes-db")
    with pytest.raises(DatabaseError, match="nes-db is not a git repository"):
        opened(tmp_path)


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nes-db").symlink_to("gone")
    with pytest.raises(DatabaseError, match="nes-db is a link to gone, which does not exist"):
        opened(tmp_path)


def test_a_submodule_without_its_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nes-db").mkdir()
    (tmp_path / "nes-db" / ".git").write_text("gitdir: ../.git/modules/nes-db\n")
    lost = r"\.git points to \.\./\.git/modules/nes-db, which is not a git repository"
    with pytest.raises(DatabaseError, match=lost) as raised:
        opened(tmp_path)
    assert "git submodule update --init" in str(raised.value.hint)


def test_a_format_that_git_does_not_know_is_told_in_its_words(
    tmp_path: Path, database: Place
) -> None:
    database.git("config", "core.repositoryFormatVersion", "1")
    database.git("config", "extensions.fromTheFuture", "true")
    with pytest.raises(DatabaseError, match="cannot be used: unknown repository extension"):
        opened(tmp_path)


def test_a_repository_of_another_user_is_refused_with_the_way_to_trust_it(
    tmp_path: Path, database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("git")
    suspicious = f'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"'
    monkeypatch.setenv("PATH", git_called(tmp_path / "bin", suspicious))
    with pytest.raises(DatabaseError, match=r"git does not trust .*nes-db") as raised:
        opened(tmp_path)
    assert raised.value.hint == f"git config --global --add safe.directory {database.path}"


def test_the_repository_of_a_calling_hook_is_ignored(
    tmp_path: Path, database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = database.commit(FILES)
    other = init(tmp_path / "other")
    other.commit({"a": "1"})
    before = other.state()
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    repository = opened(tmp_path)
    assert repository.git_dir == database.path / ".git"
    assert repository.head() == commit
    published = publish(repository, {"entity/person/ana.json": b"{}"})
    for variable in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(variable)
    assert database.git("rev-parse", "HEAD") == published
    assert database.status() == ""
    assert other.state() == before


@pytest.mark.parametrize(
    ("script", "words"), [(None, "not on PATH"), ("echo git version 2.1.0", "git 2.1.0 is too old")]
)
def test_without_a_usable_git_one_is_told_so(
    tmp_path: Path, script: str | None, words: str
) -> None:
    (tmp_path / "bin").mkdir()
    if script:
        git_called(tmp_path / "bin", script)
    code = (
        "import sys; from pathlib import Path; from repositories import settings;"
        "from nes_tasks.database.repository import Repository;"
        "Repository.open(settings(Path(sys.argv[1])))"
    )
    python = {**os.environ, "PATH": f"{tmp_path}/bin", "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env=python,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("nes_tasks.errors.UnavailableError: git ")
    assert words in last
    assert "install git 2.30 or newer" in last


def test_a_submodule_that_is_not_initialised_is_refused(tmp_path: Path) -> None:
    source = init(tmp_path / "source")
    source.commit(FILES)
    service = init(tmp_path / "service")
    service.git("-c", "protocol.file.allow=always", "submodule", "add", str(source.path), "nes-db")
    service.commit()
    fresh = clone(service.path, tmp_path / "fresh")
    for branch, named in ((None, "main"), ("data", "data")):
        with pytest.raises(DatabaseError, match="submodule nes-db is not fetched yet") as raised:
            opened(fresh.path, branch=branch, remote_url="file:///elsewhere")
        assert raised.value.hint == (
            f"git submodule update --init nes-db && git -C nes-db switch {named}"
        )
    assert list((fresh.path / "nes-db").iterdir()) == []


# How git is set up


def test_git_is_set_up_once_and_the_owners_values_stay(tmp_path: Path, database: Place) -> None:
    config = database.path / ".git" / "config"
    own = '# mine\n[core]\n\tpreloadIndex = false\n[alias]\n\tlg = "!git log; true" # log\n'
    config.write_text(config.read_text() + own)
    repository = opened(tmp_path)
    assert "[nes-tasks]" not in config.read_text()
    with repository.locked("doit run"):
        values = {key: database.git("config", key) for key in CONFIGURATION}
    assert values == {**CONFIGURATION, "core.preloadIndex": "false"}
    assert set(own.splitlines()) <= set(config.read_text().splitlines())
    database.git("config", "--unset", "index.version")
    database.git("config", "gc.autoDetach", "true")
    with opened(tmp_path).locked("doit run"):
        assert database.git("config", "--get", "index.version", check=False) == ""
        assert database.git("config", "gc.autoDetach") == "true"


def test_a_value_in_the_users_own_file_stays(
    tmp_path: Path, database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").write_text("[CORE]\n\tautoCRLF = input\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "mine"))
    with opened(tmp_path).locked("doit run"):
        assert database.git("config", "core.autocrlf") == "input"


# Who commits


def test_the_committer_is_whoever_git_knows(
    tmp_path: Path, database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def committer() -> tuple[str, str]:
        return opened(tmp_path).committer()

    assert committer() == ("Mina Maintainer", "mina@example.org")
    monkeypatch.delenv("GIT_COMMITTER_NAME")
    monkeypatch.delenv("GIT_COMMITTER_EMAIL")
    assert committer() == FALLBACK_IDENTITY
    database.git("config", "user.name", "मीना थापा")
    assert committer() == FALLBACK_IDENTITY
    database.git("config", "user.email", "mina@example.org")
    assert committer() == ("मीना थापा", "mina@example.org")
    database.git("config", "committer.name", "Release Robot")
    assert committer() == ("Release Robot", "mina@example.org")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "robot@example.org")
    assert committer() == ("Release Robot", "robot@example.org")


def test_the_committer_may_come_from_an_included_file(
    tmp_path: Path, database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIT_COMMITTER_NAME")
    monkeypatch.delenv("GIT_COMMITTER_EMAIL")
    (tmp_path / "work").write_text("[user]\n\tname = 42\n\temail = answer@example.org\n")
    (tmp_path / "mine").write_text(f'[includeIf "gitdir:{database.path}/"]\n\tpath = work\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "mine"))
    assert opened(tmp_path).committer() == ("42", "answer@example.org")
