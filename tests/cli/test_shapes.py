"""Migrations of several commits, in each shape that merges and edits give them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from histories import close_with_a_merge, unfold
from team import Team
from workspace import Workspace, create_person

from nes_tasks.operations.report import make_report
from nes_tasks.project import Project
from nes_tasks.settings import load_settings

BASE = "refs/test/base"
NAME = "002-many"
MANY = "".join(map(create_person, ("bina-rai", "chet-rai", "dil-rai")))


def apply_many(workspace: Workspace) -> None:
    workspace.settings(batch_size=4, batches="linear")
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit().code == 0
    workspace.git("update-ref", BASE, "HEAD")
    workspace.migration(NAME, MANY)
    ran = workspace.doit()
    assert ran.code == 0, ran.err


def shape(workspace: Workspace, kind: str) -> Workspace:
    """Give the commits of the migration a shape; the files are the same in each."""
    if kind == "merge":
        close_with_a_merge(workspace, BASE, NAME, "Duration: 1.5s")
    return workspace


@pytest.fixture(params=["linear", "merge"])
def many(request: pytest.FixtureRequest, prepared: Callable[..., Workspace]) -> Workspace:
    """A migration of three batches on top of another one, in either shape."""
    return shape(prepared(apply_many), request.param)


@pytest.fixture
def merged(prepared: Callable[..., Workspace]) -> Workspace:
    """The same, closed by a merge."""
    return shape(prepared(apply_many), "merge")


@pytest.fixture
def linear(prepared: Callable[..., Workspace]) -> Workspace:
    """The same, in a row."""
    return prepared(apply_many)


def base_tree(workspace: Workspace) -> str:
    return workspace.git("rev-parse", f"{BASE}^{{tree}}")


def own(workspace: Workspace) -> list[str]:
    """Return the commits since the base, oldest first."""
    return workspace.git("rev-list", "--topo-order", "--reverse", f"{BASE}..HEAD").split()


def known(workspace: Workspace) -> list[str]:
    """Return the commits that all commands agree on."""
    (history,) = json.loads(workspace.doit("history", NAME, "--json").out)
    shown = json.loads(workspace.doit("show", NAME, "--json").out)
    commits = [commit["id"] for commit in history["commits"]]
    assert [commit["id"] for commit in shown["commits"]] == commits
    assert shown["statistics"] == history["statistics"]
    assert shown["changes"]["types"] == {"person": {"created": 3, "updated": 0, "deleted": 0}}
    info = workspace.doit("info", NAME).out
    assert [row.split()[1] for row in info.splitlines() if " UTC " in row] == commits
    blamed = json.loads(workspace.doit("blame", "entity:person/dil-rai", "--json").out)
    setters = {field["commit"] for field in blamed["fields"]}
    assert {one["migration"] for one in blamed["commits"] if one["id"] in setters} == {NAME}
    return commits


def follow(workspace: Workspace, command: str) -> None:
    """Type a command that was printed."""
    subprocess.run(
        command, shell=True, check=True, cwd=workspace.root, env=workspace.shell_environment()
    )


def test_all_commands_know_the_same_commits(many: Workspace) -> None:
    assert known(many) == own(many)
    replay = many.doit("replay", NAME)
    assert (replay.code, "proven" in replay.out) == (0, True), replay.out


def test_whatever_the_subject_says_the_record_tells(many: Workspace) -> None:
    many.git("commit", "-q", "--amend", "-m", "Districts of Nepal (#12)\n\nDuration: 2.5s")
    assert known(many) == own(many)
    (history,) = json.loads(many.doit("history", NAME, "--json").out)
    assert (history["committer"], history["duration_seconds"]) == ("Mina Maintainer", 2.5)
    assert many.doit("replay", NAME).code == 0
    ran = many.doit("revert", NAME, "--yes")
    assert ran.code == 0, ran.err
    assert many.tree == base_tree(many)


def test_one_squashed_commit_is_known_by_its_record(many: Workspace) -> None:
    many.git("reset", "-q", "--soft", BASE)
    many.git("commit", "-q", "-m", f"Migration: {NAME} (#12)")
    assert known(many) == own(many)
    assert many.doit("replay", NAME).code == 0
    assert many.doit("undo", "--yes").code == 0
    assert many.tree == base_tree(many)


def test_undo_takes_it_off_as_a_whole_and_says_how_it_comes_back(many: Workspace) -> None:
    tip, tree, count = many.git("rev-parse", "HEAD"), many.tree, len(own(many))
    ran = many.doit("undo", "--yes")
    assert ran.code == 0, ran.err
    assert many.git("rev-parse", "HEAD") == many.git("rev-parse", BASE)
    assert many.git("status", "--porcelain") == ""
    kept = many.git("for-each-ref", "--format=%(refname)", "refs/nes-tasks-kept/")
    assert many.git("rev-parse", kept) == tip
    first, second, command = ran.out.splitlines()
    assert first == f"Removed {NAME} from nes-db ({count} commits)."
    assert second == f"The previous branch is kept as {kept}; to bring it back:"
    follow(many, command)
    assert (many.git("rev-parse", "HEAD"), many.tree) == (tip, tree)
    assert many.git("status", "--porcelain") == ""


def test_revert_takes_it_back_as_a_whole(many: Workspace) -> None:
    ran = many.doit("revert", NAME, "--yes")
    assert ran.code == 0, ran.err
    assert many.tree == base_tree(many)
    assert many.doit("status").out.endswith(f"Next: doit  (it applies {NAME})\n")
    assert many.doit().code == 0
    assert many.doit("revert", NAME, "--yes").code == 0
    assert many.tree == base_tree(many)


def test_the_state_before_a_merge_is_its_first_parent(merged: Workspace) -> None:
    merged.git("reset", "-q", "--hard", "HEAD~1")
    assert merged.tree == base_tree(merged)
    assert json.loads(merged.doit("pending", "--json").out)[0]["name"] == NAME
    assert merged.doit().code == 0


def test_git_reverts_a_merge_as_a_whole(merged: Workspace) -> None:
    merged.git("revert", "--no-edit", "-m", "1", "HEAD")
    assert merged.tree == base_tree(merged)
    assert merged.doit().code == 0
    assert len(known(merged)) > 1


@pytest.mark.parametrize("deed", ["reset", "revert"])
def test_a_part_is_refused_everywhere_with_the_way_out(linear: Workspace, deed: str) -> None:
    if deed == "reset":
        linear.git("reset", "-q", "--hard", "HEAD~1")
        way_out, there = "doit undo", "numbers 1, 2"
    else:
        linear.git("revert", "--no-edit", "HEAD")
        way_out, there = f"doit revert {NAME}", "numbers 1, 2"
    problem = f"nes-db holds only a part of {NAME}: {there} of its 3 batches, without its record"
    linear.migration("003-more", create_person("more-rai"))
    before = linear.state()
    for command in (
        ["run"],
        ["adopt", "--yes"],
        ["preview"],
        [f"migrate:{NAME}", "--force"],
        ["push"],
    ):
        ran = linear.doit(*command)
        if command != ["push"]:  # there is no remote to push to, which comes first
            assert f"{problem}; {way_out}\n" in ran.err, (command, ran.err)
        assert ran.code != 0, command
    status = linear.doit("status").out
    assert f"Problem     {problem}\n" in status
    assert f"Next: {way_out}  ({problem})\n" in status
    assert linear.state() == before
    ran = linear.doit(*way_out.split()[1:], "--yes")
    assert ran.code == 0, ran.err
    assert linear.tree == base_tree(linear)
    ran = linear.doit()
    assert ran.code == 0, ran.err


def test_a_part_that_a_revert_of_the_last_batch_of_a_merge_leaves_is_one_too(
    merged: Workspace,
) -> None:
    merged.git("revert", "--no-edit", "HEAD^2")
    assert f"only a part of {NAME}" in merged.doit("adopt", "--dry-run").err
    assert merged.doit("revert", NAME, "--yes").code == 0
    assert merged.tree == base_tree(merged)


def test_a_part_is_not_pushed(linear: Workspace, tmp_path: Path) -> None:
    linear.git("reset", "-q", "--hard", "HEAD~1")
    linear.git_in(tmp_path, "init", "-q", "--bare", "there.git")
    linear.git("remote", "add", "origin", str(tmp_path / "there.git"))
    ran = linear.doit("push")
    assert ran.code == 1
    assert f"only a part of {NAME}" in ran.err
    assert linear.git("ls-remote", "origin") == ""


@pytest.mark.parametrize("options", [[], ["--rebase-merges"]])
def test_after_a_rebase_it_is_the_same_migration(many: Workspace, options: list[str]) -> None:
    many.git("checkout", "-q", "-b", "other", BASE)
    (many.db / "by-hand.txt").write_text("x")
    many.git("add", ".")
    many.git("commit", "-q", "-m", "Add a note")
    below = many.tree
    many.git("checkout", "-q", "main")
    many.git("rebase", "-q", *options, "other")
    many.git("update-ref", BASE, "other")
    assert known(many) == own(many)
    tip = many.git("rev-parse", "HEAD")
    assert many.doit("undo", "--yes").code == 0
    assert many.tree == below
    many.git("reset", "-q", "--hard", tip)
    assert many.doit("revert", NAME, "--yes").code == 0
    assert many.tree == below


@pytest.mark.parametrize("theirs_first", [False, True])
def test_after_a_merge_by_somebody_else_it_is_the_same_migration(
    many: Workspace, theirs_first: bool
) -> None:
    commits = own(many)
    many.git("checkout", "-q", "-b", "other", BASE)
    (many.db / "by-hand.txt").write_text("x")
    many.git("add", ".")
    many.git("commit", "-q", "-m", "Add a note")
    below = many.tree
    if theirs_first:
        many.git("merge", "-q", "--no-ff", "-m", "Merge ours", "main")
        many.git("branch", "-q", "-f", "main", "other")
        many.git("checkout", "-q", "main")
    else:
        many.git("checkout", "-q", "main")
        many.git("merge", "-q", "-m", "Merge theirs", "other")
    assert known(many) == commits
    assert many.doit("replay", NAME).code == 0
    tip = many.git("rev-parse", "HEAD")
    ran = many.doit("undo", "--yes")
    assert ran.code == 0, ran.err
    assert many.tree == below
    many.git("reset", "-q", "--hard", tip)
    assert many.doit("revert", NAME, "--yes").code == 0
    assert many.tree == below


def test_two_in_one_commit_are_proven_and_taken_back_together(many: Workspace) -> None:
    tag = (
        'person = await context.db.get_entity("entity:person/bina-rai")\n'
        'person.tags = ["two"]\n'
        'await context.publication.update_entity(person, context.author_id, "Tag")'
    )
    many.migration("003-tag", tag)
    assert many.doit().code == 0
    many.git("reset", "-q", "--soft", BASE)
    many.git("commit", "-q", "-m", "Many people (#13)")
    ran = many.doit("replay", "3", "--json")
    assert ran.code == 0, ran.out
    verdicts = {one["name"]: one["verdict"] for one in json.loads(ran.out)["migrations"]}
    assert verdicts == {NAME: "proven", "003-tag": "proven"}
    assert json.loads(many.doit("show", "3", "--json").out)["squashed_with"] == [NAME]
    script = many.migrations / NAME / "migrate.py"
    text = script.read_text()
    script.write_text(f"{text}# other\n")
    ran = many.doit("replay", "3", "--json")
    assert [one["reason"] for one in json.loads(ran.out)["migrations"]] == ["drift", "squashed"]
    script.write_text(text)
    tip = many.git("rev-parse", "HEAD")
    ran = many.doit("revert", "3", "--yes")
    assert f"Reverted 003-tag, {NAME}: " in ran.out, ran.err
    assert many.tree == base_tree(many)
    many.git("reset", "-q", "--hard", tip)
    assert many.doit("undo", "--yes").out.startswith(
        f"Removed 003-tag, {NAME} from nes-db (1 commit)."
    )
    assert many.tree == base_tree(many)


def test_a_shallow_clone_knows_what_is_applied_and_says_what_to_fetch(many: Workspace) -> None:
    whole = many.root / "whole"
    many.db.rename(whole)
    many.git_in(many.root, "clone", "-q", "--depth=1", whole.as_uri(), "nes-db")
    assert many.doit("pending", "--check").code == 0
    assert [row["name"] for row in json.loads(many.doit("history", "--json").out)] == [
        "001-first",
        NAME,
    ]
    assert many.doit("status").code == 0
    shown = many.doit("show", NAME)
    assert shown.code == 0
    assert "git -C nes-db fetch --unshallow fetches what is missing" in shown.out
    for command in (["undo"], ["revert", NAME], ["replay", NAME]):
        ran = many.doit(*command, *(["--yes"] if command[0] in ("undo", "revert") else []))
        assert ran.code != 0, command
        assert "is a shallow clone; git -C nes-db fetch --unshallow" in ran.err, ran.err
    many.git("fetch", "-q", "--unshallow")
    assert many.doit("undo", "--yes").code in (0, 1)


def test_a_report_tells_it_once(many: Workspace) -> None:
    report = make_report(Project(load_settings(many.root)), lambda *_: None)
    summary = report.summaries[-1]
    assert (summary.name, len(summary.run.commits)) == (NAME, len(own(many)))
    assert summary.changes is not None
    assert summary.changes.types["person"].created == 3
    assert [point.migration for point in report.growth][-2:] == ["001-first", NAME]


def test_a_migration_of_several_batches_is_applied_again_on_top(
    begun: Team, tmp_path: Path
) -> None:
    team = begun.copied(tmp_path)
    mina = team.mina
    team.applied_by_asha("002-theirs")
    mina.settings(remote_url=team.remote.as_uri(), batch_size=4)
    mina.git("update-ref", BASE, "HEAD")
    team.applied_by_mina("003-mine", MANY)
    unfold(mina, BASE)
    close_with_a_merge(mina, BASE, "003-mine")
    mina.git("fetch", "-q")
    status = json.loads(mina.doit("status", "--json").out)["remote"]
    assert (status["ahead_migrations"], status["behind_migrations"]) == (1, 1)
    assert f"1 migration ({status['ahead']} commits) to push" in mina.doit("status").out
    team.give_mina("002-theirs")
    ran = mina.doit("sync")
    assert ran.code == 0, ran.err
    assert "Pulled 1 migration (1 commit) from origin.\n" in ran.out
    assert "003-mine: applied again on top.\n" in ran.out
    assert "1 migration (" in ran.err
    assert mina.doit("replay").code == 0
    ran = mina.doit("push")
    assert ran.out.startswith("1 migration ("), ran.err


def test_what_was_reverted_and_then_rebased_is_pending(begun: Team, tmp_path: Path) -> None:
    team = begun.copied(tmp_path)
    team.applied_by_mina("003-mine")
    assert team.mina.doit("revert", "3", "--yes").code == 0
    team.applied_by_asha("002-theirs")
    team.give_mina("002-theirs")
    team.mina.git("fetch", "-q")
    team.mina.git("rebase", "-q", "origin/main")
    assert [row["name"] for row in json.loads(team.mina.doit("pending", "--json").out)] == [
        "003-mine"
    ]
    assert "003-mine" not in team.mina.doit("adopt", "--dry-run").out.split("\n")[0]
    ran = team.mina.doit()
    assert ran.code == 0, ran.err
    assert "003-mine" in team.mina.applied()


def test_the_database_commit_of_a_merge_is_recorded_in_the_service_repository(
    merged: Workspace,
) -> None:
    root, env = merged.root, {"GIT_ALLOW_PROTOCOL": "file"}
    whole = root.parent / "whole.git"
    merged.git_in(root, "clone", "-q", "--bare", str(merged.db), str(whole))
    subprocess.run(["rm", "-rf", str(merged.db)], check=True)
    merged.git_in(root, "init", "-q", "-b", "main")
    subprocess.run(
        ["git", "-c", "protocol.file.allow=always", "submodule", "-q", "add", str(whole), "nes-db"],
        cwd=root,
        check=True,
        env={**merged.environment(), **env},
    )
    merged.git("reset", "-q", "--hard", "HEAD~1")
    merged.git_in(root, "add", "nes-db", ".gitmodules")
    merged.git_in(root, "commit", "-q", "-m", "Begin")
    merged.git("merge", "-q", "--ff-only", "origin/main")
    ran = merged.doit("submodule")
    assert ran.code == 0, ran.err
    assert f"- {NAME}" in merged.git_in(root, "log", "-1", "--format=%B").splitlines()
