"""What may be applied while something else is not valid, and what waits for it."""

from __future__ import annotations

import json
import shutil

import pytest
from workspace import Workspace, create_person


@pytest.fixture
def draft(workspace: Workspace) -> Workspace:
    """A project in which 003-draft is not valid, and 004-fail fails."""
    for name in ("001-first", "002-second", "005-last"):
        workspace.migration(name, create_person(f"p-{name}"))
    (workspace.migration("003-draft") / "README.md").unlink()
    workspace.migration("004-fail", "raise ValueError('on purpose')")
    return workspace


def test_what_comes_before_a_draft_is_applied_and_what_comes_after_waits(draft: Workspace) -> None:
    status = draft.doit("status").out
    assert "Next: doit  (it applies 001-first, 002-second)\n" in status
    ran = draft.doit()
    assert ran.code == 1
    assert draft.applied() == ["001-first", "002-second"]
    assert ran.err.splitlines()[-2:] == [
        "error: migrations/003-draft has no README.md; write migrations/003-draft/README.md: "
        "what it changes and where the data come from",
        "not run, because they come after it: 004-fail, 005-last",
    ]
    status = draft.doit("status").out
    assert "Next: write migrations/003-draft/README.md" in status


def test_a_draft_is_no_matter_of_those_before_it(draft: Workspace) -> None:
    assert draft.doit("preview", "2").code == 0
    assert draft.doit("migrate:2").code == 0
    assert draft.applied() == ["001-first", "002-second"]
    ran = draft.doit("migrate:5")
    assert ran.code == 1
    assert ran.err.endswith("not run, because they come after it: 004-fail, 005-last\n")


def test_a_preview_shows_what_comes_before_a_draft_and_says_why_not_more(
    draft: Workspace,
) -> None:
    ran = draft.doit("preview", "--json")
    assert ran.code == 1
    found = json.loads(ran.out)
    assert [row["name"] for row in found["migrations"]] == ["001-first", "002-second"]
    assert found["failure"]["message"] == "migrations/003-draft has no README.md"
    assert found["not_run"] == ["004-fail", "005-last"]
    assert "earlier one failed" not in ran.err
    assert "not run, because they come after it: 004-fail, 005-last\n" in ran.err


@pytest.mark.parametrize("words", [["--continue"], ["-c", "-n", "2"], ["-c", "migrate:5"]])
def test_with_continue_a_draft_is_passed_over_and_what_is_sound_is_applied_in_order(
    draft: Workspace, words: list[str]
) -> None:
    shutil.rmtree(draft.migrations / "004-fail")
    ran = draft.doit("run", *words)
    assert ran.code == (0 if "migrate:5" in words else 1), ran.err
    assert draft.applied() == ["001-first", "002-second", "005-last"]
    subjects = draft.git("log", "--reverse", "--format=%s", "--grep=^Migration").splitlines()
    assert subjects == [f"Migration: {name}" for name in draft.applied()]
    assert "migrations/003-draft has no README.md" in ran.err
    assert "not run" not in ran.err
    # What was passed over needs a new number from now on, and holds up nothing.
    draft.migration("006-more")
    ran = draft.doit()
    assert ran.code == 1
    assert "006-more" in draft.applied()


@pytest.mark.parametrize(
    "words", [[], ["migrate:5"], ["migrate:5", "migrate:004-fail", "migrate:1"]]
)
def test_with_continue_a_failure_is_passed_over_as_well(draft: Workspace, words: list[str]) -> None:
    ran = draft.doit("run", "--continue", *words)
    assert ran.code == 1
    assert draft.applied() == ["001-first", "002-second", "005-last"]
    assert "migrations/003-draft has no README.md" in ran.err
    assert ran.err.count("error: 004-fail failed: ValueError: on purpose") == 1
    assert "not run" not in ran.err
    subjects = draft.git("log", "--reverse", "--format=%s", "--grep=^Migration").splitlines()
    assert subjects == [f"Migration: {name}" for name in draft.applied()]


def test_continue_ends_where_the_environment_fails(workspace: Workspace) -> None:
    for name in ("001-first", "002-second", "003-third"):
        workspace.migration(name, create_person(f"p-{name}"))
    assert workspace.doit("migrate:1").code == 0

    (workspace.db / "v2/entity/person/p-001-first.json").write_text("{}")
    workspace.migration("004-last")
    ran = workspace.doit("run", "--continue")
    assert ran.code == 3
    assert ran.err.count("error:") == 1, ran.err
    assert ran.err.endswith("not run, because they come after it: 003-third, 004-last\n")


def test_many_that_wait_are_counted(draft: Workspace) -> None:
    for number in range(6, 20):
        draft.migration(f"{number:03d}-more")
    ran = draft.doit()
    assert ran.err.endswith("come after it: 004-fail, 005-last, 006-more and 13 more\n")


def test_the_next_step_is_short_however_many_are_pending(workspace: Workspace) -> None:
    for number in range(1, 201):
        workspace.migration(f"{number:03d}-step")
    last = workspace.doit("status").out.splitlines()[-1]
    assert last == "Next: doit  (it applies 200 migrations, 001-step to 200-step)"


def test_two_that_were_published_with_one_number_are_built_in_the_order_of_the_setting(
    workspace: Workspace,
) -> None:
    pair = ["007-source-projects", "007-redact-family-info"]
    for name in ("006-before", *pair, "008-after"):
        workspace.migration(name, create_person(f"p-{name}"))
    ran = workspace.doit()
    assert (ran.code, workspace.applied()) == (1, ["006-before"])
    assert "has the same number as" in ran.err
    workspace.settings(same_number=pair)
    assert [row["name"] for row in json.loads(workspace.doit("pending", "--json").out)] == [
        *pair,
        "008-after",
    ]
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    subjects = workspace.git("log", "--reverse", "--format=%s", "--grep=^Migration").splitlines()
    assert subjects == [f"Migration: {name}" for name in ("006-before", *pair, "008-after")]
    listed = json.loads(workspace.doit("list", "--json").out)["migrations"]
    history = json.loads(workspace.doit("history", "--json").out)
    assert [row["name"] for row in listed] == [row["name"] for row in history]
    assert workspace.doit("check").err == ""
    # In one commit as well, each is on the one before it.
    workspace.git("reset", "--soft", "HEAD~3")
    workspace.git("commit", "-q", "-m", "Three at once (#12)")
    ran = workspace.doit("replay")
    assert ran.code == 0, ran.out + ran.err
    # Another one with that number is an accident, as ever.
    workspace.migration("007-third")
    assert "007-third has the number of" in workspace.doit().err


def test_an_applied_one_with_a_placeholder_can_be_executed_again_and_a_new_one_not(
    workspace: Workspace,
) -> None:
    folder = workspace.migration("001-first")
    assert workspace.doit().code == 0
    script = folder / "migrate.py"
    script.write_text(script.read_text().replace("Do 001-first", "[TODO: what it does]"))
    assert "is still the placeholder" not in workspace.doit("check").out
    ran = workspace.doit("migrate:1", "--force")
    assert ran.code == 0, ran.err
    assert "[TODO: what it does]" in workspace.git("log", "-1", "--format=%B")
    assert workspace.doit("replay", "1").code == 0
    new = workspace.migration("002-new", script=script.read_text())
    ran = workspace.doit()
    assert ran.code == 1
    assert f"migrations/{new.name}/migrate.py: DESCRIPTION is still the placeholder" in ran.err
