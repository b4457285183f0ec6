"""The page of commands: each command of ours, each option, each exit code; examples happen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from our_commands import flags, our_commands, own_options, shared_options
from pages import anchor, code, rows, run_shell, sections
from story import copied, surroundings
from transcripts import blocks, commands, masked
from workspace import Workspace

from nes_tasks.cli.help import GROUPS, REST
from nes_tasks.cli.tasks import FORCE


@pytest.fixture(scope="module")
def page(project: Path) -> str:
    """The text of the page."""
    return (project / "docs/reference/commands.md").read_text("utf-8")


def section(page: str, name: str) -> str:
    heading = f"`doit {name}`"
    assert heading in sections(page), f"docs/reference/commands.md lacks ### {heading}"
    return sections(page)[heading]


@pytest.mark.parametrize("name", list(our_commands()))
def test_each_command_has_a_section_with_synopsis_example_options_and_code(
    page: str, name: str
) -> None:
    command = our_commands()[name]
    text = section(page, name)
    synopsis = text.strip().splitlines()[0]
    assert re.fullmatch(rf"`doit \[?{name}\]?( .*)?`", synopsis), synopsis
    assert set(
        code(" ".join(flag for row in rows(text, "Option", "Does") for flag in row[:1]))
    ) == {
        shown
        for option in own_options(command)
        for flag in flags(option)
        for shown in [_with_value(text, option, flag)]
    }
    assert any(name in words for block in blocks(text, "console") for words in block.split("\n"))
    said = re.findall(r"^Exit code 1: (.*?)\.(?:\n|$)", text, re.DOTALL | re.MULTILINE)
    assert [" ".join(line.split()) for line in said] == [command.exit_1_means] * bool(
        command.exit_1_means
    )


def _with_value(text: str, option: Any, flag: str) -> str:
    """Return a flag as the page should have it, with the word that the page has for its value."""
    if option.type is bool or flag == f"--{option.inverse}":
        return flag
    joint = "=" if flag.startswith("--") else " "
    found = re.search(rf"`{flag}{joint}([A-Z]+)`", text)
    assert found, f"{flag}{joint}VALUE"
    return f"{flag}{joint}{found[1]}"


def test_the_sections_stand_where_help_has_them(page: str) -> None:
    headings = re.findall(r"^(##|###) (.*)$", re.sub(r"```.*?```", "", page, flags=re.S), re.M)
    group, found = "", {}
    for level, heading in headings:
        group = heading if level == "##" else group
        if heading.startswith("`doit "):
            found[heading.strip("`").removeprefix("doit ")] = group
    assert found == {name: command.group for name, command in our_commands().items()}
    assert [heading for level, heading in headings if level == "##"][1:] == [*GROUPS, REST]
    order = [heading for _, heading in headings if heading.startswith("`doit ")]
    for group in (*GROUPS, REST):
        names = [name for name in order if found[name.strip("`").removeprefix("doit ")] == group]
        assert names == sorted(names)
    linked = set(re.findall(r"\]\(#(doit-[\w-]+)\)", page))
    assert linked >= {anchor(f"`doit {name}`") for name in our_commands()}


def test_common_options_and_exit_codes_are_told_once(page: str) -> None:
    shown = rows(page, "Option of every command", "Does")
    told = {flag for row in shown for flag in re.findall(r"(?<![\w-])--?[a-z_-]+", row[0])}
    status = our_commands()["status"]
    assert told == {"--help", *(f for opt in shared_options(status) for f in flags(opt))}
    codes = {int(row[0]): row[1] for row in rows(page, "Exit code", "Means")}
    for command in our_commands().values():
        for number, meaning in command.exit_codes().items():
            assert number == 1 or codes[number] == meaning
    assert sorted(codes) == [0, 1, 2, 3, 130]


def test_the_options_of_a_migration_are_told(page: str) -> None:
    assert code(rows(sections(page)["The task `migrate`"], "Option", "Does")[0][0]) == [
        f"--{FORCE['long']}"
    ]


def test_every_example_happens_as_shown(
    page: str, story: tuple[Workspace, Path], tmp_path: Path
) -> None:
    workspace, remote = copied(*story, tmp_path)
    environment = surroundings(workspace)
    for block in blocks(page, "console"):
        for command, shown in commands(block):
            line = command.replace("REMOTE", remote.as_uri())
            printed = run_shell(line, workspace.root, environment)
            assert masked(printed) == masked(shown), command
