"""Migrations that attack: each is a stranger's program, run through doit as any other.

What is attacked, and what comes of it without the sandbox, is the table of docs/security.md. In
every case the database is unchanged, and the user sees one line.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from attacks import (
    CHANGES,
    FILES,
    PROCESSES,
    SECRET,
    SOCKETS,
    attack,
    ends,
    home_of,
    needs_kernel,
    one_after_the_other,
    script_of,
)
from workspace import Ran, Workspace


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


def assert_each_refused(
    workspace: Workspace, attacks: Mapping[str, str], end: str, *words: str
) -> None:
    """Check that each of `attacks` ends as the pattern `end` says, in one migration."""
    ran = assert_refused(workspace, one_after_the_other(attacks), *words)
    found = {name: how for name, how in ends(ran).items() if name in attacks}
    assert found.keys() == attacks.keys()
    assert not {name: how for name, how in found.items() if not re.fullmatch(end, how)}


@needs_kernel
def test_nothing_outside_is_read(victim: Workspace) -> None:
    denied = r"PermissionError: \[Errno 13\] Permission denied: '.+'"
    assert_each_refused(victim, FILES, denied, "reads its own")


@needs_kernel
def test_nothing_outside_is_changed(victim: Workspace) -> None:
    # A hard link cannot leave the file system of temporary files.
    denied = r"PermissionError: \[Errno 1(3?)\] .*|OSError: \[Errno 18\] .*"
    assert_each_refused(victim, CHANGES, denied, "writes temporary files, and nothing else")


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
def test_no_socket_is_opened(victim: Workspace) -> None:
    denied = r"\w+: .*\[Errno 13\] Permission denied>?|gaierror: .*"
    assert_each_refused(victim, SOCKETS, denied, "--allow-network")


@needs_kernel
@pytest.mark.parametrize("name", ["tcp", "dns", "urllib", "httpx"])
def test_whatever_a_library_makes_of_it_the_way_to_the_network_is_named(
    victim: Workspace, name: str
) -> None:
    assert_refused(victim, SOCKETS[name], "--allow-network 002-attack")


@needs_kernel
def test_no_process_is_started_or_reached(victim: Workspace) -> None:
    # A shell that does not start is a number that os.system returns.
    denied = r"PermissionError: \[Errno 1\] Operation not permitted|SystemExit: [1-9]\d*"
    assert_each_refused(victim, PROCESSES, denied, "starts no processes unless")


@needs_kernel
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
def test_no_such_system_call_is_made(victim: Workspace) -> None:
    bodies = {
        name: "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"result = libc.syscall({call})\n"
        "assert result == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS), result\n"
        "raise OSError(ctypes.get_errno(), 'refused as it should be')"
        for name, call in CALLS.items()
    }
    assert_each_refused(victim, bodies, r"\w+: \[Errno \d+\] refused as it should be")


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
