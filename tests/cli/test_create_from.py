"""`doit create --from FILE`: a first draft that a contributor completes."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from workspace import Workspace

PARTIES = ["UML", "Congress", "Maoist"]


def workbook(path: Path) -> None:
    """Make a list as offices publish it: a merged title, a counter, both scripts, gaps."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "सदस्य"
    for line in (["संघीय संसद, प्रतिनिधि सभा"], ["as of 2082"], []):
        sheet.append(line)
    sheet.append(["S.N.", "Name", "नाम", "दल", "Votes", "Phone", "Email", "Joined (BS)", "Note"])
    for number in range(12):
        sheet.append(
            [
                number + 1,
                f"Hon. Asha {chr(65 + number)}run  Rai",
                "मा. आशा राई",
                PARTIES[number % 3],
                1000 + number,
                f"98412345{number:02d}, 01-4200000",
                f"a{number}@example.org" if number % 3 else None,
                f"2079-11-{number + 1:02d}" if number else None,
                None,
            ]
        )
    sheet.merge_cells("A1:I1")
    book.create_sheet("Notes").append(["x", "y"])
    book.save(path)


def completed(folder: Path, entity_type: str = "person") -> None:
    """Replace the placeholders, as a contributor does."""
    for name in ("migrate.py", "README.md"):
        path = folder / name
        text = path.read_text("utf-8")
        text = text.replace("[TODO: person, organization, location or project]", entity_type)
        text = re.sub(r"\[TODO: say in one line what it does\] ", "", text)
        path.write_text(re.sub(r"\[TODO: ([^\]]*)\]", r"Here is \1.", text), "utf-8")


def drafted(workspace: Workspace, file: str) -> Path:
    ran = workspace.doit("create", "Add members", "--from", file)
    assert (ran.code, ran.err) == (0, "")
    folder = workspace.migrations / "001-add-members"
    assert (folder / Path(file).name).read_bytes() == (workspace.root / file).read_bytes()
    ast.parse((folder / "migrate.py").read_text("utf-8"))
    return folder


def entities(workspace: Workspace) -> list[dict[str, Any]]:
    paths = sorted((workspace.db / "v2/entity").rglob("*.json"))
    return [json.loads(path.read_text("utf-8")) for path in paths]


def test_a_draft_for_a_messy_workbook_is_checked_previewed_and_applied(
    workspace: Workspace,
) -> None:
    workbook(workspace.root / "members.xlsx")
    folder = drafted(workspace, "members.xlsx")
    untouched = workspace.doit("check")
    assert untouched.code == 1
    places = re.findall(r"001-add-members/(\S+?):\d+: .*\[TODO", untouched.out)
    assert places == ["README.md"] * 3 + ["migrate.py"] * 4
    completed(folder)
    assert workspace.doit("check").out == "1 migration checked: no problems found.\n"
    preview = workspace.doit("preview")
    assert preview.code == 0, preview.err
    assert re.search(r"person +12 ", preview.out)
    assert workspace.doit().code == 0
    first, second = entities(workspace)[:2]
    assert first["names"] == [
        {
            "kind": "PRIMARY",
            "en": {**first["names"][0]["en"], "full": "Asha Arun Rai"},
            "ne": {**first["names"][0]["ne"], "full": "आशा राई"},
        }
    ]
    assert first["contacts"] == [
        {"type": "PHONE", "value": "+9779841234500"},
        {"type": "PHONE", "value": "+97714200000"},
    ]
    assert second["contacts"][-1] == {"type": "EMAIL", "value": "a1@example.org"}
    assert first["attributes"] == {"dal": "UML", "joined_bs": None, "votes": 1000}
    assert second["attributes"]["joined_bs"] == "2023-02-14"


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("name,seats\nGreen Party,12\nBlue Party,9\n", {"seats": 9}),
        ("name;seats\nGreen Party;१२\nBlue Party;९\n", {"seats": 9}),
        ("Registered parties\nname|seats|web\nGreen|1|\nBlue|9|https://b.org\n", {"seats": 9}),
        ("slug,name,chair\ngreen-x,Green,\nblue-x,Blue,Asha\n", {"chair": "Asha"}),
        ("दलको नाम,सिट\nहरियो दल,१२\nनिलो दल,९\n", {"sit": 9}),
        (
            "name,code,people\nGreen,007,29164578\nBlue,012,29164579\n",
            {"code": "007", "people": 29164578},
        ),
        ("a,b\nGreen Party,yes\nBlue Party,no\n", {"b": "no"}),
    ],
)
def test_a_draft_for_a_csv_file_uses_every_column(
    workspace: Workspace, text: str, attributes: dict[str, Any]
) -> None:
    (workspace.root / "parties.csv").write_text(text, "utf-8")
    completed(drafted(workspace, "parties.csv"), "organization")
    assert workspace.doit("check").out == "1 migration checked: no problems found.\n"
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    assert "nothing read" not in ran.err
    found = entities(workspace)
    assert len(found) == 2
    assert attributes in [one["attributes"] for one in found]


def test_namesakes_get_slugs_of_their_own(workspace: Workspace) -> None:
    (workspace.root / "people.csv").write_text("name,ward\nRam Rai,1\nRam Rai,2\n", "utf-8")
    completed(drafted(workspace, "people.csv"))
    assert workspace.doit().code == 0
    assert [one["slug"] for one in entities(workspace)] == ["ram-rai-2", "ram-rai"]


def test_what_stands_in_cells_never_becomes_code(workspace: Workspace) -> None:
    hostile = 'x"\\\n"""\nimport os\r\x00# {row}'.replace("\x00", "\x1b")
    quoted = '"' + hostile.replace('"', '""') + '"'
    (workspace.root / "p.csv").write_bytes(
        f"name,{quoted}\nAsha Rai,{quoted}\nBina Rai,{quoted}\n".encode()
    )
    tree = ast.parse((drafted(workspace, "p.csv") / "migrate.py").read_text("utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [node.module for node in imported if isinstance(node, ast.ImportFrom)] == [
        "__future__",
        "nes_tasks",
    ]
    assert len(imported) == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone.csv", None, "there is no file gone.csv"),
        ("data.json", b"[]", "data.json is neither CSV nor a workbook"),
        ("empty.csv", b"", "empty.csv"),
        ("broken.xlsx", b"name\n", "broken.xlsx"),
        ("names.csv", b"name,seats\n", "the file has no rows"),
    ],
)
def test_what_cannot_be_looked_at_is_one_line_and_makes_nothing(
    workspace: Workspace, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (workspace.root / name).write_bytes(content)
    ran = workspace.doit("create", "Add members", "--from", name)
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert list(workspace.migrations.iterdir()) == []
