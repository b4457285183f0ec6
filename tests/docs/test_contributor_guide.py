"""The contributor guide: its transcripts happen as shown, and its patterns work in this order."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path

import openpyxl
import pytest
from transcripts import FENCE, Shell
from workspace import Workspace

GUIDE = "docs/migration-contributor-guide.md"
CONSTANTS = 'AUTHOR = "Asha Rai <asha@example.org>"\nDATE = "2026-01-15"\nDESCRIPTION = "Try it"\n'
README = "# x\n\nSources: the pages of the guide, for a test of the patterns in it.\n"


@pytest.fixture(scope="module")
def guide(project: Path) -> str:
    return (project / GUIDE).read_text("utf-8")


def part(guide: str, start: str, end: str = "\\Z") -> str:
    found = re.search(rf"^## {start}$.*?(?=^## {end}|\Z)", guide, re.DOTALL | re.MULTILINE)
    assert found, start
    return found[0]


def test_the_way_from_clone_to_commit_is_as_shown(
    guide: str, project: Path, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path / "nes-tasks")
    workspace.migrations.rmdir()
    shutil.copytree(project / "migrations", workspace.migrations)
    (workspace.root / ".gitignore").write_text("/nes-db/\n/.nes-tasks/\n__pycache__/\n")
    shutil.copy(project / ".gitattributes", workspace.root)
    workspace.git_in(workspace.root, "init", "-q", "-b", "main")
    workspace.git_in(workspace.root, "add", ".")
    workspace.git_in(workspace.root, "commit", "-q", "-m", "A clone")
    shell = Shell(workspace.root, tmp_path / "bin", workspace.environment())
    files = {"csv": "ministers.csv", "python": "migrate.py", "markdown": "README.md"}
    ran = 0
    for language, text in FENCE.findall(guide.partition("\n## What the check finds\n")[0]):
        if language in files:
            folder = workspace.migrations / "006-add-ministers-of-2026"
            (folder / files[language]).write_text(text, "utf-8")
        if language != "console":
            continue
        for command, printed, shown in shell.follow(text):
            assert printed == shown, command
            ran += 1
    assert ran >= 10


def workbook(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("2079")
    for row in rows:
        sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def patterns(guide: str) -> dict[str, tuple[str, dict[str, bytes]]]:
    """Return the script and the data files of each pattern by its title."""
    found: dict[str, tuple[str, dict[str, bytes]]] = {}
    _, *sections = re.split(r"^### ", part(guide, "Patterns"), flags=re.MULTILINE)
    for section in sections:
        title = section.partition("\n")[0]
        blocks = dict(FENCE.findall(section))
        names = re.findall(r"^`(\S+\.(?:csv|json|xlsx))`", section, re.MULTILINE)
        files = {
            name: workbook(
                [
                    [cell.strip() for cell in line.strip("|").split("|")]
                    for line in section.splitlines()
                    if line.startswith("| ")
                ]
            )
            if name.endswith(".xlsx")
            else blocks[name.rpartition(".")[2]].encode()
            for name in names
        }
        found[title] = (CONSTANTS + blocks["python"], files)
    return found


def test_every_pattern_passes_the_check_and_runs(guide: str, workspace: Workspace) -> None:
    found = patterns(guide)
    assert len(found) == 7
    for number, (script, files) in enumerate(found.values(), 1):
        name = f"{number:03d}-pattern"
        (workspace.migration(name, script=script, files=files) / "README.md").write_text(README)
    checked = workspace.doit("check")
    assert checked.out == "7 migrations checked: no problems found.\n"
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    assert len(workspace.applied()) == 7

    def entity(path: str) -> dict[str, object]:
        content: dict[str, object] = json.loads(
            (workspace.db / f"v2/entity/{path}.json").read_text("utf-8")
        )
        return content

    assert entity("organization/political_party/green-party")["attributes"] == {
        "founded": 1999,
        "seats": 12,
    }
    names = entity("person/chandra-thapa")["names"]
    assert isinstance(names, list)
    assert [name["kind"] for name in names] == ["PRIMARY", "ALIAS"]
    log = workspace.git("show", "HEAD~2:v2/migration-logs/005-pattern/log.txt")
    assert log == "entity:person/dipa-gurung; 2 parties"
    assert len(list((workspace.db / "v2/relationship").rglob("MEMBER_OF.json"))) == 1
    log = workspace.git("show", "HEAD:v2/migration-logs/007-pattern/log.txt")
    assert log.splitlines()[0] == "Ekta Shrestha: ekta-shrestha"
    assert len(log.splitlines()) == 2


def test_what_the_check_finds_is_told(guide: str) -> None:
    from nes_tasks.migrations.lint import LARGE_FILE_BYTES
    from nes_tasks.migrations.loader import MAX_NAME_LENGTH

    table = part(guide, "What the check finds")
    assert f"longer than {MAX_NAME_LENGTH} characters" in table
    assert f"more than {LARGE_FILE_BYTES // 1_000_000} MB" in table
