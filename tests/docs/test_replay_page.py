"""The page about replays: its transcript happens, and its schema holds."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from schemas import problems, schema_of
from workspace import Workspace, create_person

SHORT_ID = re.compile(r"\b[0-9a-f]{12}\b")


@pytest.fixture
def page(project: Path) -> Path:
    return project / "docs/reference/replay.md"


@pytest.fixture
def edited(workspace: Workspace) -> Workspace:
    """Two applied migrations, of which the second was edited since."""
    workspace.git_in(workspace.root, "init", "-q")
    (workspace.root / ".gitignore").write_text("nes-db\n.nes-tasks\n")
    workspace.migration("001-first", create_person("asha-rai"))
    folder = workspace.migration("002-add-ministers", create_person("bina-rai"))
    for text in ("Ministers", "All ministers"):
        if text == "All ministers":
            assert workspace.doit().code == 0
            workspace.edit(folder.name)
        workspace.git_in(workspace.root, "add", ".")
        workspace.git_in(workspace.root, "commit", "-qm", text)
    return workspace


def masked(text: str) -> list[str]:
    """Return lines without ids and seconds, and the width that they need."""
    text = re.sub(r"\b\d+\.\d+$", "<seconds>", SHORT_ID.sub("<id>", text), flags=re.MULTILINE)
    return [re.sub(r"\s+", " ", line).strip() for line in text.rstrip().splitlines()]


def test_the_transcript_is_what_happens(page: Path, edited: Workspace) -> None:
    block = "".join(
        re.findall(r"^```console\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    )
    commit = edited.git_in(edited.root, "rev-parse", "--short=12", "HEAD~1")
    commands = [part.partition("\n") for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    assert len(commands) == 5
    for command, _, shown in commands:
        program, *words = shlex.split(SHORT_ID.sub(commit, command))
        if program == "doit":
            printed = edited.doit(*words).out
            assert set(SHORT_ID.findall(printed)) <= {commit, edited.tree[:12]}
        else:
            done = subprocess.run(
                [program, *words], cwd=edited.root, check=True, capture_output=True, text=True
            )
            printed = done.stdout
        assert masked(printed) == masked(shown), command
    assert edited.git_in(edited.root, "status", "--porcelain") == ""


def test_the_documents_are_as_the_page_says(page: Path, edited: Workspace) -> None:
    chance = "import os\ncontext.log(os.urandom(8).hex())"
    edited.migration("003-chance", chance)
    flag = "from pathlib import Path\nif Path(context.migration_dir, '.fail').exists():\n    1 / 0"
    fails = edited.migration("004-fails", flag)
    assert edited.doit().code == 0
    (fails / ".fail").touch()
    ran = edited.doit("replay", "--json")
    assert ran.code == 1
    found = json.loads(ran.out)
    assert not list(problems(found, {"$ref": "#/$defs/replay"}, schema_of(page), "replay"))
    ran = edited.doit("replay", "--from-scratch", "--json")
    assert ran.code == 1
    whole = json.loads(ran.out)
    assert not list(problems(whole, {"$ref": "#/$defs/from_scratch"}, schema_of(page), "whole"))
    outcomes = [step["outcome"] for step in whole["steps"]]
    assert outcomes == ["proven", "proven", "different", "unreached"]
    verdicts = [proof["verdict"] for proof in found["migrations"]]
    assert verdicts == ["proven", "unproven", "different", "failed"]
    assert found["migrations"][3]["failure"]["where"].startswith("migrations/004-fails/")


def test_the_page_has_every_verdict_and_reason(page: Path) -> None:
    from nes_tasks.operations.replay import Verdict
    from nes_tasks.operations.replay_runs import SkipReason
    from nes_tasks.operations.tree_difference import Kind

    migration = schema_of(page)["migration"]["properties"]
    assert migration["verdict"]["enum"] == [verdict.value for verdict in Verdict]
    assert migration["reason"]["enum"] == [*(reason.value for reason in SkipReason), None]
    assert schema_of(page)["difference"]["properties"]["kind"]["enum"] == list(Kind)
    from nes_tasks.operations.from_scratch import Reason, RebuildOutcome
    from nes_tasks.operations.lineage import Origin

    step = schema_of(page)["step"]["properties"]
    assert step["origin"]["enum"] == list(Origin)
    assert step["outcome"]["enum"] == list(RebuildOutcome)
    assert step["reason"]["enum"] == [*Reason, None]
    text = page.read_text()
    verdicts = re.findall(r"^\| ([a-z ]+) \| .* \| [01] \|$", text, re.MULTILINE)
    assert verdicts == [*Verdict, *(outcome.replace("_", " ") for outcome in RebuildOutcome)]
    reasons = re.findall(r"^\| `(\w+)` \| (?:made|named) ", text, re.MULTILINE)
    assert reasons == list(Reason)
