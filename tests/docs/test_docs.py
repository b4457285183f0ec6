"""What the documentation shows is what happens."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from workspace import Ran, Workspace

from nes_tasks.settings import DEFAULTS, KEYS, Settings
from nes_tasks.storage.marker import Marker, Statistics

PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


@pytest.fixture(scope="module")
def checkout(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Ran]:
    """This project's migrations in a fresh folder, applied as the README says."""
    workspace = Workspace(tmp_path_factory.mktemp("checkout") / "nes-tasks")
    workspace.migrations.rmdir()
    shutil.copytree(project / "migrations", workspace.migrations)
    shutil.copy(project / "dodo.py", workspace.root)
    return workspace, workspace.doit()


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def masked(text: str) -> list[str]:
    """Return lines without what differs from run to run: seconds, and the width they need."""
    text = re.sub(r"\b\d+\.\d+s?$", "<seconds>", text, flags=re.MULTILINE)
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines()]


def test_the_first_command_prints_the_table_of_the_readme(
    project: Path, checkout: tuple[Workspace, Ran]
) -> None:
    _, ran = checkout
    shown = blocks(project / "README.md", "console")[0]
    assert ran.code == 0, ran.err
    assert masked(shown) == masked(ran.out)


def test_the_table_fits_a_terminal_of_80_columns(checkout: tuple[Workspace, Ran]) -> None:
    assert max(len(line) for line in checkout[1].out.splitlines()) <= 80


def test_every_transcript_of_the_readme_is_true(
    project: Path, checkout: tuple[Workspace, Ran]
) -> None:
    workspace, _ = checkout
    transcripts = blocks(project / "README.md", "console")[1:]
    assert len(transcripts) >= 3
    for transcript in transcripts:
        command, _, shown = transcript.removeprefix("$ ").partition("\n")
        if command.split()[0] == "doit":
            out = workspace.doit(*command.split()[1:]).out
        else:
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=workspace.root,
                env=workspace.environment(),
                capture_output=True,
                text=True,
                check=True,
            )
            out = done.stdout
        assert masked(out.rstrip()) == masked(shown.rstrip()), command


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
    script = blocks(project / "README.md", "python")[0]
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
        text = str(default).lower() if isinstance(default, bool | int) else f'"{default}"'
        assert rows[field.name] == f"`{text}`"


def test_the_database_page_shows_a_real_marker_and_the_real_configuration(project: Path) -> None:
    from nes_tasks.storage.repository import CONFIGURATION

    page = project / "docs/reference/database.md"
    marker = Marker.from_bytes(blocks(page, "toml")[0].encode())
    assert marker.statistics == Statistics(
        entities_created=25, relationships_created=50, versions_created=75, files=151
    )
    assert marker.to_bytes().decode() == blocks(page, "toml")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| `(\w+)` \|", page.read_text(), re.MULTILINE)
    assert dict(rows) == CONFIGURATION


def test_the_rooms_of_the_contributing_page_exist(project: Path) -> None:
    rooms = re.findall(r"`(nes_tasks/\w+)/`", (project / "CONTRIBUTING.md").read_text())
    there = sorted(path.parent for path in (project / "nes_tasks").glob("*/__init__.py"))
    assert sorted(rooms) == [str(path.relative_to(project)) for path in there]


def test_every_dependency_has_its_reason(project: Path) -> None:
    import tomllib

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
