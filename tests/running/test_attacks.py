"""Migrations that attack: each is a stranger's program, run through doit as any other.

What is attacked, and what comes of it without the sandbox, is the table of docs/security.md. In
every case the database is unchanged, and the user sees one line.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from workspace import Ran, Workspace

from nes_tasks.running import sandbox

needs_kernel = pytest.mark.skipif(
    sandbox.unavailable() is not None,
    reason=f"the sandbox is not available: {sandbox.unavailable()}",
)
SECRET = "s3cr3t-of-the-maintainer"


@pytest.fixture
def victim(started: Workspace) -> Workspace:
    """A project with an applied and a pending migration, and a home with secrets."""
    home = home_of(started)
    (home / ".ssh").mkdir(parents=True)
    (home / ".netrc").write_text(f"machine github.com password {SECRET}\n")
    (home / ".ssh" / "id_ed25519").write_text(SECRET)
    (started.root / "helper.txt").write_text(SECRET)
    started.migration("003-next", "pass", files={"data.txt": SECRET})
    return started


def home_of(workspace: Workspace) -> Path:
    """Return the home folder of whoever runs migrations here."""
    return workspace.root.parent / "home"


def script_of(body: str, head: str = "") -> str:
    """Return a script whose `migrate` has the lines of `body`; `head` has lines at its top."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return (
        f'AUTHOR = "Asha Example"\nDATE = "2026-01-15"\nDESCRIPTION = "Attack"\n{head}\n'
        "import ctypes, errno, os, signal, socket, subprocess, sys\nfrom pathlib import Path\n"
        f"async def migrate(context):\n{lines}"
    )


def attack(workspace: Workspace, body: str, *, head: str = "", **env: str) -> Ran:
    """Run a migration with this script; in `body` stand {root} and {home} for folders."""
    places = {"{root}": str(workspace.root), "{home}": str(home_of(workspace))}
    for name, place in places.items():
        body = body.replace(name, place)
    workspace.migration("002-attack", script=script_of(body, head))
    return workspace.doit(
        "migrate:2", **{"HOME": str(home_of(workspace)), "NES_TOKEN": SECRET, **env}
    )


def everything(workspace: Workspace) -> dict[str, tuple[int, bytes]]:
    """Return mode and content of all that a script could want to change, but for our own logs."""
    roots = [workspace.root, home_of(workspace)]
    return {
        str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for root in roots
        for path in sorted(root.rglob("*"))
        if not {".nes-tasks", "nes-tasks", "002-attack"} & set(path.parts)
        # git's own: the index is refreshed, the lock of a run comes and goes
        and path.name not in ("index", "packed-refs", "objects", "refs", ".git")
    }


def assert_refused(workspace: Workspace, body: str, *words: str, head: str = "") -> Ran:
    """Check that an attack fails in one line, with the database and all files as they were."""
    before, files = workspace.state(), everything(workspace)
    ran = attack(workspace, body, head=head)
    assert ran.code == 1, ran
    assert "error: 002-attack failed: " in ran.err
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err, ran.err
    assert workspace.state() == before
    assert everything(workspace) == files
    assert SECRET not in ran.err + ran.out
    return ran


FILES = {
    "netrc": "context.log(Path('{home}/.netrc').read_text())",
    "key": "context.log(Path('{home}/.ssh/id_ed25519').read_text())",
    "home": "context.log(os.listdir('{home}'))",
    "service repository": "context.log(Path('{root}/helper.txt').read_text())",
    "settings": "context.log(Path('{root}/pyproject.toml').read_text())",
    "other migration": "context.log(Path('{root}/migrations/003-next/data.txt').read_text())",
    "neighbour": "context.log((context.migration_dir / '../003-next/data.txt').read_text())",
    "database": "context.log(Path('{root}/nes-db/.git/config').read_text())",
    "passwords": "context.log(Path('/etc/passwd').read_text())",
    "root": "context.log(os.listdir('/'))",
    "environment of the worker": "Path(f'/proc/{os.getppid()}/environ').read_bytes()",
    "environment of all": "context.log(os.listdir('/proc'))",
    "own root": "context.log(Path('/proc/self/root{root}/helper.txt').read_text())",
    "own folder": "context.log(Path('/proc/self/cwd/helper.txt').read_text())",
    "link out": "os.symlink('{root}/helper.txt', os.environ['TMPDIR'] + '/link')\n"
    "context.log(Path(os.environ['TMPDIR'], 'link').read_text())",
    "memory of the worker": "open(f'/proc/{os.getppid()}/mem', 'rb')",
    "descriptors of the worker": "os.listdir(f'/proc/{os.getppid()}/fd')",
}
CHANGES = {
    "hook": "Path('{root}/nes-db/.git/hooks/post-commit').write_text('#!/bin/sh')",
    "git configuration": "open('{root}/nes-db/.git/config', 'a').write('[core]')",
    "working tree": "Path('{root}/nes-db/evil.json').write_text('{}')",
    "next migration": "open('{root}/migrations/003-next/migrate.py', 'a').write('#')",
    "new migration": "os.mkdir('{root}/migrations/004-more')",
    "own folder": "(context.migration_dir / 'migrate.py').write_text('#')",
    "own new file": "(context.migration_dir / 'new.txt').write_text('#')",
    "removal": "os.remove('{root}/migrations/003-next/data.txt')",
    "folder gone": "os.rename('{root}/migrations', '{root}/elsewhere')",
    "hard link": "os.link('{root}/helper.txt', os.environ['TMPDIR'] + '/x')",
    "link": "os.symlink('/etc/passwd', '{root}/migrations/x')",
    "home": "Path('{home}/.bashrc').write_text('evil')",
    "emptied": "os.truncate('{root}/helper.txt', 0)",
    "shared memory": "open('/dev/shm/nes-tasks-attack', 'w')",
    "device": "os.mknod(os.environ['TMPDIR'] + '/disk', 0o60600, os.makedev(8, 0))",
    "owner": "os.chown('{root}/helper.txt', 1, 1)",
}
SOCKETS = {
    "tcp": "socket.create_connection(('127.0.0.1', 9))",
    "udp": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "dns": "socket.getaddrinfo('example.org', 80)",
    "unix": "socket.socket(socket.AF_UNIX).connect('{home}/agent.sock')",
    "abstract unix": "socket.socket(socket.AF_UNIX).connect('\\0nes-attack')",
    "raw": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "urllib": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
    "httpx": "import httpx; httpx.get('http://127.0.0.1:9/')",
}
PROCESSES = {
    "fork": "os.fork()",
    "program": "subprocess.run(['id'])",
    "shell": "sys.exit(os.system('true'))",
    "git": "subprocess.run(['git', '-c', 'core.fsmonitor=evil', '-C', '{root}/nes-db', 'status'])",
    "exec": "os.execv('/bin/sh', ['sh', '-c', 'true'])",
    "fork bomb": "\nwhile True:\n    os.fork()",
    "kill the worker": "os.kill(os.getppid(), signal.SIGKILL)",
    "stop the worker": "os.kill(os.getppid(), signal.SIGSTOP)",
    "kill all": "os.kill(-1, signal.SIGKILL)",
    "kill the group": "os.killpg(0, signal.SIGKILL)",
    "signals by reading": "import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
    "limits of the worker": "import resource; resource.prlimit(os.getppid(), 7, (0, 0))",
}
# Calls that Python has no function for, by their numbers on x86_64.
CALLS = {
    "memfd_create": "319, b'x', 0",
    "io_uring_setup": "425, 8, bytes(120)",
    "ptrace": "101, 16, os.getppid(), 0, 0",
    "process_vm_readv": "310, os.getppid(), 0, 0, 0, 0, 0",
    "pidfd_open": "434, os.getppid(), 0",
    "unshare": "272, 0x10000000",
    "mount": "165, b'none', b'/tmp', b'tmpfs', 0, 0",
    "bpf": "321, 0, 0, 0",
    "userfaultfd": "323, 0",
    "keyctl": "250, 0, -3, 0, 0, 0",
    "shmget": "29, 77, 4096, 0o1600",
    "perf_event_open": "298, 0, 0, -1, -1, 0",
    "setxattr": "188, b'/proc/self', b'user.x', b'1', 1, 0",
    "x32": "0x40000000 + 39",
    "PR_SET_PDEATHSIG": "157, 1, 0, 0, 0, 0",
}


@needs_kernel
@pytest.mark.parametrize("body", FILES.values(), ids=FILES.keys())
def test_nothing_outside_is_read(victim: Workspace, body: str) -> None:
    assert_refused(victim, body, "PermissionError: [Errno 13] Permission denied", "reads its own")


@needs_kernel
@pytest.mark.parametrize("body", CHANGES.values(), ids=CHANGES.keys())
def test_nothing_outside_is_changed(victim: Workspace, body: str) -> None:
    assert_refused(victim, body, "Error: [Errno")


@needs_kernel
def test_modes_and_times_stay_and_nothing_is_said(victim: Workspace) -> None:
    before = everything(victim)
    ran = attack(victim, "os.chmod('{root}/helper.txt', 0)\nos.utime('{root}', (0, 0))")
    assert ran.code == 0, ran
    after = everything(victim)
    helper = str(victim.root / "helper.txt")
    assert after[helper] == before[helper]


@needs_kernel
def test_temporary_files_are_made_and_copied_as_ever(victim: Workspace) -> None:
    body = """
import shutil, tempfile
folder = Path(tempfile.gettempdir())
(folder / "touched").touch()
(folder / "touched").touch()
shutil.copy2(context.migration_dir / "migrate.py", folder / "copy.py")
shutil.copytree(context.migration_dir, folder / "tree")
(folder / "copy.py").rename(folder / "renamed.py")
with tempfile.NamedTemporaryFile() as file:
    os.utime(file.fileno(), (0, 0))
    assert os.stat(file.name).st_mtime == 0
assert sorted(path.name for path in folder.iterdir()) == ["renamed.py", "touched", "tree"]
"""
    assert attack(victim, body).code == 0


@needs_kernel
@pytest.mark.parametrize("body", SOCKETS.values(), ids=SOCKETS.keys())
def test_no_socket_is_opened(victim: Workspace, body: str) -> None:
    assert_refused(victim, body, "--allow-network")


@needs_kernel
@pytest.mark.parametrize("body", PROCESSES.values(), ids=PROCESSES.keys())
def test_no_process_is_started_or_reached(victim: Workspace, body: str) -> None:
    if "os.system" in body:  # which says it by its result
        body = body.replace("sys.exit(", "assert 0 == (")
    words = () if "assert" in body or "prlimit" in body else ("Errno 1] Operation not permitted",)
    assert_refused(victim, body, *words)


@needs_kernel
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_no_such_system_call_is_made(victim: Workspace, call: str) -> None:
    body = (
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"result = libc.syscall({call})\n"
        "assert result == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS), result\n"
        "raise OSError(ctypes.get_errno(), 'refused as it should be')"
    )
    assert_refused(victim, body, "refused as it should be")


@needs_kernel
def test_it_has_no_descriptor_but_its_own_socket(victim: Workspace) -> None:
    head = (
        "import os\n"
        "there = [f'/proc/self/fd/{n}' for n in range(256)]\n"
        "there = [path for path in there if os.path.lexists(path)]\n"
        "kinds = sorted(os.readlink(path).split(':')[0] for path in there)"
    )
    body = "assert kinds == ['/dev/null', 'pipe', 'pipe', 'socket'], kinds"
    assert attack(victim, body, head=head).code == 0


@needs_kernel
def test_patching_our_modules_frees_nobody(victim: Workspace) -> None:
    head = (
        "import nes_tasks.running.sandbox as s, nes_tasks.running.worker as w\n"
        "s.confine = lambda *_: None\nw._give_up_rights = lambda *_: None\n"
    )
    assert_refused(victim, "open('/etc/passwd')", "Permission denied", head=head)


@needs_kernel
def test_children_of_a_script_are_confined_as_it_is(victim: Workspace) -> None:
    body = (
        "env = {**os.environ, 'LD_PRELOAD': str(context.migration_dir / 'evil.so')}\n"
        "for command in ('cat {root}/helper.txt', 'cp /dev/null {root}/new', 'cat {home}/.netrc',\n"
        "                'git -c core.fsmonitor=touch -C {root}/nes-db status',\n"
        "                'kill -9 PID', 'cat /proc/PID/environ'):\n"
        "    ran = subprocess.run(command.replace('PID', str(os.getppid())), shell=True, env=env,\n"
        "                         capture_output=True, text=True)\n"
        "    assert ran.returncode != 0, command\n"
        "    assert not ran.stdout, ran.stdout\n"
        "raise ValueError('all refused')"
    )
    assert_refused(victim, body, "all refused", head="PROCESSES = True")


@needs_kernel
def test_packages_of_elsewhere_are_imported_and_what_is_beside_them_is_not_read(
    victim: Workspace, tmp_path: Path
) -> None:
    service = tmp_path / "service"
    (service / "helpers").mkdir(parents=True)
    (service / "helpers" / "__init__.py").write_text("from helpers.names import NAME\n")
    (service / "helpers" / "names.py").write_text("NAME = 'helper'\n")
    (service / "single.py").write_text("NAME = 'single'\n")
    (service / "secret.txt").write_text(SECRET)
    body = f"""
import helpers, single
assert (helpers.NAME, single.NAME) == ("helper", "single")
try:
    import nobody_has_this
except ModuleNotFoundError:
    pass
open({str(service / "secret.txt")!r})
"""
    ran = attack(victim, body, PYTHONPATH=str(service))
    assert ran.code == 1
    assert f"Permission denied: '{service}/secret.txt'" in ran.err


# What is left behind


def processes_with(mark: str) -> list[int]:
    """Return the ids of processes whose command line has `mark`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "cmdline").read_text(errors="replace"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until something is so; fails when it takes too long."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


DAEMON = """\
mark = 'nes-tasks-daemon-%d'
code = 'import os, time\\nif os.fork(): os._exit(0)\\nos.setsid()\\nif os.fork(): os._exit(0)\\n'
code += 'time.sleep(600)'
subprocess.run([sys.executable, '-c', code, mark], check=True)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
@pytest.mark.parametrize("mode", ["auto", "off"])
def test_a_daemon_ends_with_the_script(victim: Workspace, mode: str) -> None:
    victim.settings(sandbox=mode)
    mark = f"nes-tasks-daemon-{os.getpid()}"
    ran = attack(victim, DAEMON % os.getpid(), head="PROCESSES = True")
    assert ran.code == 0, ran
    assert processes_with(mark) == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_a_daemon_ends_when_doit_is_killed(victim: Workspace, tmp_path: Path) -> None:
    mark = f"nes-tasks-orphan-{os.getpid()}"
    body = DAEMON.replace("nes-tasks-daemon-%d", mark) + (
        "Path(os.environ['TMPDIR'], 'ready').touch()\nsignal.pause()"
    )
    victim.migration("002-attack", script=script_of(body, "PROCESSES = True"))
    process = victim.start("migrate:2", TMPDIR=str(tmp_path))
    try:
        wait_until(lambda: [*tmp_path.glob("nes-tasks-*/ready")])
        assert processes_with(mark)
    finally:
        process.kill()
        process.communicate()
    wait_until(lambda: not processes_with(mark) and not [*tmp_path.glob("nes-tasks-*")])


def test_temporary_files_are_gone_however_many_and_deep(victim: Workspace, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    body = (
        "import tempfile\n"
        "folder = Path(tempfile.gettempdir())\n"
        "for n in range(10_000):\n"
        "    (folder / str(n)).write_text('x')\n"
        "os.chdir(folder)\n"
        "for n in range(2_000):\n"
        "    os.mkdir('d'); os.chdir('d')\n"
        "os.mkdir('closed', 0)\n"
    )
    ran = attack(victim, body, TMPDIR=str(tmp_path / "tmp"))
    assert ran.code == 0, ran
    assert list((tmp_path / "tmp").iterdir()) == []


# Limits


LIMITS = {
    "time": ("while True: pass", {"time_limit": 1}, "ran longer than 1 s (time_limit)"),
    "sleep": ("import time; time.sleep(60)", {"time_limit": 1}, "ran longer than 1 s (time_limit)"),
    "stopped": (
        "os.kill(os.getpid(), signal.SIGSTOP)",
        {"time_limit": 1},
        "ran longer than 1 s (time_limit)",
    ),
    "memory": (
        "kept = [b'x' * 10**6 for n in range(2_000)]\nimport time; time.sleep(5)",
        {"memory_limit": 512 * 1024**2},
        "needed more than 512 MiB of memory (memory_limit)",
    ),
    "output": (
        "while True: print('x' * 1000)",
        {"output_limit": 1024**2},
        "printed more than 1 MiB (output_limit)",
    ),
    "output that ends": (
        "os.write(1, b'x' * 3000)",
        {"output_limit": 1000},
        "printed more than 1,000 bytes (output_limit)",
    ),
    "temporary files": (
        "import tempfile, time\n"
        "with tempfile.TemporaryFile() as file:\n    file.write(b'x')\n"
        "Path(tempfile.gettempdir(), 'big').write_bytes(bytes(300_000_000))\ntime.sleep(20)",
        {"memory_limit": 256 * 1024**2},
        "(memory_limit)",
    ),
    "threads": (
        "import threading, time\n"
        "for n in range(3_000):\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "time.sleep(60)",
        {},
        "more than 1,024 processes and threads",
    ),
}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
@pytest.mark.parametrize(("body", "limits", "words"), LIMITS.values(), ids=LIMITS.keys())
def test_each_limit_is_a_clear_failure(
    victim: Workspace, body: str, limits: dict[str, int], words: str
) -> None:
    victim.settings(**limits)
    before = victim.state()
    ran = attack(victim, body)
    assert ran.code == 1, ran
    assert "error: 002-attack failed: it " in ran.err
    assert words in ran.err
    assert victim.state() == before
    logs = (victim.root / ".nes-tasks" / "logs").glob("*.log")
    assert sum(log.stat().st_size for log in logs) < 2 * 1024**2


STOPS = {
    "once": "os.kill(os.getppid(), signal.SIGSTOP)\nwhile True: pass",
    "for ever": "while True: os.kill(os.getppid(), signal.SIGSTOP)",
    "while it asks": "os.kill(os.getppid(), signal.SIGSTOP)\nwhile True: context.log('x')",
}


@pytest.mark.skipif(sys.platform != "linux", reason="a script ends with its worker on Linux only")
@pytest.mark.parametrize("body", STOPS.values(), ids=STOPS.keys())
def test_who_stops_the_worker_does_not_run_for_ever(
    victim: Workspace, tmp_path: Path, body: str
) -> None:
    victim.settings(sandbox="off", time_limit=1)
    before = victim.state()
    ran = attack(victim, f"mark = '{tmp_path}'\n{body}", TMPDIR=str(tmp_path))
    assert ran.code == 1, ran
    assert "error: 002-attack failed: it ran longer than 1 s (time_limit)" in ran.err
    assert victim.state() == before
    assert list(tmp_path.glob("nes-tasks-*")) == []


@needs_kernel
def test_a_fork_bomb_is_ended_with_all_that_it_started(victim: Workspace) -> None:
    before = victim.state()
    body = "for n in range(9): os.fork()\nos.setsid()\nsignal.pause()"
    victim.settings(time_limit=2)
    ran = attack(victim, body, head="PROCESSES = True")
    assert ran.code == 1, ran
    assert victim.state() == before


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
    """Run doit where there is no Landlock."""
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
@pytest.mark.parametrize("body", IMITATED.values(), ids=IMITATED.keys())
def test_python_refuses_alike_where_the_kernel_does_not(victim: Workspace, body: str) -> None:
    confined = attack(victim, body)
    without = unconfined(victim, "migrate:2")
    said = [
        next(line for line in ran.err.splitlines() if line.startswith("error: "))
        for ran in (confined, without)
    ]
    assert confined.code == without.code == 1
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
