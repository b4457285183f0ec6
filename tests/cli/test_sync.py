"""`doit sync`: fetches the commits of others and puts unpushed ones on top."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from team import Team
from workspace import Workspace, create_person


@pytest.fixture
def team(begun: Team, tmp_path: Path) -> Team:
    """Two people with one migration applied and pushed."""
    return begun.copied(tmp_path)


@pytest.fixture(scope="module")
def apart(begun: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Asha has pushed 002-theirs, while mina has applied 003-mine without it."""
    team = begun.copied(tmp_path_factory.mktemp("apart"))
    team.applied_by_asha("002-theirs")
    team.applied_by_mina("003-mine")
    return team


@pytest.fixture
def diverged(apart: Team, tmp_path: Path) -> Team:
    """The same for one test alone."""
    return apart.copied(tmp_path / "diverged")


def people(workspace: Workspace) -> list[str]:
    """Return the people in the working tree of the database."""
    return sorted(path.stem for path in (workspace.db / "v2/entity/person").iterdir())


def fetched(team: Team) -> dict[str, str]:
    """Return mina's state with what a fetch changes changed already."""
    team.mina.git("fetch", "-q")
    return team.mina.state()


def test_what_is_there_already_is_said(team: Team) -> None:
    before = team.mina.state()
    ran = team.mina.doit("sync")
    assert (ran.code, ran.out, ran.err) == (0, "nes-db is up to date with origin.\n", "")
    assert team.mina.state() == before


def test_what_is_new_there_comes_here_with_its_files(team: Team) -> None:
    team.applied_by_asha("002-theirs")
    ran = team.mina.doit("sync")
    assert (ran.code, ran.out, ran.err) == (
        0,
        "Pulled 1 migration (1 commit) from origin.\n",
        "",
    )
    assert team.mina.git("rev-parse", "HEAD") == team.tip()
    assert people(team.mina) == ["asha-002-theirs", "first-rai"]
    assert team.mina.git("status", "--porcelain") == ""


def test_unpushed_migrations_alone_stay_as_they_are(team: Team) -> None:
    team.applied_by_mina("002-mine")
    before = team.mina.state()
    ran = team.mina.doit("sync")
    assert ran.out == "nes-db is up to date with origin.\n"
    assert ran.err == "1 migration (1 commit) is not pushed yet; to publish: doit push\n"
    assert team.mina.state() == before


def test_a_remote_without_the_branch_is_told(tmp_path: Path) -> None:
    team = Team.at(tmp_path)
    team.applied_by_mina("001-first")
    ran = team.mina.doit("sync")
    assert ran.code == 0
    assert ran.out == "origin has no such branch yet.\n"
    assert "to publish: doit push" in ran.err


def test_a_database_that_is_not_there_is_cloned(team: Team) -> None:
    shutil.rmtree(team.mina.db)
    assert team.mina.doit("sync").code == 0
    assert team.mina.applied() == ["001-first"]


def test_nothing_is_made_where_nothing_can_be_cloned(workspace: Workspace) -> None:
    ran = workspace.doit("sync")
    assert ran.code == 3
    assert "nes-db does not exist yet" in ran.err
    assert not workspace.db.exists()


def test_an_empty_database_gets_everything(team: Team) -> None:
    shutil.rmtree(team.mina.db)
    team.mina.git_in(team.mina.root, "init", "-q", "-b", "main", "nes-db")
    team.mina.git("remote", "add", "origin", team.remote.as_uri())
    assert team.mina.doit("sync").code == 0
    assert team.mina.git("rev-parse", "HEAD") == team.tip()
    assert people(team.mina) == ["first-rai"]


def test_unpushed_migrations_are_applied_again_on_top(diverged: Team) -> None:
    mina, old = diverged.mina, diverged.mina.git("rev-parse", "HEAD")
    ran = mina.doit("sync")
    assert ran.code == 0, ran.err
    kept = mina.git("for-each-ref", "--format=%(refname)", "refs/nes-tasks-kept")
    assert ran.out == (
        "Pulled 1 migration (1 commit) from origin.\n"
        "003-mine: applied again on top.\n"
        f"The previous branch is kept as {kept}\n"
    )
    assert mina.git("rev-parse", kept) == old
    assert mina.git("rev-parse", "HEAD^") == diverged.tip()
    assert mina.git("log", "-1", "--format=%s|%an") == "Migration: 003-mine|Asha Example"
    assert people(mina) == ["asha-002-theirs", "first-rai", "mina-003-mine"]
    assert mina.git("status", "--porcelain") == ""
    tree = mina.git("rev-parse", "HEAD^^{tree}")
    assert f'base_tree = "{tree}"' in mina.git(
        "show", "HEAD:v2/migration-logs/003-mine/marker.toml"
    )
    assert mina.git("for-each-ref", "refs/nes-tasks/") == ""
    assert mina.doit("push").code == 0


def test_what_is_applied_again_sees_what_the_remote_has(team: Team) -> None:
    count = (
        'found = await context.search.search_entities(entity_type="person")\n'
        "context.log(str(len(found)))\n"
    )
    team.applied_by_asha("002-theirs")
    team.applied_by_mina("003-count", count)
    log = "HEAD:v2/migration-logs/003-count/log.txt"
    assert team.mina.git("show", log) == "1"
    assert team.mina.doit("sync").code == 0
    assert team.mina.git("show", log) == "2"


def test_several_keep_their_order(team: Team) -> None:
    team.applied_by_asha("002-theirs")
    for name in ("003-one", "004-two", "005-three"):
        team.applied_by_mina(name)
    assert team.mina.doit("sync").code == 0
    assert team.mina.git("log", "--reverse", "--format=%s", f"{team.tip()}..").splitlines() == [
        "Migration: 003-one",
        "Migration: 004-two",
        "Migration: 005-three",
    ]


def test_a_run_that_the_remote_has_too_gives_way_to_it(team: Team) -> None:
    team.applied_by_asha("002-same", create_person("same-rai"))
    team.applied_by_mina("002-same", create_person("same-rai"))
    team.applied_by_mina("003-mine")
    ran = team.mina.doit("sync")
    assert ran.code == 0, ran.err
    assert "002-same: origin has it; its run here was replaced by that one.\n" in ran.out
    assert "003-mine: applied again on top.\n" in ran.out
    assert team.mina.git("rev-parse", "HEAD^") == team.tip()


def test_when_all_runs_give_way_the_branch_is_the_remotes(team: Team) -> None:
    team.applied_by_asha("002-same", create_person("same-rai"))
    team.applied_by_mina("002-same", create_person("same-rai"))
    assert team.mina.doit("sync").code == 0
    assert team.mina.git("rev-parse", "HEAD") == team.tip()
    assert team.mina.git("status", "--porcelain") == ""


def test_a_migration_that_fails_on_top_leaves_everything_as_it_was(team: Team) -> None:
    team.applied_by_asha("002-theirs", create_person("taken-rai"))
    team.applied_by_mina("003-fine")
    team.applied_by_mina("004-taken", create_person("taken-rai"))
    before = fetched(team)
    ran = team.mina.doit("sync")
    assert ran.code == 1
    assert "error: 004-taken failed" in ran.err
    assert team.mina.state() == before


def test_commits_made_by_hand_are_refused_by_name(diverged: Team) -> None:
    mina = diverged.mina
    (mina.db / "notes.txt").write_text("by hand")
    mina.git("add", ".")
    mina.git("commit", "-qm", "Add notes")
    commit = mina.git("rev-parse", "--short=12", "HEAD")
    before = fetched(diverged)
    ran = mina.doit("sync")
    assert ran.code == 3
    assert f"as they are not first runs of migrations: {commit} (Add notes)" in ran.err
    assert ran.err.endswith("git -C nes-db rebase --rebase-merges origin/main, then doit push\n")
    assert mina.state() == before
    mina.git("rebase", "-q", "--rebase-merges", "origin/main")
    assert mina.doit("push").code == 0


def test_a_second_execution_is_no_first_run(team: Team) -> None:
    team.applied_by_asha("002-theirs")
    team.mina.git("commit", "-q", "--allow-empty", "-m", "Migration: 001-first")
    ran = team.mina.doit("sync")
    assert ran.code == 3
    assert "(Migration: 001-first)" in ran.err


def test_a_number_that_the_remote_has_used_is_solved_by_following_the_hint(team: Team) -> None:
    team.applied_by_asha("002-theirs")
    team.applied_by_mina("002-mine")
    before = fetched(team)
    ran = team.mina.doit("sync")
    assert ran.code == 1
    assert "002-mine has the number of 002-theirs, which is already applied" in ran.err
    hint = "mv migrations/002-mine migrations/003-mine"
    assert ran.err.endswith(f"{hint}, then doit sync\n")
    assert team.mina.state() == before
    subprocess.run(hint.split(), cwd=team.mina.root, check=True)
    ran = team.mina.doit("sync")
    assert ran.code == 0, ran.err
    assert "003-mine: applied again on top." in ran.out
    assert team.mina.applied() == ["001-first", "002-theirs", "003-mine"]


def test_a_folder_that_is_gone_is_asked_back(diverged: Team) -> None:
    shutil.rmtree(diverged.mina.migrations / "003-mine")
    before = fetched(diverged)
    ran = diverged.mina.doit("sync")
    assert ran.code == 1
    assert "003-mine is applied here but not on the remote, and its folder is missing" in ran.err
    assert diverged.mina.state() == before


def test_a_folder_that_was_changed_is_not_applied_again(diverged: Team) -> None:
    diverged.mina.edit("003-mine")
    ran = diverged.mina.doit("sync")
    assert ran.code == 1
    assert "003-mine was changed after it was applied (changed migrate.py)" in ran.err


def test_a_remote_whose_history_was_rewritten_is_not_followed(team: Team) -> None:
    team.asha.git("commit", "-q", "--amend", "-m", "Another past")
    team.asha.git("push", "-q", "--force")
    before = team.mina.state()
    ran = team.mina.doit("sync")
    assert ran.code == 3
    assert "the history of origin/main was rewritten; nothing was changed" in ran.err
    assert team.mina.state() == before


def test_local_changes_are_not_overwritten(diverged: Team) -> None:
    (diverged.mina.db / "mine.txt").write_text("x")
    before = fetched(diverged)
    ran = diverged.mina.doit("sync")
    assert ran.code == 3
    assert "uncommitted changes: mine.txt" in ran.err
    assert diverged.mina.state() == before


def test_a_remote_that_cannot_be_reached_is_told(team: Team) -> None:
    team.remote.rename(team.remote.with_name("gone"))
    ran = team.mina.doit("sync")
    assert ran.code == 3
    assert "origin cannot be fetched from" in ran.err
    assert "nothing was changed; check the network" in ran.err


def test_a_sparse_clone_without_blobs_catches_up(team: Team) -> None:
    team.mina.git_in(team.remote, "config", "uploadpack.allowFilter", "true")
    shutil.rmtree(team.mina.db)
    url = team.remote.as_uri()
    options = ("--filter=blob:none", "--sparse", "--depth", "1")
    team.mina.git_in(team.mina.root, "clone", "-q", *options, url, "nes-db")
    team.mina.git("sparse-checkout", "set", "v2/migration-logs")
    team.applied_by_asha("002-theirs")
    team.applied_by_mina("003-mine")
    ran = team.mina.doit("sync")
    assert ran.code == 0, ran.err
    assert team.mina.applied() == ["001-first", "002-theirs", "003-mine"]
    assert not (team.mina.db / "v2/entity").exists()
    assert team.mina.doit("push").code == 0


@pytest.fixture
def daemon(diverged: Team) -> Iterator[str]:
    """git's own server on the loopback interface; gives the address of the remote there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--verbose", "--reuseaddr", "--export-all", "--enable=receive-pack"]
    options += [f"--port={port}", "--listen=127.0.0.1", f"--base-path={diverged.remote.parent}"]
    process = subprocess.Popen(["git", "daemon", *options], stderr=subprocess.PIPE, text=True)
    assert process.stderr
    assert "Ready to rumble" in process.stderr.readline()
    yield f"git://127.0.0.1:{port}/{diverged.remote.name}"
    process.terminate()
    process.wait()
    process.stderr.close()


def test_it_works_over_a_network(diverged: Team, daemon: str) -> None:
    diverged.mina.git("remote", "set-url", "origin", daemon)
    assert diverged.mina.doit("push").code == 3
    assert diverged.mina.doit("sync").code == 0
    assert diverged.mina.doit("push").code == 0
    assert diverged.tip() == diverged.mina.git("rev-parse", "HEAD")
