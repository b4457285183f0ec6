"""`doit release`: a tag with notes for readers, never moved and never pushed by itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest
from workspace import EPOCH, SCRIPT, Workspace, create_person

UPDATE = """\
    person = await context.db.get_entity("entity:person/asha-rai")
    person.tags = ["more"]
    await context.publication.update_entity(person, change_description="Tag her")
"""


def apply_three(workspace: Workspace) -> None:
    workspace.migration("001-create", create_person("asha-rai"))
    other = SCRIPT.format(description="Correct her", body=UPDATE)
    workspace.migration("002-tag", script=other.replace("Asha Example", "asha  example"))
    workspace.migration("003-later", create_person("later-rai"))
    assert workspace.doit(SOURCE_DATE_EPOCH=EPOCH).code == 0


@pytest.fixture
def applied(prepared: Callable[..., Workspace]) -> Workspace:
    """Three applied migrations of one person, who writes the name in two ways."""
    return prepared(apply_three)


def test_the_notes_are_of_what_came_since_the_last_release(applied: Workspace) -> None:
    first = applied.doit("release", "first", "--at", "1")
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("The first release: 1 new.\n\nBy type:\n  person: 1 new\n")
    assert first.out.endswith("  git -C nes-db push origin refs/tags/first\n")
    found = json.loads(applied.doit("release", "--json", SOURCE_DATE_EPOCH=EPOCH).out)
    assert found["name"] == "release-2026-02-03"
    assert found["since"]["name"] == "first"
    assert found["total"] == {"created": 1, "updated": 1, "deleted": 0}
    assert [one["name"] for one in found["migrations"]] == ["002-tag", "003-later"]
    (contributor,) = found["contributors"]
    assert contributor["person"] == "Asha Example"
    assert contributor["migrations"] == ["002-tag", "003-later"]
    assert applied.git("rev-parse", "release-2026-02-03^{commit}") == applied.git(
        "rev-parse", "HEAD"
    )
    message = applied.git("cat-file", "-p", "release-2026-02-03")
    assert "tagger Mina Maintainer <mina@example.org> 1770091506 +0000" in message
    assert "  002-tag: Correct her\n" in message
    assert message.endswith(f"Since: first {applied.git('rev-parse', 'first^{commit}')}")
    assert applied.git("fsck", "--strict") == ""
    listed = json.loads(applied.doit("release", "--list", "--json").out)
    assert [one["name"] for one in listed] == ["release-2026-02-03", "first"]
    assert listed[0] == found
    table = applied.doit("release", "--list").out.splitlines()
    assert table[2].split() == [
        *("release-2026-02-03", "2026-02-03", found["point"]["commit"][:12]),
        *("2", "1", "new,", "1", "corrected"),
    ]


def test_a_migration_that_was_taken_back_is_told(applied: Workspace) -> None:
    assert applied.doit("release", "first").code == 0
    assert applied.doit("revert", "3", "--yes").code == 0
    ran = applied.doit("release", "second", "--dry-run")
    assert "1 removed" in ran.out
    assert "No longer applied:\n  003-later\n" in ran.out


def test_no_tag_is_ever_moved(applied: Workspace) -> None:
    applied.git("tag", "mine", "HEAD~1")
    before = applied.git("for-each-ref")
    ran = applied.doit("release", "mine")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error: nes-db has a tag mine already, and a tag is never moved; "
        "give another name, such as mine.2\n"
    )
    assert applied.doit("release", "--dry-run").code == 0
    assert applied.git("for-each-ref") == before
    # The default name gives way, and what is no release is not the last one.
    applied.git("tag", "release-2026-02-03", "HEAD~1")
    ran = applied.doit("release", SOURCE_DATE_EPOCH=EPOCH)
    assert "The first release: 2 new" in ran.out
    assert applied.git("tag").split() == ["mine", "release-2026-02-03", "release-2026-02-03.2"]


def test_without_a_change_there_is_no_release(applied: Workspace) -> None:
    assert applied.doit("release", "first").code == 0
    ran = applied.doit("release", "second")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "nothing changed since first; no tag was made\n"
    assert applied.git("tag") == "first"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a", "b"], "doit release takes one name"),
        (["2026-01-31"], "2026-01-31 means the date 2026-01-31; give another name"),
        (["7"], "7 means the number of a migration"),
        (["002-tag"], "002-tag means the migration 002-tag"),
        (["HEAD"], "HEAD means the commit"),
        (["main"], "main means the branch main"),
        (["a..b"], "git does not allow a tag 'a..b'"),
        (["a b"], "git does not allow a tag 'a b'"),
        (["x", "--at", "nowhere"], "there is no migration, tag, commit or date 'nowhere'"),
        (["x", "--list"], "--list shows all releases and goes with --json alone"),
    ],
)
def test_wrong_use_tags_nothing(applied: Workspace, words: list[str], said: str) -> None:
    ran = applied.doit("release", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert applied.git("tag") == ""


def test_a_shallow_clone_may_lack_the_last_release(applied: Workspace) -> None:
    applied.git("tag", "-a", "-m", "x", "other", "HEAD~2")
    full = applied.db.rename(applied.root / "full")
    command = ["git", "clone", "-q", "--depth", "2", f"file://{full}", str(applied.db)]
    subprocess.run(command, check=True, env=applied.environment())
    ran = applied.doit("release", "x")
    assert (ran.code, ran.out) == (3, "")
    assert "does not reach back to before the last release: it is a shallow clone" in ran.err
    assert applied.doit("release", "x", "--since", "HEAD~1").code == 0


def test_the_command_that_it_prints_pushes_the_tag(applied: Workspace) -> None:
    remote = applied.root / "remote.git"
    applied.git_in(applied.root, "init", "-q", "--bare", str(remote))
    applied.git("remote", "add", "origin", str(remote))
    ran = applied.doit("release", "x", "--dry-run", "--at", "1")
    assert "Nothing was tagged; doit release x --at 1 tags" in ran.out
    ran = applied.doit("release", "x")
    assert applied.git_in(remote, "tag") == ""
    command = ran.out.splitlines()[-1].split()
    subprocess.run(command, cwd=applied.root, check=True, env=applied.environment())
    assert applied.git_in(remote, "tag") == "x"
    assert applied.doit("release", "--list").out.count("\n") == 3
