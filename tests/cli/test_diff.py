"""`doit diff`: what changed between two points, and how points are named."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from histories import unfold
from workspace import Workspace, create_person

TAG = (
    'person = await context.db.get_entity("entity:person/asha-rai")\n'
    'person.tags = (person.tags or []) + ["more"]\n'
    'await context.publication.update_entity(person, context.author_id, "Tag her")'
)
# Three days of January 2026, noon in UTC.
DAYS = {"001-create": "1767614400", "002-tag": "1767700800", "003-later": "1767787200"}


def apply_on_three_days(workspace: Workspace) -> None:
    bodies = (create_person("asha-rai"), TAG, create_person("later-rai"))
    for (name, epoch), body in zip(DAYS.items(), bodies, strict=True):
        workspace.migration(name, body)
        assert workspace.doit(SOURCE_DATE_EPOCH=epoch).code == 0


@pytest.fixture
def applied(prepared: Callable[..., Workspace]) -> Workspace:
    """Three migrations, applied at noon of 5, 6 and 7 January 2026."""
    return prepared(apply_on_three_days)


def document(workspace: Workspace, *args: str) -> dict[str, Any]:
    ran = workspace.doit("diff", *args, "--json")
    assert ran.code == 0, ran.err
    loaded: dict[str, Any] = json.loads(ran.out)
    return loaded


def test_it_shows_the_net_difference_of_two_migrations(applied: Workspace) -> None:
    before = applied.state()
    found = document(applied, "1", "3")
    assert (found["applied"], found["taken_back"]) == (["002-tag", "003-later"], [])
    assert found["changes"]["created"] == ["entity:person/later-rai"]
    assert found["changes"]["fields"] == {"tags": 1}
    assert found["from"]["migration"] == "001-create"
    assert found["to"]["tree"] == applied.tree
    back = document(applied, "3", "1")
    assert (back["taken_back"], back["applied"]) == (["002-tag", "003-later"], [])
    assert back["changes"]["deleted"] == ["entity:person/later-rai"]
    text = applied.doit("diff", "3", "1").out
    assert "No longer applied: 002-tag, 003-later\n" in text
    assert "Deleted:\n  entity:person/later-rai\n" in text
    assert applied.state() == before


def test_a_point_has_many_names(applied: Workspace) -> None:
    applied.git("tag", "v1", "HEAD~1")
    applied.git("tag", "-a", "annotated", "-m", "x", "HEAD~1")
    wanted = applied.git("rev-parse", "HEAD~1")
    for name in (
        *("2", "002", "002-tag", "migrate:2", "migrations/002-tag/", "ta"),
        *("v1", "annotated", "refs/tags/v1", "HEAD~1", "main~1", wanted, wanted[:10]),
        *("2026-01-06", "2026-01-06T12:00", "2026-01-07T10:00+05:45", "2026-01-07T00:00:00Z"),
    ):
        assert document(applied, name)["from"]["commit"] == wanted, name
    assert document(applied, "2..3")["applied"] == ["003-later"]
    assert document(applied, "2..") == document(applied, "2")
    assert document(applied, "2026-01-06..2026-01-31")["applied"] == ["003-later"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "doit diff takes one or two points"),
        (["1", "2", "3"], "doit diff takes one or two points"),
        (["9"], "there is no migration, tag, commit or date '9'; doit list shows them"),
        (["HEAD~9"], "there is no migration, tag, commit or date 'HEAD~9'"),
        (["..2"], "A..B needs a point before the dots"),
        (["1...2"], "A..B needs a point before the dots"),
        (["4"], "004-new is not applied, so there is no state after it; doit preview 004-new"),
        (["9999-01-01"], "9999-01-01 is in the future; HEAD is the newest state"),
        (["2026-02-30"], "'2026-02-30' is not a valid date"),
        (["2026-01-05T25:00"], "'2026-01-05T25:00' is not a valid date"),
        (["2026-01-04"], "2026-01-04 is before the first commit of nes-db, 2026-01-05 12:00 UTC"),
        (["1", "--json", "--markdown"], "--json and --markdown cannot be combined"),
        (["--output=nowhere/x", "1"], "nowhere/x cannot be written"),
    ],
)
def test_wrong_use_is_one_line(applied: Workspace, words: list[str], said: str) -> None:
    applied.migration("004-new", create_person("new-rai"))
    ran = applied.doit("diff", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_word_that_can_mean_two_states_is_refused(applied: Workspace) -> None:
    applied.git("tag", "1", "HEAD")
    ran = applied.doit("diff", "1")
    assert ran.code == 2
    assert "can mean the tag 1 or the migration 001-create" in ran.err
    assert ran.err.endswith("give refs/tags/1 or migrate:001-create\n")
    assert document(applied, "refs/tags/1")["applied"] == []
    assert document(applied, "migrate:1")["applied"] == ["002-tag", "003-later"]
    applied.git("tag", "2026-01-05", "HEAD")
    ran = applied.doit("diff", "2026-01-05")
    assert "give refs/tags/2026-01-05 or 2026-01-05T23:59:59\n" in ran.err
    assert document(applied, "2026-01-05T23:59:59")["from"]["commit"] == applied.git(
        "rev-parse", "HEAD~2"
    )
    # Two names of one state are not ambiguous.
    applied.git("tag", "3", "HEAD")
    assert document(applied, "3")["applied"] == []


def test_before_the_first_commit_there_is_nothing_to_name(workspace: Workspace) -> None:
    workspace.migration("001-first")
    ran = workspace.doit("diff", "HEAD")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: nes-db has no commit yet, so it has no state to name; doit pending\n"


def test_a_shallow_clone_says_what_it_lacks(applied: Workspace) -> None:
    full = applied.db.rename(applied.root / "full")
    command = ["git", "clone", "-q", "--depth", "2", f"file://{full}", str(applied.db)]
    subprocess.run(command, check=True, env=applied.environment())
    assert document(applied, "2026-01-06")["applied"] == ["003-later"]
    for point in ("1", "2026-01-05"):
        ran = applied.doit("diff", point)
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.endswith("git -C nes-db fetch --unshallow\n")


def test_linear_batches_of_an_earlier_version_are_one_point(workspace: Workspace) -> None:
    workspace.settings(batch_size=1)
    workspace.migration("001-two", create_person("asha-rai") + create_person("bina-rai"))
    assert workspace.doit().code == 0
    base = workspace.git("rev-list", "--max-parents=0", "HEAD")
    last = unfold(workspace, base)
    workspace.git("reset", "-q", "--hard")
    assert document(workspace, "1")["from"]["commit"] == last
    assert len(document(workspace, base)["changes"]["created"]) == 2


def test_markdown_and_files(applied: Workspace) -> None:
    ran = applied.doit("diff", "1", "--markdown")
    assert ran.out.startswith("### What changed\n\nFrom <code>001-create")
    assert "| <code>person</code> | 1 | 1 | 0 |" in ran.out
    assert applied.doit("diff", "1", "-o", "diff.txt").out == ""
    assert (applied.root / "diff.txt").read_text() == applied.doit("diff", "1").out
    assert "No entity or relationship differs." in applied.doit("diff", "HEAD").out
