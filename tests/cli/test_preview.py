"""`doit preview`: the truth about what a run would do, and nothing done."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from workspace import EPOCH, Workspace, create_person

from nes_tasks.cli.markdown import LIMIT

TAG = (
    'person = await context.db.get_entity("entity:person/asha-rai")\n'
    'person.tags = ["found"]\n'
    'await context.publication.update_entity(person, context.author_id, "Tag her")'
)


def apply_one_of_three(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("zero-rai"))
    assert workspace.doit().code == 0
    workspace.migration("002-create", create_person("asha-rai") + 'context.log("made")')
    workspace.migration("003-tag", TAG)


@pytest.fixture
def pending(prepared: Callable[..., Workspace]) -> Workspace:
    """One applied migration and two pending ones, of which the second needs the first."""
    return prepared(apply_one_of_three)


def document(workspace: Workspace, *args: str, code: int = 0, **env: str) -> dict[str, Any]:
    """Return the JSON document of a preview."""
    ran = workspace.doit("preview", *args, "--json", **env)
    assert ran.code == code, ran.err
    loaded: dict[str, Any] = json.loads(ran.out)
    return loaded


def names(found: dict[str, Any]) -> list[str]:
    return [migration["name"] for migration in found["migrations"]]


def test_the_tree_of_a_preview_is_the_tree_that_a_run_commits(pending: Workspace) -> None:
    found = document(pending, SOURCE_DATE_EPOCH=EPOCH)
    shown = pending.doit("preview", SOURCE_DATE_EPOCH=EPOCH).out
    assert pending.doit("migrate:002-create", SOURCE_DATE_EPOCH=EPOCH).code == 0
    first = pending.tree
    assert pending.doit(SOURCE_DATE_EPOCH=EPOCH).code == 0
    assert [migration["tree"] for migration in found["migrations"]] == [first, pending.tree]
    assert [migration["base_tree"] for migration in found["migrations"]][1] == first
    assert f"tree {first}\n" in shown
    assert f"tree {pending.tree}\n" in shown


def test_the_tree_is_the_same_in_several_batches_and_on_an_empty_database(
    workspace: Workspace,
) -> None:
    workspace.settings(batch_size=2)
    workspace.migration("001-many", create_person("asha-rai") + create_person("bina-rai"))
    found = document(workspace, SOURCE_DATE_EPOCH=EPOCH)
    assert not workspace.db.exists()
    assert found["migrations"][0]["commits"] > 1
    workspace.doit(SOURCE_DATE_EPOCH=EPOCH)
    assert found["migrations"][0]["tree"] == workspace.tree


@pytest.mark.parametrize("flags", [[], ["--json"], ["--markdown"], ["3"], ["-o", "out.txt"]])
def test_the_database_stays_as_it_was(pending: Workspace, flags: list[str]) -> None:
    before = pending.state()
    assert pending.doit("preview", *flags).code == 0
    assert pending.state() == before
    assert pending.applied() == ["001-first"]


def test_text_shows_counts_fields_samples_and_cost(pending: Workspace) -> None:
    ran = pending.doit("preview")
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "Previewing 002-create",
        "  made",
        "Previewing 003-tag",
    ]
    rows = [re.split(r"\s{2,}", line.strip()) for line in ran.out.splitlines()]
    assert ["person", "1", "-", "-"] in rows
    assert ["person", "-", "1", "-"] in rows
    assert ["tags", "1"] in rows
    assert ["entity:person/asha-rai", "Asha Rai"] in rows
    text = ran.out
    assert 'entity:person/asha-rai\n  tags\n    - null\n    + ["found"]\n' in text
    assert re.search(r"3 files in 1 commit, [\d.]+ kB; \d+\.\d s, [\d.]+ MB of memory\n", text)
    assert text.endswith("Nothing was applied; the database is unchanged.\n")


def test_json_has_everything(pending: Workspace) -> None:
    found = document(pending)
    assert (found["format"], found["failure"], found["not_run"], found["beneath"]) == (
        1,
        None,
        [],
        [],
    )
    create, tag = found["migrations"]
    assert create["statistics"]["entities_created"] == 1
    assert create["changes"]["created"] == ["entity:person/asha-rai"]
    assert create["changes"]["samples"][0]["content"]["slug"] == "asha-rai"
    assert create["logs"] == ["made"]
    assert create["changes"]["bytes"] > 1000
    assert create["peak_memory_bytes"] > 1_000_000
    assert (create["author"], create["date"]) == ("Asha Example <asha@example.org>", "2026-01-15")
    (updated,) = tag["changes"]["updated"]
    assert updated["id"] == "entity:person/asha-rai"
    assert {"path": "tags", "old": None, "new": ["found"]} in updated["fields"]
    assert tag["changes"]["fields"] == {"tags": 1}


def test_a_name_is_run_on_top_of_what_is_pending_before_it(pending: Workspace) -> None:
    pending.migration("004-later", create_person("later-rai"))
    found = document(pending, "3")
    assert (names(found), found["beneath"]) == (["003-tag"], ["002-create"])
    out = pending.doit("preview", "tag").out
    assert "Executed first, since they are pending too: 002-create" in out


APPLIED = (
    "error: 001-first is applied already; doit preview 001-first --force, or doit show 001-first\n"
)


def test_an_applied_and_an_unknown_name_are_wrong_use(pending: Workspace) -> None:
    ran = pending.doit("preview", "1")
    assert (ran.code, ran.err) == (2, APPLIED)
    assert pending.doit("preview", "004-none").code == 2
    assert pending.doit("preview", "--json", "--markdown").code == 2


@pytest.mark.parametrize("flag", [None, "--json", "--markdown"])
def test_nothing_pending_says_so(workspace: Workspace, flag: str | None) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit()
    ran = workspace.doit("preview", *([flag] if flag else []))
    assert (ran.code, ran.err) == (0, "")
    if flag == "--json":
        assert json.loads(ran.out)["migrations"] == []
    else:
        assert "Nothing is pending" in ran.out


def test_a_failure_has_the_words_of_a_run_and_shows_what_was_before_it(
    pending: Workspace,
) -> None:
    pending.migration("004-bad", create_person("half-done") + 'minister = {}["name"]')
    pending.migration("005-after", create_person("after-rai"))
    before = pending.state()
    ran = pending.doit("preview")
    assert ran.code == 1
    assert "003-tag: Do 003-tag" in ran.out
    assert pending.state() == before
    found = document(pending, code=1)
    assert names(found) == ["002-create", "003-tag"]
    assert found["failure"]["message"] == "004-bad failed: KeyError: 'name'"
    assert found["not_run"] == ["005-after"]
    said = [line for line in pending.doit().err.splitlines() if "full log" not in line]
    shown = [line for line in ran.err.splitlines() if "full log" not in line]
    kept = ("error:", "  migrations/")
    assert shown[-1] == "not run, because they come after it: 005-after"
    assert [line for line in shown if line.startswith(kept)] == [
        line for line in said if line.startswith(kept)
    ]


def test_a_broken_folder_stops_a_preview_where_it_stops_a_run(pending: Workspace) -> None:
    (pending.migrations / "004-broken").mkdir()
    (pending.migrations / "004-broken/migrate.py").write_text("x = 1\n")
    pending.migration("005-after")
    found = document(pending, code=1)
    assert "004-broken" in found["failure"]["message"]
    assert names(found) == ["002-create", "003-tag"]
    assert found["not_run"] == ["005-after"]


def test_a_dirty_working_tree_does_not_matter(pending: Workspace) -> None:
    (pending.db / "mine.txt").write_text("x")
    before = pending.state()
    assert names(document(pending)) == ["002-create", "003-tag"]
    assert pending.state() == before


def test_a_lock_that_is_held_is_the_environment(pending: Workspace) -> None:
    pending.migration(
        "004-waits",
        "import pathlib, time\n"
        'pathlib.Path(context.migration_dir, ".started").touch()\n'
        "time.sleep(60)",
    )
    started = pending.migrations / "004-waits/.started"
    process = pending.start("preview", NES_TASKS_SANDBOX="off")
    wait_for(started)
    ran = pending.doit("preview", "--json")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert (ran.code, ran.out) == (3, "")
    assert "doit preview" in ran.err


def wait_for(path: Path) -> None:
    """Wait until a script says that it has come so far."""
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


def test_ctrl_c_leaves_nothing_and_what_a_kill_leaves_the_next_run_removes(
    pending: Workspace,
) -> None:
    folder = pending.migration(
        "004-waits",
        "import pathlib, time\n"
        'pathlib.Path(context.migration_dir, ".started").touch()\n'
        "time.sleep(60)",
    )
    before = pending.state()
    for number in (signal.SIGINT, signal.SIGKILL):
        process = pending.start("preview", NES_TASKS_SANDBOX="off")
        wait_for(folder / ".started")
        (folder / ".started").unlink()
        process.send_signal(number)
        process.communicate(timeout=60)
        if number == signal.SIGINT:
            assert process.returncode == 130
            assert pending.state() == before
    assert "refs/nes-tasks/" in pending.git("for-each-ref")
    assert pending.doit("preview", "2").code == 0
    assert pending.state() == before


def test_a_detached_head_is_previewed(pending: Workspace) -> None:
    pending.git("checkout", "-q", "--detach")
    assert names(document(pending)) == ["002-create", "003-tag"]


def test_the_file_of_o_is_written_and_checked_first(pending: Workspace) -> None:
    ran = pending.doit("preview", "--json", "-o", "out.json")
    assert (ran.code, ran.out) == (0, "")
    assert len(json.loads((pending.root / "out.json").read_text())["migrations"]) == 2
    for bad in ("migrations", "no/such/folder.md"):
        ran = pending.doit("preview", "-o", bad)
        assert ran.code == 2
        assert ran.err.startswith(f"error: {bad} cannot be written: ")
        assert "previewed" not in ran.err


HOSTILE = "`|</td></details>```\n<img src=x> @torvalds #1 https://x.example [a](b) \x1b[31m"
CELL = re.compile(r"<code>([^<]*)</code>")


@pytest.fixture
def hostile(workspace: Workspace) -> Workspace:
    """A migration that wants to break out of the comment, by every way it has."""
    body = (
        f"evil = {HOSTILE!r}\n"
        "context.log(evil)\n"
        "await context.publication.create_entity(\n"
        '    entity_type="person",\n'
        '    entity_data={"slug": "evil-one", "attributes": {evil: evil},\n'
        # A name with control characters is refused; what else can be hostile stays.
        '        "names": [{"kind": "PRIMARY", "en": {"full": " ".join(evil.split())\n'
        '            .replace(chr(27), "")}}]},\n'
        ")\n"
    )
    workspace.migration("001-evil", body)
    workspace.migration(
        "002-evil",
        f"evil = {HOSTILE!r}\n"
        'person = await context.db.get_entity("entity:person/evil-one")\n'
        'person.attributes = {evil: "new" + evil}\n'
        'await context.publication.update_entity(person, context.author_id, "x")',
    )
    script = workspace.migrations / "002-evil/migrate.py"
    line = 'DESCRIPTION = "a | b </details> @torvalds ``` <b>"'
    script.write_text(re.sub(r"DESCRIPTION = .*", line, script.read_text()))
    return workspace


def test_text_of_migrations_does_not_break_out_of_the_comment(hostile: Workspace) -> None:
    ran = hostile.doit("preview", "--markdown")
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.out
    outside = without_fences(ran.out)
    assert outside.count("<details>") == outside.count("</details>")
    for line in outside.splitlines():
        # What is left without what GitHub takes literally is ours, and harmless.
        rest = CELL.sub("", line)
        assert not re.search(r"@|https:|<img|torvalds|`", rest), line
        assert all(not re.search(r"[|@`\[\]:]", shown) for shown in CELL.findall(line)), line
    tables = re.findall(r"(?:^\|.*\n)+", outside, re.MULTILINE)
    assert len(tables) >= 4
    for table in tables:
        assert len({row.count("|") for row in table.splitlines()}) == 1, table


def without_fences(text: str) -> str:
    """Return Markdown without fenced blocks, by CommonMark's rule for where they end."""
    kept, fence = [], ""
    for line in text.splitlines():
        found = re.match(r"`{3,}", line)
        if fence:
            if found and line.strip() == found[0] and len(found[0]) >= len(fence):
                fence = ""
        elif found:
            fence = found[0]
        else:
            kept.append(line)
    assert not fence
    return "\n".join(kept) + "\n"


def test_a_terminal_gets_no_escape_sequences(hostile: Workspace) -> None:
    ran = hostile.doit("preview")
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "  entity:person/evil-one  `|</td></details>``` <img src=x>" in ran.out


def test_a_large_preview_is_still_one_comment(workspace: Workspace) -> None:
    workspace.migration(
        "001-many",
        "for n in range(40):\n"
        "    for kind in ('ngo', 'hospital', 'political_party'):\n"
        "        await context.publication.create_entity(\n"
        '            entity_type="organization", entity_subtype=kind,\n'
        '            entity_data={"slug": f"{kind}-{n}".replace("_", "-"),\n'
        '                "attributes": {"text": "क`<|" * 3000},\n'
        '                "names": [{"kind": "PRIMARY", "en": {"full": "a|" * 1500}}]},\n'
        "        )\n",
    )
    for number in range(2, 6):
        workspace.migration(
            f"{number:03d}-change",
            "for one in await context.db.list_entities(entity_type='organization', limit=200):\n"
            f"    one.attributes = {{str(n): '|@`' * 100 for n in range({number})}}\n"
            "    await context.publication.update_entity(one, context.author_id, 'x')",
        )
    ran = workspace.doit("preview", "--markdown")
    assert ran.code == 0, ran.err
    assert len(ran.out) <= LIMIT
    assert "more parts did not fit; `doit preview --json` has everything" in ran.out
    assert "```mermaid\npie " in ran.out
    for number in range(2, 6):
        assert f"<code>{number:03d}-change</code>" in ran.out
    without_fences(ran.out)
