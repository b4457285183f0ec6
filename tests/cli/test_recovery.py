"""Errors around the moment of publication, and recovery by the next command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from repositories import git_called
from team import Team
from workspace import Workspace, create_person


def unwritable_log(workspace: Workspace) -> None:
    """Let git be unable to write the log of HEAD, for which it also reports a moved branch."""
    log = workspace.db / ".git/logs/HEAD"
    log.unlink(missing_ok=True)
    (log / "in the way").mkdir(parents=True)


def test_a_log_that_cannot_be_written_does_not_deny_what_was_applied(started: Workspace) -> None:
    unwritable_log(started)
    started.migration("002-second", create_person("bina-rai"))
    ran = started.doit()
    assert ran.code == 0, ran.err
    assert "nothing was applied" not in ran.err
    assert started.applied() == ["001-first", "002-second"]
    assert started.git("status", "--porcelain") == ""
    assert started.git("for-each-ref", "refs/nes-tasks") == ""


def test_the_branch_as_it_was_is_kept_although_the_log_cannot_be_written(
    begun: Team, tmp_path: Path
) -> None:
    team = begun.copied(tmp_path)
    team.applied_by_asha("002-theirs")
    team.applied_by_mina("003-mine")
    old = team.mina.git("rev-parse", "HEAD")
    unwritable_log(team.mina)
    ran = team.mina.doit("sync")
    assert ran.code == 0, ran.err
    assert team.mina.git("for-each-ref", "--format=%(objectname)", "refs/nes-tasks-kept") == old


@pytest.mark.parametrize(
    "lock",
    [
        "index.lock",
        "HEAD.lock",
        "packed-refs.lock",
        "packed-refs.new",
        "shallow.lock",
        "config.lock",
        "refs/heads/main.lock",
        "refs/nes-tasks/x.lock",
        "refs/remotes/origin/main.lock",
        "objects/maintenance.lock",
        "objects/pack/tmp_pack_abc",
        "objects/12/tmp_obj_abc",
    ],
)
def test_what_killed_gits_leave_is_gone_after_the_next_command(
    started: Workspace, lock: str
) -> None:
    own = started.db / ".git/nes-tasks/lock-holder.json"
    own.write_text("")  # as a killed command leaves it
    left = started.db / ".git" / lock
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_text("half")
    started.migration("002-second", create_person("bina-rai"))
    ran = started.doit()
    assert ran.code == 0, ran.err
    assert not left.exists()
    assert not own.exists()
    assert started.applied() == ["001-first", "002-second"]


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock", "refs/heads/main.lock"])
def test_a_lock_of_somebody_else_is_named_and_stays(started: Workspace, lock: str) -> None:
    left = started.db / ".git" / lock
    left.write_text("mine")
    started.migration("002-second", create_person("bina-rai"))
    before = started.git("rev-parse", "HEAD")
    for _ in range(2):  # the refusal is no reason to clean up, either
        ran = started.doit()
        assert ran.code == 3
        assert f"if none is, remove nes-db/.git/{lock}" in ran.err
        assert left.read_text() == "mine"
    assert started.git("rev-parse", "HEAD") == before


def test_a_lock_from_before_the_killed_command_stays(started: Workspace) -> None:
    left = started.db / ".git/index.lock"
    left.write_text("mine")
    os.utime(left, (1, 1))
    (started.db / ".git/nes-tasks/lock-holder.json").write_text("")
    started.migration("002-second", create_person("bina-rai"))
    assert started.doit().code == 3
    assert left.read_text() == "mine"


def test_a_lock_stays_while_a_git_is_at_work_there(started: Workspace, tmp_path: Path) -> None:
    (started.db / ".git/nes-tasks/lock-holder.json").write_text("")
    left = started.db / ".git/index.lock"
    left.write_text("mine")
    # It reads what it shall hash, and so waits for as long as we want.
    git = subprocess.Popen(
        ["git", "-C", str(started.db), "hash-object", "--stdin"], stdin=subprocess.PIPE
    )
    try:
        process = started.start()
        time.sleep(2)
        assert left.read_text() == "mine"
    finally:
        git.communicate(b"")
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert not left.exists()


def test_status_says_that_a_killed_command_has_left_something(started: Workspace) -> None:
    (started.db / ".git/nes-tasks/lock-holder.json").write_text("")
    (started.db / ".git/index.lock").write_text("half")
    assert "Next: doit  (" in started.doit("status").out
    assert started.doit().code == 0
    assert not (started.db / ".git/index.lock").exists()
    assert "Nothing to do." in started.doit("status").out


def test_sync_recovers_before_it_fetches(begun: Team, tmp_path: Path) -> None:
    team = begun.copied(tmp_path)
    team.applied_by_asha("002-theirs")
    own = team.mina.db / ".git/nes-tasks"
    (own / "lock-holder.json").write_text("")
    for name in ("shallow.lock", "refs/remotes/origin/main.lock"):
        (team.mina.db / ".git" / name).write_text("half")
    broken = team.mina.db / ".git/refs/nes-tasks/run"
    broken.parent.mkdir(exist_ok=True)
    broken.write_text("1" * 40 + "\n")
    ran = team.mina.doit("sync")
    assert ran.code == 0, ran.err
    assert team.mina.git("rev-parse", "HEAD") == team.tip()


def test_no_ref_is_there_before_its_objects(started: Workspace, tmp_path: Path) -> None:
    """Whenever a ref of ours is there, the commit that it names is there, too."""
    seen = tmp_path / "seen"
    script = (
        'case "$*" in *update-ref*|*read-tree*) '
        f"{shutil.which('git')} -C {started.db} rev-list --objects --all >/dev/null 2>&1 "
        f'&& echo whole >> {seen} || echo broken >> {seen};; esac\nexec {shutil.which("git")} "$@"'
    )
    started.migration("002-second", create_person("bina-rai"))
    assert started.doit(PATH=git_called(tmp_path / "bin", script)).code == 0
    assert set(seen.read_text().split()) == {"whole"}


def test_a_refused_first_run_leaves_no_database(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-second", create_person("bina-rai"))
    ran = workspace.doit("run", "-s", "migrate:2")
    assert ran.code == 1
    assert not workspace.db.exists()
    assert workspace.doit().code == 0


def test_a_first_migration_that_fails_leaves_no_database(workspace: Workspace) -> None:
    workspace.migration("001-first", "raise ValueError('x')")
    assert workspace.doit().code == 1
    assert not workspace.db.exists()


def with_remote(workspace: Workspace, **settings: object) -> Path:
    remote = workspace.root.parent / "remote.git"
    workspace.git_in(workspace.root, "clone", "-q", "--bare", str(workspace.db), str(remote))
    workspace.git("remote", "add", "origin", remote.as_uri())
    workspace.git("fetch", "-q")
    workspace.settings(**settings)
    return remote


def test_what_a_killed_run_has_not_pushed_is_pushed_by_the_next(started: Workspace) -> None:
    remote = with_remote(started)
    started.migration("002-second", create_person("bina-rai"))
    assert started.doit().code == 0
    started.settings(push=True)
    ran = started.doit()
    assert (ran.code, ran.err) == (0, "1 commit is pushed to origin\n")
    assert started.git_in(remote, "rev-parse", "main") == started.git("rev-parse", "HEAD")
    assert started.doit().err == ""


def test_a_run_without_work_ends_with_what_is_not_pushed(started: Workspace) -> None:
    with_remote(started)
    started.migration("002-second", create_person("bina-rai"))
    assert started.doit().code == 0
    ran = started.doit()
    assert "nothing to do" in ran.out
    assert ran.err == "1 commit is not pushed yet; to publish: doit push\n"


def test_a_tag_of_the_branchs_name_does_not_keep_from_pushing(started: Workspace) -> None:
    remote = with_remote(started)
    started.migration("002-second", create_person("bina-rai"))
    started.doit()
    started.git("tag", "main", "HEAD~1")
    ran = started.doit("push")
    assert ran.code == 0, ran.err
    tip = started.git_in(remote, "rev-parse", "refs/heads/main")
    assert tip == started.git("rev-parse", "HEAD")


def test_a_mirror_is_pushed_to_like_any_remote(started: Workspace) -> None:
    remote = with_remote(started)
    started.git("remote", "remove", "origin")
    started.git("remote", "add", "--mirror=push", "origin", remote.as_uri())
    started.migration("002-second", create_person("bina-rai"))
    started.doit()
    assert started.doit("push").code == 0
    tip = started.git_in(remote, "rev-parse", "refs/heads/main")
    assert tip == started.git("rev-parse", "HEAD")
    assert "refs/tags" not in started.git_in(remote, "for-each-ref")


def test_a_push_that_is_overtaken_at_the_server_is_sent_to_sync(
    begun: Team, tmp_path: Path
) -> None:
    team = begun.copied(tmp_path)
    team.applied_by_mina("002-mine")
    tip = team.tip()
    other = team.asha.git("commit-tree", f"{tip}^{{tree}}", "-p", tip, "-m", "theirs")
    team.asha.git("push", "-q", "origin", f"{other}:refs/heads/other")
    # After git at the server has compared, and before it takes the lock of the branch.
    moved = f'git --git-dir="{team.remote}" update-ref refs/heads/main {other}'
    team.hook(f'env -i PATH="$PATH" {moved}')
    ran = team.mina.doit("push")
    assert ran.code == 3
    assert ran.err.endswith("the data is committed locally; doit sync\n"), ran.err
    (team.remote / "hooks/pre-receive").unlink()
    assert team.mina.doit("sync").code == 0
    assert team.mina.doit("push").code == 0


def test_branches_that_are_there_are_named(workspace: Workspace, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    workspace.git_in(tmp_path, "init", "-q", "--bare", "-b", "master", str(remote))
    source = tmp_path / "source"
    workspace.git_in(tmp_path, "clone", "-q", remote.as_uri(), str(source))
    workspace.git_in(source, "commit", "-q", "--allow-empty", "-m", "x")
    workspace.git_in(source, "push", "-q", "origin", "HEAD:master")
    workspace.settings(remote_url=remote.as_uri(), branch="main")
    workspace.migration("001-first")
    ran = workspace.doit()
    assert ran.code == 3
    assert ran.err.endswith("it has master; name one of them in the setting `branch`\n"), ran.err


def test_a_filter_whose_program_is_missing_is_named(started: Workspace) -> None:
    started.git("config", "filter.lfs.smudge", "no-such-program smudge -- %f")
    started.git("config", "filter.lfs.clean", "cat")
    started.git("config", "filter.lfs.required", "true")
    (started.db / ".git/info/attributes").write_text("*.json filter=lfs\n")
    started.migration("002-second", create_person("bina-rai"))
    ran = started.doit()
    assert ran.code == 3
    assert "applied and committed, but" in ran.err
    assert "install or repair the filter lfs (no-such-program)" in ran.err
    assert "stash" not in ran.err
    started.git("config", "filter.lfs.smudge", "cat")
    assert started.doit().code == 0
    assert started.git("status", "--porcelain") == ""


@pytest.mark.parametrize("command", [["status"], ["list"], ["history"], ["show", "1"], ["run"]])
def test_a_full_output_is_one_line_and_exit_code_3(started: Workspace, command: list[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "doit", *command],
            cwd=started.root,
            env=started.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_eight_at_once_apply_everything_once(started: Workspace) -> None:
    for number in range(2, 5):
        started.migration(f"{number:03}-x", create_person(f"person-{number}"))
    processes = [started.start() for _ in range(8)]
    ends = [process.communicate(timeout=120)[1] for process in processes]
    codes = {process.returncode for process in processes}
    assert codes <= {0, 3}, ends
    assert "Traceback" not in "".join(ends)
    assert started.doit().code == 0
    assert started.applied() == ["001-first", "002-x", "003-x", "004-x"]
    assert started.git("rev-list", "--count", "HEAD", "--", "v2/migration-logs") == "4"
    assert started.git("fsck", "--no-dangling") == ""


def test_readers_during_a_run_see_whole_migrations(started: Workspace) -> None:
    for number in range(2, 5):
        started.migration(f"{number:03}-x", create_person(f"person-{number}"))
    process = started.start()
    while process.poll() is None:
        for command in (["status", "--json"], ["history"]):
            ran = started.doit(*command)
            assert ran.code == 0, ran.err
    assert process.communicate()[0]
    assert process.returncode == 0
    assert len(started.applied()) == 4


def test_of_two_pushers_the_second_catches_up(begun: Team, tmp_path: Path) -> None:
    team = begun.copied(tmp_path)
    team.applied_by_mina("002-mine")
    for project in (team.mina, team.asha):
        project.settings(remote_url=team.remote.as_uri(), out_of_order="allow")
    team.asha.migration("003-theirs", create_person("asha-003"))
    assert team.asha.doit().code == 0
    pushers = [(project, project.start("push")) for project in (team.mina, team.asha)]
    lost = []
    for project, process in pushers:
        _, err = process.communicate(timeout=120)
        if process.returncode:
            assert err.endswith("doit sync\n"), err
            lost.append(project)
    assert len(lost) == 1
    assert lost[0].doit("sync").code == 0
    assert lost[0].doit("push").code == 0
    assert team.tip() == lost[0].git("rev-parse", "HEAD")


def test_a_git_killed_while_the_run_lives_does_not_block_the_next(
    started: Workspace, tmp_path: Path
) -> None:
    """As the system does when memory runs out: the lock of the branch stays."""
    started.migration("002-second", create_person("bina-rai"))
    git = shutil.which("git")
    script = (
        f'case "$*" in *"update-ref -m"*) : > {started.db}/.git/refs/heads/main.lock; '
        f'kill -{int(signal.SIGKILL)} $$;; esac\nexec {git} "$@"'
    )
    ran = started.doit(PATH=git_called(tmp_path / "bin", script))
    assert ran.code == 3
    assert started.applied() == ["001-first"]
    assert started.doit().code == 0
    assert started.applied() == ["001-first", "002-second"]


def test_a_lock_that_git_could_not_remove_does_not_block_the_next(
    started: Workspace, tmp_path: Path
) -> None:
    started.migration("002-second", create_person("bina-rai"))
    git, lock = shutil.which("git"), started.db / ".git/HEAD.lock"
    script = f'{git} "$@"; code=$?; case "$*" in *"update-ref -m"*) : > {lock};; esac; exit $code'
    assert started.doit(PATH=git_called(tmp_path / "bin", script)).code == 0
    started.migration("003-third", create_person("chet-rai"))
    ran = started.doit()
    assert ran.code == 0, ran.err
    assert not lock.exists()
    assert started.applied() == ["001-first", "002-second", "003-third"]
