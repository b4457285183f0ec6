"""`doit check`: tasks that find what is wrong with folders, and are up to date when unchanged."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import openpyxl
import pytest
from workspace import Ran, Workspace, create_person

README = "# x\n\nSources: https://example.org/data, taken for the test of what a check finds.\n"
GOOD = "no problems found"
NAME = "001-first"

T = TypeVar("T")


def migration(workspace: Workspace, name: str = NAME, body: str = "pass", **more: object) -> Path:
    """Write a migration that a check finds nothing wrong with, unless `more` says so."""
    folder = workspace.migration(name, body, **more)  # type: ignore[arg-type]
    (folder / "README.md").write_text(README)
    return folder


def findings(ran: Ran, severity: str = "error") -> list[str]:
    """Return what follows ``error: migrations/`` in each line."""
    return re.findall(rf"^{severity}: migrations/(.*)$", ran.out, re.MULTILINE)


def numbered(cases: Iterable[T]) -> Iterator[tuple[str, T]]:
    """Give each case a folder of its own: one check of many starts doit and a worker once."""
    for number, case in enumerate(cases, 1):
        yield f"{number:03d}-case", case


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


# As tasks -----------------------------------------------------------------------------------


def test_a_second_check_has_nothing_to_do_until_a_file_changes(workspace: Workspace) -> None:
    folder = migration(workspace, files={"data.txt": "1"})
    migration(workspace, "002-second")
    assert workspace.doit("check").out == f"2 migrations checked: {GOOD}.\n"
    assert workspace.doit("check").out == "2 migrations unchanged since the last check.\n"
    (folder / "data.txt").write_text("2")
    assert workspace.doit("check").out == (
        f"1 migration checked: {GOOD}; 1 migration unchanged since the last check.\n"
    )
    (folder / "more.txt").write_text("1")
    assert workspace.doit("check").out.startswith(f"1 migration checked: {GOOD}; 1")


def test_a_failed_check_is_made_again(workspace: Workspace) -> None:
    folder = migration(workspace)
    (folder / "README.md").write_text("# x\n")
    first, second = workspace.doit("check"), workspace.doit("check")
    assert first.code == second.code == 1
    assert first.out == second.out
    assert first.err == second.err == ""
    assert first.out.splitlines() == [
        f"error: migrations/{NAME}/README.md:1: it says nothing under its title; "
        "write what the migration changes and where its data come from",
        "1 migration checked: 1 error.",
    ]


def test_another_folder_can_make_a_checked_one_wrong(workspace: Workspace) -> None:
    migration(workspace)
    assert workspace.doit("check").code == 0
    migration(workspace, "001-second")
    ran = workspace.doit(f"check:{NAME}")
    assert ran.code == 1
    assert findings(ran)[0].startswith(f"{NAME} has the same number as 001-second; mv ")


def test_all_folders_are_checked_although_one_fails(workspace: Workspace) -> None:
    for name in ("001-first", "002-second", "003-third"):
        (migration(workspace, name) / "README.md").write_text("# x\n")
    ran = workspace.doit("check")
    assert ran.code == 1
    assert [line.partition("/")[0] for line in findings(ran)] == [
        "001-first",
        "002-second",
        "003-third",
    ]
    assert ran.out.splitlines()[-1] == "3 migrations checked: 3 errors."


def test_hints_are_shown_and_do_not_fail(workspace: Workspace) -> None:
    migration(workspace, files={"unread.csv": "a\n1\n", "unread.geojson": "{}"})
    ran = workspace.doit("check")
    assert (ran.code, ran.err) == (0, "")
    assert findings(ran, "hint") == [
        f"{NAME}/{name}:1: no script of the folder names it; "
        "remove it, or say in README.md what it is for"
        for name in ("unread.csv", "unread.geojson")
    ]
    assert ran.out.splitlines()[-1] == "1 migration checked: 2 hints."


@pytest.mark.parametrize("short", ["check:2", "check:002", "check:second", "check:002-second"])
def test_a_short_name_checks_one_folder(workspace: Workspace, short: str) -> None:
    for name in ("001-first", "002-second"):
        (migration(workspace, name) / "README.md").write_text("# x\n")
    ran = workspace.doit(short)
    assert [line.partition("/")[0] for line in findings(ran)] == ["002-second"]


def test_an_unknown_name_is_wrong_use(workspace: Workspace) -> None:
    migration(workspace)
    ran = workspace.doit("check:7")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no migration '7'" in ran.err


def test_without_folders_there_is_nothing_to_check(workspace: Workspace) -> None:
    ran = workspace.doit("check")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_two_processes_find_the_same(workspace: Workspace) -> None:
    for number in range(1, 5):
        (migration(workspace, f"00{number}-x") / "README.md").write_text("# x\n")
    alone, together = workspace.doit("check"), workspace.doit("-n", "2", "check")
    assert together.code == 1
    assert sorted(together.out.splitlines()) == sorted(alone.out.splitlines())


def test_a_check_changes_nothing_and_needs_no_database(workspace: Workspace) -> None:
    folder = migration(workspace, body=create_person("asha-rai"))
    before = {path: path.read_bytes() for path in folder.rglob("*")}
    assert workspace.doit("check").code == 0
    assert {path: path.read_bytes() for path in folder.rglob("*")} == before
    assert not workspace.db.exists()


def test_a_run_does_not_check_and_a_check_does_not_run(workspace: Workspace) -> None:
    (migration(workspace) / "README.md").write_text("# x\n")
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    assert "checked" not in ran.out


# Where folders stand ------------------------------------------------------------------------


def test_drift_is_found_and_an_unchanged_applied_folder_is_not_looked_into(
    workspace: Workspace,
) -> None:
    (migration(workspace) / "README.md").write_text("# x\n")
    folder = migration(workspace, "002-second")
    assert workspace.doit().code == 0
    assert workspace.doit("check").out == f"2 migrations checked: {GOOD}.\n"
    (folder / "migrate.py").write_text((folder / "migrate.py").read_text() + "\n")
    ran = workspace.doit("check")
    assert ran.code == 1
    assert findings(ran) == [
        "002-second/migrate.py:1: migrate.py was changed after 002-second was applied; "
        "undo the change (git log -p -- migrations/002-second), or doit accept 002-second if it "
        "gives the same data; to change the data write a new migration: doit create NAME"
    ]


@pytest.mark.parametrize("name", ["Bad Name", "7-short", "001_underscore"])
def test_a_folder_against_the_convention_is_worded_as_by_a_run(
    workspace: Workspace, name: str
) -> None:
    migration(workspace, name)
    checked, ran = workspace.doit("check"), workspace.doit()
    assert checked.code == ran.code == 1
    assert checked.out.splitlines()[0] == ran.err.splitlines()[0]


# Scripts ------------------------------------------------------------------------------------


BROKEN_SCRIPTS = [
    ("import no_such_thing", "migrate.py:1", "ModuleNotFoundError: No module named 'no_such"),
    ("from nes_tasks.models import Nobody", "migrate.py:1", "ImportError: cannot import name"),
    ("x = 1\ny = x / 0", "migrate.py:2", "ZeroDivisionError: division by zero"),
    ("import helper", "helper.py:2", "NameError: name 'nothing' is not defined"),
    ("import sys\nsys.exit(0)", "migrate.py:2", "the script called sys.exit(0)"),
    ("import os\nos._exit(3)", "migrate.py:8", "ended its process with exit code 3"),
    ("raise KeyboardInterrupt", "migrate.py:1", "KeyboardInterrupt"),
    ("open('data.csv')", "migrate.py:1", "FileNotFoundError"),
]


def test_a_script_that_does_not_load_is_found_with_its_line(workspace: Workspace) -> None:
    for name, (text, _, _) in numbered(BROKEN_SCRIPTS):
        folder = migration(workspace, name, files={"helper.py": "#\nnothing\n"})
        script = (folder / "migrate.py").read_text()
        path = f"import sys; sys.path.insert(0, {str(folder)!r}); " if "helper" in text else ""
        (folder / "migrate.py").write_text(f"{path}{text}\n{script}")
    ran = workspace.doit("check")
    assert ran.code == 1
    for line, (name, (_, place, said)) in zip(findings(ran), numbered(BROKEN_SCRIPTS), strict=True):
        assert line.startswith(f"{name}/{place}: the script does not load: ")
        assert said in line


ACCEPTED = [
    "async def migrate(context):",
    "def migrate(context):",
    "async def migrate(context, verbose=False):",
    "async def migrate(*arguments):",
]
REFUSED = [
    "async def migrate():",
    "async def migrate(context, more):",
    "async def migrate(*, context):",
]


def test_migrate_must_take_the_context_alone(workspace: Workspace) -> None:
    for name, signature in numbered(ACCEPTED + REFUSED):
        path = migration(workspace, name) / "migrate.py"
        path.write_text(path.read_text().replace("async def migrate(context):", signature))
    accepted = [f"check:{name}" for name, _ in numbered(ACCEPTED)]
    assert workspace.doit(*accepted).out == f"4 migrations checked: {GOOD}.\n"
    ran = workspace.doit("check")
    assert ran.code == 1
    for line, name in zip(findings(ran), ["005-case", "006-case", "007-case"], strict=True):
        assert line.startswith(f"{name}/migrate.py:6: ")
        assert "cannot be called with one argument, the context" in line


def test_what_is_no_function_is_found(workspace: Workspace) -> None:
    folder = migration(workspace)
    path = folder / "migrate.py"
    path.write_text(
        path.read_text().replace("async def migrate(context):\n    pass", "migrate = 1")
    )
    ran = workspace.doit("check")
    assert findings(ran)[0].startswith(
        f"{NAME}/migrate.py:6: the script does not load: TypeError: migrate is not a function"
    )


def test_a_script_loads_with_a_clean_environment_and_is_not_executed(workspace: Workspace) -> None:
    text = (
        "import os, sys\n"
        'assert "SECRET_TOKEN" not in os.environ\n'
        'assert "doit" not in sys.modules\n'
        'print("this goes to the log")\n'
    )
    folder = migration(workspace, body="raise RuntimeError('executed')")
    (folder / "migrate.py").write_text(text + (folder / "migrate.py").read_text())
    ran = workspace.doit("check", SECRET_TOKEN="x")
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert "this goes" not in ran.out


def test_names_of_the_earlier_system_load(workspace: Workspace) -> None:
    folder = migration(workspace)
    text = (folder / "migrate.py").read_text()
    (folder / "migrate.py").write_text(f"from nes.core.models import Name, Address\n{text}")
    assert workspace.doit("check").code == 0


# Data files ---------------------------------------------------------------------------------


UNREADABLE = [
    ("a.json", b'{"a": 1,\n"b" 2}', "a.json:2", "is not JSON, line 2, column 5"),
    ("a.json", b"", "a.json:1", "is empty"),
    ("a.json", b'{"a": "\xe9"}', "a.json:1", "is not UTF-8: byte 0xe9 in line 1"),
    ("a.jsonl", b'{"a": 1}\n{"a"\n', "a.jsonl:2", "is not JSON Lines, line 2"),
    ("a.ndjson", b"[1\n", "a.ndjson:1", "is not JSON Lines, line 1"),
    ("a.csv", b"a,b\n1,caf\xe9\n", "a.csv:2", "is not UTF-8: byte 0xe9 in line 2"),
    ("a.csv", b"", "a.csv:1", "is empty"),
    ("a.csv", "a,b\n1,2\n".encode("utf-16"), "a.csv:1", "is not UTF-8 but UTF-16"),
    ("a.tsv", b"a\tb\n1\t\xe9\n", "a.tsv:2", "is not UTF-8"),
    ("a.xlsx", b"PK\x03\x04 broken", "a.xlsx:1", "is not an Excel workbook"),
    ("a.xlsx", b"", "a.xlsx:1", "is empty"),
    ("a.xlsx", workbook([None, None]), "a.xlsx:1", "holds no column names"),
    ("sub/a.json", b"{", "sub/a.json:1", "is not JSON, line 1"),
    ("A.JSON", b"{", "A.JSON:1", "is not JSON, line 1"),
]


METHODS = {".csv": "csv", ".tsv": "csv", ".json": "json", ".xlsx": "excel"}


def test_a_data_file_that_cannot_be_read_is_found_with_its_line(workspace: Workspace) -> None:
    for name, (file, content, _, _) in numbered(UNREADABLE):
        method = METHODS.get(Path(file).suffix.lower(), "jsonl")
        migration(workspace, name, f"context.read_{method}({file!r})", files={file: content})
    ran = workspace.doit("check")
    assert ran.code == 1
    for line, (name, (file, _, place, said)) in zip(
        findings(ran), numbered(UNREADABLE), strict=True
    ):
        assert line.startswith(f"{name}/{place}: {file}")
        assert said in line


READABLE = [
    ("a.json", b'\xef\xbb\xbf{"a": 1}'),
    ("a.jsonl", b'{"a": 1}\n\n{"a": 2}'),
    ("a.csv", "slug,नाम\r\nasha,आशा\r\n".encode("utf-8-sig")),
    ("a.csv", b'a,b\n1,"two\nlines"\n'),
    ("a.tsv", b'a\tb\n"1"\t"2"\n'),
    ("a.xlsx", workbook(["slug", "name"], ["asha", "Asha"])),
    ("a.txt", b"\xff\xfe\x00"),
]


def test_nothing_is_found_in_data_that_can_be_read(workspace: Workspace) -> None:
    for name, (file, content) in numbered(READABLE):
        migration(workspace, name, f"context.log({file!r})", files={file: content})
    ran = workspace.doit("check")
    assert (ran.code, ran.out) == (0, f"7 migrations checked: {GOOD}.\n")


ENCODED = [
    'context.read_csv("a.csv", encoding="cp1252", delimiter="|")',
    'open(context.migration_dir / "a.csv", encoding="cp1252")',
    'import pandas; pandas.read_csv("a.csv", encoding="cp1252", sep="|")',
    'context.read_csv("a.csv", encoding=ENCODING)',
]


def test_a_file_is_read_with_the_encoding_that_the_script_passes(workspace: Workspace) -> None:
    for name, body in numbered(ENCODED):
        data = '"x"|y\n"caf\u00e9"|1\n'.encode("cp1252")
        migration(workspace, name, body, files={"a.csv": data})
    ran = workspace.doit("check")
    assert ran.code == 0, ran.out


def lines_above_the_names() -> bytes:
    return workbook(["Members"], ["as of 2079"], [], ["slug", "name"], ["asha", "Asha"])


READ_AS_THE_SCRIPT_DOES: list[tuple[str, str, str | bytes, list[str]]] = [
    ("import pandas; pandas.read_excel(context.migration_dir / 'a.xlsx', header=3)", "a.xlsx",
     lines_above_the_names(), []),
    ("context.read_excel('a.xlsx', header=4)", "a.xlsx", lines_above_the_names(), []),
    ("context.read_jsonl('a.json')", "a.json", '{"a": 1}\n{"a": 2}\n', []),
    ("NAME = 'a.txt'; context.read_csv(NAME)", "a.txt", "a,b\n1\n", ["error"]),
    ("context.read_csv('a.csv', restval='')", "a.csv", "a,b\n1\n", []),
    ("context.read_csv('a.csv')", "a.csv", "a,b\n1\n", ["error"]),
    ("context.read_csv('a.csv', required=['b'])", "a.csv", "a,b\n1,\n", ["error"]),
    ("import csv; csv.reader(open(context.migration_dir / 'a.csv'))", "a.csv", "a\n1,2\n", []),
    ("path = 'a.csv'", "a.csv", "a,b\n1\n", ["hint"]),
    ("context.read_csv('a.csv', **OPTIONS)", "a.csv", "a,b\n1\n", []),
]  # fmt: skip


def test_a_file_is_read_as_the_script_reads_it(workspace: Workspace) -> None:
    for name, (body, file, content, _) in numbered(READ_AS_THE_SCRIPT_DOES):
        migration(workspace, name, body, files={file: content})
    out = workspace.doit("check").out
    for name, (body, _, _, expected) in numbered(READ_AS_THE_SCRIPT_DOES):
        found = re.findall(rf"^(\w+): migrations/{name}/(?!migrate)", out, re.MULTILINE)
        assert found == expected, body


DAMAGED = [
    ("??? ????", "'??? ????' has question marks in place of letters"),
    (
        "\u0930\u093e\u092e".encode().decode("cp1252", "ignore"),
        "looks like UTF-8 that was read in an",
    ),
    ("A&nbsp;B", "'A&nbsp;B' contains HTML markup"),
    ("<b>A</b>", "'<b>A</b>' contains HTML markup"),
    ("A\x1b[31m", "'A\\x1b[31m' holds control characters or changes the direction of writing"),
    ("A\u202eB", "'A\\u202eB' holds control characters or changes the direction of writing"),
    ("A\ufffdB", "has letters that were lost (U+FFFD)"),
    ("sf7df8f}+", "seems to be typed for the font Preeti or Kantipur"),
]
SOUND = [
    "What?",
    "A & B",
    "a < b",
    "\u0930\u093e\u092e",
    "Gr\u00f6\u00dfe",
    "2025-11-11T00:00:00Z",
    "\u00c3o",
    "x\u200dy",
]


def test_text_that_looks_damaged_is_a_hint_with_its_place(workspace: Workspace) -> None:
    for name, (text, _) in numbered(DAMAGED):
        data = f"slug,name\nx,X\ny,{text}\n"
        migration(workspace, name, "context.read_csv('a.csv')", files={"a.csv": data})
    sound = json.dumps([{"name": text, "note": "one\nline"} for text in SOUND])
    migration(workspace, "900-sound", "context.read_json('a.json')", files={"a.json": sound})
    ran = workspace.doit("check")
    assert ran.code == 0, ran.out
    for line, (name, (_, said)) in zip(findings(ran, "hint"), numbered(DAMAGED), strict=True):
        assert line.startswith(f"{name}/a.csv:3: a.csv line 3, column 'name': '")
        assert said in line


SHEETS = [', sheet_name="2079"', ', "2079"', ', "2080"', ""]


def test_a_workbook_is_read_at_the_sheet_that_the_script_names(workspace: Workspace) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("2079").append(["slug"])
    data = io.BytesIO()
    book.save(data)
    for name, arguments in numbered(SHEETS):
        body = f'context.read_excel("a.xlsx"{arguments})'
        migration(workspace, name, body, files={"a.xlsx": data.getvalue()})
    ran = workspace.doit("check")
    assert ran.code == 1
    assert [line.partition(":")[0] for line in findings(ran)] == [
        "003-case/a.xlsx",
        "004-case/a.xlsx",
    ]


def test_a_table_that_is_read_as_a_single_column_gets_a_hint(workspace: Workspace) -> None:
    files = {"a.csv": "slug;name\nx;y\n", "b.csv": "slug;name\nx;y\n", "c.csv": "slug\nx\n"}
    body = (
        'context.read_csv("a.csv"), "c.csv", '
        'context.read_csv("b.csv", delimiter=";", ignore=["slug", "name"])'
    )
    migration(workspace, body=body, files=files)
    ran = workspace.doit("check")
    assert ran.code == 0
    (found,) = findings(ran, "hint")
    assert found.endswith("a.csv has one column only, 'slug;name'; read it with delimiter=';'")


def test_a_stray_quotation_mark_gets_a_hint_and_an_open_one_is_an_error(
    workspace: Workspace,
) -> None:
    body = 'context.read_csv("a.csv")'
    migration(workspace, body=body, files={"a.csv": 'a,b\n1,"two"x\n3,4\n'})
    ran = workspace.doit("check")
    assert ran.code == 0
    assert "stray quotation mark" in findings(ran, "hint")[0]
    migration(workspace, "002-open", body, files={"a.csv": 'a,b\n1,2\n1,"two\n3,4\n'})
    ran = workspace.doit("check:2")
    assert ran.code == 1
    assert findings(ran)[0].startswith(
        "002-open/a.csv:3: a.csv: the quotation mark that opens in line 3 is never closed"
    )


def test_the_projects_own_migrations_pass(workspace: Workspace, project: Path) -> None:
    workspace.migrations.rmdir()
    shutil.copytree(project / "migrations", workspace.migrations)
    ran = workspace.doit("check")
    assert (ran.code, findings(ran, "error"), findings(ran, "hint")) == (0, [], [])


def test_the_saved_state_is_doits_own_file(workspace: Workspace) -> None:
    migration(workspace)
    workspace.doit("check")
    saved = json.loads((workspace.root / ".nes-tasks/doit.json").read_text())
    assert f"check:{NAME}" in saved
    assert workspace.doit("forget", f"check:{NAME}").code == 0
    assert workspace.doit("check").out == f"1 migration checked: {GOOD}.\n"


def test_the_worker_ends_with_the_command(workspace: Workspace) -> None:
    migration(workspace)
    script = (workspace.migrations / NAME / "migrate.py").read_text()
    pid_file = workspace.root / "pid"
    (workspace.migrations / NAME / "migrate.py").write_text(
        f"import os, pathlib\npathlib.Path({str(pid_file)!r}).write_text(str(os.getppid()))\n"
        + script
    )
    assert workspace.doit("check", NES_TASKS_SANDBOX="off").code == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)
