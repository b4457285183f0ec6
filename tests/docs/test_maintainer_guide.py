"""The guide for maintainers: its transcripts, in their order, and the messages it explains."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from pages import run_shell
from team import Team
from transcripts import blocks, commands, masked
from workspace import create_person

GUIDE = "docs/migration-maintainer-guide.md"


@pytest.fixture
def guide(project: Path) -> str:
    """The text of the page."""
    return (project / GUIDE).read_text()


def others_push_first(team: Team) -> None:
    """What has happened when the page comes to collisions."""
    assert team.asha.doit("sync").code == 0
    team.applied_by_asha("003-theirs")
    team.applied_by_mina("004-add-rivers")


def a_number_is_taken_twice(team: Team) -> None:
    """What has happened when the page comes to numbers."""
    team.mina.migration("005-mine")
    team.mina.migration("005-theirs")


def test_every_transcript_is_what_happens(guide: str, begun: Team, tmp_path: Path) -> None:
    team = begun.copied(tmp_path)
    team.mina.migration("002-add-ministers", create_person("bina-rai"))
    events = {"doit renumber 005-theirs": a_number_is_taken_twice}
    environment = team.mina.shell_environment()
    shown_commands = [pair for block in blocks(guide, "console") for pair in commands(block)]
    assert len(shown_commands) >= 10
    for command, shown in shown_commands:
        if shown.startswith("error: the push"):
            others_push_first(team)
        elif command in events:
            events[command](team)
        printed = run_shell(command, team.mina.root, environment)
        assert masked(printed) == masked(shown), command


def test_the_shell_lines_make_a_clone_that_works(guide: str, begun: Team, tmp_path: Path) -> None:
    team = begun.copied(tmp_path)
    team.mina.git_in(team.remote, "config", "uploadpack.allowFilter", "true")
    team.mina.db.rename(tmp_path / "old")
    lines = blocks(guide, "bash")
    assert len(lines) == 1
    subprocess.run(
        ["bash", "-ec", lines[0].replace("URL", team.remote.as_uri())],
        cwd=team.mina.root,
        env=team.mina.environment(),
        check=True,
        capture_output=True,
    )
    assert not (team.mina.db / "v2/entity").exists()
    team.applied_by_mina("002-add-ministers")
    assert team.mina.doit("push").code == 0


def test_every_message_of_the_table_is_one_of_the_program(guide: str, project: Path) -> None:
    table = guide.partition("## Troubleshooting")[2].partition("\n## ")[0]
    messages = re.findall(r"^\| `(.*?)`(?:, `(.*?)`)? \|", table, re.MULTILINE)
    assert len(messages) >= 10
    sources = (path.read_text() for path in (project / "nes_tasks").rglob("*.py"))
    # Adjacent pieces of a text are one text.
    program = re.sub(r'"\s*f?"', "", "".join(sources))
    for message in (text for pair in messages for text in pair if text):
        assert message in program, message
