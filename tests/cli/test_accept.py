"""`doit accept`: an edited folder is recorded only if it still gives the committed data."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from team import Team
from workspace import Workspace, create_person

TAG = """\
person = await context.db.get_entity("entity:person/asha-rai")
person.tags = [context.read_csv("tags.csv")[0]["tag"]]
await context.publication.update_entity(person, change_description="Tag her")
"""


def apply_three(workspace: Workspace) -> None:
    workspace.migration("001-create", create_person("asha-rai"))
    workspace.migration("002-tag", TAG, files={"tags.csv": "tag\nminister\n"})
    workspace.migration("003-later", create_person("later-rai"))
    assert workspace.doit().code == 0


@pytest.fixture
def applied(prepared: Callable[..., Workspace]) -> Workspace:
    """Three applied migrations, the second of which reads a file."""
    return prepared(apply_three)


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def edit_author(workspace: Workspace, name: str = "002-tag") -> None:
    """Give the author another name, and the README another word."""
    folder = workspace.migrations / name
    replace_in(folder / "migrate.py", "Asha Example", "Asha Rai")
    (folder / "README.md").write_text("# Other words\n")


def replayed(workspace: Workspace, *words: str, code: int = 0) -> dict[str, Any]:
    ran = workspace.doit("replay", *words, "--json")
    assert ran.code == code, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def state_of(workspace: Workspace, name: str) -> str:
    """Return the word that the list has for a migration."""
    rows = (line.split() for line in workspace.doit("list").out.splitlines())
    return next(row[1] for row in rows if row[:1] == [name])


def data(workspace: Workspace) -> str:
    """Return the hash of all data without the records of runs."""
    rows = workspace.git("ls-tree", "-r", "HEAD").splitlines()
    return "\n".join(row for row in rows if "migration-logs" not in row)


def test_it_is_one_commit_that_changes_nothing_but_the_marker(applied: Workspace) -> None:
    edit_author(applied)
    assert state_of(applied, "002-tag") == "changed"
    before, head, rows = applied.state(), applied.git("rev-parse", "HEAD"), data(applied)
    ran = applied.doit("accept", "2", "--dry-run")
    assert (ran.code, ran.out) == (
        0,
        "002-tag gives the same data (changed README.md, changed migrate.py).\n",
    )
    assert applied.state() == before
    ran = applied.doit("accept", "2")
    tip = applied.git("rev-parse", "--short=12", "HEAD")
    assert (ran.code, ran.out.splitlines()[1]) == (0, f"Accepted as {tip}.")
    assert applied.git("rev-parse", "HEAD~1") == head
    assert applied.git("log", "-1", "--format=%s|%(trailers:separator=%x2C)") == (
        "Accept: 002-tag|Accepts: 002-tag"
    )
    changed = applied.git("diff", "--name-only", "HEAD~1", "HEAD")
    assert changed == "v2/migration-logs/002-tag/marker.toml"
    assert (data(applied), applied.git("status", "--porcelain")) == (rows, "")
    (row,) = [line for line in applied.doit("list").out.splitlines() if "002-tag" in line]
    assert row.split()[1:5] == ["applied", "2026-01-15", "Asha", "Rai"]
    assert applied.doit("check").out.endswith("no problems found.\n")
    ran = applied.doit("accept", "2")
    assert (ran.code, ran.out) == (0, "002-tag is as it was recorded; nothing to accept.\n")


def test_all_that_reads_the_history_goes_on_as_before(applied: Workspace) -> None:
    shown = json.loads(applied.doit("show", "2", "--json").out)
    edit_author(applied)
    assert applied.doit("accept", "2").code == 0
    again = json.loads(applied.doit("show", "2", "--json").out)
    (acceptance,) = again.pop("acceptances")
    assert acceptance["id"] == applied.git("rev-parse", "HEAD")
    assert shown.pop("acceptances") == []
    assert again.pop("author") == "Asha Rai <asha@example.org>"
    shown.pop("author")
    assert again == shown
    assert "Its folder was accepted as edited:\n" in applied.doit("show", "2").out
    verdicts = {one["name"]: one["verdict"] for one in replayed(applied)["migrations"]}
    assert set(verdicts.values()) == {"proven"}
    assert len(verdicts) == 3
    (run,) = json.loads(applied.doit("history", "2", "--json").out)
    assert len(run["commits"]) == 1
    # What comes later is executed on the tree with the new marker.
    applied.migration("004-more", create_person("more-rai"))
    assert applied.doit().code == 0
    found = replayed(applied, "--from-scratch")
    assert found["sound"]
    outcomes = [(step["origin"], step["outcome"]) for step in found["steps"]]
    assert outcomes == [("run", "proven")] * 3 + [("accepted", "taken_over"), ("run", "proven")]
    assert found["taken_over"]["accepted"] == 1
    ran = applied.doit("revert", "2", "--yes")
    assert ran.code == 0, ran.err
    assert "002-tag" not in applied.applied()


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("tags.csv", "minister", "mayor", 'committed  "minister"\n      replayed   "mayor"'),
        ("migrate.py", "Tag her", "Tag  her", "v2/entity/person/asha-rai.json"),
        ("migrate.py", "person.tags", 'context.log("x")\n    person.tags', "002-tag/log.txt"),
    ],
)
def test_other_data_are_refused_with_the_first_difference(
    applied: Workspace, file: str, old: str, new: str, said: str
) -> None:
    replace_in(applied.migrations / "002-tag" / file, old, new)
    before = applied.state()
    ran = applied.doit("accept", "2")
    assert ran.code == 1
    assert ran.out.startswith("002-tag gives other data: ")
    assert said in ran.out
    assert ran.err.endswith(
        "nothing was recorded; undo the change, or write a new migration: doit create NAME\n"
    )
    assert applied.state() == before
    found = json.loads(applied.doit("accept", "2", "--json").out)
    assert (found["same_data"], found["commit"], found["changed"]) == (False, None, [file])
    assert found["difference"]["path"].startswith("v2/")


def test_a_script_that_fails_now_is_refused(applied: Workspace) -> None:
    replace_in(applied.migrations / "002-tag/migrate.py", "person.tags", "1 / 0\n    person.tags")
    before = applied.state()
    ran = applied.doit("accept", "2")
    assert (ran.code, ran.out) == (1, "")
    assert "002-tag failed: ZeroDivisionError" in ran.err
    assert applied.state() == before


def test_another_readme_is_a_note_that_changes_no_verdict(applied: Workspace) -> None:
    (applied.migrations / "002-tag/README.md").write_text("# Better words\n")
    assert state_of(applied, "002-tag") == "applied"
    assert json.loads(applied.doit("status", "--json").out)["counts"]["drift"] == 0
    check = applied.doit("check")
    assert check.code == 0
    assert "hint: migrations/002-tag/README.md:1: it has changed since 002-tag was" in check.out
    assert "doit accept 002-tag records it" in check.out
    assert "applied; up-to-date; changed README.md since" in applied.doit("info", "2").out
    assert replayed(applied)["counts"]["proven"] == 3
    assert replayed(applied, "--from-scratch")["sound"]
    assert applied.doit().err.count("warning") == 0
    assert applied.doit("accept", "2").code == 0
    assert "hint" not in applied.doit("check").out


def test_a_script_that_reads_its_readme_is_found_by_the_replay(workspace: Workspace) -> None:
    body = create_person("asha-rai").replace(
        '"Asha Rai"', 'open(f"{context.migration_dir}/README.md").read().strip()'
    )
    folder = workspace.migration("001-reads", body)
    assert workspace.doit().code == 0
    (folder / "README.md").write_text("Asha\n")
    (one,) = replayed(workspace, code=1)["migrations"]
    assert one["verdict"] == "different"
    assert workspace.doit("accept", "1").code == 1


def test_what_says_accept_and_does_more_is_an_edit(applied: Workspace) -> None:
    edit_author(applied)
    assert applied.doit("accept", "2").code == 0
    (applied.db / "v2/entity/person/asha-rai.json").write_text("{}\n")
    applied.git("commit", "-qa", "--amend", "--no-edit")
    (one,) = replayed(applied, "2", code=1)["migrations"]
    assert (one["verdict"], one["reason"]) == ("different", "edited")
    assert applied.doit("accept", "2").code == 0  # the folder is what the marker says
    edit_author(applied, "003-later")
    assert applied.doit("accept", "3").code == 0
    replace_in(applied.migrations / "002-tag/README.md", "Other", "More")
    ran = applied.doit("accept", "2")
    assert ran.code == 1
    assert "its marker was edited after the run" in ran.err


def test_it_can_be_taken_back_and_made_twice(applied: Workspace) -> None:
    edit_author(applied)
    assert applied.doit("accept", "2").code == 0
    first = applied.tree
    (applied.migrations / "002-tag/README.md").write_text("# Still other words\n")
    assert applied.doit("accept", "2").code == 0
    assert replayed(applied)["counts"]["proven"] == 3
    ran = applied.doit("undo", "--dry-run")
    assert "002-tag (1 commit; its acceptance as edited; the migration stays)" in ran.out
    ran = applied.doit("undo", "--yes")
    assert ran.out.startswith("Removed the acceptance of 002-tag from nes-db (1 commit).\n")
    assert applied.tree == first
    applied.git("revert", "--no-edit", "HEAD")
    assert "changed README.md, migrate.py" in applied.doit("list").out
    found = replayed(applied, "2", code=1)["migrations"][0]
    assert (found["verdict"], found["reason"]) == ("unproven", "drift")
    assert applied.doit("accept", "2").code == 0
    assert replayed(applied)["counts"]["proven"] == 3


def test_undo_to_keeps_the_acceptance_of_what_stays(applied: Workspace) -> None:
    edit_author(applied, "003-later")
    assert applied.doit("accept", "3").code == 0
    tree = applied.tree
    applied.migration("004-more", create_person("more-rai"))
    assert applied.doit().code == 0
    assert applied.doit("undo", "--to", "3", "--yes").code == 0
    assert applied.tree == tree
    assert applied.doit("undo", "--to", "2", "--yes").code == 0
    assert applied.applied() == ["001-create", "002-tag"]
    edit_author(applied, "001-create")
    assert applied.doit("accept", "1").code == 0
    # On top of 002 lies the acceptance of 001, which goes with it.
    assert applied.doit("undo", "--to", "1", "--yes").code == 0
    assert applied.applied() == ["001-create"]
    assert state_of(applied, "001-create") == "changed"


def test_executed_again_by_force_it_is_the_new_run_that_counts(applied: Workspace) -> None:
    edit_author(applied)
    assert applied.doit("accept", "2").code == 0
    assert applied.doit("migrate:2", "--force").code == 0
    found = replayed(applied, "2")["migrations"][0]
    assert (found["verdict"], found["earlier_runs"]) == ("proven", 1)
    assert json.loads(applied.doit("show", "2", "--json").out)["acceptances"] == []


def test_batches_and_linear_histories(workspace: Workspace) -> None:
    workspace.settings(batch_size=1, batches="linear")
    workspace.migration("001-two", create_person("asha-rai") + create_person("bina-rai"))
    assert workspace.doit().code == 0
    edit_author(workspace, "001-two")
    assert workspace.doit("accept", "1").code == 0
    assert replayed(workspace)["counts"]["proven"] == 1
    assert replayed(workspace, "--from-scratch")["sound"]
    assert len(json.loads(workspace.doit("show", "1", "--json").out)["commits"]) > 2


def test_a_shallow_clone_says_what_it_lacks(applied: Workspace) -> None:
    edit_author(applied)
    assert applied.doit("accept", "2").code == 0
    full = applied.db.rename(applied.root / "full")
    clone = ["git", "clone", "-q", "--depth"]
    for depth in ("1", "2"):
        command = [*clone, depth, f"file://{full}", str(applied.db)]
        subprocess.run(command, check=True, env=applied.environment())
        assert "changed" not in applied.doit("list").out
        assert json.loads(applied.doit("show", "2", "--json").out)["changes"] is None
        (applied.migrations / "002-tag/tags.csv").write_text("tag\nminister\n\n")
        ran = applied.doit("accept", "2")
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.endswith("git -C nes-db fetch --unshallow\n")
        (applied.migrations / "002-tag/tags.csv").write_text("tag\nminister\n")
        shutil.rmtree(applied.db)
    command = [*clone, "4", f"file://{full}", str(applied.db)]
    subprocess.run(command, check=True, env=applied.environment())
    assert replayed(applied, "2..")["counts"]["proven"] == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "doit accept takes the name of one migration"),
        (["9"], 2, "there is no migration '9'"),
        (["4"], 2, "004-new is not applied; doit preview 004-new"),
        (["2", "3"], 2, "doit accept takes the name of one migration"),
    ],
)
def test_wrong_use_is_one_line(applied: Workspace, words: list[str], code: int, said: str) -> None:
    applied.migration("004-new", create_person("new-rai"))
    ran = applied.doit("accept", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_without_a_run_or_a_folder_there_is_nothing_to_compare(applied: Workspace) -> None:
    log = applied.db / "v2/migration-logs/004-old/metadata.json"
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps({"author": "Damodar", "date": "2025-11-09T00:00:00"}))
    applied.git("add", ".")
    applied.git("commit", "-qm", "Source parties")
    applied.migration("004-old")
    ran = applied.doit("accept", "4")
    assert ran.code == 1
    assert "a legacy system recorded it, without the tree that it ran on" in ran.err
    shutil.rmtree(applied.migrations / "002-tag")
    ran = applied.doit("accept", "2")
    assert (ran.code, ran.err) == (1, "error: the folder of 002-tag is missing; doit list\n")


@pytest.fixture
def squashed(applied: Workspace) -> Workspace:
    """The same, the second and the third in one commit."""
    applied.git("reset", "-q", "--soft", "HEAD~2")
    applied.git("commit", "-qm", "Squash")
    return applied


@pytest.mark.parametrize("name", ["002-tag", "003-later"])
def test_one_of_a_squashed_commit_is_executed_with_the_others(
    squashed: Workspace, name: str
) -> None:
    edit_author(squashed, name)
    before = data(squashed)
    ran = squashed.doit("accept", name)
    assert ran.code == 0, ran.err
    assert squashed.git("log", "-1", "--format=%s") == f"Accept: {name}"
    changed = squashed.git("diff", "--name-only", "HEAD~1", "HEAD")
    assert changed == f"v2/migration-logs/{name}/marker.toml"
    assert data(squashed) == before
    assert state_of(squashed, name) == "applied"
    assert replayed(squashed)["counts"]["proven"] == 3
    assert replayed(squashed, "--from-scratch")["sound"]
    assert squashed.doit("accept", name).out.endswith("nothing to accept.\n")


def test_of_a_squashed_commit_the_data_of_all_are_compared(squashed: Workspace) -> None:
    (squashed.migrations / "002-tag/tags.csv").write_text("tag\nmayor\n")
    before = squashed.state()
    ran = squashed.doit("accept", "2")
    assert ran.code == 1
    assert "v2/entity/person/asha-rai.json" in ran.out + ran.err
    (squashed.migrations / "002-tag/tags.csv").write_text("tag\nminister\n")
    edit_author(squashed, "003-later")
    edit_author(squashed)
    cannot = "002-tag cannot be accepted: one commit holds it and 003-later, which cannot be "
    ran = squashed.doit("accept", "2")
    assert (ran.code, ran.err) == (
        1,
        f"error: {cannot}executed again, since its folder was edited as well; "
        "undo the change: git log -p -- migrations/003-later\n",
    )
    shutil.rmtree(squashed.migrations / "003-later")
    ran = squashed.doit("accept", "2")
    assert f"{cannot}executed again, since its folder is missing; " in ran.err
    assert squashed.state() == before


def test_a_readme_of_a_squashed_commit_is_no_difference(squashed: Workspace) -> None:
    (squashed.migrations / "002-tag/README.md").write_text("# Other words\n")
    assert replayed(squashed)["counts"]["proven"] == 3


def test_a_sync_carries_an_acceptance_over(begun: Team, tmp_path: Path) -> None:
    team = begun.copied(tmp_path / "team")
    edit_author(team.mina, "001-first")
    assert team.mina.doit("accept", "1").code == 0
    team.applied_by_mina("002-mine")
    edit_author(team.mina, "002-mine")
    assert team.mina.doit("accept", "2").code == 0
    team.applied_by_asha("003-theirs")
    team.give_mina("003-theirs")
    team.mina.settings(remote_url=team.remote.as_uri(), out_of_order="allow")
    ran = team.mina.doit("sync")
    assert ran.code == 0, ran.err
    assert "002-mine: applied again on top.\n" in ran.out
    assert "001-first: its edited folder is accepted on top as well.\n" in ran.out
    subjects = team.mina.git("log", "--format=%s", "origin/main..HEAD").splitlines()
    assert subjects == ["Accept: 001-first", "Migration: 002-mine"]
    assert "changed" not in team.mina.doit("list").out
    assert replayed(team.mina)["counts"]["proven"] == 3
    assert team.mina.doit("push").code == 0


def test_an_acceptance_that_the_remote_has_is_not_made_twice(begun: Team, tmp_path: Path) -> None:
    team = begun.copied(tmp_path / "team")
    for project in (team.mina, team.asha):
        edit_author(project, "001-first")
        assert project.doit("accept", "1").code == 0
    team.asha.git("commit", "-q", "--amend", "--reset-author", "--no-edit", "--date=2020-01-01")
    assert team.asha.doit("push").code == 0
    assert team.mina.doit("sync").code == 0
    assert team.mina.git("rev-parse", "HEAD") == team.tip()


def test_two_acceptances_of_different_edits_are_told(begun: Team, tmp_path: Path) -> None:
    team = begun.copied(tmp_path / "team")
    for project, words in ((team.mina, "mine"), (team.asha, "hers")):
        (project.migrations / "001-first/README.md").write_text(f"# {words}\n")
        assert project.doit("accept", "1").code == 0
    assert team.asha.doit("push").code == 0
    before = team.mina.git("rev-parse", "HEAD")
    ran = team.mina.doit("sync")
    assert ran.code == 3
    assert "its record at the remote is not the one that was accepted" in ran.err
    assert "doit undo removes it" in ran.err
    assert team.mina.git("rev-parse", "HEAD") == before
    assert team.mina.doit("undo", "--yes").code == 0
    assert team.mina.doit("sync").code == 0
    assert team.mina.doit("status").out.count("README changed since they were applied") == 1
