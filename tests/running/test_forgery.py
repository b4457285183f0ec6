"""Scripts that try to have recorded what is not so, or to write where nothing is theirs.

Each is a real migration that does to its own process what it likes. It has one socket; whatever
it sends there, the database is unchanged, or what is recorded is the truth.
"""

from __future__ import annotations

import tomllib

import pytest
from workspace import Ran, Workspace, create_person

# The script's own sockets, found as any program can find them, and how to speak on them.
SOCKETS = """\
import json, os, socket, stat, struct, sys

def sockets():
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                yield fd
        except OSError:
            pass

def send(data):
    for fd in sockets():
        try:
            socket.socket(fileno=os.dup(fd)).sendall(data)
        except OSError:
            pass

def message(kind, payload=b""):
    return struct.pack(">cI", kind, len(payload)) + payload

def write(path, data=b"{}", kind=b"W"):
    name = path.encode()
    return message(kind, struct.pack(">H", len(name)) + name + data)
"""


def script_of(body: str) -> str:
    """Return a script that has `SOCKETS` and does `body` in its `migrate`."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    processes = "PROCESSES = True\n" if "os.fork" in body else ""
    head = f'{processes}AUTHOR = "Asha Example"\nDATE = "2026-01-15"\nDESCRIPTION = "Forge"\n'
    return f"{SOCKETS}\n{head}\nasync def migrate(context):\n{lines}"


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """A project with one applied migration."""
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit().code == 0
    return workspace


def attempt(workspace: Workspace, body: str) -> Ran:
    """Run `body` as a migration and check that it leaves no trace outside of its own commit."""
    workspace.migration("002-forger", script=script_of(body))
    return workspace.doit()


def assert_refused(workspace: Workspace, body: str, *words: str) -> None:
    """Check that a migration fails and that the database is unchanged."""
    before = workspace.state()
    ran = attempt(workspace, body)
    assert ran.code == 1, ran.err
    assert "002-forger failed" in ran.err
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err
    assert workspace.state() == before
    assert workspace.git("fsck", "--no-dangling") == ""
    assert not list((workspace.db / ".git" / "objects").glob("tmp_*"))


# Files where a script has none


@pytest.mark.parametrize(
    "path",
    [
        "../.github/workflows/x.yml",
        "../../outside.json",
        "migration-logs/001-first/marker.toml",
        "migration-logs/002-forger/marker.toml",
        "Migration-Logs/003-next/marker.toml",
        "Entity/person/x.json",
        "entity/.git/hooks/post-checkout",
        "entity/person/x.sh",
        "entity/person/a\nM 100644 inline x.json",
        "/etc/x.json",
    ],
)
def test_a_write_elsewhere_is_refused(applied: Workspace, path: str) -> None:
    assert_refused(applied, f"send(write({path!r}))", "cannot be written by a migration")


def test_another_spelling_of_a_stored_name_is_refused(applied: Workspace) -> None:
    body = 'send(write("entity/person/Asha-Rai.json"))'
    assert_refused(applied, body, "are one file where case or Unicode form do not count")


def test_a_stored_version_is_not_overwritten_by_a_plain_write(applied: Workspace) -> None:
    body = 'send(write("version/entity/person/asha-rai/1.json"))'
    assert_refused(applied, body, "is a stored version")
    (applied.migrations / "002-forger" / "migrate.py").write_text(
        script_of('send(message(b"D", b"version/entity/person/asha-rai/1.json"))')
    )
    ran = applied.doit()
    assert ran.code == 1
    assert "is a stored version" in ran.err


def test_our_own_checks_in_its_process_are_not_the_ones_that_count(applied: Workspace) -> None:
    body = """
import re
import nes_tasks.database.data_path as data_path
import nes_tasks.database.overlay as overlay
import nes_tasks.running.client as client
client.check_data_path = data_path.check_data_path = lambda path: None
store = context.db._store._store
store.write("../.github/workflows/x.yml", b"on: push")
"""
    assert_refused(applied, body, "'../.github/workflows/x.yml' cannot be written by a migration")


# A result that is none


@pytest.mark.parametrize(
    "body",
    [
        # What the earlier protocol believed.
        """send(json.dumps({"done": {"commits": ["1" * 40], "statistics": {}}}).encode() + b"\\n")
os._exit(0)""",
        """send(json.dumps({"exited": 0}).encode() + b"\\n")
os._exit(0)""",
        # The end of the process as the worker says it.
        """send(struct.pack(">iQ", 0, 1))
os._exit(0)""",
    ],
)
def test_a_forged_result_is_a_failure(applied: Workspace, body: str) -> None:
    assert_refused(applied, body, "its process sent neither a known kind of message")


def test_an_end_that_is_said_and_did_not_come_well_is_a_failure(applied: Workspace) -> None:
    body = """
context.log("so far")
send(message(b"d"))
os._exit(7)
"""
    assert_refused(applied, body, "the script ended its process with exit code 7")


def test_the_script_has_one_socket(applied: Workspace) -> None:
    # The loop of asyncio, in which migrate runs, has two of its own, connected to each other.
    script = script_of('context.log(f"sockets: {FOUND}")') + "\n\nFOUND = len(list(sockets()))\n"
    applied.migration("002-forger", script=script)
    assert applied.doit().code == 0
    log = applied.git("show", "HEAD:v2/migration-logs/002-forger/log.txt")
    assert log == "sockets: 1"


# Malformed messages


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("send(b'GET / HTTP/1.1')", "neither a known kind of message nor a sensible length"),
        ("send(struct.pack('>cI', b'W', 0xFFFFFFFF))", "nor a sensible length"),
        ("send(struct.pack('>cI', b'l', 64 * 1024**2 + 1))", "nor a sensible length"),
        ("send(message(b'W', b''))", "a write without a path"),
        ("send(message(b'W', b'\\xff\\xffentity'))", "a write with a truncated path"),
        ("send(message(b'W', b'\\0\\1\\xff'))", "a text that is not UTF-8"),
        ("send(message(b'l', b'\\xff'))", "a text that is not UTF-8"),
        ("send(message(b't', b'1234'))", "ids of a wrong length"),
        ("send(message(b'f', b'1' * 20 * 257))", "more items than one request allows"),
        ("send(message(b'p', b'[1, 2]'))", "progress without numbers"),
        ("send(message(b'p', b'{'))", "malformed JSON"),
        ("send(message(b'x', b'[' * 100000))", "malformed JSON"),
        ("send(message(b'x', b'{\"message\": 1}'))", "a message that is not a string"),
        # The last word of a script that was only loaded.
        ("send(message(b'o', b'{}'))", "an unexpected message"),
    ],
)
def test_what_is_no_message_is_a_failure(applied: Workspace, body: str, words: str) -> None:
    assert_refused(applied, body, "its process sent ", words)


@pytest.mark.parametrize(
    "body",
    [
        "send(struct.pack('>cI', b'W', 1000) + b'half')\nos._exit(0)",
        "send(b'W\\0')\nos.kill(os.getpid(), 9)",
        "[os.close(fd) for fd in sockets()]",
        "[os.close(fd) for fd in sockets()]\nos._exit(0)",
    ],
)
def test_a_process_that_breaks_off_is_a_failure(applied: Workspace, body: str) -> None:
    assert_refused(applied, body)


def test_a_process_left_behind_neither_speaks_nor_keeps_anyone_waiting(applied: Workspace) -> None:
    body = """
if os.fork() == 0:
    os.setsid()
    data = message(b"l", b"x" * 1000)
    import signal, threading, time
    threading.Timer(60, os._exit, [0]).start()
    while True:
        try:
            send(data)
        except BaseException:
            os._exit(0)
context.log("done")
os._exit(3)
"""
    assert_refused(applied, body, "exit code 3")


# What is recorded is the truth


def test_author_statistics_marker_and_date_are_not_the_scripts(applied: Workspace) -> None:
    body = """
import nes_tasks.database.marker as marker
import nes_tasks.database.marker as text
import nes_tasks.database.transaction as transaction
import nes_tasks.running.task as task
from nes_tasks.database.marker import Marker, Statistics
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").startswith("nes_tasks"):
        for name in ("Statistics", "Marker", "commit_message", "Transaction"):
            if hasattr(module, name):
                setattr(module, name, None)
transaction.Transaction = None
frame = sys._getframe()
while frame:
    for value in list(frame.f_locals.values()):
        if type(value).__name__ == "Task":
            for key, forged in (
                ("name", "001-first"), ("clock", "1999-01-01T00:00:00Z"), ("deterministic", False)
            ):
                object.__setattr__(value, key, forged)
    frame = frame.f_back
globals().update(AUTHOR="Somebody Else", DATE="1999-01-01", DESCRIPTION="Nothing")
send(write("entity/person/b.json", b"1") + write("entity/person/c.json", b"2"))
"""
    before = applied.git("rev-parse", "HEAD")
    ran = attempt(applied, body)
    assert ran.code == 0, ran.err
    assert applied.git("rev-parse", "HEAD~1") == before
    assert applied.git("show", "-s", "--format=%s|%an|%as", "HEAD") == (
        "Migration: 002-forger|Asha Example|2026-01-15"
    )
    marker = tomllib.loads(applied.git("show", "HEAD:v2/migration-logs/002-forger/marker.toml"))
    assert marker["author"] == "Asha Example"
    assert marker["migration"] == "002-forger"
    assert marker["deterministic"] is True
    assert marker["applied_at"].year > 2000
    assert marker["statistics"]["entities_created"] == 2
    assert marker["statistics"]["files"] == 2
    assert "Files: 2" in applied.git("log", "-1", "--format=%B")
    changed = applied.git("diff", "--name-only", "HEAD~1", "HEAD").split()
    assert changed == [
        "v2/entity/person/b.json",
        "v2/entity/person/c.json",
        "v2/migration-logs/002-forger/log.txt",
        "v2/migration-logs/002-forger/marker.toml",
    ]
    modes = {row.split()[0] for row in applied.git("ls-tree", "-r", "HEAD").splitlines()}
    assert modes == {"100644"}


def test_a_rewritten_version_is_noted_in_the_log_of_the_run(applied: Workspace) -> None:
    body = """
version = await context.db.get_version("version:entity:person/asha-rai:1")
version.change_description = "Another reason"
await context.db.put_version(version)
"""
    assert attempt(applied, body).code == 0
    logs = (path.read_text() for path in (applied.root / ".nes-tasks" / "logs").iterdir())
    path = "version/entity/person/asha-rai/1.json"
    assert any(f"002-forger: stored versions were changed: {path}" in log for log in logs)


def test_an_error_from_the_script_cannot_steer_the_terminal(applied: Workspace) -> None:
    told = 'json.dumps({"message": "\\x1b[2J", "where": "\\x1b]0;x", "traceback": ""})'
    before = applied.state()
    ran = attempt(applied, f'send(message(b"x", {told}.encode()))')
    assert ran.code == 1
    assert "\x1b" not in ran.err
    assert applied.state() == before
