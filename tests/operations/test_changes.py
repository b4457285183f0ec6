"""The difference of two trees as entities, relationships and fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from workspace import Workspace

from nes_tasks.git.command import Git
from nes_tasks.operations.changes import Counts, compare


class Trees:
    """A repository in which trees are made of files."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        workspace.git_in(workspace.root, "init", "-q", "-b", "main", "nes-db")
        self.git = Git(workspace.db)

    def write(self, files: dict[str, Any]) -> str:
        """Commit `files` (None deletes one) on top of what is there; return the tree."""
        for path, content in files.items():
            file = self.workspace.db / path
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content if isinstance(content, str) else json.dumps(content))
        self.workspace.git("add", "--all")
        self.workspace.git("commit", "-qm", "x")
        return self.workspace.tree


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    return Trees(Workspace(tmp_path / "project"))


RELATIONSHIP = "v2/relationship/person/asha-rai/organization/ngo/good-work/MEMBER_OF.json"


def test_files_are_counted_by_kind_and_entities_by_type(trees: Trees) -> None:
    old = trees.write(
        {
            "v2/entity/person/asha-rai.json": {"slug": "asha-rai"},
            "v2/entity/location/ward/a-1.json": {"tags": None},
            "v2/version/entity/person/asha-rai/1.json": {},
        }
    )
    new = trees.write(
        {
            "v2/entity/person/asha-rai.json": None,
            "v2/entity/person/bina-rai.json": {"slug": "bina-rai"},
            "v2/entity/location/ward/a-1.json": {"tags": ["x"]},
            "v2/version/entity/person/bina-rai/1.json": {},
            RELATIONSHIP: {"type": "MEMBER_OF"},
            "README.md": "by hand",
            "v2/loose.json": "{}",
        }
    )
    found = compare(trees.git, old, new, data_dir="v2", with_size=True)
    assert found.kinds == {
        "entity": Counts(created=1, updated=1, deleted=1),
        "other": Counts(created=2),
        "relationship": Counts(created=1),
        "version": Counts(created=1),
    }
    assert found.types == {
        "location/ward": Counts(updated=1),
        "person": Counts(created=1, deleted=1),
        "relationship:MEMBER_OF": Counts(created=1),
    }
    assert found.created == (
        "entity:person/bina-rai",
        "relationship:person/asha-rai:organization/ngo/good-work:MEMBER_OF",
    )
    assert found.deleted == ("entity:person/asha-rai",)
    assert [one.to_dict() for one in found.updated[0].fields] == [
        {"path": "tags", "old": None, "new": ["x"]}
    ]
    changed = ("README.md", "v2/loose.json", "v2/entity/location/ward/a-1.json", RELATIONSHIP)
    sizes = [(trees.workspace.db / path).stat().st_size for path in changed]
    sizes += [len(json.dumps({"slug": "bina-rai"})), len("{}")]
    assert found.new_bytes == sum(sizes)


def test_a_field_is_counted_once_for_each_entity_whatever_its_index(trees: Trees) -> None:
    def names(text: str) -> dict[str, Any]:
        return {"names": [{"full": text}, {"full": text}], "version_summary": {"number": text}}

    paths = [f"v2/entity/person/p-{n}.json" for n in range(5)]
    old = trees.write({path: names("old") for path in paths})
    new = trees.write({path: names("new") for path in paths})
    found = compare(trees.git, old, new, data_dir="v2", updated_per_type=2)
    assert found.fields == {"names[].full": 5}
    assert [one.id for one in found.updated] == ["entity:person/p-0", "entity:person/p-1"]
    assert found.updated_left_out == 3
    assert [field.path for field in found.updated[0].content_fields] == [
        "names[0].full",
        "names[1].full",
    ]
    assert "version_summary.number" in [field.path for field in found.updated[0].fields]


def test_three_samples_of_each_type_come_with_their_content(trees: Trees) -> None:
    old = trees.write({"v2/author/x.json": {}})
    files = {f"v2/entity/person/p-{n}.json": {"n": n} for n in range(5)}
    new = trees.write({**files, "v2/entity/organization/o-1.json": {"n": "o"}})
    found = compare(trees.git, old, new, data_dir="v2")
    assert [sample.content["n"] for sample in found.samples] == ["o", 0, 1, 2]


def test_files_that_are_no_documents_are_compared_as_texts(trees: Trees) -> None:
    path = "v2/entity/person/Odd Name:x.json"
    old = trees.write({path: "{ half", "v2/entity/stray.json": "1"})
    new = trees.write({path: "{ other", "v2/entity/stray.json": "2"})
    found = compare(trees.git, old, new, data_dir="v2")
    assert [(one.id, one.fields[0]) for one in found.updated] == [
        ("entity/person/Odd Name:x.json", ("", "{ half", "{ other")),
        ("entity/stray.json", ("", 1, 2)),
    ]


def test_equal_trees_have_no_changes(trees: Trees) -> None:
    tree = trees.write({"v2/entity/person/asha-rai.json": {}})
    found = compare(trees.git, tree, tree, data_dir="v2", with_size=True)
    assert (found.kinds, found.types, found.new_bytes) == ({}, {}, 0)
    assert found.to_dict()["updated"] == []
