"""`doit run --expect`: what was previewed is applied, or nothing of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from workspace import Workspace, create_person

from nes_tasks.errors import UsageError
from nes_tasks.operations.preview import Preview
from nes_tasks.operations.preview_file import outdated, read_preview
from nes_tasks.project import Project
from nes_tasks.settings import load_settings

TAG = (
    'person = await context.db.get_entity("entity:person/asha-rai")\n'
    'person.tags = ["found"]\n'
    'await context.publication.update_entity(person, context.author_id, "Tag her")'
)
# Another tree each time, as it says.
CHANCE = (
    'import uuid\nAUTHOR = "Asha <asha@example.org>"\nDATE = "2026-01-15"\n'
    'DESCRIPTION = "By chance"\nDETERMINISTIC = False\n\n\nasync def migrate(context):\n'
    "    context.log(str(uuid.uuid4()))\n"
)


@pytest.fixture(scope="module")
def previewed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One applied migration, and a preview of two pending ones."""
    workspace = Workspace(tmp_path_factory.mktemp("previewed") / "project")
    workspace.migration("001-first", create_person("zero-rai"))
    assert workspace.doit().code == 0
    workspace.migration("002-create", create_person("asha-rai"))
    workspace.migration("003-tag", TAG)
    assert workspace.doit("preview", "--json", "-o", "preview.json").code == 0
    return workspace


@pytest.fixture
def pending(previewed: Workspace, tmp_path: Path) -> Workspace:
    """The same for one test alone."""
    return previewed.copy_to(tmp_path / "project")


def document(workspace: Workspace) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((workspace.root / "preview.json").read_text())
    return loaded


def saved(workspace: Workspace) -> Preview:
    return read_preview((workspace.root / "preview.json").read_bytes(), "preview.json")


def rewrite(workspace: Workspace, **changes: object) -> None:
    """Change the preview's last migration."""
    found = document(workspace)
    found["migrations"][-1].update(changes)
    (workspace.root / "preview.json").write_text(json.dumps(found))


def test_a_run_gives_the_trees_of_the_preview_with_its_clock(pending: Workspace) -> None:
    ran = pending.doit("run", "--expect", "preview.json")
    assert ran.code == 0, ran.err
    assert "as preview.json has shown: 002-create, 003-tag\n" in ran.err
    assert pending.applied() == ["001-first", "002-create", "003-tag"]
    last = document(pending)["migrations"][-1]
    assert pending.tree == last["tree"]
    marker = pending.git("show", "HEAD:v2/migration-logs/003-tag/marker.toml")
    assert f"applied_at = {last['clock']}" in marker


def test_a_folder_that_gives_another_tree_is_not_applied(pending: Workspace) -> None:
    script = pending.migrations / "003-tag/migrate.py"
    script.write_text(script.read_text().replace("found", "lost"))
    ran = pending.doit("run", "--expect", "preview.json")
    assert ran.code == 1
    tree = document(pending)["migrations"][-1]["tree"]
    assert f", not {tree} as preview.json says; it was not applied" in ran.err
    assert pending.applied() == ["001-first", "002-create"]
    assert "refs/nes-tasks/" not in pending.git("for-each-ref")


def moved_on(workspace: Workspace) -> None:
    workspace.git("commit", "-q", "--allow-empty", "-m", "By hand")


def one_more(workspace: Workspace) -> None:
    workspace.migration("004-more", create_person("more-rai"))


def one_broken(workspace: Workspace) -> None:
    (workspace.migrations / "004-broken").mkdir()
    (workspace.migrations / "004-broken/migrate.py").write_text("x = 1\n")


def of_the_future(workspace: Workspace) -> None:
    rewrite(workspace, clock=(datetime.now(UTC) + timedelta(hours=1)).isoformat())


def of_the_past(workspace: Workspace) -> None:
    rewrite(workspace, clock="2001-01-01T00:00:00Z")


OUTDATED = [
    (moved_on, "it was made on "),
    (one_more, "it covers 002-create, 003-tag; pending: 002-create, 003-tag, 004-more"),
    (one_broken, "a migration fails or is not valid"),
    (of_the_future, "is in the future"),
    (of_the_past, "is before that of the commit it was made on"),
]


@pytest.mark.parametrize(("change", "words"), OUTDATED)
def test_a_preview_of_another_state_is_known(
    pending: Workspace, change: Callable[[Workspace], None], words: str
) -> None:
    project = Project(load_settings(pending.root, {}))
    assert outdated(saved(pending), project) is None
    change(pending)
    assert words in (outdated(saved(pending), project) or "")


def test_a_preview_of_another_state_is_refused_and_replaced(pending: Workspace) -> None:
    moved_on(pending)
    before, was = pending.state(), document(pending)
    ran = pending.doit("run", "--expect", "preview.json")
    assert ran.code == 1
    assert "error: preview.json is not a preview of the current state: it was made on " in ran.err
    assert pending.state() == before
    again = pending.doit("preview", "--json", "--keep", "-o", "preview.json")
    assert again.code == 0
    assert again.err.startswith("preview.json: it was made on ")
    assert document(pending)["base_commit"] != was["base_commit"]


def test_a_preview_of_the_present_state_is_kept(pending: Workspace) -> None:
    was = (pending.root / "preview.json").read_bytes()
    ran = pending.doit("preview", "--json", "--keep", "-o", "preview.json")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "preview.json is kept: it shows the current state\n"
    assert (pending.root / "preview.json").read_bytes() == was


def test_a_script_that_depends_on_chance_is_applied_and_not_compared(
    pending: Workspace,
) -> None:
    pending.migration("004-chance", script=CHANCE)
    pending.migration("005-after", create_person("after-rai"))
    assert pending.doit("preview", "--json", "-o", "preview.json").code == 0
    ran = pending.doit("run", "--expect", "preview.json")
    assert ran.code == 0, ran.err
    assert "its tree differs from that in preview.json, as DETERMINISTIC = False allows" in ran.err
    assert "not compared with preview.json, since 004-chance before it differs" in ran.err
    assert "as preview.json has shown: 002-create, 003-tag\n" in ran.err
    assert pending.applied()[-1] == "005-after"


def test_a_saved_preview_is_shown_as_it_was(pending: Workspace) -> None:
    moved_on(pending)  # what has happened since does not matter
    made = pending.doit("preview", "--from", "preview.json")
    assert (made.code, made.err) == (0, "")
    assert "003-tag: Do 003-tag\n" in made.out
    assert 'entity:person/asha-rai\n  tags\n    - null\n    + ["found"]\n' in made.out
    assert "Nothing was applied" not in made.out
    shown = pending.doit("preview", "--from", "preview.json", "--markdown").out
    assert shown.startswith("### Preview of 2 migrations\n")
    assert pending.doit("preview", "--from", "preview.json", "2").code == 2
    assert pending.doit("preview", "--keep", "-o", "preview.json").code == 2


def test_what_is_read_is_what_was_written(previewed: Workspace) -> None:
    written = document(previewed)
    written["migrations"][0]["changes"]["updated"] = [
        {"id": f"entity:location/ward/w-{n}", "fields": [{"path": "tags", "new": None}]}
        for n in range(4)
    ]
    found = read_preview(json.dumps(written).encode(), "preview.json")
    assert found.to_dict() == written
    short = found.limited(3).to_dict()["migrations"][0]["changes"]["updated"]
    assert [one["id"][-1] for one in short] == ["0", "1", "2"]


BAD: list[tuple[dict[str, Any] | bytes, str]] = [
    (b"", "the value is not valid JSON"),
    (b"\xff", "the value is not valid JSON"),
    (b"[]", "it is a list; it must be"),
    (b"[" * 5000, "the value is not valid JSON"),
    ({"format": 2}, "format is 2; use 1"),
    ({"base_commit": "$(id)"}, 'base_commit is "$(id)"; it must have the form'),
    ({"migrations": [{}]}, "migrations[0].name is missing"),
    (
        {"failure": {"message": 1, "hint": None, "where": None}},
        "failure.message is 1; it must be a string",
    ),
]
BAD_MIGRATIONS: list[tuple[dict[str, Any], str]] = [
    ({"tree": "0" * 40 + "\n"}, "tree is "),
    ({"clock": "2026-01-01T00:00:00"}, "clock is "),
    ({"clock": "9" * 40}, "clock is "),
    ({"commits": 10**12}, "commits is "),
    ({"commits": True}, "commits is "),
    ({"duration_seconds": float("nan")}, "duration_seconds is "),
    ({"peak_memory_bytes": -1}, "peak_memory_bytes is "),
    ({"statistics": {}}, "statistics.entities_created is missing"),
    ({"changes": {"files": {"entity": {"created": 1.5}}}}, "changes.files.entity.created is "),
]


def test_a_file_that_is_no_preview_is_refused_by_its_first_fault(previewed: Workspace) -> None:
    sound = document(previewed)
    cases = [(b if isinstance(b, bytes) else {**sound, **b}, words) for b, words in BAD]
    for change, words in BAD_MIGRATIONS:
        one = {**sound["migrations"][0], **change}
        cases.append(({**sound, "migrations": [one]}, f"migrations[0].{words}"))
    for content, words in cases:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        with pytest.raises(UsageError) as caught:
            read_preview(data, "x.json")
        assert caught.value.message.startswith(f"x.json is not a preview: {words}"), words
        assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_wrong_use(pending: Workspace) -> None:
    for command in (["run", "--expect"], ["preview", "--from"]):
        ran = pending.doit(*command, "none.json")
        assert ran.code == 2
        assert ran.err.startswith("error: none.json cannot be read: No such file or directory; ")
