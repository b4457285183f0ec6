"""`doit replay --from-scratch`: the whole database follows from its history, or not, and where."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from workspace import EPOCH, Workspace, create_person

CHANCE = """\
import os
await context.publication.create_entity(
    entity_type="person",
    entity_data={
        "slug": "chance-rai",
        "names": [{"kind": "PRIMARY", "en": {"full": "Chance Rai"}}],
        "attributes": {"token": os.urandom(8).hex()},
    },
)
"""
TAG = """\
from pathlib import Path
person = await context.db.get_entity("entity:person/a-rai")
person.tags = [Path(context.migration_dir, "tag.txt").read_text()]
await context.publication.update_entity(person, context.author_id, "Tag her")
"""
PEOPLE = create_person("a-rai") + create_person("b-rai")


def keep(workspace: Workspace, subject: str) -> None:
    """Commit the folders of the migrations."""
    workspace.git_in(workspace.root, "add", "--all", ".")
    workspace.git_in(workspace.root, "commit", "-qm", subject)


def doit(workspace: Workspace, *words: str) -> None:
    ran = workspace.doit(*words)
    assert ran.code == 0, ran.err


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A history with something of everything, in a merge and in linear batches."""
    past = Workspace(tmp_path_factory.mktemp("scratch") / "project")
    past.settings(batch_size=2)
    (past.root / ".gitignore").write_text("nes-db\n.nes-tasks\n")
    past.git_in(past.root, "init", "-q")
    past.migration("001-people", PEOPLE)
    doit(past)
    assert len(past.git("log", "-1", "--format=%P").split()) == 2
    person = past.db / "v2/entity/person/b-rai.json"
    person.write_text(person.read_text().replace("B Rai", "Bee Rai"))
    past.git("commit", "-qam", "Correct her")
    past.settings(batch_size=2, batches="linear")
    past.migration("002-more", create_person("c-rai") + create_person("d-rai"))
    folder = past.migration("003-tag", TAG, files={"tag.txt": "old"})
    doit(past)
    keep(past, "With the old tag")
    (folder / "tag.txt").write_text("new")
    past.settings()
    doit(past, "migrate:003-tag", "--force")
    past.migration("004-chance", f"{CHANCE}")
    script = past.migrations / "004-chance/migrate.py"
    script.write_text(f"DETERMINISTIC = False\n{script.read_text()}")
    past.migration("005-wrong", create_person("wrong-rai"))
    doit(past)
    keep(past, "With the wrong one")
    doit(past, "revert", "5", "--yes")
    past.git_in(past.root, "rm", "-qr", "migrations/005-wrong")
    keep(past, "Without the wrong one")
    for name in ("006-one", "007-other"):
        past.migration(name, create_person(f"p-{name}"))
    doit(past)
    tree = past.git("rev-parse", "HEAD^{tree}")
    commit = past.git("commit-tree", tree, "-p", "HEAD~2", "-m", "Two in one")
    past.git("reset", "-q", "--hard", commit)
    past.migration("008-adopted", create_person("later-rai"))
    keep(past, "All of them")
    (past.db / "v2/entity/person/later-rai.json").write_text("{}\n")
    past.git("add", ".")
    past.git("commit", "-qm", "Migration: 008-adopted")
    doit(past, "adopt", "--yes")
    past.migration("009-last", create_person("last-rai"))
    doit(past)
    keep(past, "The last one")
    return past


@pytest.fixture
def copy(past: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the project to change."""
    return past.copy_to(tmp_path / "project")


def document(workspace: Workspace, code: int = 0) -> dict[str, Any]:
    ran = workspace.doit("replay", "--from-scratch", "--json")
    assert ran.code == code, (ran.out, ran.err)
    loaded: dict[str, Any] = json.loads(ran.out)
    return loaded


def rows(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return origin, migrations and outcome of each step."""
    return [
        (step["origin"], " ".join(step["migrations"]), step["reason"] or step["outcome"])
        for step in found["steps"]
    ]


EXPECTED = [
    ("run", "001-people", "proven"),
    ("by_hand", "", "by_hand"),
    ("run", "002-more", "proven"),
    ("run", "003-tag", "proven"),
    ("run", "003-tag", "proven"),
    ("run", "004-chance", "nondeterministic"),
    ("run", "005-wrong", "proven"),
    ("revert", "005-wrong", "proven"),
    ("run", "006-one 007-other", "proven"),
    ("unmarked", "008-adopted", "unmarked"),
    ("adopted", "008-adopted", "adopted"),
    ("run", "009-last", "proven"),
]


def test_the_whole_history_is_repeated_and_every_commit_is_accounted_for(past: Workspace) -> None:
    before = past.state()
    found = document(past)
    assert rows(found) == EXPECTED
    assert found["sound"] is True
    assert (found["counts"]["proven"], found["counts"]["taken_over"]) == (8, 4)
    assert found["taken_over"]["adopted"] == found["taken_over"]["by_hand"] == 1
    assert found["commit"] == past.git("rev-parse", "HEAD")
    proven = [step for step in found["steps"] if step["outcome"] == "proven"]
    assert all(step["rebuilt_tree"] == step["tree"] for step in proven)
    assert past.state() == before
    assert past.git("for-each-ref", "refs/nes-tasks") == ""
    assert list((past.root / ".nes-tasks").glob("replay-*")) == []


def test_text_is_a_table_and_what_was_taken_over(past: Workspace) -> None:
    ran = past.doit("replay", "--from-scratch")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert ["revert", "of", "005-wrong", "proven", "-"] in [line.split() for line in lines]
    assert "1 commit taken over, by hand." in lines
    assert "1 commit taken over, with DETERMINISTIC = False." in lines
    assert lines[-2:] == [
        f"The last tree is the committed one, {past.tree[:12]}.",
        "8 proven, 4 taken over. Nothing was changed.",
    ]
    assert "Replaying 001-people (1/8)" in ran.err
    assert "Replaying 009-last (8/8)" in ran.err


def test_an_earlier_run_that_was_forged_is_found_though_all_that_count_are_proven(
    workspace: Workspace,
) -> None:
    workspace.migration("001-people", PEOPLE)
    workspace.migration("002-tag", TAG, files={"tag.txt": "one"})
    doit(workspace)
    forged = workspace.db / "v2/entity/person/b-rai.json"
    forged.write_text(forged.read_text().replace("B Rai", "Forged Rai"))
    workspace.git("commit", "-qa", "--amend", "--no-edit")
    doit(workspace, "migrate:002-tag", "--force")
    workspace.migration("003-last", create_person("last-rai"))
    doit(workspace)
    assert workspace.doit("replay").code == 0
    found = document(workspace, code=1)
    outcomes = [(" ".join(step["migrations"]), step["outcome"]) for step in found["steps"]]
    assert outcomes == [
        ("001-people", "proven"),
        ("002-tag", "different"),
        ("002-tag", "unreached"),
        ("003-last", "unreached"),
    ]
    assert found["steps"][1]["difference"] == {
        "path": "v2/entity/person/b-rai.json",
        "kind": "content",
        "field": "names[0].en.full",
        "line": None,
        "committed": "Forged Rai",
        "replayed": "B Rai",
    }
    ran = workspace.doit("replay", "--from-scratch")
    assert ran.code == 1
    commit = found["steps"][1]["commit"][:12]
    assert (
        f"002-tag is different from what is committed as {commit}: 1 file differs\n"
        "  v2/entity/person/b-rai.json\n"
        "    names[0].en.full\n"
    ) in ran.out
    assert ran.out.endswith("1 proven, 1 different, 2 unreached. Nothing was changed.\n")
    command = next(line for line in ran.out.splitlines() if " diff " in line)
    assert "+" in workspace.git(*command.removeprefix("  git -C nes-db ").split())


def test_a_revert_that_does_more_than_it_says_is_different(copy: Workspace) -> None:
    doit(copy, "revert", "9", "--yes")
    assert rows(document(copy))[-1] == ("revert", "009-last", "proven")
    (copy.db / "extra.txt").write_text("x")
    copy.git("add", ".")
    copy.git("commit", "-q", "--amend", "--no-edit")
    step = document(copy, code=1)["steps"][-1]
    assert (step["origin"], step["outcome"], step["differing_files"]) == ("revert", "different", 1)
    assert step["difference"]["path"] == "extra.txt"
    assert step["difference"]["kind"] == "only_committed"


def test_a_revert_by_git_and_a_merge_by_hand_are_taken_over(copy: Workspace) -> None:
    copy.git("checkout", "-q", "-b", "side", "HEAD~1")
    copy.migration("010-side", create_person("side-rai"))
    (copy.db / "by-hand.txt").write_text("x")
    copy.git("add", ".")
    copy.git("commit", "-qm", "By hand")
    copy.git("merge", "-q", "--no-ff", "-m", "Merge", "main")
    copy.git("checkout", "-q", "-B", "main")
    copy.git("revert", "--no-edit", "HEAD^2")
    found = rows(document(copy))
    assert found[:11] == EXPECTED[:11]
    assert sorted(found[11:]) == [
        ("by_hand", "", "by_hand"),
        ("by_hand", "", "by_hand"),
        ("by_hand", "", "by_hand"),
        ("run", "009-last", "proven"),
    ]


def test_a_migration_that_fails_ends_it_and_says_where(workspace: Workspace) -> None:
    flag = "from pathlib import Path\nif Path(context.migration_dir, '.fail').exists():\n    1 / 0"
    folder = workspace.migration("001-fails", flag)
    workspace.migration("002-after", create_person("a-rai"))
    doit(workspace)
    (folder / ".fail").touch()
    ran = workspace.doit("replay", "--from-scratch")
    assert ran.code == 1
    assert "\n001-fails failed\n  error: 001-fails failed: ZeroDivisionError" in ran.out
    assert "  migrations/001-fails/migrate.py:" in ran.out
    assert ran.out.endswith("1 failed, 1 unreached. Nothing was changed.\n")


def test_a_folder_that_nobody_has_kept_is_taken_over_and_unproven(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("a-rai"))
    workspace.migration("002-after", create_person("b-rai"))
    doit(workspace)
    workspace.edit("001-first")
    found = document(workspace, code=1)
    assert rows(found) == [("run", "001-first", "folder"), ("run", "002-after", "proven")]
    assert (found["sound"], found["counts"]["unproven"]) == (False, 1)
    ran = workspace.doit("replay", "--from-scratch")
    assert "1 commit taken over, unproven: no folder holds the files that were used.\n" in ran.out


def test_a_shallow_clone_of_the_migrations_says_what_to_fetch(
    workspace: Workspace, tmp_path: Path
) -> None:
    (workspace.root / ".gitignore").write_text("nes-db\n.nes-tasks\n")
    workspace.git_in(workspace.root, "init", "-q")
    workspace.migration("001-first", create_person("a-rai"))
    keep(workspace, "First")
    doit(workspace)
    workspace.edit("001-first")
    keep(workspace, "Edit it")
    workspace.git_in(tmp_path, "clone", "-q", "--depth=1", workspace.root.as_uri(), "shallow")
    workspace.db.rename(tmp_path / "shallow/nes-db")
    shallow = Workspace.there(tmp_path / "shallow")
    fetch = "git -C migrations fetch --unshallow"
    found = document(shallow, code=1)
    assert (found["counts"]["unproven"], found["fetch"]) == (1, fetch)
    assert f"\nEarlier folders: {fetch}\n" in shallow.doit("replay", "--from-scratch").out
    shallow.git_in(shallow.root, *fetch.split()[1:])
    found = document(shallow)
    assert (found["counts"]["proven"], found["fetch"]) == (1, None)


def test_commits_that_were_moved_are_different(copy: Workspace) -> None:
    copy.git("checkout", "-q", "--detach", "HEAD~1")
    (copy.db / "by-hand.txt").write_text("x")
    copy.git("add", ".")
    copy.git("commit", "-qm", "By hand")
    copy.git("cherry-pick", "main")
    copy.git("checkout", "-q", "-B", "main")
    step = document(copy, code=1)["steps"][-1]
    assert (step["outcome"], step["difference"]["field"]) == ("different", "base_tree")


def test_a_name_is_wrong_use_and_an_empty_project_has_nothing_to_prove(
    workspace: Workspace,
) -> None:
    workspace.migration("001-first")
    ran = workspace.doit("replay", "1", "--from-scratch")
    assert (ran.code, ran.err) == (
        2,
        "error: doit replay --from-scratch takes no name: it is all of the history; "
        "doit help replay\n",
    )
    ran = workspace.doit("replay", "--from-scratch")
    assert (ran.code, ran.out) == (
        0,
        "The database has no history, so there is nothing to verify.\n",
    )
    assert not workspace.db.exists()


@pytest.mark.parametrize("options", [["--depth=3"], ["--filter=blob:none", "--bare"]])
def test_a_shallow_clone_says_what_to_fetch_and_a_partial_one_fetches_it(
    copy: Workspace, options: list[str]
) -> None:
    whole = copy.db.rename(copy.root / "whole")
    copy.git_in(whole, "config", "uploadpack.allowFilter", "true")
    copy.git_in(copy.root, "clone", "-q", *options, whole.as_uri(), "nes-db")
    if "--bare" in options:
        assert rows(document(copy)) == EXPECTED
        return
    ran = copy.doit("replay", "--from-scratch")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "error: nes-db does not reach back to the first commit: it is a shallow clone; "
        "git -C nes-db fetch --unshallow\n"
    )
    copy.git("fetch", "-q", "--unshallow")
    assert rows(document(copy)) == EXPECTED


def test_nothing_is_left_behind_when_it_is_killed(workspace: Workspace) -> None:
    wait = (
        "import time\nfrom pathlib import Path\nif Path(context.migration_dir, '.wait').exists():"
    )
    lines = f"{wait}\n    Path(context.migration_dir, '.started').touch()\n    time.sleep(60)"
    workspace.migration("001-first", create_person("a-rai"))
    folder = workspace.migration("002-waits", lines)
    doit(workspace)
    before = workspace.state()
    (folder / ".wait").touch()
    process = workspace.start("replay", "--from-scratch", NES_TASKS_SANDBOX="off")
    deadline = time.monotonic() + 60
    while not (folder / ".started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert workspace.git("for-each-ref", "refs/nes-tasks") != ""
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert workspace.state() == before


def test_a_run_that_was_reverted_counts_though_another_one_wrote_the_same_marker(
    workspace: Workspace,
) -> None:
    workspace.migration("001-first", create_person("a-rai"))
    for words in (["run"], ["revert", "1", "--yes"], ["run"]):
        assert workspace.doit(*words, SOURCE_DATE_EPOCH=EPOCH).code == 0
    assert rows(document(workspace)) == [
        ("run", "001-first", "proven"),
        ("revert", "001-first", "proven"),
        ("run", "001-first", "proven"),
    ]
