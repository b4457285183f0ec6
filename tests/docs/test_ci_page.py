"""The page about the workflows: it names what there is, and its commands work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from team import Team
from workspace import create_person

FENCE = re.compile(r"^```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def page(project: Path) -> str:
    return (project / "docs/ci.md").read_text()


@pytest.fixture(scope="module")
def files(project: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (project / ".github/workflows").iterdir()}


def test_every_workflow_job_variable_and_secret_is_named(page: str, files: dict[str, str]) -> None:
    rows = re.findall(r"^\| `([\w-]+\.yml)` \|", page, re.MULTILINE)
    assert sorted(rows) == sorted(files)
    text = "".join(files.values())
    wanted = set(re.findall(r"\b(?:vars|secrets)\.(\w+)", text))
    assert set(re.findall(r"^\| `(NES_\w+)` \|", page, re.MULTILINE)) == wanted
    jobs = set(re.findall(r"^  (\w+):\n    name: ", text, re.MULTILINE))
    permissions = page.partition("The permissions of the jobs:")[2].partition("\n## ")[0]
    named = re.findall(r"^\| ([\w, ]+?) \|", permissions, re.MULTILINE)
    assert jobs - {"gate"} == set(", ".join(named).split(", ")) - {"Job"}


def test_the_required_checks_and_inputs_are_called_like_that(
    page: str, files: dict[str, str]
) -> None:
    for name in ("Check the folders", "Preview the changes"):
        assert f"`{name}`" in page
        assert f"    name: {name}\n" in files["migration-preview.yml"]
    assert "Compare with a preview that is made now" in page
    assert "Compare with a preview that is made now" in files["migration-persistence.yml"]


def test_the_messages_are_those_of_the_program(page: str, project: Path) -> None:
    table = page.partition("## When something fails")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| [\w-]+ \| (.*?) \|", table, re.MULTILINE)
    messages = [text for row in rows for text in re.findall(r"`(.*?)`", row)]
    # These come from git, GitHub or the maintainer of the database.
    theirs = {"HTTP 403", "could not read", "pre-receive hook declined", "protected"}
    theirs |= {"(fetch first)", "(non-fast-forward)"}
    sources = "".join(path.read_text() for path in (project / "nes_tasks").rglob("*.py"))
    program = re.sub(r'"\s*f?"', "", sources)
    ours = [message for message in messages if message not in theirs]
    assert len(ours) >= 6
    for message in ours:
        assert message in program, message


def test_the_commands_of_this_page_and_of_previews_work(
    page: str, project: Path, tmp_path: Path
) -> None:
    team = Team.at(tmp_path).begin()
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "doit").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m doit "$@"\n')
    (bin_folder / "doit").chmod(0o755)
    previews = (project / "docs/reference/preview.md").read_text()
    blocks = [FENCE.findall(previews)[1], *FENCE.findall(page)]
    assert len(blocks) == 2
    for number, block in enumerate(blocks, 2):
        team.mina.migration(f"{number:03d}-next", create_person(f"next-{number}"))
        environment = team.mina.environment()
        environment["PATH"] = f"{bin_folder}:{environment['PATH']}"
        done = subprocess.run(
            ["bash", "-euc", block],
            cwd=team.mina.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert team.mina.applied() == ["001-first", "002-next", "003-next"]
    assert team.tip() == team.mina.git("rev-parse", "HEAD")
