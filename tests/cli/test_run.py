"""`doit run`: what is applied, what is said, what is left alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from workspace import EPOCH, Workspace, create_person


def test_all_pending_migrations_are_applied_in_order(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration(
        "002-second",
        'person = await context.db.get_entity("entity:person/asha-rai")\n'
        'person.tags = ["found"]\n'
        'await context.publication.update_entity(person, context.author_id, "Tag her")',
    )
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    assert workspace.applied() == ["001-first", "002-second"]
    assert workspace.git("status", "--porcelain") == ""
    subjects = workspace.git("log", "--reverse", "--format=%s").splitlines()
    assert subjects == ["Create the database", "Migration: 001-first", "Migration: 002-second"]
    assert '"found"' in (workspace.db / "v2/entity/person/asha-rai.json").read_text()


def test_the_run_ends_with_a_table(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-second", create_person("bina-rai"))
    ran = workspace.doit()
    rows = [re.split(r"\s{2,}", line.strip()) for line in ran.out.splitlines() if line.strip()]
    assert rows[0] == ["Migration", "Entities", "Relationships", "Files", "Commits", "Seconds"]
    assert rows[2][:5] == ["001-first", "1 new", "-", "3", "1"]
    assert rows[-1][:5] == ["2 migrations", "2 new", "-", "6", "2"]


def test_a_second_run_says_so_in_one_line_and_writes_nothing(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit()
    before = workspace.state()
    ran = workspace.doit("run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "nes-db is up to date: 1 migration is applied, nothing to do.\n"
    assert workspace.state() == before


def test_one_name_applies_up_to_that_migration(workspace: Workspace) -> None:
    for name in ("001-first", "002-second", "003-third"):
        workspace.migration(name, create_person(f"p-{name}"))
    assert workspace.doit("migrate:002-second").code == 0
    assert workspace.applied() == ["001-first", "002-second"]


def test_a_number_is_enough_to_name_a_migration(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-second", create_person("bina-rai"))
    assert workspace.doit("migrate:1").code == 0
    assert workspace.applied() == ["001-first"]


def test_an_unknown_name_is_wrong_use_and_gets_a_suggestion(workspace: Workspace) -> None:
    workspace.migration("001-add-ministers")
    ran = workspace.doit("migrate:001-ad-ministers")
    assert ran.code == 2
    assert ran.err.splitlines() == [
        "error: there is no migration '001-ad-ministers'; did you mean 001-add-ministers?"
    ]


def test_a_wrong_option_is_wrong_use(workspace: Workspace) -> None:
    ran = workspace.doit("run", "--nonsense")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1


def test_it_runs_from_a_subfolder(workspace: Workspace) -> None:
    folder = workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit("-k", cwd=folder).code == 0
    assert workspace.applied() == ["001-first"]


def test_a_plain_function_works_too(workspace: Workspace) -> None:
    workspace.migration(
        "001-plain",
        script='AUTHOR = "A"\nDATE = "2026-01-15"\nDESCRIPTION = "d"\n\n'
        "def migrate(context):\n    context.log('hello')\n",
    )
    ran = workspace.doit()
    assert ran.code == 0
    assert "hello" in ran.err
    assert workspace.git("show", "HEAD:v2/migration-logs/001-plain/log.txt") == "hello"


def test_run_py_is_a_script_too(workspace: Workspace) -> None:
    folder = workspace.migration("001-first", create_person("asha-rai"))
    (folder / "migrate.py").rename(folder / "run.py")
    assert workspace.doit().code == 0
    assert workspace.applied() == ["001-first"]


def test_a_migration_that_changes_nothing_is_still_recorded(workspace: Workspace) -> None:
    workspace.migration("001-nothing")
    assert workspace.doit().code == 0
    assert workspace.applied() == ["001-nothing"]
    assert "nothing to do" in workspace.doit().out


def test_commits_hold_at_most_a_batch_of_files(workspace: Workspace) -> None:
    workspace.settings(batch_size=4)
    workspace.migration("001-many", "".join(create_person(f"person-{i}") for i in range(5)))
    assert workspace.doit().code == 0
    merge = workspace.git("rev-parse", "HEAD")
    base, last = workspace.git("show", "-s", "--format=%P", merge).split()
    assert workspace.git("show", "-s", "--format=%s", base) == "Create the database"
    batches = workspace.git("rev-list", "--reverse", f"{base}..{last}").split()
    sizes = [
        len(workspace.git("show", "--format=", "--name-only", commit).split()) for commit in batches
    ]
    assert sizes == [4, 4, 3, 2]  # 11 data files; the log and the marker stay together
    assert workspace.git("log", "-1", "--format=%s") == "Migration: 001-many"
    assert workspace.git("log", "-1", "--format=%B", last).splitlines() == [
        "Migration: 001-many (Batch 4/4)",
        "",
        "Batch: 4/4",
        "Migration: 001-many",
    ]
    assert workspace.tree == workspace.git("rev-parse", f"{last}^{{tree}}")


def test_a_migration_of_several_batches_is_undone_as_a_whole(workspace: Workspace) -> None:
    workspace.settings(batch_size=4)
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit()
    before = workspace.tree
    workspace.migration("002-many", "".join(create_person(f"person-{i}") for i in range(5)))
    assert workspace.doit().code == 0
    after = workspace.git("rev-parse", "HEAD")
    assert workspace.git("log", "--first-parent", "--format=%s").splitlines() == [
        "Migration: 002-many",
        "Migration: 001-first",
        "Create the database",
    ]
    workspace.git("revert", "--no-edit", "-m", "1", "HEAD")
    assert workspace.tree == before
    workspace.git("reset", "--quiet", "--hard", after)
    workspace.git("reset", "--quiet", "--hard", "HEAD~1")
    assert workspace.tree == before
    assert workspace.applied() == ["001-first"]


def test_the_statistics_of_a_history_add_up(workspace: Workspace) -> None:
    for number, batches in ((1, "merge"), (2, "linear")):
        workspace.settings(batch_size=4, batches=batches)
        people = "".join(create_person(f"person-{number}-{i}") for i in range(5))
        workspace.migration(f"00{number}-many", people)
        assert workspace.doit().code == 0
    counted = workspace.git("log", "--format=%(trailers:key=Entities-Created,valueonly)").split()
    assert counted == ["5", "5"]


def test_batches_may_stand_in_a_line(workspace: Workspace) -> None:
    workspace.settings(batch_size=4, batches="linear")
    workspace.migration("001-many", "".join(create_person(f"person-{i}") for i in range(5)))
    assert workspace.doit().code == 0
    subjects = workspace.git("log", "--first-parent", "--format=%s").splitlines()
    assert subjects == [
        *(f"Migration: 001-many (Batch {n}/4)" for n in (4, 3, 2, 1)),
        "Create the database",
    ]


def test_the_shape_does_not_change_the_tree(workspace: Workspace, tmp_path: Path) -> None:
    other = workspace.copy_to(tmp_path / "other")
    trees = set()
    for place, batches in ((workspace, "merge"), (other, "linear")):
        place.settings(batch_size=4, batches=batches)
        place.migration("001-many", "".join(create_person(f"person-{i}") for i in range(5)))
        assert place.doit(SOURCE_DATE_EPOCH=EPOCH).code == 0
        trees.add(place.tree)
    assert len(trees) == 1


def test_a_database_that_is_made_is_rebased_with_its_merges(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit()
    assert workspace.git("config", "pull.rebase") == "merges"


# What says what a script ran in differs between machines.
RAN_IN = ("Sandbox", "Network", "Python", "Packages")


def test_the_commit_carries_contributor_committer_and_statistics(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit()
    assert workspace.git("log", "-1", "--format=%an|%ae|%as|%cn|%ce") == (
        "Asha Example|asha@example.org|2026-01-15|Mina Maintainer|mina@example.org"
    )
    trailers = workspace.git("log", "-1", "--format=%(trailers:unfold)").splitlines()
    assert [row for row in trailers if row and not row.startswith(("Duration", *RAN_IN))] == [
        "Author: Asha Example <asha@example.org>",
        "Date: 2026-01-15",
        "Entities-Created: 1",
        "Entities-Updated: 0",
        "Relationships-Created: 0",
        "Versions-Created: 1",
        "Files: 3",
        "Batch: 1/1",
    ]
    ran_in = [row.partition(":")[0] for row in trailers if row.startswith(RAN_IN)]
    assert ran_in == [*RAN_IN][: len(ran_in)]
    assert len(ran_in) >= 3


def test_helper_modules_beside_the_script_can_be_imported(workspace: Workspace) -> None:
    workspace.migration(
        "001-helped",
        "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
        "from helper import SLUG\n" + create_person("x").replace('"x"', "SLUG"),
        files={"helper.py": 'SLUG = "from-helper"\n'},
    )
    workspace.migration(
        "002-other",
        "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
        "from helper import SLUG\n" + create_person("x").replace('"x"', "SLUG"),
        files={"helper.py": 'SLUG = "from-other"\n'},
    )
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    people = sorted(path.stem for path in (workspace.db / "v2/entity/person").iterdir())
    assert people == ["from-helper", "from-other"]


def test_no_credentials_reach_the_script(workspace: Workspace) -> None:
    workspace.migration(
        "001-look", "import os\ncontext.log(' '.join(sorted(os.environ)))\nprint('to the log')"
    )
    ran = workspace.doit(GITHUB_TOKEN="secret", AWS_SECRET_ACCESS_KEY="secret", LANG="ne_NP")
    assert ran.code == 0
    names = workspace.git("show", "HEAD:v2/migration-logs/001-look/log.txt").split()
    assert "PATH" in names
    assert not {"GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "GIT_COMMITTER_EMAIL"} & set(names)
    log = next((workspace.root / ".nes-tasks/logs").iterdir()).read_text()
    assert "to the log" in log


def test_piped_output_holds_the_table_and_stderr_the_rest(workspace: Workspace) -> None:
    workspace.migration("001-first", "context.log('a message')")
    ran = workspace.doit()
    assert "a message" in ran.err
    assert "a message" not in ran.out
    assert "\x1b" not in ran.out + ran.err


def test_a_script_cannot_steer_the_terminal(workspace: Workspace) -> None:
    workspace.migration("001-loud", r'context.log("\x1b[2J\x1b]0;owned\x07 two\nlines")')
    ran = workspace.doit()
    assert ran.code == 0
    assert ran.err.splitlines()[1:3] == [r"  \x1b[2J\x1b]0;owned\x07 two", "  lines"]


def test_what_is_not_pushed_is_said_with_the_command_to_push_it(workspace: Workspace) -> None:
    remote = workspace.root / "remote.git"
    workspace.git_in(workspace.root, "init", "-q", "--bare", "-b", "main", str(remote))
    workspace.git_in(workspace.root, "clone", "-q", str(remote), "nes-db")
    workspace.migration("001-first", create_person("asha-rai"))
    ran = workspace.doit()
    assert "2 commits are not pushed yet; to publish: doit push" in ran.err
    assert workspace.git_in(remote, "for-each-ref") == ""


def test_a_maintainer_may_let_the_run_push(workspace: Workspace) -> None:
    remote = workspace.root / "remote.git"
    workspace.git_in(workspace.root, "init", "-q", "--bare", "-b", "main", str(remote))
    workspace.settings(remote_url=str(remote), push=True)
    workspace.migration("001-first", create_person("asha-rai"))
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    assert workspace.git_in(remote, "rev-parse", "main") == workspace.git("rev-parse", "HEAD")


def test_a_refused_push_keeps_the_data_and_says_how_to_go_on(workspace: Workspace) -> None:
    remote = workspace.root / "remote.git"
    workspace.git_in(workspace.root, "init", "-q", "--bare", "-b", "main", str(remote))
    workspace.settings(remote_url=str(remote), push=True)
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit("list")
    hook = remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho closed for today >&2\nexit 1\n")
    hook.chmod(0o755)
    ran = workspace.doit()
    assert ran.code == 3
    assert "the data is committed locally; doit push" in ran.err
    assert workspace.applied() == ["001-first"]


def test_the_remote_is_cloned_when_there_is_no_database_yet(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit()
    workspace.migration("002-second", create_person("bina-rai"))
    remote = workspace.root / "elsewhere"
    shutil.move(workspace.db, remote)
    workspace.settings(remote_url=remote.as_uri())
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    assert workspace.applied() == ["001-first", "002-second"]
    assert "001-first" not in ran.out
