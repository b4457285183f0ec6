"""`doit blame`: who set each field, from real histories."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from workspace import Workspace, create_person

ASHA = "entity:person/asha-rai"
FILE = "v2/entity/person/asha-rai.json"
UPDATE = (
    f'person = await context.db.get_entity("{ASHA}")\n'
    "{change}\n"
    'await context.publication.update_entity(person, context.author_id, "Update")'
)


def update(change: str) -> str:
    """Return the lines of a script that changes `person`."""
    return UPDATE.replace("{change}", change)


def create_and_tag(workspace: Workspace) -> None:
    workspace.migration("001-create", create_person("asha-rai"))
    workspace.migration("002-tag", update('person.tags = ["one", "two"]'))
    assert workspace.doit().code == 0


@pytest.fixture
def filled(prepared: Callable[..., Workspace]) -> Workspace:
    """One person, created by one migration and tagged by another."""
    return prepared(create_and_tag)


def blame(workspace: Workspace, identifier: str = ASHA) -> dict[str, Any]:
    """Return for each field the migration, or the subject of a commit by hand."""
    ran = workspace.doit("blame", identifier, "--json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    commits = {commit["id"]: commit for commit in document["commits"]}
    return {
        field["path"]: commits[field["commit"]]["migration"] or commits[field["commit"]]["subject"]
        for field in document["fields"]
    }


def edit(workspace: Workspace, message: str, **fields: Any) -> None:
    """Change fields of the person's file in a commit by hand."""
    file = workspace.db / FILE
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))
    workspace.git("commit", "-qam", message)


def test_each_field_belongs_to_the_migration_that_set_it(filled: Workspace) -> None:
    found = blame(filled)
    assert found["slug"] == found["names[0].en.full"] == "001-create"
    assert found["tags[0]"] == found["tags[1]"] == "002-tag"
    assert found["version_summary.version_number"] == "002-tag"


def test_the_table_shows_value_migration_commit_author_and_date(filled: Workspace) -> None:
    before = filled.state()
    ran = filled.doit("blame", ASHA)
    assert (ran.code, ran.err) == (0, "")
    rows = {line.split()[0]: line.split()[1:] for line in ran.out.splitlines() if line.strip()}
    commit = filled.git("rev-parse", "--short=10", "HEAD")
    assert rows["tags[0]"] == ['"one"', "002-tag", commit]
    day = filled.git("log", "-1", "--format=%cs")
    assert rows[commit] == [day, "Asha", "Example", "Migration:", "002-tag"]
    assert "description" not in rows
    assert filled.state() == before


def test_an_item_that_is_put_in_front_leaves_the_others_theirs(filled: Workspace) -> None:
    filled.migration("003-more", update('person.tags = ["new", "one", "two"]'))
    filled.doit()
    found = blame(filled)
    assert [found[f"tags[{n}]"] for n in range(3)] == ["003-more", "002-tag", "002-tag"]


def test_a_value_that_comes_back_belongs_to_who_brought_it_back(filled: Workspace) -> None:
    filled.migration("003-other", update('person.tags = ["x"]'))
    filled.migration("004-back", update('person.tags = ["one", "two"]'))
    filled.doit()
    assert blame(filled)["tags[0]"] == "004-back"


def test_null_that_replaced_a_value_is_shown(filled: Workspace) -> None:
    filled.migration("003-redact", update("person.tags = None"))
    filled.doit()
    assert blame(filled)["tags"] == "003-redact"
    line = next(row for row in filled.doit("blame", ASHA).out.splitlines() if "tags" in row)
    assert line.split()[1:3] == ["null", "003-redact"]


def test_nulls_that_came_with_something_later_are_left_out_too(filled: Workspace) -> None:
    alias = (
        "from nes_tasks.models import Name, NameParts\n"
        'person.names.append(Name(kind="ALIAS", en=NameParts(full="A. Rai")))'
    )
    filled.migration("003-alias", update(alias))
    ran = filled.doit()
    assert ran.code == 0, ran.err
    assert blame(filled)["names[1].en.given"] == "003-alias"
    shown = [row.split()[0] for row in filled.doit("blame", ASHA).out.splitlines() if row]
    assert [field for field in shown if field.startswith("names[1]")] == [
        "names[1].en.full",
        "names[1].kind",
    ]
    told = filled.doit("show", "3").out
    assert '    + {"en": {"full": "A. Rai"}, "kind": "ALIAS"}' in told.splitlines()


def test_a_commit_by_hand_is_shown_as_such(filled: Workspace) -> None:
    edit(filled, "Correct a \x1b[31mname", tags=["mine"])
    found = blame(filled)
    assert found["tags[0]"].startswith("Correct a")
    assert found["slug"] == "001-create"
    out = filled.doit("blame", ASHA).out
    assert "by hand" in out
    assert "\x1b" not in out


def test_after_a_merge_each_side_keeps_what_it_set(filled: Workspace) -> None:
    filled.git("switch", "-qc", "side")
    edit(filled, "On the side", description="side")
    filled.git("switch", "-q", "main")
    edit(filled, "On main", short_description="main")
    merged = json.loads((filled.db / FILE).read_text())
    filled.git("merge", "-q", "--no-commit", "-X", "ours", "side")
    merged.update(description="side", short_description="main", attributes={"m": 1})
    (filled.db / FILE).write_text(json.dumps(merged))
    filled.git("commit", "-qam", "Merge side")
    found = blame(filled)
    assert found["description"] == "On the side"
    assert found["short_description"] == "On main"
    assert found["attributes.m"] == "Merge side"
    assert found["tags[0]"] == "002-tag"


def test_a_relationship_has_a_provenance_too(workspace: Workspace) -> None:
    workspace.migration(
        "001-people",
        create_person("asha-rai")
        + create_person("bina-rai")
        + "await context.publication.create_relationship(\n"
        '    source_entity_id="entity:person/asha-rai",\n'
        '    target_entity_id="entity:person/bina-rai",\n'
        '    relationship_type="AFFILIATED_WITH",\n'
        '    change_description="They met",\n'
        ")",
    )
    assert workspace.doit().code == 0
    identifier = "relationship:person/asha-rai:person/bina-rai:AFFILIATED_WITH"
    assert blame(workspace, identifier)["type"] == "001-people"
    ran = workspace.doit("blame", identifier.replace("AFFILIATED_WITH", "AFFILIATED"))
    assert f"did you mean {identifier}?" in ran.err


def test_an_id_that_does_not_exist_gets_suggestions(filled: Workspace) -> None:
    ran = filled.doit("blame", "entity:person/asha-ray")
    assert ran.code == 2
    assert ran.err == f"error: there is no entity:person/asha-ray; did you mean {ASHA}?\n"
    ran = filled.doit("blame", "entity:organization/ngo/asha-rai")
    assert f"did you mean {ASHA}?" in ran.err


def test_a_deleted_entity_names_who_deleted_it(filled: Workspace) -> None:
    filled.migration(
        "003-delete", f'await context.publication.delete_entity("{ASHA}", context.author_id, "x")'
    )
    assert filled.doit().code == 0
    ran = filled.doit("blame", ASHA)
    commit = filled.git("rev-parse", "--short=12", "HEAD")
    assert ran.code == 2
    assert ran.err == (
        f"error: {ASHA} was deleted by 003-delete; git -C nes-db show {commit} shows how\n"
    )


def test_what_was_created_anew_belongs_to_who_created_it(filled: Workspace) -> None:
    filled.git("rm", "-q", FILE)
    filled.git("commit", "-qm", "Remove her")
    (filled.db / FILE).parent.mkdir(parents=True, exist_ok=True)
    (filled.db / FILE).write_text('{"slug": "asha-rai"}')
    filled.git("add", ".")
    filled.git("commit", "-qm", "Put her back")
    assert blame(filled) == {"slug": "Put her back"}


HOSTILE = [
    "asha-rai",
    "entity:",
    "entity:../../../../etc/passwd",
    "entity:person/.git",
    "entity:person/\x1b[31m",
    "entity:person/a\nb",
    "entity:person/" + "x" * 5000,
    "entity:person/ा",
    "migration-logs/001-create/marker",
]


@pytest.mark.parametrize("identifier", HOSTILE)
def test_what_is_no_id_is_refused_in_one_line(filled: Workspace, identifier: str) -> None:
    ran = filled.doit("blame", identifier)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith("error: ")
    assert len(ran.err) < 400
    assert "\x1b" not in ran.err


def test_pathspec_magic_is_only_a_name(filled: Workspace) -> None:
    assert filled.doit("blame", "entity:person/*").code == 2


def test_wrong_use_and_an_empty_database_are_said(workspace: Workspace) -> None:
    workspace.migration("001-create", create_person("asha-rai"))
    assert workspace.doit("blame").code == 2
    assert workspace.doit("blame", ASHA, ASHA).code == 2
    ran = workspace.doit("blame", ASHA)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert not workspace.db.exists()


def test_a_shallow_clone_does_not_claim_what_it_cannot_know(filled: Workspace) -> None:
    filled.migration("003-more", update('person.description = {"en": {"value": "d"}}'))
    filled.doit()
    full = filled.db.rename(filled.root / "full")
    subprocess.run(
        ["git", "clone", "-q", "--depth", "2", f"file://{full}", str(filled.db)],
        check=True,
        env=filled.environment(),
    )
    ran = filled.doit("blame", ASHA)
    rows = {line.split()[0]: line for line in ran.out.splitlines() if line.strip()}
    assert "older than this shallow clone" in rows["slug"]
    assert "003-more" in rows["description.en.value"]
    assert "Migration: 002-tag" not in ran.out
    assert ran.out.endswith("git -C nes-db fetch --unshallow fetches the rest.\n")
    assert blame(filled)["description.en.value"] == "003-more"
