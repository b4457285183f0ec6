"""Whatever happens to a migration, the database is unchanged and the next run works."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from workspace import Ran, Workspace, create_person


def replace_body(workspace: Workspace, name: str, body: str) -> None:
    """Mend the script of a migration."""
    folder = workspace.migrations / name
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    workspace.migration(name, body)


def log_of(ran: Ran, workspace: Workspace) -> str:
    """Return the log whose path was printed."""
    line = next(line for line in ran.err.splitlines() if "full log: " in line)
    return (workspace.root / line.partition("full log: ")[2]).read_text()


BAD_ENDINGS = {
    "exception": 'raise ValueError("no such minister")',
    "sys.exit": "import sys\nsys.exit(0)",
    "os._exit": "import os\nos._exit(0)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "SIGKILL": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "SIGSEGV": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    "recursion": "def f():\n    f()\nf()",
    "closes everything": "import os\nos.closerange(3, 100)",
}


@pytest.mark.parametrize("ending", BAD_ENDINGS.values(), ids=BAD_ENDINGS)
def test_a_bad_end_changes_nothing(started: Workspace, ending: str) -> None:
    started.migration("002-bad", create_person("half-done") + ending)
    before = started.state()
    ran = started.doit()
    assert ran.code in (1, 3), ran.err
    assert ran.err.splitlines()[1].startswith("error: ")
    assert "Traceback" not in ran.out + ran.err
    assert started.state() == before
    replace_body(started, "002-bad", create_person("whole"))
    assert started.doit().code == 0
    assert started.applied() == ["001-first", "002-bad"]
    assert not (started.db / "v2/entity/person/half-done.json").exists()


# Kills the git of the run that the script is a part of: its process belongs to the caller.
KILL_GIT = """\
import os, signal
from pathlib import Path

def parent_of(process):
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])

run = parent_of(os.getppid())
for folder in Path("/proc").glob("[0-9]*"):
    try:
        words = (folder / "cmdline").read_bytes().split(b"\\0")
        if b"cat-file" in words and parent_of(folder.name) == run:
            os.kill(int(folder.name), signal.SIGKILL)
    except OSError:
        pass
"""


READ_ASHA = 'await context.db.get_entity("entity:person/asha-rai")'


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_git_that_dies_meanwhile_changes_nothing(started: Workspace) -> None:
    started.settings(sandbox="off")
    started.migration("002-bad", f"{create_person('half-done')}\n{KILL_GIT}\n{READ_ASHA}")
    before = started.state()
    ran = started.doit()
    assert ran.code == 3, ran.err
    assert "error: git cat-file failed: it ended early" in ran.err
    assert "Traceback" not in ran.err
    assert started.state() == before


def test_an_exception_shows_its_last_line_the_script_line_and_the_log(started: Workspace) -> None:
    started.migration("002-bad", 'minister = {}["name"]')
    ran = started.doit()
    lines = ran.err.splitlines()
    assert ran.code == 1
    assert lines[1] == "error: 002-bad failed: KeyError: 'name'"
    assert lines[2] == '  migrations/002-bad/migrate.py:7  minister = {}["name"]'
    assert lines[3].startswith("  full log: .nes-tasks/logs/")
    assert len(lines) == 4
    assert "Traceback (most recent call last)" in log_of(ran, started)


def test_the_innermost_line_of_the_folder_is_shown(started: Workspace) -> None:
    started.migration(
        "002-bad",
        "import sys\n"
        "sys.path.insert(0, str(context.migration_dir))\n"
        "import helper\n"
        'helper.parse("x")',
        files={"helper.py": "def parse(text):\n    return int(text)\n"},
    )
    assert "migrations/002-bad/helper.py:2  return int(text)" in started.doit().err


def test_an_error_of_validation_is_one_line(started: Workspace) -> None:
    started.migration("002-bad", create_person("X Y"))
    ran = started.doit()
    assert ran.err.splitlines()[1] == (
        'error: 002-bad failed: slug is "X Y"; a slug is like asha-rai; context.names.slug_for '
        "makes one of a name"
    )


@pytest.mark.parametrize(
    ("body", "advised"),
    [
        (
            create_person("asha-rai").replace('"person"', '"organization", entity_subtype="party"'),
            "'party' is not a valid EntitySubType; it can be political_party, government_body, ngo,"
            " international_org, hospital, province,",
        ),
        (
            create_person("asha-rai").replace('"person"', '"project", entity_subtype="ward"'),
            "Entity subtype ward not supported for entity type EntityType.PROJECT.; "
            "it can be development_project",
        ),
        (
            create_person("asha-rai").replace('"person"', '"person", entity_subtype="ward"'),
            "not supported for entity type EntityType.PERSON.; omit it",
        ),
        (create_person("asha-rai").replace('"person"', '"people"'), "it can be person, organ"),
        (create_person("आशा-राई"), "; a slug is like asha-rai; context.names.slug_for makes"),
        ('open("rows.csv")', "rows.csv'; it is in the migration's folder: context.read_csv and"),
        ('open("other.csv")', "No such file or directory: 'other.csv'\n"),
        ('open("../001-first/README.md")', "No such file or directory: '../001-first/README.md'\n"),
        ('context.read_csv("rows.csv")[0]["Slug"]', "has no column 'Slug'; did you mean 'slug'?"),
    ],
)
def test_a_usual_mistake_is_told_with_what_to_do(
    started: Workspace, body: str, advised: str
) -> None:
    started.migration("002-bad", body, files={"rows.csv": "slug,name\nx,X\n"})
    ran = started.doit()
    assert ran.code == 1
    assert advised in ran.err


def test_later_migrations_do_not_run_after_a_failure(started: Workspace) -> None:
    started.migration("002-bad", 'raise ValueError("x")')
    started.migration("003-later", create_person("bina-rai"))
    assert started.doit().code == 1
    assert started.applied() == ["001-first"]


def wait_for(path: Path) -> None:
    """Wait until a script says that it has come so far."""
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


def endless(flag: Path) -> str:
    """Return a script that writes, says so outside of its sandbox, and never ends."""
    return f'{create_person("half-done")}open({str(flag)!r}, "w").close()\nwhile True:\n    pass'


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_killing_the_run_changes_nothing_and_leaves_no_process(
    started: Workspace, tmp_path: Path, how: signal.Signals
) -> None:
    flag = tmp_path / "running"
    started.migration("002-endless", endless(flag))
    before = started.state()
    process = started.start(NES_TASKS_SANDBOX="off")
    wait_for(flag)
    process.send_signal(how)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert started.state() == before
    deadline = time.monotonic() + 10
    while still_running(started.root) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert still_running(started.root) == []
    replace_body(started, "002-endless", create_person("whole"))
    assert started.doit().code == 0
    assert started.git("for-each-ref", "refs/nes-tasks") == ""


def still_running(root: Path) -> list[str]:
    """Return the processes that work in a folder."""
    found = []
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if cwd.resolve().is_relative_to(root):
                found.append((cwd.parent / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_an_interrupt_is_said_in_one_line(started: Workspace, tmp_path: Path) -> None:
    flag = tmp_path / "running"
    started.migration("002-endless", endless(flag))
    process = started.start(NES_TASKS_SANDBOX="off")
    wait_for(flag)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "interrupted; the database is unchanged"
    assert "Traceback" not in err
    assert out == ""


def test_an_interrupted_run_says_what_is_applied_and_pushes_nothing(
    started: Workspace, tmp_path: Path
) -> None:
    remote = tmp_path / "remote.git"
    started.git_in(tmp_path, "init", "-q", "--bare", str(remote))
    started.git("remote", "add", "origin", str(remote))
    started.settings(push=True)
    flag = tmp_path / "running"
    started.migration("002-whole", create_person("bina-rai"))
    started.migration("003-endless", endless(flag))
    process = started.start(NES_TASKS_SANDBOX="off")
    wait_for(flag)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "002-whole" in out
    assert err.splitlines()[-1] == "interrupted; applied by then: 002-whole"
    assert started.git_in(remote, "for-each-ref") == ""


# What stands in the place of git and interrupts doit: when git updates the files, and when it is
# asked to move the branch, by the process that moves all refs of a run.
INTERRUPT = """\
def interrupt():
    for process in {os.getppid(), os.getpid()} - {1}:
        os.kill(process, signal.SIGINT)
"""
INTERRUPTING = {
    "files": "if 'read-tree -m -u' in words:\n"
    "    signal.signal(signal.SIGINT, signal.SIG_DFL)\n    interrupt()\n",
    "branch": "if 'update-ref' in words:\n"
    "    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "    real = subprocess.Popen([GIT, *sys.argv[1:]], stdin=subprocess.PIPE)\n"
    "    for line in sys.stdin.buffer:\n"
    "        if b' refs/heads/' in line:\n            interrupt()\n"
    "        real.stdin.write(line)\n        real.stdin.flush()\n"
    "    real.stdin.close()\n    sys.exit(real.wait())\n",
}


@pytest.mark.parametrize("when", INTERRUPTING)
@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "parallel"])
def test_an_interrupt_while_publishing_waits_for_its_end(
    started: Workspace, tmp_path: Path, when: str, options: list[str]
) -> None:
    started.migration("002-second", create_person("bina-rai"))
    started.migration("003-third", create_person("chet-rai"))
    interrupting = tmp_path / "bin/git"
    interrupting.parent.mkdir()
    interrupting.write_text(
        f"#!{sys.executable}\nimport os, signal, subprocess, sys\n"
        f"GIT = {shutil.which('git')!r}\nwords = ' '.join(sys.argv)\n"
        f"{INTERRUPT}{INTERRUPTING[when]}os.execv(GIT, ['git', *sys.argv[1:]])\n"
    )
    interrupting.chmod(0o755)
    path = f"{interrupting.parent}{os.pathsep}{os.environ['PATH']}"
    ran = started.doit(*options, PATH=path)
    assert ran.code == 130
    # In one process the files of both follow at the end.
    both = when == "files" and not options
    applied = ["002-second", "003-third"] if both else ["002-second"]
    assert ran.err.splitlines()[-1] == f"interrupted; applied by then: {', '.join(applied)}"
    assert started.applied() == ["001-first", *applied]
    assert started.git("status", "--porcelain") == ""


def test_a_reader_of_messages_that_goes_away_stops_nothing(started: Workspace) -> None:
    started.migration("002-second", f"context.log('x' * 100_000)\n{create_person('bina-rai')}")
    process = started.start()
    assert process.stderr is not None
    process.stderr.readline()
    process.stderr.close()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert started.applied() == ["001-first", "002-second"]


def test_a_reader_of_the_table_that_goes_away_hides_no_failure(started: Workspace) -> None:
    started.migration("002-second", create_person("bina-rai"))
    started.migration("003-bad", "raise ValueError")
    process = started.start()
    assert process.stdout is not None
    process.stdout.close()
    process.communicate(timeout=60)
    assert process.returncode == 1
    assert started.applied() == ["001-first", "002-second"]


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_closed_streams_stop_nothing(started: Workspace, closed: str) -> None:
    started.migration("002-second", f"context.log('x')\n{create_person('bina-rai')}")
    subprocess.run(
        ["sh", "-c", f'"$0" -m doit {closed}', sys.executable],
        cwd=started.root,
        env=started.environment(),
        check=True,
    )
    assert started.applied() == ["001-first", "002-second"]


def test_a_log_that_cannot_be_written_stops_nothing(started: Workspace) -> None:
    logs = started.root / ".nes-tasks/logs"
    shutil.rmtree(logs)
    logs.write_text("in the way")
    started.migration("002-second", f"print('x')\n{create_person('bina-rai')}")
    started.migration("003-bad", "raise ValueError('x')")
    ran = started.doit()
    assert started.applied() == ["001-first", "002-second"]
    assert ran.err.splitlines()[-2:] == [
        "error: 003-bad failed: ValueError: x",
        "  migrations/003-bad/migrate.py:7  raise ValueError('x')",
    ]


def test_a_folder_that_breaks_during_the_run_is_not_applied(started: Workspace) -> None:
    started.settings(sandbox="off")
    folder = started.migrations / "003-third"
    started.migration("002-second", f"import os\nos.remove({str(folder / 'README.md')!r})")
    started.migration("003-third", create_person("bina-rai"))
    ran = started.doit()
    assert ran.code == 1
    assert "error: migrations/003-third has no README.md" in ran.err
    assert started.applied() == ["001-first", "002-second"]


def test_a_folder_that_goes_away_during_the_run_is_named(started: Workspace) -> None:
    started.settings(sandbox="off")
    folder = started.migrations / "003-third"
    started.migration("002-second", f"import shutil\nshutil.rmtree({str(folder)!r})")
    started.migration("003-third", create_person("bina-rai"))
    ran = started.doit("-a", "migrate")
    assert ran.code == 1
    assert "error: migrations/003-third does not exist any more" in ran.err
    assert started.applied() == ["001-first", "002-second"]


def test_a_second_run_is_told_who_holds_the_lock(started: Workspace, tmp_path: Path) -> None:
    flag = tmp_path / "running"
    started.migration("002-endless", endless(flag))
    process = started.start(NES_TASKS_SANDBOX="off")
    try:
        wait_for(flag)
        ran = started.doit()
        assert ran.code == 3
        assert f"the database is in use by doit run (process {process.pid} on " in ran.err
    finally:
        process.kill()
        process.communicate()


def test_a_folder_edited_while_it_runs_is_not_applied(started: Workspace) -> None:
    started.migration(
        "002-racy",
        create_person("bina-rai") + '(context.migration_dir / "data.csv").write_text("b")',
        files={"data.csv": "a"},
    )
    started.settings(sandbox="off")
    before = started.state()
    ran = started.doit()
    assert ran.code == 1
    assert "002-racy was edited while it ran; nothing was applied; run it again" in ran.err
    assert started.state() == before


def test_a_branch_that_moves_meanwhile_wins(started: Workspace) -> None:
    started.settings(sandbox="off")
    started.migration(
        "002-slow",
        "import subprocess\n"
        f'subprocess.run(["git", "-C", {str(started.db)!r}, "-c", "user.name=x", "-c",\n'
        '    "user.email=x@y", "commit", "-q", "--allow-empty", "-m", "by hand"], check=True)',
    )
    ran = started.doit()
    assert ran.code == 3
    assert "nothing was applied; run it again" in ran.err
    assert started.git("log", "-1", "--format=%s") == "by hand"
    assert started.applied() == ["001-first"]


def test_a_full_disk_changes_nothing(started: Workspace, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], capture_output=True
    )
    if mount.returncode:
        pytest.skip("mounting a small file system needs privileges")
    try:
        started.git_in(small, "clone", "-q", str(started.db), "db")
        started.settings(database=str(small / "db"))
        started.migration(
            "002-big",
            "import os, base64\nfor number in range(200):\n"
            "    text = base64.b64encode(os.urandom(30000)).decode()\n"
            "    await context.publication.create_entity(entity_type='person', entity_data={\n"
            "        'slug': f'person-{number}', 'attributes': {'text': text},\n"
            "        'names': [{'kind': 'PRIMARY', 'en': {'full': 'A'}}]})",
        )
        head = started.git_in(small / "db", "rev-parse", "HEAD")
        ran = started.doit()
        assert ran.code != 0
        assert "Traceback" not in ran.err
        assert started.git_in(small / "db", "rev-parse", "HEAD") == head
        assert started.git_in(small / "db", "status", "--porcelain") == ""
        # Data that compress well are committed before the disk is full.
        script = started.migrations / "002-big/migrate.py"
        script.write_text(script.read_text().replace("os.urandom(30000)", "bytes(30000)"))
        ran = started.doit()
        assert ran.code == 3
        assert "applied and committed, but" in ran.err
        assert ran.err.endswith(
            "make room on the disk, or permit writing; the next doit finishes it\n"
        )
        subprocess.run(["mount", "-o", "remount,size=99m", str(small)], check=True)
        assert started.doit().code == 0
        assert started.git_in(small / "db", "status", "--porcelain") == ""
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_the_working_folder_of_git_does_not_matter(started: Workspace) -> None:
    started.migration("002-second", create_person("bina-rai"))
    elsewhere = started.root / "elsewhere"
    started.git_in(started.root, "init", "-q", "elsewhere")
    ran = started.doit(GIT_DIR=str(elsewhere / ".git"), GIT_WORK_TREE=str(elsewhere))
    assert ran.code == 0, ran.err
    assert started.applied() == ["001-first", "002-second"]
    assert [path.name for path in elsewhere.iterdir()] == [".git"]


def test_a_run_without_work_finishes_what_a_killed_one_had_published(started: Workspace) -> None:
    started.migration("002-second", create_person("bina-rai"))
    old = started.git("rev-parse", "HEAD")
    assert started.doit().code == 0
    new = started.git("rev-parse", "HEAD")
    whole = started.state()
    # What a power cut right after the branch has moved leaves behind.
    started.git("read-tree", "-m", "-u", new, old)
    note = {"branch": "refs/heads/main", "old": old, "new": new, "checkout": True}
    (started.db / ".git/nes-tasks/publishing.json").write_text(json.dumps(note))
    ran = started.doit()
    assert (ran.code, ran.err) == (0, "")
    assert "nothing to do" in ran.out
    assert started.state() == whole


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_malformed_file_is_named_with_whoever_wrote_it(started: Workspace, by_hand: bool) -> None:
    path = "v2/entity/person/asha-rai.json"
    (started.db / path).write_text("{broken")
    subject = "Fix a name" if by_hand else "Run migration 000-by-hand"
    started.git("commit", "-qam", subject)
    started.migration("002-list", 'await context.db.list_entities(entity_type="person")')
    ran = started.doit()
    assert ran.code == 1
    line = ran.err.splitlines()[1]
    assert line.startswith("error: 002-list failed: entity/person/asha-rai.json: ")
    commit = started.git("rev-parse", "--short=12", "HEAD")
    writer = f"commit {commit}, Fix a name" if by_hand else "000-by-hand"
    assert line.endswith(f"; it was written by {writer}")


def test_a_malformed_file_can_be_skipped_and_is_told(started: Workspace) -> None:
    (started.db / "v2/entity/person/asha-rai.json").write_text("{broken")
    started.git("commit", "-qam", "Run migration 000-by-hand")
    started.settings(malformed_files="skip")
    body = 'context.log(len(await context.db.list_entities(entity_type="person")))'
    started.migration("002-list", body)
    ran = started.doit()
    assert ran.code == 0, ran.err
    log = (started.db / "v2/migration-logs/002-list/log.txt").read_text().splitlines()
    assert log[0].startswith("warning: left out: entity/person/asha-rai.json: not JSON")
    assert log[1:] == ["0"]
