"""The page of the Python API: its session is real, and it describes every public name."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import fields
from pathlib import Path

import pytest
from pages import code, rows, sections
from transcripts import blocks
from workspace import Workspace, create_person, environment

import nes_tasks
from nes_tasks import api

PAGE = "docs/reference/api.md"


@pytest.fixture(scope="module")
def text(project: Path) -> str:
    return (project / PAGE).read_text("utf-8")


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """The project of the page, as the current folder of this process."""
    workspace = Workspace(tmp_path / "project")
    workspace.settings(remote_url=str(tmp_path / "remote.git"))
    workspace.git_in(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    two = create_person("asha-rai") + create_person("bina-lama")
    workspace.migration("001-first-people", f'{two}context.log("Created 2 people")')
    one = create_person("chandra-rai")
    workspace.migration("002-more-people", f'{one}context.log("Created 1 person")')
    failing = 'context.log("About to fail")\nraise LookupError("no such person")'
    workspace.migration("003-broken", failing)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    with chdir(workspace.root):
        yield workspace


def test_the_session_happens_as_shown(text: str, opened: Workspace) -> None:
    session = "\n".join(blocks(text, "pycon"))
    test = doctest.DocTestParser().get_doctest(session, {}, PAGE, PAGE, 0)
    assert len(test.examples) > 15
    failures: list[str] = []
    ran = doctest.DocTestRunner().run(test, out=failures.append)
    assert not ran.failed, "".join(failures)
    assert opened.applied() == ["001-first-people", "002-more-people"]


def test_every_name_is_told_once(text: str) -> None:
    table = rows(text, "Names of `nes_tasks.api`", "Described in")
    names = [name for row in table for name in code(row[0])]
    assert sorted(names) == api.__all__
    [short] = [line for line in text.split("\n\n") if line.startswith("From `nes_tasks`:")]
    assert code(short)[1:] == nes_tasks.__all__


def test_every_method_and_field_is_told(text: str) -> None:
    methods = {
        name: member
        for name, member in inspect.getmembers(api.Project, inspect.isroutine)
        if not name.startswith("_")
    }
    shown = "".join(blocks(sections(text)["Project"], "text")).splitlines()
    assert sorted(line.partition("(")[0] for line in shown) == sorted(methods)
    for line in shown:
        name, _, given = line.partition("(")
        parameters = inspect.signature(methods[name]).parameters
        told = [word.strip().partition("=")[0] for word in given.rstrip(")").split(",")]
        assert [word for word in told if word not in ("", "*")] == [
            parameter for parameter in parameters if parameter != "self"
        ]
    table = rows(text, "Method", "Returns", "Does")
    assert [code(row[0])[0] for row in table] == [line.partition("(")[0] for line in shown]
    for kind in (api.MigrationResult, api.RunEvent):
        below = sections(text)[kind.__name__]
        told = [name for row in rows(below, "Field", "Is") for name in code(row[0])]
        assert told == [field.name for field in fields(kind)]
    kinds = rows(sections(text)["RunEvent"], "Field", "Is")[0][1]
    assert {kind.value for kind in api.EventKind} <= set(code(kinds))
    assert {status.value for status in api.MigrationStatus} <= set(code(text))


def test_the_page_of_the_migrations_and_records_names_their_fields(text: str) -> None:
    table = {code(row[0])[0]: row[2] for row in rows(text, "Method", "Returns", "Does")}
    metadata = {field.name for field in fields(api.Metadata)}
    for method, kind in (("discover", api.Migration), ("applied", api.AppliedMigration)):
        own = {name for name in vars(kind) if not name.startswith("_")}
        told = {name for name in code(table[method]) if "(" not in name}
        assert own - {"marker_blob"} <= told <= {*dir(kind), *metadata}
