"""What the documentation shows is what happens."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from dataclasses import MISSING, fields, replace
from datetime import date, datetime
from pathlib import Path

import pytest
from pages import code, rows, run_shell
from story import surroundings
from transcripts import blocks, commands, masked
from workspace import Ran, Workspace

from nes_tasks.database.marker import Marker, Statistics, commit_message, parse_trailers
from nes_tasks.running.environment import NETWORK, PACKAGES, PYTHON, SANDBOX
from nes_tasks.settings import DEFAULTS, KEYS, Settings

PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


# The trailers about what a script ran in.
ENVIRONMENT = (SANDBOX, NETWORK, PYTHON, PACKAGES)


@pytest.fixture(scope="module")
def checkout(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Ran]:
    """This project's migrations in a fresh folder, applied as the README says."""
    workspace = Workspace(tmp_path_factory.mktemp("checkout") / "nes-tasks")
    workspace.migrations.rmdir()
    shutil.copytree(project / "migrations", workspace.migrations)
    shutil.copy(project / "dodo.py", workspace.root)
    return workspace, workspace.doit()


def test_the_first_command_prints_the_table_of_the_readme(
    project: Path, checkout: tuple[Workspace, Ran]
) -> None:
    _, ran = checkout
    shown = blocks((project / "README.md").read_text(), "console")[0]
    assert ran.code == 0, ran.err
    assert masked(shown) == masked(ran.out)


def test_the_table_fits_a_terminal_of_80_columns(checkout: tuple[Workspace, Ran]) -> None:
    assert max(len(line) for line in checkout[1].out.splitlines()) <= 80


def test_every_transcript_of_the_readme_is_true(
    project: Path, checkout: tuple[Workspace, Ran]
) -> None:
    workspace, _ = checkout
    transcripts = blocks((project / "README.md").read_text(), "console")[1:]
    assert len(transcripts) >= 3
    for command, shown in (pair for transcript in transcripts for pair in commands(transcript)):
        printed = run_shell(command, workspace.root, workspace.shell_environment())
        assert masked(printed) == masked(shown), command


def test_every_command_of_the_readme_exists(project: Path, checkout: tuple[Workspace, Ran]) -> None:
    workspace, _ = checkout
    workspace.migration("006-add-ministers")
    shown = re.findall(r"^\| `doit ?(.*?)` \|", (project / "README.md").read_text(), re.MULTILINE)
    assert len(shown) >= 5
    for args in shown:
        words = args.replace("005-add-ministers", "006-add-ministers").split()
        ran = workspace.doit(*words)
        assert ran.code in (0, 1 if words[:1] == ["info"] else 0), (args, ran.err)
    shutil.rmtree(workspace.migrations / "006-add-ministers")


def test_the_example_script_of_the_readme_works(project: Path, workspace: Workspace) -> None:
    script = blocks((project / "README.md").read_text(), "python")[0]
    workspace.migration(
        "001-add-ministers",
        script=script,
        files={"ministers.csv": "slug,name\nasha-rai,Asha Rai\nbina-rai,Bina Rai\n"},
    )
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    assert len(list((workspace.db / "v2/entity/person").iterdir())) == 2


def pages(project: Path) -> list[Path]:
    """Return all pages of documentation."""
    return [project / name for name in PAGES] + sorted((project / "docs").rglob("*.md"))


def test_every_link_leads_somewhere(project: Path) -> None:
    for page in pages(project):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_page_is_reachable_from_the_readme_in_two_clicks(project: Path) -> None:
    def linked(page: Path) -> set[Path]:
        targets = re.findall(r"\]\((?!https?://)([^)#]+\.md)", page.read_text())
        return {(page.parent / target).resolve() for target in targets}

    first = linked(project / "README.md")
    reachable = first | {target for page in first for target in linked(page)}
    wanted = {page for page in pages(project) if page.name != "README.md"}
    assert wanted <= reachable


def test_the_settings_page_has_every_key_with_its_default(project: Path) -> None:
    page = (project / "docs/reference/settings.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", page, re.MULTILINE))
    assert tuple(rows) == KEYS
    for field in fields(Settings):
        default = DEFAULTS.get(field.name, field.default)
        if default is MISSING or default is None:
            continue
        text = json.dumps(default)
        assert rows[field.name] == f"`{text}`"


def test_the_database_page_shows_a_real_marker_and_the_real_configuration(project: Path) -> None:
    from nes_tasks.database.repository import CONFIGURATION

    page = project / "docs/reference/database.md"
    marker = Marker.from_bytes(blocks(page.read_text(), "toml")[0].encode())
    assert marker.statistics == Statistics(
        entities_created=25, relationships_created=50, versions_created=75, files=151
    )
    assert marker.to_bytes().decode() == blocks(page.read_text(), "toml")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| `(\w+)` \|", page.read_text(), re.MULTILINE)
    assert dict(rows) == CONFIGURATION | {"pull.rebase": "merges"}


def test_every_field_of_the_marker_and_every_trailer_is_told(
    project: Path, story: tuple[Workspace, Path]
) -> None:
    page = (project / "docs/reference/database.md").read_text()
    workspace, _ = story
    raw = workspace.git("show", "HEAD:v2/migration-logs/001-add-ministers/marker.toml")
    marker = tomllib.loads(raw)
    statistics = {f"statistics.{key}" for key in marker["statistics"]}
    kinds = {
        key: kind for keys, kind, _ in rows(page, "Key", "Type", "Meaning") for key in code(keys)
    }
    assert set(kinds) == {*marker, *statistics}
    names = {bool: "boolean", date: "date", datetime: "date-time", dict: "table", int: "integer"}
    for key, value in marker.items():
        assert kinds[key] == names.get(type(value), "string"), key

    one, batch = (b for b in blocks(page, "text") if b.startswith("Migration: "))
    example = Marker.from_bytes(blocks(page, "toml")[0].encode())
    ran_in = [(key, value) for key, value in parse_trailers(one).items() if key in ENVIRONMENT]
    assert [key for key, _ in ran_in] == list(ENVIRONMENT)

    def message(marker: Marker, batch: int | None, batches: int) -> str:
        return commit_message(
            marker, duration=5.2, environment=ran_in, batch=batch, batches=batches
        )

    assert one == message(example, None, 3)
    assert batch == message(example, 2, 3)
    told = {
        key: there
        for keys, _, there in rows(page, "Trailer", "Value", "There")
        for key in code(keys)
    }
    whole = replace(example, statistics=Statistics(*range(1, 9)))
    full = message(whole, 1, 1).rpartition("\n\n")[2]
    merge = {line.partition(":")[0] for line in one.rpartition("\n\n")[2].splitlines()}
    assert {line.partition(":")[0] for line in full.splitlines()} | merge == set(told)
    alone = message(example, 1, 1).rpartition("\n\n")[2]
    always = {line.partition(":")[0] for line in alone.splitlines()} & merge
    assert {key for key, there in told.items() if there == "always"} == always
    [(command, printed)] = commands(blocks(page, "console")[0])
    assert run_shell(command, workspace.root, surroundings(workspace)) == printed


def test_the_rooms_of_the_contributing_page_exist(project: Path) -> None:
    page = (project / "CONTRIBUTING.md").read_text()
    table = rows(page, "Layer", "Package", "What it holds")
    rooms = [path.rstrip("/") for row in table for path in code(row[1]) if path.endswith("/")]
    there = sorted(path.parent for path in (project / "nes_tasks").glob("*/__init__.py"))
    assert sorted(rooms) == [str(path.relative_to(project)) for path in there]


def test_the_places_of_the_contributing_page_exist(project: Path) -> None:
    page = (project / "CONTRIBUTING.md").read_text()
    words = {word for text in code(page) for word in re.split(r"[ =]", text)}
    paths = {word for word in words if re.match(r"(?:nes_tasks|tests|benchmarks)/", word)}
    assert len(paths) > 25
    for path in paths:
        real = path.replace("VERB", "show").replace("LAYER", "git")
        assert list(project.glob(real)), path


def test_every_dependency_has_its_reason(project: Path) -> None:
    declared = tomllib.loads((project / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[<>=]", row)[0] for row in declared}
    page = (project / "docs/dependencies.md").read_text()
    assert set(re.findall(r"^\| ([\w-]+) \|", page, re.MULTILINE)) - {"Library"} == names


def test_public_functions_and_classes_have_docstrings(project: Path) -> None:
    import ast

    for path in (project / "nes_tasks").rglob("*.py"):
        tree = ast.parse(path.read_text())
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        scopes = [tree, *(node for node in classes if not node.name.startswith("_"))]
        for node in (node for scope in scopes for node in scope.body):
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            setter = any(getattr(call, "attr", "") == "setter" for call in node.decorator_list)
            told = setter or node.name.startswith("_") or ast.get_docstring(node)
            assert told, (path, node.name)


def test_every_tool_that_is_compared_has_a_link_and_its_place(project: Path) -> None:
    page = (project / "docs/comparison.md").read_text()
    table, _, advice = page.partition("## When to choose which")
    linked = set(re.findall(r"^\| \[(\w[\w-]*)\]\(https://", table, re.MULTILINE))
    assert len(linked) == 9
    bold = {
        name
        for names in re.findall(r"^\*\*(.*?)\*\*:", advice, re.MULTILINE)
        for name in names.split(", ")
    }
    assert bold == linked | {"nes-tasks"}


def test_every_extra_has_its_reason(project: Path) -> None:
    import tomllib

    declared = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    extras = set(declared["optional-dependencies"]) - {"dev", "test"}
    page = (project / "docs/dependencies.md").read_text()
    assert set(re.findall(r"^- `(\w+)`: ", page, re.MULTILINE)) == extras
