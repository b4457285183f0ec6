"""Names and ranges of migrations, where several can be looked at; and the filters of history."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from workspace import SCRIPT, Workspace, create_person

from nes_tasks.operations.history import people_of

TAG = """\
    person = await context.db.get_entity("entity:person/asha-rai")
    person.tags = ["more"]
    await context.publication.update_entity(person, change_description="Tag her")
"""
DAYS = ("1767614400", "1767700800", "1767787200")


def apply_on_three_days(workspace: Workspace) -> None:
    """Apply three at noon of 5, 6 and 7 January 2026, the second by somebody else; one pends."""
    workspace.migration("001-create", create_person("asha-rai"))
    script = SCRIPT.format(description="Tag", body=TAG)
    workspace.migration("002-tag", script=script.replace("Asha Example", "Bina Lama"))
    workspace.migration("003-later", create_person("later-rai"))
    for number, epoch in enumerate(DAYS, 1):
        assert workspace.doit(f"migrate:{number}", SOURCE_DATE_EPOCH=epoch).code == 0
    workspace.migration("004-new", create_person("new-rai"))
    workspace.migration("005-newer", create_person("newer-rai"))


@pytest.fixture
def applied(prepared: Callable[..., Workspace]) -> Workspace:
    """Three applied migrations and two pending ones."""
    return prepared(apply_on_three_days)


def history(workspace: Workspace, *words: str) -> list[str]:
    ran = workspace.doit("history", *words, "--json")
    assert ran.code == 0, ran.err
    return [run["name"].partition("-")[0] for run in json.loads(ran.out)]


def test_show_and_replay_take_several(applied: Workspace) -> None:
    ran = applied.doit("show", "3", "1")
    assert ran.out.startswith("003-later: ")
    assert "\n\n001-create: " in ran.out
    found = json.loads(applied.doit("show", "2..", "--json").out)
    assert [one["name"] for one in found] == ["002-tag", "003-later"]
    assert isinstance(json.loads(applied.doit("show", "2", "--json").out), dict)
    assert isinstance(json.loads(applied.doit("show", "2..2", "--json").out), list)
    found = json.loads(applied.doit("replay", "..2", "migrate:3", "--json").out)
    assert [one["verdict"] for one in found["migrations"]] == ["proven"] * 3
    ran = applied.doit("show", "3", "4")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: 004-new is not applied; doit preview 004-new\n"


def test_preview_takes_a_range_of_what_is_pending(applied: Workspace) -> None:
    found = json.loads(applied.doit("preview", "1..4", "--json").out)
    assert [one["name"] for one in found["migrations"]] == ["004-new"]
    found = json.loads(applied.doit("preview", "4..", "--json").out)
    assert [one["name"] for one in found["migrations"]] == ["004-new", "005-newer"]
    ran = applied.doit("preview", "1..3")
    assert (ran.code, ran.err) == (2, "error: no migration of '1..3' is pending; doit list\n")


def test_history_takes_names_ranges_and_filters(applied: Workspace) -> None:
    applied.git("tag", "v1", "HEAD~2")
    for words, wanted in (
        ((), "001 002 003"),
        (("2..",), "002 003"),
        (("3", "1"), "001 003"),
        (("--limit", "2"), "002 003"),
        (("--limit=1", "..2"), "002"),
        (("--author", "BINA"), "002"),
        (("--author", "asha@example.org", "--limit", "1"), "003"),
        (("--author", "nobody"), ""),
        (("--since", "2026-01-06"), "002 003"),
        (("--since", "2026-01-06T12:00:01"), "003"),
        (("--since", "2"), "003"),
        (("--since", "v1"), "002 003"),
        (("--since", "HEAD"), ""),
        (("--entity", "entity:person/asha-rai"), "001 002"),
        (("--entity", "entity:person/asha-rai", "--since", "2026-01-06"), "002"),
    ):
        assert " ".join(history(applied, *words)) == wanted, words
    assert applied.doit("history", "--author", "nobody").out == ("No applied migration matches.\n")
    assert applied.doit("history", "1..2").out.startswith("Migration ")
    assert applied.doit("history", "1").out.startswith("Migration     001-create\n")


def test_batches_and_repeated_runs_are_found_by_what_they_touch(workspace: Workspace) -> None:
    workspace.settings(batch_size=1)
    workspace.migration("001-two", create_person("asha-rai") + create_person("bina-rai"))
    workspace.migration("002-none")
    assert workspace.doit().code == 0
    before = workspace.git("rev-parse", "HEAD")
    assert history(workspace, "--entity", "entity:person/bina-rai") == ["001"]
    assert workspace.doit("migrate:2", "--force").code == 0
    assert history(workspace, "--since", before) == ["002"]


def test_a_shallow_clone_does_not_take_its_end_for_a_change(applied: Workspace) -> None:
    full = applied.db.rename(applied.root / "full")
    command = ["git", "clone", "-q", "--depth", "1", f"file://{full}", str(applied.db)]
    subprocess.run(command, check=True, env=applied.environment())
    ran = applied.doit("history", "--entity", "entity:person/asha-rai")
    assert (ran.code, ran.out) == (2, "")
    assert "no commit in this clone has changed 'entity:person/asha-rai'" in ran.err
    assert history(applied, "--since", "2026-01-07") == ["003"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--limit", "0"], "--limit needs a positive number"),
        (["--limit", "many"], "limit: invalid literal"),
        (["--since", "nowhere"], "there is no migration, tag, commit or date 'nowhere'"),
        (["--since", "9999-01-01"], "9999-01-01 is in the future"),
        (["--since", "4"], "004-new is not applied"),
        (["--entity", "asha"], "'asha' is not an id"),
        (["4"], "004-new is not applied; doit pending"),
        (["3..1"], "'3..1' goes backwards"),
    ],
)
def test_wrong_use_is_one_line(applied: Workspace, words: list[str], said: str) -> None:
    ran = applied.doit("history", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_the_graph_has_what_doit_sees(applied: Workspace) -> None:
    (applied.migrations / "005-newer" / 'a "b" <c> #1.csv').write_text("x\n")
    dodo = applied.root / "dodo.py"
    dodo.write_text(
        dodo.read_text() + "def task_site():\n"
        "    return {'actions': ['true'], 'targets': ['x.html'], 'task_dep': ['migrate'],\n"
        "            'file_dep': ['nes-db/v2/migration-logs/001-create/marker.toml']}\n"
    )
    lines = applied.doit("graph").out.splitlines()
    assert lines[0] == "flowchart TD"
    nodes = dict(
        line.strip().split("[", 1) for line in lines if '"' in line and "(" not in line[:6]
    )
    assert nodes["n0"] == '"001-create (applied)"]:::applied'
    assert nodes["n3"] == '"004-new (pending)"]:::pending'
    (data,) = [line for line in lines if ".csv" in line]
    assert 'a #quot;b#quot; #lt;c> #35;1.csv"' in data
    assert "  n3 --> n4" in lines
    (site,) = [line.strip().partition("(")[0] for line in lines if '"site"' in line]
    (target,) = [line.strip().partition("[")[0] for line in lines if "001-create/marker" in line]
    assert {f"  n0 --> {target}", f"  {target} --> {site}", f"  n4 --> {site}"} <= set(lines)
    assert not any("README.md" in line or "check" in line for line in lines)
    dot = applied.doit("graph", "4..5", "--format", "dot", "--files", "all").out
    assert r"a \"b\" <c> #1.csv" in dot
    assert "migrations/004-new/README.md" in dot
    assert "site" not in dot
    assert "003-later" not in dot
    none = applied.doit("graph", "--files", "none", "-o", "graph.mmd")
    assert (none.code, none.out) == (0, "")
    assert "csv" not in (applied.root / "graph.mmd").read_text()
    assert applied.doit("graph", "9").code == 2


def test_the_graph_is_drawn_by_graphviz(applied: Workspace, tmp_path: Path) -> None:
    import shutil

    if not shutil.which("dot"):
        pytest.skip("Graphviz is not installed")
    dot = applied.doit("graph", "--format", "dot").out
    drawn = subprocess.run(["dot", "-Tsvg"], input=dot.encode(), check=True, capture_output=True)
    assert b"<svg" in drawn.stdout


def test_people_are_told_apart_by_name_and_address() -> None:
    authors = ["Asha Rai <a@x.org>", "asha  rai", "A. Rai <A@X.ORG>", "Bina <b@x.org>", "b@x.org"]
    found = people_of(authors)
    assert [found[author] for author in authors] == ["A. Rai"] * 3 + ["Bina"] * 2
    assert people_of([]) == {}
