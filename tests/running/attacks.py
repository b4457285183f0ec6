"""Attacks: migration scripts that access what the sandbox forbids."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import indent

import pytest
from workspace import Ran, Workspace

from nes_tasks.running import sandbox

needs_kernel = pytest.mark.skipif(
    sandbox.unavailable() is not None,
    reason=f"the sandbox is not available: {sandbox.unavailable()}",
)
SECRET = "s3cr3t-of-the-maintainer"


def home_of(workspace: Workspace) -> Path:
    """Return the home folder of the person who runs the migrations."""
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


def one_after_the_other(bodies: Mapping[str, str]) -> str:
    """Return lines that try each of `bodies`, log how it ended, and end as the last one did.

    Most of what an attack costs is the command around it. A process that could do one of these
    things would not come to the end, or would log that the thing was done.
    """
    lines = ["refused = None"]
    for name, body in bodies.items():
        lines += [
            "try:",
            indent(body.strip(), "    "),
            f"    context.log({name + ': done'!r})",
            "except BaseException as error:",
            "    refused = error",
            f"    context.log(f'{name}: {{type(error).__name__}}: {{error}}')",
        ]
    return "\n".join([*lines, "raise refused"])


def ends(ran: Ran) -> dict[str, str]:
    """Return how each attack of `one_after_the_other` ended, by its name."""
    rows = (line[2:].partition(": ") for line in ran.err.splitlines() if line.startswith("  "))
    return {name: end for name, _, end in rows if end}


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
