"""Migrations that attack: each is a stranger's program, run through doit as any other.

What is attacked, and what comes of it without the sandbox, is the table of docs/security.md. In
every case the database is as it was, and the user sees one line.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from workspace import Ran, Workspace, create_person

from nes_tasks.running import sandbox

needs_kernel = pytest.mark.skipif(
    sandbox.unavailable() is not None,
    reason=f"the sandbox is not available: {sandbox.unavailable()}",
)
SECRET = "s3cr3t-of-the-maintainer"
SWITCHES = 'DESCRIPTION = "Attack"\n'


@pytest.fixture
def victim(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A project with an applied and a pending migration, and a home with secrets."""
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit(HOME=str(tmp_path / "home")).code == 0
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, exist_ok=True)
    (home / ".netrc").write_text(f"machine github.com password {SECRET}\n")
    (home / ".ssh" / "id_ed25519").write_text(SECRET)
    (workspace.root / "helper.txt").write_text(SECRET)
    workspace.migration("003-next", "pass", files={"data.txt": SECRET})
    return workspace


def attack(workspace: Workspace, body: str, *, head: str = "", **env: str) -> Ran:
    """Run `body` as the script of a migration; `head` has lines at the top of it."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    workspace.migration(
        "002-attack",
        script='AUTHOR = "Asha Example"\nDATE = "2026-01-15"\nDESCRIPTION = "Attack"\n'
        f"{head}\nimport ctypes, errno, os, signal, socket, subprocess, sys\n"
        "from pathlib import Path\n"
        f"async def migrate(context):\n{lines}",
    )
    home = workspace.root.parent / "home"
    return workspace.doit("migrate:2", HOME=str(home), NES_TOKEN=SECRET, **env)


def everything(workspace: Workspace) -> dict[str, tuple[int, bytes]]:
    """Return mode and content of all that a script could want to change, but for our own logs."""
    roots = [workspace.root, workspace.root.parent / "home"]
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
    "environment of the worker": "Path(f'/proc/{{os.getppid()}}/environ').read_bytes()",
    "environment of all": "[p.read_bytes() for p in Path('/proc').glob('[0-9]*/environ')]",
    "own root": "context.log(Path('/proc/self/root{root}/helper.txt').read_text())",
    "own folder": "context.log(Path('/proc/self/cwd/helper.txt').read_text())",
    "link out": "context.log((context.migration_dir / 'link').read_text())",
    "memory of the worker": "open(f'/proc/{{os.getppid()}}/mem', 'rb')",
    "descriptors of the worker": "os.listdir(f'/proc/{{os.getppid()}}/fd')",
}
CHANGES = {
    "hook": "Path('{root}/nes-db/.git/hooks/post-commit').write_text('#!/bin/sh')",
    "git configuration": "open('{root}/nes-db/.git/config', 'a').write('[core]')",
    "working tree": "Path('{root}/nes-db/evil.json').write_text('{{}}')",
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


def filled(workspace: Workspace, body: str) -> str:
    return body.format(root=workspace.root, home=workspace.root.parent / "home")


@needs_kernel
@pytest.mark.parametrize("body", FILES.values(), ids=FILES.keys())
def test_nothing_outside_is_read(victim: Workspace, body: str) -> None:
    body = f"os.symlink if False else None\n{filled(victim, body)}"
    if "link" in body and "'link'" in body:
        body = (
            f"os.symlink('{victim.root}/helper.txt', os.environ['TMPDIR'] + '/link')\n"
            "context.log(Path(os.environ['TMPDIR'], 'link').read_text())"
        )
    assert_refused(victim, body, "PermissionError: [Errno 13] Permission denied", "reads its own")


@needs_kernel
@pytest.mark.parametrize("body", CHANGES.values(), ids=CHANGES.keys())
def test_nothing_outside_is_changed(victim: Workspace, body: str) -> None:
    assert_refused(victim, filled(victim, body), "Error: [Errno")


@needs_kernel
def test_modes_and_times_stay_and_nothing_is_said(victim: Workspace) -> None:
    before = everything(victim)
    ran = attack(victim, filled(victim, "os.chmod('{root}/helper.txt', 0)\nos.utime('{root}')"))
    assert ran.code == 0, ran
    after = everything(victim)
    helper = str(victim.root / "helper.txt")
    assert after[helper] == before[helper]


@needs_kernel
@pytest.mark.parametrize("body", SOCKETS.values(), ids=SOCKETS.keys())
def test_no_socket_is_opened(victim: Workspace, body: str) -> None:
    assert_refused(victim, filled(victim, body), "--allow-network")


@needs_kernel
@pytest.mark.parametrize("body", PROCESSES.values(), ids=PROCESSES.keys())
def test_no_process_is_started_or_reached(victim: Workspace, body: str) -> None:
    if "os.system" in body:  # which says it by its result
        body = body.replace("sys.exit(", "assert 0 == (")
    words = () if "assert" in body or "prlimit" in body else ("Errno 1] Operation not permitted",)
    assert_refused(victim, filled(victim, body), *words)


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
    body = (
        "found = {os.readlink(f'/proc/self/fd/{n}').split(':')[0]\n"
        "         for n in range(256) if os.path.lexists(f'/proc/self/fd/{n}')}\n"
        "import stat\n"
        "sockets = [n for n in range(256) if os.path.lexists(f'/proc/self/fd/{n}')\n"
        "           and stat.S_ISSOCK(os.fstat(n).st_mode)]\n"
        "context.log(f'{sorted(found)}')\n"
    )
    # asyncio has a pair of sockets and an epoll instance of its own.
    ran = attack(victim, body)
    assert ran.code == 0, ran
    assert "['/dev/null', 'anon_inode', 'pipe', 'socket']" in ran.err


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
        filled(
            victim,
            "env = {{**os.environ, 'LD_PRELOAD': str(context.migration_dir / 'evil.so')}}\n"
            "for command in ('cat {root}/helper.txt', 'touch {root}/new', 'cat {home}/.netrc',\n"
            "                'git -c core.fsmonitor=touch -C {root}/nes-db status',\n"
            "                'kill -9 {pid}', 'cat /proc/{pid}/environ'):\n"
            "    ran = subprocess.run(command.replace('PID', str(os.getppid())), shell=True, env=env,\n"
            "                         capture_output=True, text=True)\n"
            "    assert ran.returncode != 0, command\n"
            "    assert not ran.stdout, ran.stdout\n"
            "raise ValueError('all refused')",
        )
        if False
        else _children(victim)
    )
    assert_refused(victim, body, "all refused", head="PROCESSES = True")


def _children(workspace: Workspace) -> str:
    root, home = workspace.root, workspace.root.parent / "home"
    return (
        "env = {**os.environ, 'LD_PRELOAD': str(context.migration_dir / 'evil.so')}\n"
        f"for command in ('cat {root}/helper.txt', 'touch {root}/new', 'cat {home}/.netrc',\n"
        f"                'git -c core.fsmonitor=touch -C {root}/nes-db status',\n"
        "                'kill -9 PID', 'cat /proc/PID/environ'):\n"
        "    ran = subprocess.run(command.replace('PID', str(os.getppid())), shell=True, env=env,\n"
        "                         capture_output=True, text=True)\n"
        "    assert ran.returncode != 0, command\n"
        "    assert not ran.stdout, ran.stdout\n"
        "raise ValueError('all refused')"
    )


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
def test_a_daemon_ends_when_doit_is_killed(victim: Workspace) -> None:
    mark = f"nes-tasks-orphan-{os.getpid()}"
    body = DAEMON.replace("nes-tasks-daemon-%d", mark) + "context.log('ready')\nsignal.pause()"
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    victim.migration(
        "002-attack",
        script='AUTHOR = "A"\nDATE = "2026-01-15"\nDESCRIPTION = "D"\nPROCESSES = True\n'
        f"import os, signal, subprocess, sys\nasync def migrate(context):\n{lines}",
    )
    process = victim.start("migrate:2")
    assert process.stderr is not None
    while "ready" not in (line := process.stderr.readline()):
        assert line, "it ended early"
    assert processes_with(mark)
    temporary = os.environ.get("TMPDIR", "/tmp")
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 20
    while processes_with(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_with(mark) == []
    process.communicate()
    assert temporary


def leftovers() -> Iterator[Path]:
    """Yield folders of scripts that were not removed."""
    import tempfile

    yield from Path(tempfile.gettempdir()).glob("nes-tasks-*")


def test_temporary_files_are_gone_however_many_and_deep(
    victim: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        "for n in range(3_000): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
        "\ntime.sleep(60)",
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
    lines = (
        'AUTHOR = "A"\nDATE = "2026-01-15"\nDESCRIPTION = "D"\nNETWORK = True\nimport socket\n'
        f"async def migrate(context):\n    {body}\n"
    )
    victim.migration("002-attack", script=lines)
    if how == "setting":
        victim.settings(network=["002-attack"])
    arguments = ["--allow-network", "2"] if how == "option" else []
    env = {"NES_TASKS_NETWORK": "002-attack"} if how == "variable" else {}
    ran = victim.doit("run", *arguments, "migrate:2", **env)
    assert ran.code == 0, ran
    assert "Network: allowed" in victim.git("log", "-1", "--format=%(trailers)")


# Where the kernel does not confine


def test_require_refuses_where_nothing_confines(victim: Workspace) -> None:
    victim.settings(sandbox="require")
    ran = attack(victim, "pass", NES_TASKS_SANDBOX="require")
    assert ran.code == (0 if sandbox.unavailable() is None else 3)


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
