"""`doit show`: what an applied migration changed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from workspace import Workspace, create_person

UPDATE = (
    'person = await context.db.get_entity("entity:person/asha-rai")\n'
    'person.tags = (person.tags or []) + ["more"]\n'
    'await context.publication.update_entity(person, context.author_id, "Tag her")'
)


def apply_three(workspace: Workspace) -> None:
    workspace.migration("001-create", create_person("asha-rai"))
    workspace.migration("002-tag", UPDATE)
    workspace.migration("003-later", create_person("later-rai"))
    assert workspace.doit().code == 0


@pytest.fixture
def applied(prepared: Callable[..., Workspace]) -> Workspace:
    """Three applied migrations."""
    return prepared(apply_three)


def document(workspace: Workspace, *args: str) -> dict[str, Any]:
    """Return the JSON document about a migration."""
    ran = workspace.doit("show", *args, "--json")
    assert ran.code == 0, ran.err
    loaded: dict[str, Any] = json.loads(ran.out)
    return loaded


def test_it_shows_what_the_migration_changed_and_nothing_else(applied: Workspace) -> None:
    before = applied.state()
    found = document(applied, "2")
    assert found["name"] == "002-tag"
    assert found["statistics"]["entities_updated"] == 1
    assert found["changes"]["fields"] == {"tags": 1}
    assert found["changes"]["types"] == {"person": {"created": 0, "updated": 1, "deleted": 0}}
    assert found["base_tree"] == applied.git("rev-parse", "HEAD~2^{tree}")
    assert found["tree"] == applied.git("rev-parse", "HEAD~1^{tree}")
    assert [commit["id"] for commit in found["commits"]] == [applied.git("rev-parse", "HEAD~1")]
    assert applied.state() == before


def test_text_names_counts_fields_commits_and_the_patch(applied: Workspace) -> None:
    ran = applied.doit("show", "tag")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "002-tag: Do 002-tag"
    assert "entities: 1 changed; relationships: -; versions: 1 new; files: 3" in ran.out
    assert "  tags\n    - null\n" in ran.out
    assert applied.git("rev-parse", "--short=12", "HEAD~1") in ran.out
    command = lines[-1].partition("Every line: git -C nes-db ")[2].split()
    assert "more" in applied.git(*command)


def test_the_first_migration_is_compared_with_nothing(applied: Workspace) -> None:
    found = document(applied, "001")
    assert found["changes"]["created"] == ["entity:person/asha-rai"]
    assert found["base_tree"] == applied.git("hash-object", "-t", "tree", "/dev/null")


def test_several_batches_are_one_migration(workspace: Workspace) -> None:
    workspace.settings(batch_size=1)
    workspace.migration("001-two", create_person("asha-rai") + create_person("bina-rai"))
    workspace.doit()
    found = document(workspace, "1")
    own = workspace.git("rev-list", "--min-parents=1", "HEAD").split()  # not the empty beginning
    assert {commit["id"] for commit in found["commits"]} == set(own)
    assert len(found["commits"]) > 2
    assert found["changes"]["types"]["person"]["created"] == 2
    assert "more)" in workspace.doit("show", "1").out


def test_of_a_migration_that_ran_twice_the_last_run_is_shown(applied: Workspace) -> None:
    assert applied.doit("migrate:002-tag", "--force").code == 0
    found = document(applied, "2")
    assert (len(found["commits"]), found["earlier_commits"]) == (1, 1)
    assert found["tree"] == applied.tree
    (updated,) = found["changes"]["updated"]
    change = next(row for row in updated["fields"] if row["path"].startswith("tags"))
    assert change == {"path": "tags[1]", "new": "more"}
    assert "(1 of earlier runs, which are not compared)" in applied.doit("show", "2").out


def test_what_is_not_applied_is_wrong_use(applied: Workspace) -> None:
    applied.migration("004-new", create_person("new-rai"))
    ran = applied.doit("show", "4")
    assert (ran.code, ran.err) == (2, "error: 004-new is not applied; doit preview 004-new\n")
    assert applied.doit("show").code == 2
    assert applied.doit("show", "nothing-like-it").code == 2


def test_a_missing_folder_does_not_matter(applied: Workspace) -> None:
    shutil.rmtree(applied.migrations / "002-tag")
    assert document(applied, "2")["changes"]["fields"] == {"tags": 1}


def test_a_record_of_the_earlier_system_shows_the_commit_that_brought_it(
    applied: Workspace,
) -> None:
    log = applied.db / "v2/migration-logs/004-old/metadata.json"
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps({"author": "Damodar", "date": "2025-11-09T00:00:00"}))
    (applied.db / "v2/entity/person/old-rai.json").write_text("{}")
    applied.git("add", ".")
    applied.git("commit", "-qm", "Source parties. https://example.org/pull/17")
    found = document(applied, "4")
    assert found["changes"]["created"] == ["entity:person/old-rai"]
    assert found["applied_at"] is None
    assert applied.doit("show", "4").code == 0


def test_adopting_does_not_change_what_is_shown(workspace: Workspace) -> None:
    workspace.git_in(workspace.root, "init", "-q", "-b", "main", "nes-db")
    workspace.migration("001-hand", create_person("asha-rai"))
    data = workspace.db / "v2/entity/person/asha-rai.json"
    data.parent.mkdir(parents=True)
    for subject, text in (("Begin", "{}"), ("Run migration 001-hand", '{"tags": 1}')):
        data.write_text(text)
        workspace.git("add", ".")
        workspace.git("commit", "-qm", subject)
    assert workspace.doit("adopt", "--yes").code == 0
    assert document(workspace, "1")["changes"]["fields"] == {"tags": 1}


def test_a_shallow_clone_tells_what_the_records_say(applied: Workspace) -> None:
    full = applied.db.rename(applied.root / "full")
    subprocess.run(
        ["git", "clone", "-q", "--depth", "2", f"file://{full}", str(applied.db)],
        check=True,
        env=applied.environment(),
    )
    assert document(applied, "3")["changes"]["created"] == ["entity:person/later-rai"]
    # The oldest commit that is there, and one that is not.
    for name, commits in (("2", 1), ("1", 0)):
        ran = applied.doit("show", name)
        assert (ran.code, ran.err) == (0, "")
        assert "files: 3\n" in ran.out
        assert "git -C nes-db fetch --unshallow fetches what is missing" in ran.out
        found = document(applied, name)
        assert (len(found["commits"]), found["changes"], found["is_cut"]) == (commits, None, True)
