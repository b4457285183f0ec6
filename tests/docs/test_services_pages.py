"""The pages of what a script gets: every public name is there as it is, and examples run."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from pages import code, rows, sections
from transcripts import blocks
from workspace import Workspace

from nes_tasks import api, models
from nes_tasks.running import context
from nes_tasks.running.context import MigrationContext
from nes_tasks.running.readers import errors as reader_errors
from nes_tasks.scraping.service import ScrapingService
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.publication import PublicationService
from nes_tasks.services.search import SearchService

# The headings below which each class is described, by page.
PLACES = {
    MigrationContext: ("context.md", ["Log and progress", "Data files"]),
    PublicationService: ("services.md", ["Publication"]),
    SearchService: ("services.md", ["Search"]),
    EntityDatabase: ("services.md", ["The database"]),
}
FUNCTIONS = (
    "identifiers",
    "slugs",
    "devanagari",
    "transliteration",
    "names",
    "multilingual",
    "phone_numbers",
)
CONSTANTS = 'AUTHOR = "Asha Rai <asha@example.org>"\nDATE = "2026-01-15"\nDESCRIPTION = "Try it"\n'
FILE = re.compile(r"^`(\S+\.\w+)`\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def text_of(project: Path, page: str) -> str:
    return (project / "docs/reference" / page).read_text("utf-8")


def public(cls: type) -> dict[str, object]:
    """Return the public members of a class, and the attributes that its constructor sets."""
    found = {name: member for name, member in inspect.getmembers(cls) if not name.startswith("_")}
    source = inspect.getsource(cls.__init__)
    names = re.findall(r"^\s+self\.([a-z]\w*)(?:: [^=]+)? = ", source, re.MULTILINE)
    return found | dict.fromkeys(names)


def signature(function: object) -> str:
    """Return a signature as the pages have it: names and defaults, no types."""
    assert callable(function)
    parameters = inspect.signature(function).parameters.values()
    bare = [p.replace(annotation=p.empty) for p in parameters if p.name != "self"]
    shown = str(inspect.Signature(bare)).replace("'", '"')
    return f"{function.__name__}{shown}"


def told(text: str) -> list[str]:
    """Return the signatures in the blocks of a section."""
    joined = re.sub(r"\n +", " ", "\n".join(blocks(text, "text")))
    return [line for line in joined.splitlines() if "(" in line]


def methods_in_tables(text: str, *headings: str) -> set[str]:
    return {name for row in rows(text, *headings) for name in code(row[0])}


@pytest.mark.parametrize("cls", list(PLACES), ids=lambda cls: cls.__name__)
def test_every_public_name_of_a_service_is_told(cls: type, project: Path) -> None:
    page, headings = PLACES[cls]
    text = "\n".join(sections(text_of(project, page))[heading] for heading in headings)
    members = public(cls)
    methods = {name for name, member in members.items() if inspect.isroutine(member)}
    assert sorted(told(text)) == sorted(signature(members[name]) for name in methods)
    assert methods_in_tables(text, "Method", "Returns", "Does") == methods
    whole = set(code(text_of(project, page)))
    for name in members.keys() - methods:
        assert any(shown.endswith(f".{name}") for shown in whole), name


def test_what_is_no_coroutine_is_said(project: Path) -> None:
    text = sections(text_of(project, "services.md"))["The database"]
    meanings = {n: row[2] for row in rows(text, "Method", "Returns", "Does") for n in code(row[0])}
    returns = {n: row[1] for row in rows(text, "Method", "Returns", "Does") for n in code(row[0])}
    for name, member in public(EntityDatabase).items():
        plain = "not a coroutine" in meanings[name] or returns[name] == "a context manager"
        assert plain is not inspect.iscoroutinefunction(member), name
    for cls in (PublicationService, SearchService):
        methods = filter(inspect.isroutine, public(cls).values())
        assert all(map(inspect.iscoroutinefunction, methods))


def test_every_public_name_of_the_scraping_service_is_told(project: Path) -> None:
    text = text_of(project, "scraping.md")
    service = sections(text)["The service"]
    shown = set(code(service))
    for name, member in public(ScrapingService).items():
        if isinstance(member, property | cached_property) or member is None:
            assert name in shown, name
        else:
            assert signature(member) in shown, name
    assert signature(ScrapingService).replace("(self, ", "(") in shown


def test_every_model_and_function_to_import_is_told(project: Path) -> None:
    text = sections(text_of(project, "services.md"))["Models to import"]
    assert methods_in_tables(text, "Names", "Are") == {
        "ProjectEntity" if name == "Project" else name for name in models.__all__
    }
    expected: list[str] = []
    for room in FUNCTIONS:
        module = import_module(f"nes_tasks.models.{room}")
        expected += [signature(function) for function in functions_of(module)]
    assert sorted(told(text)) == sorted(expected)
    names = {line.partition("(")[0] for line in expected}
    assert methods_in_tables(text, "Functions", "Do") == names
    for name in names:
        assert getattr(api, name).__module__.removeprefix("nes_tasks.models.") in FUNCTIONS


def functions_of(module: ModuleType) -> Iterator[object]:
    """Return the public functions that a module defines itself."""
    for name, member in vars(module).items():
        own = getattr(member, "__module__", "") == module.__name__
        if own and inspect.isfunction(inspect.unwrap(member)) and not name.startswith("_"):
            yield member


def test_every_error_of_the_context_is_told(project: Path) -> None:
    errors = {code(row[0])[0]: code(row[1])[0] for row in told_errors(project)}
    raised = {
        name: member
        for module in (context, reader_errors)
        for name, member in vars(module).items()
        if isinstance(member, type) and member.__module__ == module.__name__
        if issubclass(member, Exception)
    }
    assert errors.keys() == raised.keys()
    for name, also in errors.items():
        assert also in {base.__name__ for base in raised[name].__mro__}


def told_errors(project: Path) -> list[list[str]]:
    return rows(text_of(project, "context.md"), "Error", "Is also", "When")


def test_the_examples_run_in_their_order(project: Path, workspace: Workspace) -> None:
    number = 0
    for page in ("context.md", "services.md"):
        text = text_of(project, page)
        files = dict(FILE.findall(text))
        for script in blocks(text, "python"):
            number += 1
            folder = workspace.migration(
                f"{number:03d}-example", script=f"{CONSTANTS}\n{script}", files=files
            )
            (folder / "README.md").write_text("# x\n\nSources: the page of the reference.\n")
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    assert number == 11
    logs = [
        workspace.git("show", f"HEAD:v2/migration-logs/{name}/log.txt").splitlines()
        for name in workspace.applied()
    ]
    assert logs == [
        ["author:migration-001-example works in 001-example"],
        ["number 0", "number 1", "number 2"],
        ["2 rivers, Koshi first", "rara is 167 m deep, sagarmatha 8849 m high"],
        [
            "asha-rai: entity:organization/political_party/cpn-uml",
            "bina-lama: None",
            "chetan-rai: None",
        ],
        [],
        ["CSV file not found: absent.csv"],
        ["2 versions: Tag the minister"],
        ["2 terms"],
        ["entity:person/asha-rai; ['entity:person/nobody']; 1 member", "tags: ['minister']"],
        ["['asha-rai', 'gita-magar', 'hari-thapa'], 1 party", "the next version is 3"],
        ["True, 1.0"],
    ]
