"""The sandbox: what a migration may be allowed, and what confines it where the kernel does not."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from attacks import (
    CHANGES,
    FILES,
    PROCESSES,
    SOCKETS,
    attack,
    ends,
    home_of,
    needs_kernel,
    one_after_the_other,
    script_of,
)
from workspace import Ran, Workspace

from nes_tasks.running import sandbox

# The network


def test_a_migration_with_network_has_to_be_named(victim: Workspace) -> None:
    before = victim.state()
    ran = attack(victim, "pass", head="NETWORK = True")
    assert ran.code == 1
    assert "002-attack says NETWORK = True, which this run does not allow" in ran.err
    assert "--allow-network 002-attack" in ran.err
    assert victim.state() == before


@pytest.fixture
def server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("how", ["option", "setting", "variable"])
def test_a_named_one_has_the_network(victim: Workspace, server: int, how: str) -> None:
    body = f"socket.create_connection(('127.0.0.1', {server})).close()"
    victim.migration("002-attack", script=script_of(body, "NETWORK = True"))
    if how == "setting":
        victim.settings(network=["002-attack"])
    arguments = ["--allow-network", "2"] if how == "option" else []
    env = {"NES_TASKS_NETWORK": "002-attack"} if how == "variable" else {}
    ran = victim.doit("run", *arguments, "migrate:2", **env)
    assert ran.code == 0, ran
    assert "Network: allowed" in victim.git("log", "-1", "--format=%(trailers)")


def test_what_a_script_asks_for_is_pointed_out(victim: Workspace) -> None:
    head = "NETWORK = True\nPROCESSES = True"
    assert attack(victim, "pass", head=head).code == 1
    checked = victim.doit("check:2").out
    assert "migrate.py:4: NETWORK = True: the script asks for the network" in checked
    assert "PROCESSES = True: the script asks to start other programs" in checked
    refused = victim.doit("preview", "2")
    assert refused.code == 1
    assert "--allow-network 002-attack" in refused.err
    shown = victim.doit("preview", "2", "--allow-network", "2")
    assert "It asks for the network: " in shown.out
    comment = victim.doit("preview", "2", "--allow-network", "2", "--markdown").out
    assert re.search(
        r"^\*\*<code>002-attack</code>: It asks for the network: .*\*\*$", comment, re.M
    )
    assert re.search(r"^\*\*<code>002-attack</code>: It asks to start .*\*\*$", comment, re.M)
    told = json.loads(victim.doit("preview", "2", "--allow-network", "2", "--json").out)
    [migration] = told["migrations"]
    assert (migration["network"], migration["processes"]) == (True, True)
    assert migration["environment"]["Network"] == "allowed"


# Where the kernel does not confine


# Has the kernel refuse Landlock to a command, as many containers do, and runs it.
WITHOUT_LANDLOCK = """\
import ctypes, errno, os, platform, struct, sys
from nes_tasks.running import landlock, seccomp
machine = seccomp.MACHINES[platform.machine()]
code = seccomp._load(seccomp.NUMBER)
for number in (landlock.CREATE_RULESET, landlock.ADD_RULE, landlock.RESTRICT_SELF):
    code += b"".join(seccomp._when(number, [seccomp._return(seccomp.ERRNO | errno.ENOSYS)]))
code += seccomp._return(seccomp.ALLOW)
buffer = ctypes.create_string_buffer(code, len(code))
program = struct.pack("HP", len(code) // 8, ctypes.addressof(buffer))
seccomp.give_up_new_rights()
result = ctypes.CDLL(None).syscall(ctypes.c_long(machine.seccomp), 1, 0, program)
assert result == 0
os.execv(sys.executable, [sys.executable, "-m", "doit", *sys.argv[1:]])
"""


def unconfined(workspace: Workspace, *arguments: str, **env: str) -> Ran:
    """Run doit on a kernel that refuses Landlock."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_LANDLOCK, *arguments],
        cwd=workspace.root,
        env=workspace.environment(HOME=str(home_of(workspace)), **env),
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@needs_kernel
def test_require_refuses_where_nothing_confines(victim: Workspace) -> None:
    victim.settings(sandbox="require")
    before = victim.state()
    ran = unconfined(victim, "run")
    assert ran.code == 3
    assert "migrations cannot be confined here: the kernel has no Landlock" in ran.err
    assert victim.state() == before
    assert attack(victim, "pass").code == 0


@needs_kernel
def test_auto_says_so_once_and_goes_on(victim: Workspace) -> None:
    victim.migration("002-second")
    ran = unconfined(victim, "run")
    assert ran.code == 0, ran
    assert ran.err.count("migrations run without the sandbox: the kernel has no Landlock") == 1
    assert "Sandbox: none\n" in victim.git("log", "-1", "--format=%(trailers)")
    assert "none: the kernel has no Landlock" in unconfined(victim, "status").out


IMITATED = {
    **{name: FILES[name] for name in ("netrc", "home", "service repository", "other migration")},
    **{name: CHANGES[name] for name in ("hook", "next migration", "removal", "link")},
    **{name: SOCKETS[name] for name in ("tcp", "udp", "urllib")},
    **{name: PROCESSES[name] for name in ("fork", "program", "exec", "kill the worker")},
}


@needs_kernel
def test_python_refuses_alike_where_the_kernel_does_not(victim: Workspace) -> None:
    confined = attack(victim, one_after_the_other(IMITATED))
    without = unconfined(victim, "migrate:2")
    assert confined.code == without.code == 1
    by_the_kernel, by_python = ends(confined), ends(without)
    for name in IMITATED:
        assert by_python[name] == by_the_kernel[name] != "done", name
    said = [
        next(line for line in ran.err.splitlines() if line.startswith("error: "))
        for ran in (confined, without)
    ]
    assert said[0] == said[1]


def test_the_commit_says_how_it_was_confined(victim: Workspace) -> None:
    assert attack(victim, "pass").code == 0
    trailers = victim.git("log", "-1", "--format=%(trailers)")
    said = "none" if sandbox.unavailable() else sandbox.described()
    assert f"Sandbox: {said}\n" in trailers
    assert "Network: none\n" in trailers
    assert "Python: 3." in trailers
    assert "pydantic " in trailers


def test_off_is_silent_and_said_in_the_commit(victim: Workspace) -> None:
    victim.settings(sandbox="off")
    ran = attack(victim, "open('/etc/passwd').close()")
    assert ran.code == 0
    assert "sandbox" not in ran.err
    assert "Sandbox: none\n" in victim.git("log", "-1", "--format=%(trailers)")
