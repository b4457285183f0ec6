"""`doit help` teaches: what a command is for, how it is used, an example that works, its codes."""

from __future__ import annotations

from typing import Any

import pytest
from our_commands import flags, invocations, our_commands, own_options, shared_options
from workspace import Workspace

from nes_tasks.cli.command import options_first
from nes_tasks.cli.doit_options import HELP
from nes_tasks.cli.help import GROUPS, REST, TASKS, overview


@pytest.mark.parametrize("name", list(our_commands()))
def test_each_command_tells_purpose_options_examples_and_exit_codes(name: str) -> None:
    command = our_commands()[name]
    text = command.help()
    sections = ["PURPOSE", "USAGE", "EXAMPLES", "OPTIONS", "EXIT CODES"]
    places = [text.index(f"{section}\n") for section in sections]
    assert places == sorted(places)
    assert f"doit {name}" in text
    for option in own_options(command):
        assert option.help, option
        for flag in flags(option):
            assert f" {flag}" in text
    codes = " ".join(text[places[-1] :].split())
    for code, meaning in command.exit_codes().items():
        assert f" {code} {meaning}" in codes
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", list(our_commands()))
def test_the_examples_of_each_command_parse(name: str) -> None:
    commands = our_commands()
    examples = commands[name].examples
    assert examples
    mentioned = set()
    for line, meaning in examples:
        assert meaning
        for words in invocations(line):
            used = words.pop(0) if words and words[0] in commands else "run"
            mentioned.add(used)
            command = commands[used]
            words = (
                options_first(command.cmdparser, words) if command.is_about_migrations else words
            )
            _, names = command.cmdparser.parse(words)
            takes_names = any(word.isupper() for word in command.doc_usage.split("[")[-1].split())
            names_anything = command.completes or used in ("create", "blame", "release")
            assert not names or takes_names or names_anything, line
    assert name in mentioned


def test_the_overview_has_each_command_once_by_what_it_is_for() -> None:
    lines = overview(our_commands()).splitlines()
    assert max(map(len, lines)) <= 80
    named = [line.split()[1] for line in lines if line.startswith("  doit ")]
    assert sorted(named) == sorted([*our_commands(), *TASKS])
    assert [line for line in lines if line in (*GROUPS, REST)] == [*GROUPS, REST]
    groups = {command.group for command in our_commands().values()}
    assert groups == {*GROUPS, REST}


def test_it_is_printed_wherever_it_is_asked_for(workspace: Workspace, tmp_path: Any) -> None:
    workspace.migration("001-first")
    asked = workspace.doit("help", "show", cwd=tmp_path)
    assert asked.code == 0
    assert asked.out.startswith("PURPOSE\n")
    for words in (["show", "--help"], ["show", "-h"], ["show", "1", "--json", "--help"]):
        assert workspace.doit(*words, cwd=tmp_path) == asked
    task = workspace.doit("help", "migrate:1")
    assert task.out.startswith("migrate:001-first  2026-01-15  Asha Example  Do 001-first\n")
    assert "    --force\n" in task.out
    assert "Maintaining" in workspace.doit("help", cwd=tmp_path).out


def test_the_check_is_listed_and_explained_although_it_is_a_task(workspace: Workspace) -> None:
    lines = overview(our_commands()).splitlines()
    listed = next(n for n, line in enumerate(lines) if line.startswith("  doit check  "))
    assert lines.index("Contributing") < listed < lines.index("Maintaining")
    workspace.migration("001-first")
    for words in (["help", "check"], ["help", "check:1"]):
        told = workspace.doit(*words)
        assert told.code == 0
        assert "An error gives exit code 1" in " ".join(told.out.split())
        assert max(map(len, told.out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["help", "preveiw"],
            "there is no command or task 'preveiw'; did you mean doit help preview?",
        ),
        (["help", "migrate:9"], "there is no migration '9'; did you mean"),
        (["help", "show", "list"], "doit help explains one thing; doit help show"),
    ],
)
def test_what_there_is_no_help_for_is_told(
    workspace: Workspace, words: list[str], said: str
) -> None:
    ran = workspace.doit(*words)
    assert (ran.code, ran.out) == (2, "")
    assert said.partition("; did you mean")[0] in ran.err
    assert ran.err.count("\n") == 1


def test_each_text_in_place_of_doits_belongs_to_an_option_of_doit() -> None:
    commands = our_commands()
    theirs = {option.name for option in shared_options(commands["run"])}
    for command in commands.values():
        for base in type(command).__mro__:
            if base.__module__.startswith("doit."):
                theirs |= {option["name"] for option in vars(base).get("cmd_options", ())}
                theirs |= {option["name"] for option in vars(base).get("base_options", ())}
    assert set(HELP) <= theirs
    text = commands["run"].help()
    assert "also run tasks that are up to date" in text
    assert "always execute tasks even if" not in text
