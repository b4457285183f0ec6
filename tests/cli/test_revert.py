"""`doit revert`: a migration is taken back, or somebody who builds on it is named."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable

import pytest
from workspace import Workspace, create_person

RENAME = (
    'person = await context.db.get_entity("entity:person/{slug}")\n'
    'person.tags = ["{tag}"]\n'
    'await context.publication.update_entity(person, context.author_id, "Tag")'
)
RELATE = (
    "await context.publication.create_relationship(\n"
    '    source_entity_id="entity:person/{source}",\n'
    '    target_entity_id="entity:organization/hospital/clinic",\n'
    '    relationship_type="EMPLOYED_BY",\n'
    '    change_description="She works there",\n'
    ")"
)
CLINIC = (
    "await context.publication.create_entity(\n"
    '    entity_type="organization", entity_subtype="hospital",\n'
    '    entity_data={"slug": "clinic", "names": [{"kind": "PRIMARY", "en": {"full": "C"}}]},\n'
    ")"
)


def create_and_tag(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-tag", RENAME.format(slug="asha-rai", tag="two"))
    ran = workspace.doit()
    assert ran.code == 0, ran.err


@pytest.fixture
def applied(prepared: Callable[..., Workspace]) -> Workspace:
    """A person, then a change to her by another migration."""
    return prepared(create_and_tag)


def test_files_and_marker_become_what_they_were_in_one_commit(applied: Workspace) -> None:
    before = applied.git("rev-parse", "HEAD^{tree}", "HEAD^^{tree}").split()[1]
    undone = applied.git("rev-parse", "HEAD")
    ran = applied.doit("revert", "2", "--reason", "The source was withdrawn", "--yes")
    assert ran.code == 0, ran.err
    commit = applied.git("rev-parse", "HEAD")
    assert ran.out == (
        f"Reverted 002-tag: git -C nes-db show --stat {commit}\n"
        "It is pending again: doit would apply it. Change its folder, or remove it.\n"
    )
    assert applied.tree == before
    assert applied.git("rev-parse", "HEAD^") == undone
    assert applied.git("log", "-1", "--format=%B%an|%cn") == (
        'Revert "Migration: 002-tag"\n\n'
        f"This reverts commit {undone}.\n\n"
        "Author: Mina Maintainer <mina@example.org>\n"
        "Reason: The source was withdrawn\n"
        "Mina Maintainer|Mina Maintainer"
    )
    assert "two" not in (applied.db / "v2/entity/person/asha-rai.json").read_text()
    assert applied.git("status", "--porcelain") == ""
    assert applied.git("for-each-ref", "refs/nes-tasks/") == ""


def test_afterwards_it_is_pending_and_can_be_applied_and_reverted_again(applied: Workspace) -> None:
    tree = applied.git("rev-parse", "HEAD^^{tree}")
    for _ in range(2):
        assert applied.doit("revert", "2", "--yes").code == 0
        assert applied.tree == tree
        assert [row["name"] for row in json.loads(applied.doit("pending", "--json").out)] == [
            "002-tag"
        ]
        ran = applied.doit()
        assert ran.code == 0, ran.err
    assert applied.applied() == ["001-first", "002-tag"]


def test_all_batches_and_a_second_execution_are_undone_together(workspace: Workspace) -> None:
    workspace.settings(batch_size=2)
    workspace.migration("001-nothing")
    workspace.doit()
    tree, base = workspace.tree, workspace.git("rev-parse", "HEAD")
    creation = "".join(f"    {line}\n" for line in create_person("asha-rai").splitlines())
    condition = 'if not await context.db.get_entity("entity:person/asha-rai"):\n'
    workspace.migration("002-many", condition + creation)
    assert workspace.doit().code == 0
    assert workspace.doit("migrate:002-many", "--force").code == 0
    # One execution of two batches is a merge; the second one changed its record alone.
    undone = workspace.git("rev-list", "--reverse", "--first-parent", f"{base}..HEAD").split()
    assert len(undone) == 2
    assert workspace.doit("revert", "002-many", "--yes").code == 0
    assert workspace.tree == tree
    message = workspace.git("log", "-1", "--format=%b")
    assert re.findall(r"reverts commit (\w+)", message) == undone


def test_a_later_migration_that_changed_the_same_files_is_named(applied: Workspace) -> None:
    before = applied.state()
    ran = applied.doit("revert", "1", "--yes")
    assert ran.code == 1
    assert ran.err == (
        "error: 001-first cannot be reverted: 002-tag changed what it changed "
        "(v2/entity/person/asha-rai.json); doit revert 002-tag comes first\n"
    )
    assert applied.state() == before
    assert applied.doit("revert", "2", "--yes").code == 0
    assert applied.doit("revert", "1", "--yes").code == 0
    assert applied.applied() == []


def test_a_later_migration_that_refers_to_its_entities_is_named(workspace: Workspace) -> None:
    workspace.migration("001-clinic", CLINIC)
    workspace.migration("002-person", create_person("asha-rai"))
    workspace.migration("003-works", RELATE.format(source="asha-rai"))
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    for number in ("1", "2"):
        ran = workspace.doit("revert", number, "--yes")
        assert ran.code == 1
        assert "cannot be reverted: 003-works refers to what it created" in ran.err
        assert ran.err.endswith("doit revert 003-works comes first\n")


def test_a_commit_made_by_hand_on_the_same_file_is_named(applied: Workspace) -> None:
    (applied.db / "v2/entity/person/asha-rai.json").write_text("{}")
    applied.git("commit", "-qam", "Correct a name")
    commit = applied.git("rev-parse", "--short=12", "HEAD")
    ran = applied.doit("revert", "2", "--yes")
    assert ran.code == 1
    assert f"{commit} (Correct a name) changed what it changed" in ran.err
    assert ran.err.endswith(f"git -C nes-db revert {commit} comes first\n")


def test_what_is_unrelated_stays(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-second", create_person("bina-rai"))
    workspace.doit()
    ran = workspace.doit("revert", "1", "--yes")
    assert ran.code == 0, ran.err
    assert workspace.applied() == ["002-second"]
    assert [p.stem for p in (workspace.db / "v2/entity/person").iterdir()] == ["bina-rai"]
    assert "It cannot be applied as it is: migrations/001-first comes before 002-second" in ran.out
    assert ran.out.endswith("remove its folder: git rm -r migrations/001-first\n")
    assert workspace.doit("renumber", "1").code == 0
    assert workspace.doit().code == 0
    assert workspace.applied() == ["002-second", "003-first"]


def test_without_an_answer_it_only_shows_what_it_would_do(applied: Workspace) -> None:
    before = applied.state()
    ran = applied.doit("revert", "2")
    assert ran.code == 2
    assert ran.out == (
        "In nes-db, reverting 002-tag deletes 4 files and brings back the earlier content "
        "of 1 file.\n"
    )
    assert ran.err.endswith("doit revert 002-tag --yes\n")
    assert applied.state() == before


def test_one_without_a_folder_can_be_reverted_too(applied: Workspace) -> None:
    shutil.rmtree(applied.migrations / "002-tag")
    ran = applied.doit("revert", "002-tag", "--yes")
    assert ran.code == 0, ran.err
    assert "Its folder is missing, so it is not pending.\n" in ran.out


def test_an_adopted_one_loses_its_marker_too(workspace: Workspace) -> None:
    workspace.git_in(workspace.root, "init", "-q", "-b", "main", "nes-db")
    workspace.migration("001-by-hand", create_person("asha-rai"))
    (workspace.db / "data.txt").write_text("x")
    workspace.git("add", ".")
    workspace.git("commit", "-qm", "Run migration 001-by-hand")
    assert workspace.doit("adopt", "--yes").code == 0
    ran = workspace.doit("revert", "1", "--yes")
    assert ran.code == 0, ran.err
    assert workspace.git("ls-tree", "-r", "HEAD") == ""
    assert workspace.doit().code == 0


def test_git_can_take_the_revert_back(applied: Workspace) -> None:
    tree = applied.tree
    applied.doit("revert", "2", "--yes")
    applied.git("revert", "--no-edit", "HEAD")
    assert applied.tree == tree
    assert applied.doit("pending", "--check").code == 0
    assert applied.doit("revert", "2", "--yes").code == 0


def test_a_shallow_clone_that_begins_with_it_is_refused(applied: Workspace) -> None:
    whole = applied.root / "whole"
    applied.db.rename(whole)
    applied.git_in(applied.root, "clone", "-q", "--depth=1", whole.as_uri(), "nes-db")
    ran = applied.doit("revert", "2", "--yes")
    assert ran.code == 3
    assert ran.err == (
        "error: nes-db does not reach back to before 002-tag: it is a shallow clone; "
        "git -C nes-db fetch --unshallow\n"
    )
    assert "nes-db does not reach back to before 001-first" in (
        applied.doit("revert", "1", "--yes").err
    )
    applied.git("fetch", "-q", "--unshallow")
    assert applied.doit("revert", "2", "--yes").code == 0


def test_what_is_not_applied_or_not_known_is_refused(applied: Workspace) -> None:
    applied.migration("003-third")
    ran = applied.doit("revert", "3", "--yes")
    assert (ran.code, ran.err) == (1, "error: 003-third is not applied; doit history\n")
    assert applied.doit("revert", "nobody", "--yes").code == 2
    assert applied.doit("revert").code == 2
    assert applied.doit("revert", "1", "2").code == 2


def test_a_reason_of_several_lines_is_wrong_use(applied: Workspace) -> None:
    ran = applied.doit("revert", "2", "--yes", "--reason", "a\nAuthor: someone else")
    assert (ran.code, ran.err) == (
        2,
        "error: the reason is not one line of text; doit help revert\n",
    )


def test_a_database_that_is_not_ready_is_left_alone(applied: Workspace) -> None:
    (applied.db / "mine.txt").write_text("x")
    before = applied.state()
    ran = applied.doit("revert", "2", "--yes")
    assert ran.code == 3
    assert "uncommitted changes: mine.txt" in ran.err
    assert applied.state() == before


def test_a_bare_database_can_be_reverted_too(applied: Workspace) -> None:
    shutil.move(applied.db, applied.root / "whole")
    applied.git_in(applied.root, "clone", "-q", "--bare", "whole", "nes-db")
    ran = applied.doit("revert", "2", "--yes")
    assert ran.code == 0, ran.err
    assert applied.applied() == ["001-first"]


def test_all_that_came_after_one_is_taken_back_or_nothing(applied: Workspace) -> None:
    first = applied.git("rev-parse", "HEAD~1^{tree}")
    applied.migration("003-third", create_person("third-rai"))
    assert applied.doit().code == 0
    ran = applied.doit("revert", "--to", "1")
    assert (ran.code, ran.out) == (2, "In nes-db, it would revert 003-third, 002-tag.\n")
    ran = applied.doit("revert", "--to", "1", "--yes", "--reason", "Begin anew")
    assert ran.code == 0, ran.err
    assert applied.git("log", "-2", "--reverse", "--format=%s").splitlines() == [
        'Revert "Migration: 003-third"',
        'Revert "Migration: 002-tag"',
    ]
    assert applied.tree == first
    assert applied.git("status", "--porcelain") == ""
    assert applied.doit("revert", "--to", "1", "--yes").out == (
        "Nothing was applied after 001-first.\n"
    )
    assert applied.doit("revert", "1", "--to", "1").code == 2
    assert applied.doit().code == 0
    (applied.db / "v2/entity/person/asha-rai.json").write_text("{}")
    applied.git("commit", "-qam", "Correct a name")
    before = applied.state()
    ran = applied.doit("revert", "--to", "1", "--yes")
    assert ran.code == 1
    assert "002-tag cannot be reverted: " in ran.err
    assert applied.state() == before
