"""Findings of a check about one migration folder."""

from __future__ import annotations

import pytest
from migrations_directory import SCRIPT, Directory

from nes_tasks.migrations import Plan
from nes_tasks.migrations.finding import Severity
from nes_tasks.migrations.lint import LARGE_FILE_BYTES, check_folder

README = """# 001-first

## Purpose

To test what a check finds in the folder of a migration.

## Sources

https://example.org/data
"""
NAME = "001-first"


def found(migrations: Directory, name: str = NAME, **applied: object) -> list[str]:
    """Return what is found about one folder, a line each."""
    plan = Plan.build(migrations.folders(), applied)  # type: ignore[arg-type]
    return [str(finding) for finding in check_folder(plan[name])]


def script(body: str = "pass", head: str = "") -> str:
    return f"{head}\n{SCRIPT}".replace("    pass", f"    {body}")


def places(lines: list[str], severity: str) -> list[str]:
    """Return the place of each finding of a severity, relative to the folder."""
    start = f"{severity}: migrations/{NAME}/"
    return [line.removeprefix(start).partition(": ")[0] for line in lines if line.startswith(start)]


def test_nothing_is_found_in_a_good_folder(migrations: Directory) -> None:
    migrations.add(NAME, readme=README, files={"notes.txt": "x"})
    assert found(migrations) == []


def test_all_that_is_wrong_is_found_at_once_with_its_line(migrations: Directory) -> None:
    text = SCRIPT.replace("2024-01-25", "2024-13-01").replace("Add the", "[TODO] Add the")
    migrations.add(NAME, script=text, readme="# x\n")
    assert places(found(migrations), "error") == ["README.md:1", "migrate.py:2", "migrate.py:3"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Bad Name", "is not named like 005-add-ministers"),
        ("1-short", "is not named like 005-add-ministers"),
    ],
)
def test_a_name_against_the_convention_is_worded_as_in_the_plan(
    migrations: Directory, name: str, words: str
) -> None:
    migrations.add(name, readme=README)
    problem = Plan.build(migrations.folders(), {})[name].problem
    lines = found(migrations, name)
    assert lines == [f"error: {problem}"]
    assert words in lines[0]


def test_two_folders_with_one_number_are_both_found(migrations: Directory) -> None:
    migrations.add(NAME, readme=README)
    migrations.add("001-second", readme=README)
    assert "has the same number as 001-second" in found(migrations)[0]
    assert "has the same number as 001-first" in found(migrations, "001-second")[0]


def test_a_number_that_is_applied_already_is_found(migrations: Directory) -> None:
    migrations.add(NAME, readme=README)
    applied = migrations.record(NAME)
    migrations.add("001-second", readme=README)
    assert (
        "has the number of 001-first, which is already applied"
        in found(migrations, "001-second", **applied)[0]
    )


@pytest.mark.parametrize(("length", "count"), [(80, 0), (81, 1)])
def test_a_name_has_at_most_80_characters(migrations: Directory, length: int, count: int) -> None:
    name = "001-" + "a" * (length - 4)
    migrations.add(name, readme=README)
    lines = found(migrations, name)
    assert len(lines) == count
    assert all("81 characters, more than 80" in line for line in lines)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("def migrate(context:\n", "migrate.py:1: '(' was never closed"),
        ("", "migrate.py is empty"),
        ("x = 1\n", "defines no function migrate"),
        (SCRIPT.replace('AUTHOR = "Sita', 'AUTHOR = b"Sita'), "migrate.py:1: AUTHOR is not a"),
        (SCRIPT.replace("DATE = ", "WHEN = "), "has no DATE"),
        (SCRIPT.replace("2024-01-25", "25/1/2024"), "migrate.py:2: DATE is '25/1/2024'"),
        (SCRIPT.replace("Add the", "a\\nb"), "migrate.py:3: DESCRIPTION is"),
        ("\n\n" + SCRIPT.replace("Sita Rai <sita@example.org>", "<x>"), "migrate.py:3: AUTHOR is"),
    ],
)
def test_what_is_wrong_with_a_script_is_found_once(
    migrations: Directory, content: str, said: str
) -> None:
    migrations.add(NAME, script=content, readme=README)
    lines = found(migrations)
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert said in lines[0]


def test_a_folder_without_readme_is_found_as_the_plan_words_it(migrations: Directory) -> None:
    migrations.add(NAME, readme=None)
    assert found(migrations) == [
        "error: migrations/001-first has no README.md; write migrations/001-first/README.md: "
        "what it changes and where the data come from"
    ]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "README.md:1", "says nothing under its title"),
        ("# Title only\n\n## Purpose\n", "README.md:1", "says nothing"),
        ("# x\n\n<!-- a comment of many words that nobody will see anywhere at all -->\n",
         "README.md:1", "says nothing"),
        ("# x\n\nIt does things.\n", "README.md:1", "has only 3 words"),
        (README + "\n[TODO: the notes]\n", "README.md:11", "still contains the placeholder"),
        ("# x\n\ncaf\udce9\n", "README.md:3", "byte 0xe9 is not UTF-8"),
    ],
)  # fmt: skip
def test_a_readme_that_says_nothing_is_found(
    migrations: Directory, text: str, place: str, said: str
) -> None:
    migrations.add(NAME, readme=None, files={"README.md": text.encode("utf-8", "surrogateescape")})
    lines = found(migrations)
    assert places(lines, "error") == [place]
    assert said in lines[0]


@pytest.mark.parametrize(
    ("text", "hinted"),
    [
        (README, False),
        (README.replace("https://example.org/data", ""), True),
        (README.replace("## Sources", "## Data"), False),
        (README.replace("## Sources", "## Data").replace("https://", ""), True),
        (README.replace("## Sources", "The source is").replace("https://", ""), False),
    ],
)
def test_a_readme_that_does_not_name_its_sources_gets_a_hint(
    migrations: Directory, text: str, hinted: bool
) -> None:
    migrations.add(NAME, readme=text)
    lines = found(migrations)
    assert len(lines) == hinted
    assert all("hint: " in line and "does not name its sources" in line for line in lines)


def test_each_file_that_drifted_is_found(migrations: Directory) -> None:
    migrations.add(NAME, readme=README, files={"a.txt": "1", "b.txt": "1"})
    applied = migrations.record(NAME)
    migrations.write(f"{NAME}/a.txt", "2")
    migrations.write(f"{NAME}/c.txt", "1")
    (migrations.path / NAME / "b.txt").unlink()
    lines = found(migrations, **applied)
    assert places(lines, "error") == ["a.txt:1", "b.txt:1", "c.txt:1"]
    for line, kind in zip(lines, ("changed", "removed", "added"), strict=True):
        assert f"was {kind} after {NAME} was applied" in line
        assert "--force" not in line
        assert f"git log -p -- migrations/{NAME}" in line


def test_what_is_applied_and_unchanged_is_left_alone(migrations: Directory) -> None:
    migrations.add(NAME, readme="")
    assert found(migrations) != []
    assert found(migrations, **migrations.record(NAME)) == []


def test_an_author_without_an_address_gets_a_hint(migrations: Directory) -> None:
    migrations.add(NAME, script=SCRIPT.replace(" <sita@example.org>", ""), readme=README)
    assert places(found(migrations), "hint") == ["migrate.py:1"]


@pytest.mark.parametrize(
    ("read", "names", "unread"),
    [
        ('context.read_csv("data.csv")', ["data.csv", "old.csv"], ["old.csv:1"]),
        ('open(context.migration_dir / "sub" / "data.csv")', ["sub/data.csv"], []),
        ('context.read_csv("sub/data.csv")', ["sub/data.csv", "data.csv"], []),
        ('context.read_json(f"{context.log}.json")', ["a.json", "b.json", "c.csv"], ["c.csv:1"]),
        ('list(context.migration_dir.glob("*"))', ["a.json", "b.csv"], []),
        ("pass", ["scan.pdf", "notes.txt"], []),
    ],
)
def test_data_that_no_script_names_get_a_hint(
    migrations: Directory, read: str, names: list[str], unread: list[str]
) -> None:
    files = dict.fromkeys(names, "x")
    migrations.add(NAME, script=script(read), readme=README, files=files)
    assert places(found(migrations), "hint") == unread


def test_a_large_file_gets_a_hint(migrations: Directory) -> None:
    migrations.add(
        NAME,
        readme=README,
        files={"a.bin": bytes(LARGE_FILE_BYTES), "b.bin": bytes(LARGE_FILE_BYTES + 1)},
    )
    lines = found(migrations)
    assert places(lines, "hint") == ["b.bin:1"]
    assert "10 MB" in lines[0]


@pytest.mark.parametrize(
    ("head", "body", "said"),
    [
        ("import uuid", "uuid.uuid4()", "uuid.uuid4()"),
        ("from uuid import uuid4 as new", "new()", "uuid.uuid4()"),
        ("import random", "random.choice([1])", "random.choice()"),
        ("from random import choice", "choice([1])", "random.choice()"),
        ("import numpy as np", "np.random.rand()", "numpy.random.rand()"),
        ("import secrets", "secrets.token_hex()", "secrets.token_hex()"),
        ("import os", "os.urandom(4)", "os.urandom()"),
        ("import datetime", "datetime.datetime.now()", "datetime.datetime.now()"),
        ("from datetime import datetime", "datetime.utcnow()", "datetime.datetime.utcnow()"),
        ("from datetime import date", "date.today()", "datetime.date.today()"),
        ("import time as t", "t.time()", "time.time()"),
    ],
)
def test_clock_and_chance_get_a_hint_unless_the_script_says_that_it_varies(
    migrations: Directory, head: str, body: str, said: str
) -> None:
    folder = migrations.add(NAME, script=script(body, head), readme=README)
    lines = found(migrations)
    assert places(lines, "hint") == ["migrate.py:8"]
    assert f": {said} " in lines[0]
    (folder / "migrate.py").write_text(script(body, f"DETERMINISTIC = False\n{head}"))
    assert found(migrations) == []


@pytest.mark.parametrize(
    "body", ["uuid.uuid5(uuid.NAMESPACE_URL, 'x')", "datetime.date(2024, 1, 1)", "now()", "x.now()"]
)
def test_what_gives_the_same_each_time_gets_no_hint(migrations: Directory, body: str) -> None:
    migrations.add(NAME, script=script(body, "import uuid, datetime"), readme=README)
    assert found(migrations) == []


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("import requests", "requests"),
        ("from requests import get", "requests"),
        ("import httpx", "httpx"),
        ("import urllib.request", "urllib.request"),
        ("from urllib import request", "urllib.request"),
        ("from urllib.request import urlopen", "urllib.request"),
        ("import socket", "socket"),
        ("import http.client", "http.client"),
    ],
)
def test_the_network_gets_one_hint(migrations: Directory, head: str, said: str) -> None:
    migrations.add(NAME, script=script(head=head), readme=README)
    lines = found(migrations)
    assert places(lines, "hint") == ["migrate.py:1"]
    assert f"{said} uses the network" in lines[0]


def test_parsing_addresses_is_no_network(migrations: Directory) -> None:
    migrations.add(NAME, script=script(head="from urllib.parse import quote"), readme=README)
    assert found(migrations) == []


def test_modules_of_the_folder_count_only_when_the_script_imports_them(
    migrations: Directory,
) -> None:
    files = {
        "scrape.py": "import requests\n",
        "helper.py": "import more\n",
        "more.py": "import socket",
    }
    migrations.add(NAME, script=script(head="import helper"), readme=README, files=files)
    assert places(found(migrations), "hint") == ["more.py:1"]


def test_a_helper_that_is_no_python_does_not_end_the_check(migrations: Directory) -> None:
    migrations.add(NAME, readme=README, files={"draft.py": "def ("})
    assert found(migrations) == []


def test_errors_come_before_hints(migrations: Directory) -> None:
    text = SCRIPT.replace(" <sita@example.org>", "").replace("2024-01-25", "x")
    migrations.add(NAME, script=text, readme=README)
    kinds = [line.partition(":")[0] for line in found(migrations)]
    assert kinds == [Severity.ERROR, Severity.HINT]
