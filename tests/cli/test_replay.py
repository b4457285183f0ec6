"""`doit replay`: the history is executed again; it is true, or the difference is named."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from workspace import Workspace, create_person

from nes_tasks.operations.replay_runs import SkipReason, candidates
from nes_tasks.project import Project
from nes_tasks.settings import load_settings

# Whatever a script can see of the machine, beside its folder.
CURIOUS = """\
import datetime, os, random, time
for slug in ("asha-rai", "bina-rai", "chet-rai"):
    await context.publication.create_entity(
        entity_type="person",
        entity_data={
            "slug": slug,
            "names": [{"kind": "PRIMARY", "en": {"full": slug}}],
            "attributes": {
                "listed": os.listdir(context.migration_dir / "data"),
                "set": list({"a", "b", "c", "d"}),
                "random": random.random(),
                "now": str(datetime.datetime.now()),
                "local": time.strftime("%c %Z"),
            },
        },
    )
context.log("three people")
"""
TAG = """\
person = await context.db.get_entity("entity:person/asha-rai")
person.tags = person.attributes["listed"] + ["tagged"]
await context.publication.update_entity(person, context.author_id, "Tag her")
"""
SECRET = """\
import os
await context.publication.create_entity(
    entity_type="person",
    entity_data={{
        "slug": "{slug}",
        "names": [{{"kind": "PRIMARY", "en": {{"full": "Chance Rai"}}}}],
        "attributes": {{"token": os.urandom(8).hex()}},
    }},
)
"""
# What a migration does is in its folder; hidden files are none of it, so a test can use them.
MOODY = """\
import time
from pathlib import Path
if Path(context.migration_dir, ".fail").exists():
    raise ValueError("not again")
if Path(context.migration_dir, ".wait").exists():
    Path(context.migration_dir, ".started").touch()
    time.sleep(60)
"""


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with a history in two repositories; tests that change it take a copy.

    001-people came in three commits, then somebody edited one of the people by hand, and 002-tag
    builds on that. 004-secret is different each time, and 005-chance says so of itself.
    """
    past = Workspace(tmp_path_factory.mktemp("replay") / "project")
    past.settings(batch_size=3)
    files = {f"data/{name}.txt": name for name in "bdac"}
    past.migration("001-people", CURIOUS, files=files)
    assert past.doit().code == 0
    # Three batches, the merge that closes them, and the empty commit before them all.
    assert past.git("rev-list", "--count", "HEAD") == "5"
    person = past.db / "v2/entity/person/asha-rai.json"
    person.write_text(person.read_text().replace('"b.txt"', '"by-hand.txt"'))
    past.git("commit", "-qam", "Correct her")
    past.migration("002-tag", TAG)
    past.migration("003-moody", MOODY)
    past.migration("004-secret", SECRET.format(slug="secret-rai"))
    folder = past.migration("005-chance", SECRET.format(slug="chance-rai"))
    script = folder / "migrate.py"
    script.write_text(f"DETERMINISTIC = False\n{script.read_text()}")
    assert past.doit().code == 0
    past.settings()
    (past.root / ".gitignore").write_text("nes-db\n.nes-tasks\n")
    past.git_in(past.root, "init", "-q")
    past.git_in(past.root, "add", ".")
    past.git_in(past.root, "commit", "-qm", "All migrations")
    return past


@pytest.fixture(scope="session")
def found(past: Workspace) -> dict[str, Any]:
    """The JSON document about all of it."""
    return document(past, code=1)


@pytest.fixture
def copy(past: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the project to change."""
    return past.copy_to(tmp_path / "project")


def document(workspace: Workspace, *args: str, code: int = 0, **env: str) -> dict[str, Any]:
    """Return the JSON document of a replay."""
    ran = workspace.doit("replay", *args, "--json", **env)
    assert ran.code == code, (ran.out, ran.err)
    loaded: dict[str, Any] = json.loads(ran.out)
    return loaded


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {proof["name"]: proof["verdict"] for proof in found["migrations"]}


def of(found: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the entry of one migration in a document."""
    return next(proof for proof in found["migrations"] if proof["name"] == name)


def test_what_is_true_is_proven_and_what_is_not_is_named(
    past: Workspace, found: dict[str, Any]
) -> None:
    assert verdicts(found) == {
        "001-people": "proven",
        "002-tag": "proven",
        "003-moody": "proven",
        "004-secret": "different",
        "005-chance": "skipped",
    }
    assert (found["sound"], found["counts"]["proven"]) == (False, 3)
    people, secret = of(found, "001-people"), of(found, "004-secret")
    commits = [past.git("log", "-1", "--format=%H", f"--grep={name}") for name in ("001-", "004-")]
    assert [people["commit"], secret["commit"]] == commits
    tree = past.git("rev-parse", f"{commits[0]}^{{tree}}")
    assert people["replayed_tree"] == people["tree"] == tree
    assert people["base_tree"] == past.git("hash-object", "-t", "tree", "/dev/null")
    assert secret["differing_files"] == 2
    stored = json.loads(past.git("show", "HEAD:v2/entity/person/secret-rai.json"))
    replayed = secret["difference"]["replayed"]
    assert replayed != stored["attributes"]["token"]
    assert secret["difference"] == {
        "path": "v2/entity/person/secret-rai.json",
        "kind": "content",
        "field": "attributes.token",
        "line": None,
        "committed": stored["attributes"]["token"],
        "replayed": replayed,
    }


def test_text_is_a_table_and_then_the_differences(past: Workspace) -> None:
    before = past.state()
    ran = past.doit("replay")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[0].split() == ["Migration", "Verdict", "Seconds"]
    assert max(map(len, lines)) <= 80
    assert [line.split()[:2] for line in lines[2:7]] == [
        ["001-people", "proven"],
        ["002-tag", "proven"],
        ["003-moody", "proven"],
        ["004-secret", "different"],
        ["005-chance", "skipped"],
    ]
    commit = past.git("log", "-1", "--format=%H", "--grep=004-")[:12]
    told = lines.index(
        f"004-secret is different from what is committed as {commit}: 2 files differ"
    )
    assert lines[told + 1 : told + 3] == [
        "  v2/entity/person/secret-rai.json",
        "    attributes.token",
    ]
    stored = json.loads(past.git("show", "HEAD:v2/entity/person/secret-rai.json"))
    assert lines[told + 3] == f'      committed  "{stored["attributes"]["token"]}"'
    assert lines[told + 4].startswith('      replayed   "')
    command = lines[told + 5].removeprefix("  git -C nes-db ").split()
    assert "+" in past.git(*command)
    assert "1 skipped, with DETERMINISTIC = False; doit replay NAME executes it.\n" in ran.out
    assert lines[-1] == "3 proven, 1 different, 1 skipped. Nothing was changed."
    assert ran.err.splitlines() == [
        "Replaying 001-people (1/4)",
        "Replaying 002-tag (2/4)",
        "Replaying 003-moody (3/4)",
        "Replaying 004-secret (4/4)",
    ]
    assert past.state() == before
    assert "nes-tasks/" not in past.git("for-each-ref")


def test_another_clone_on_another_machine_finds_the_same(
    past: Workspace, found: dict[str, Any], tmp_path: Path
) -> None:
    there = Workspace(tmp_path / "elsewhere" / "there")
    there.migrations.rmdir()
    past.git_in(tmp_path, "clone", "-q", past.root.as_uri(), "service")
    shutil.move(tmp_path / "service/migrations", there.migrations)
    there.settings(remote_url=past.db.as_uri(), batch_size=2)
    env = {
        "GIT_COMMITTER_NAME": "सीता",
        "GIT_COMMITTER_EMAIL": "sita@example.org",
        "TZ": "Asia/Kathmandu",
        "LC_ALL": "tr_TR.UTF-8",
        "PYTHONHASHSEED": "7",
        "SOURCE_DATE_EPOCH": "1000000000",
        "NES_TASKS_RECORD": "001-people",
    }
    assert comparable(document(there, code=1, **env)) == comparable(found)
    assert there.git("rev-parse", "HEAD") == past.git("rev-parse", "HEAD")


def comparable(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what must be the same everywhere: neither seconds nor what chance has given."""
    proofs = json.loads(json.dumps(found["migrations"]))
    for proof in proofs:
        del proof["duration_seconds"]
        if proof["name"] == "004-secret":
            del proof["replayed_tree"], proof["difference"]["replayed"]
    return proofs


def test_local_changes_and_a_detached_head_do_not_matter(copy: Workspace) -> None:
    copy.git("checkout", "-q", "--detach")
    (copy.db / "v2/entity/person/asha-rai.json").write_text("{}")
    (copy.db / "mine.txt").write_text("x")
    before = copy.git("status", "--porcelain"), copy.git("for-each-ref")
    copy.settings(batch_size=2)
    assert verdicts(document(copy, "001", "tag")) == {"001-people": "proven", "002-tag": "proven"}
    assert (copy.git("status", "--porcelain"), copy.git("for-each-ref")) == before


def test_one_that_may_differ_is_executed_when_it_is_named_and_is_no_failure(
    past: Workspace,
) -> None:
    ran = past.doit("replay", "migrate:005-chance")
    assert ran.code == 0
    assert "005-chance varied, as DETERMINISTIC = False allows, from what is committed" in ran.out
    assert "\n    attributes.token\n" in ran.out


def test_what_is_not_applied_is_wrong_use(copy: Workspace) -> None:
    copy.migration("006-new", create_person("new-rai"))
    ran = copy.doit("replay", "6")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: 006-new is not applied; doit preview 006-new\n"


def test_a_changed_and_a_missing_folder_prove_nothing_until_they_are_as_they_were(
    copy: Workspace,
) -> None:
    (copy.migrations / "001-people/data/b.txt").write_text("changed")
    (copy.migrations / "001-people/data/d.txt").unlink()
    copy.git_in(copy.root, "rm", "-qr", "migrations/002-tag")
    copy.git_in(copy.root, "commit", "-qam", "Tidy up")
    found = document(copy, "001-people", "002-tag", code=1)
    people, tag = found["migrations"]
    assert (people["verdict"], people["reason"]) == ("unproven", "drift")
    assert people["detail"] == "changed data/b.txt; removed data/d.txt"
    assert (tag["verdict"], tag["reason"], tag["detail"]) == ("unproven", "missing", None)
    for proof in (people, tag):
        subprocess.run(proof["restore"].split(), cwd=copy.root, check=True)
    assert document(copy, "001-people", "002-tag")["counts"]["proven"] == 2


def test_a_folder_that_nobody_has_kept_is_said_to_be_lost(copy: Workspace) -> None:
    (copy.migrations / "001-people/data/b.txt").write_text("changed")
    shutil.rmtree(copy.root / ".git")
    ran = copy.doit("replay", "1")
    assert ran.code == 1
    assert "001-people is unproven: its folder has changed since (changed data/b.txt)\n" in ran.out
    assert "  no commit found that holds the folder as it was\n" in ran.out


def test_of_one_that_ran_twice_it_is_the_run_that_the_marker_is_from(copy: Workspace) -> None:
    (copy.migrations / "002-tag/README.md").write_text("Now with more words\n")
    assert copy.doit("migrate:002-tag", "--force").code == 0
    ran = copy.doit("replay", "2")
    assert ran.code == 0
    assert ran.out.endswith(" 1 earlier run was repeated since, or reverted.\n")


def test_one_that_was_reverted_is_not_replayed_before_it_is_applied_again(
    copy: Workspace,
) -> None:
    assert copy.doit("revert", "2", "--yes").code == 0
    everything = candidates(Project(load_settings(copy.root)))
    assert "002-tag" not in [candidate.entry.name for candidate in everything]
    copy.settings(out_of_order="allow")
    assert copy.doit("migrate:002-tag").code == 0
    found = document(copy, "2")
    assert (verdicts(found), of(found, "002-tag")["earlier_runs"]) == ({"002-tag": "proven"}, 1)


def test_an_amended_commit_is_found(copy: Workspace) -> None:
    path = copy.db / "v2/entity/person/fifth-rai.json"
    copy.migration("006-more", create_person("fifth-rai"))
    assert copy.doit().code == 0
    path.write_text(path.read_text().replace("Fifth Rai", "Forged Rai"))
    copy.git("commit", "-qa", "--amend", "--message", "Another subject")
    proof = of(document(copy, "6", code=1), "006-more")
    assert proof["difference"] == {
        "path": "v2/entity/person/fifth-rai.json",
        "kind": "content",
        "field": "names[0].en.full",
        "line": None,
        "committed": "Forged Rai",
        "replayed": "Fifth Rai",
    }


def test_one_that_fails_does_not_keep_the_others_from_being_proven(copy: Workspace) -> None:
    (copy.migrations / "003-moody/.fail").touch()
    ran = copy.doit("replay", "2", "3", "4")
    assert ran.code == 1
    assert "003-moody failed\n  error: 003-moody failed: ValueError: not again\n" in ran.out
    assert "  migrations/003-moody/migrate.py:" in ran.out
    assert ran.out.endswith("1 proven, 1 different, 1 failed. Nothing was changed.\n")


def test_it_holds_the_lock_and_leaves_nothing_behind_however_it_ends(copy: Workspace) -> None:
    folder = copy.migrations / "003-moody"
    (folder / ".wait").touch()
    before = copy.state()
    for number in (signal.SIGINT, signal.SIGKILL):
        process = copy.start("replay", "1", "3", NES_TASKS_SANDBOX="off")
        deadline = time.monotonic() + 60
        while not (folder / ".started").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        (folder / ".started").unlink()
        if number == signal.SIGINT:
            ran = copy.doit("replay", "1", "--json")
            assert (ran.code, ran.out) == (3, "")
            assert "the database is in use by doit replay" in ran.err
        process.send_signal(number)
        process.communicate(timeout=60)
        if number == signal.SIGINT:
            assert process.returncode == 130
            assert copy.state() == before
    assert copy.doit("replay", "1").code == 0
    assert copy.state() == before


def test_a_bare_database_is_proven(copy: Workspace) -> None:
    whole = copy.db.rename(copy.root / "whole")
    copy.git_in(copy.root, "clone", "-q", "--bare", str(whole), "nes-db")
    assert document(copy, "1", "2")["counts"]["proven"] == 2


def test_a_shallow_clone_without_the_base_says_how_to_get_it(copy: Workspace) -> None:
    whole = copy.db.rename(copy.root / "whole")
    copy.git_in(copy.root, "clone", "-q", "--depth", "5", whole.as_uri(), "nes-db")
    assert document(copy, "3")["counts"]["proven"] == 1
    ran = copy.doit("replay")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "error: nes-db does not reach back to before 001-people: "
        "it is a shallow clone; git -C nes-db fetch --unshallow\n"
    )


def test_without_a_database_there_is_nothing_to_prove(workspace: Workspace) -> None:
    workspace.migration("001-first")
    ran = workspace.doit("replay")
    assert (ran.code, ran.out) == (
        0,
        "No migration is applied, so there is nothing to verify.\n",
    )
    assert not workspace.db.exists()


def test_what_an_earlier_system_or_adopting_recorded_is_counted_and_skipped(
    workspace: Workspace,
) -> None:
    workspace.settings(data_dir="data/v3")
    workspace.git_in(workspace.root, "init", "-q", "-b", "main", "nes-db")
    for name in ("001-recorded", "002-by-message"):
        workspace.migration(name, create_person(f"p-{name}"))
        data = workspace.db / f"data/v3/entity/person/p-{name}.json"
        data.parent.mkdir(parents=True, exist_ok=True)
        data.write_text("{}")
        if name == "001-recorded":
            log = workspace.db / f"data/v3/migration-logs/{name}/metadata.json"
            log.parent.mkdir(parents=True)
            log.write_text(json.dumps({"author": "Damodar", "date": "2025-11-09T00:00:00"}))
        workspace.git("add", ".")
        workspace.git("commit", "-qm", f"Run migration {name}")
    before = candidates(Project(load_settings(workspace.root)))
    assert [candidate.skip_reason for candidate in before] == [SkipReason.LEGACY]
    assert workspace.doit("adopt", "--yes").code == 0
    workspace.migration("003-ours", create_person("our-rai"))
    assert workspace.doit().code == 0
    ran = workspace.doit("replay")
    assert ran.code == 0
    assert "2 skipped, with a marker that was written afterwards, not by their run." in ran.out
    assert ran.out.endswith("1 proven, 2 skipped. Nothing was changed.\n")


def test_a_version_that_differs_is_named_before_the_first_difference(workspace: Workspace) -> None:
    workspace.migration("001-chance", "import os\ncontext.log(os.urandom(8).hex())")
    assert workspace.doit().code == 0
    message = workspace.git("log", "-1", "--format=%B")
    [now] = re.findall(r"pydantic ([0-9][^,]*)", message)
    workspace.git(
        "commit", "-q", "--amend", "-m", message.replace(f"pydantic {now}", "pydantic 1.0")
    )
    ran = workspace.doit("replay")
    assert ran.code == 1
    lines = ran.out[ran.out.index("001-chance is different") :].splitlines()
    assert lines[1] == f"  pydantic was 1.0 and is {now}"
    assert lines[2].startswith("  v2/migration-logs/001-chance/log.txt")
    [found] = json.loads(workspace.doit("replay", "--json").out)["migrations"]
    assert found["versions"] == {"pydantic": {"committed": "1.0", "replayed": now}}
