"""`doit undo --to` and `doit revert --to`: back to a migration, a date, a tag or a commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from team import Team
from workspace import Workspace, create_person

# Three days of January 2026, noon in UTC.
DAYS = {"001-first": "1767614400", "002-second": "1767700800", "003-third": "1767787200"}


def apply_on_three_days(workspace: Workspace) -> None:
    workspace.settings(batch_size=2)
    for name, epoch in DAYS.items():
        workspace.migration(name, create_person(f"p-{name}"))
        assert workspace.doit(SOURCE_DATE_EPOCH=epoch).code == 0
    workspace.git("tag", "v1", "HEAD~1")
    workspace.git("tag", "-a", "annotated", "-m", "x", "HEAD~1")


@pytest.fixture
def applied(prepared: Callable[..., Workspace]) -> Workspace:
    """Three migrations of several batches, applied at noon of 5, 6 and 7 January 2026."""
    return prepared(apply_on_three_days)


def test_every_kind_of_point_names_the_same_state(applied: Workspace) -> None:
    wanted, before = applied.git("rev-parse", "v1"), applied.state()
    shown = (
        f"In nes-db, the branch would go back to {wanted[:12]}, without:\n  003-third (4 commits)\n"
    )
    for word in (
        *("2", "002-second", "migrate:2", "se", "v1", "annotated", "refs/tags/v1"),
        *("HEAD~1", wanted, wanted[:10], "2026-01-06", "2026-01-07T10:00+05:45"),
    ):
        ran = applied.doit("undo", "--to", word, "--dry-run")
        assert (ran.code, ran.out) == (0, shown), word
        ran = applied.doit("revert", "--to", word)
        assert (ran.code, ran.out) == (2, "In nes-db, it would revert 003-third.\n"), word
    assert applied.state() == before
    again = applied.doit("undo", "--to", "2026-01-07 10:00", "--dry-run").err
    assert "doit undo --to '2026-01-07 10:00' --yes" in again
    assert applied.doit("undo", "--to", "2026-01-05", "--yes").code == 0
    assert applied.applied() == ["001-first"]
    assert applied.git("status", "--porcelain") == ""


def test_a_revert_leaves_the_data_of_the_day(applied: Workspace) -> None:
    tip = applied.git("rev-parse", "HEAD")
    ran = applied.doit("revert", "--to", "2026-01-05", "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert applied.git("rev-parse", "HEAD~2") == tip
    assert applied.git("diff", "--stat", "v1~1", "HEAD") == ""
    ran = applied.doit("revert", "--to", "2026-01-05", "--yes")
    assert (ran.code, ran.out) == (0, "Nothing was applied after 2026-01-05.\n")
    # What was reverted after the point is not applied again.
    ran = applied.doit("revert", "--to", "v1", "--yes")
    assert (ran.code, ran.out) == (0, "Nothing was applied after v1.\n")
    assert ran.err.startswith("commits that are not of a migration stay, so 3 files differ from v1")
    assert ran.err.endswith("; doit diff v1\n")
    applied.git("reset", "-q", "--hard", tip)
    assert applied.doit("revert", "--to", "v1", "--yes").err == ""
    ran = applied.doit("undo", "--to", "v1", "--yes")
    assert ran.code == 1
    assert ran.err.endswith("; the data are as at that point already\n")


@pytest.mark.parametrize("command", ["undo", "revert"])
def test_what_is_no_point_to_go_back_to_is_named(applied: Workspace, command: str) -> None:
    batch = applied.git("rev-parse", "HEAD^2~1")
    applied.git("tag", "side", applied.git("commit-tree", "v1^{tree}", "-p", "v1", "-m", "Side"))
    applied.git("tag", "5", "v1")
    applied.migration("005-pending")
    before = applied.state()
    below = applied.git("rev-parse", "--short=12", "v1")
    keeps = f"--to 003-third keeps it, --to {below} does not"
    for word, error in {
        batch: f"{batch} lies within 003-third, which is taken back as a whole; {keeps}",
        "side": "side is not in the history of the branch, so the branch cannot go back to it; "
        "doit diff side shows what differs",
        "2026-01-04": "2026-01-04 is before the first commit of nes-db, 2026-01-05 12:00 UTC; "
        "doit history",
        "2999-01-01": "2999-01-01 is in the future; HEAD is the newest state",
        "2026-02-30": "'2026-02-30' is not a valid date: day is out of range for month; "
        "write it as 2026-01-31",
        "nobody": "there is no migration, tag, commit or date 'nobody'; doit list shows them",
        "migrate:5": "005-pending is not applied, so there is no state after it; "
        "doit preview 005-pending",
    }.items():
        ran = applied.doit(command, "--to", word, "--yes")
        assert (ran.code, ran.out, ran.err) == (2, "", f"error: {error}\n"), word
    applied.git("tag", "2", "HEAD")
    ran = applied.doit(command, "--to", "2", "--yes")
    assert ran.code == 2
    assert "'2' can mean the tag 2 or the migration 002-second" in ran.err
    applied.git("tag", "-d", "2")
    assert applied.state() == before


def test_commits_made_by_hand_after_the_point_are_named(applied: Workspace) -> None:
    commit = applied.commit_by_hand()
    on_top = f"error: on top of 003-third there are commits that are not a migration: {commit} "
    for word, hint in {
        "3": "doit diff 003-third shows what they changed",
        "HEAD~1": "doit diff 'HEAD~1' shows what they changed",
        "2026-01-06": "doit revert --to 2026-01-06 reverts what is after and leaves them",
    }.items():
        ran = applied.doit("undo", "--to", word, "--yes")
        assert (ran.code, ran.err) == (1, f"{on_top}(Add notes); {hint}\n"), word
    ran = applied.doit("undo", "--to", "HEAD", "--yes")
    assert (ran.code, ran.err) == (
        1,
        "error: nothing was applied after HEAD; doit undo removes the newest one\n",
    )
    ran = applied.doit("revert", "--to", "2026-01-06", "--yes")
    assert ran.code == 0, ran.err
    assert ran.err == (
        "commits that are not of a migration stay, so 1 file differs from 2026-01-06: notes.txt; "
        "doit diff 2026-01-06\n"
    )
    assert applied.git("diff", "--stat", "v1", "HEAD", "--", ":!notes.txt") == ""


def test_the_point_can_be_a_commit_made_by_hand(applied: Workspace) -> None:
    commit = applied.commit_by_hand()
    applied.migration("004-fourth", create_person("fourth-rai"))
    assert applied.doit().code == 0
    tree = applied.git("rev-parse", f"{commit}^{{tree}}")
    assert applied.doit("revert", "--to", commit, "--yes").err == ""
    assert applied.tree == tree
    applied.git("reset", "-q", "--hard", "HEAD~1")
    assert applied.doit("undo", "--to", commit, "--yes").code == 0
    assert applied.git("rev-parse", "--short=12", "HEAD") == commit


def test_one_that_ran_before_the_point_and_after_it_is_not_lost(applied: Workspace) -> None:
    applied.migration("004-more", "context.log('again')")
    assert applied.doit().code == 0
    applied.git("tag", "v2")
    assert applied.doit("migrate:004-more", "--force").code == 0
    before = applied.state()
    ran = applied.doit("revert", "--to", "v2", "--yes")
    assert (ran.code, ran.err) == (
        1,
        "error: 004-more was executed before v2 and again after it, and a revert would take back "
        "both; doit undo --to v2 if it is not pushed; else doit revert 004-more\n",
    )
    assert applied.state() == before
    assert applied.doit("undo", "--to", "v2", "--yes").code == 0
    assert applied.git("rev-parse", "HEAD") == applied.git("rev-parse", "v2")


def test_two_of_one_commit_stay_together(applied: Workspace) -> None:
    base = applied.git("rev-parse", "v1~1")
    squashed = applied.git("commit-tree", "HEAD^{tree}", "-p", base, "-m", "Two migrations")
    applied.git("reset", "-q", "--hard", squashed)
    ran = applied.doit("revert", "--to", "2", "--yes")
    assert (ran.code, ran.out) == (0, "Nothing was applied after 002-second.\n")
    assert applied.doit("revert", "--to", base, "--yes").code == 0
    assert applied.applied() == ["001-first"]


def test_a_part_of_a_migration_goes_too(applied: Workspace) -> None:
    applied.git("reset", "-q", "--hard", "HEAD^2~1")
    ran = applied.doit("revert", "--to", "v1")
    assert ran.out == "In nes-db, it would revert 003-third.\n"
    assert applied.doit("revert", "--to", "v1", "--yes").err == ""
    assert applied.tree == applied.git("rev-parse", "v1^{tree}")


def test_all_that_is_not_pushed_goes(begun: Team, tmp_path: Path) -> None:
    team = begun.copied(tmp_path)
    team.applied_by_mina("002-mine")
    team.applied_by_mina("003-more")
    team.applied_by_asha("004-theirs")
    ran = team.mina.doit("undo", "--to", "origin/main", "--dry-run")
    assert "  003-more (1 commit)\n  002-mine (1 commit)\n" in ran.out
    root = team.mina.git("rev-list", "--max-parents=0", "HEAD")
    ran = team.mina.doit("undo", "--to", root, "--yes")
    assert (ran.code, ran.err) == (
        1,
        "error: 001-first was pushed to origin already, so others may have it; "
        f"doit revert --to {root} reverts what is after with new commits\n",
    )
    team.mina.git("fetch", "-q")
    ran = team.mina.doit("undo", "--to", "origin/main", "--yes")
    assert ran.code == 2
    assert "origin/main is not in the history of the branch" in ran.err
    team.mina.git("merge", "-q", "-m", "Merge what Asha has pushed", "origin/main")
    ran = team.mina.doit("undo", "--to", "origin/main", "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert team.mina.git("rev-parse", "HEAD") == team.tip()


@pytest.mark.parametrize("kept", ["002-mine", "003-theirs"])
def test_of_a_merge_the_side_with_the_point_stays(begun: Team, tmp_path: Path, kept: str) -> None:
    team = begun.copied(tmp_path)
    team.applied_by_mina("002-mine")
    team.applied_by_asha("003-theirs")
    team.mina.git("fetch", "-q")
    sides = {"002-mine": "main", "003-theirs": "origin/main"}
    commit = team.mina.git("rev-parse", sides[kept])
    team.mina.git("merge", "-q", "-m", "Merge what Asha has pushed", "origin/main")
    team.mina.git("remote", "remove", "origin")
    ran = team.mina.doit("undo", "--to", commit, "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert team.mina.git("rev-parse", "HEAD") == commit
    assert team.mina.applied() == ["001-first", kept]
