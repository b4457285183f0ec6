"""Disturb a command at one change of the file system, and look at what is left of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import seccomp
from workspace import EPOCH, Ran, Workspace

SUPERVISOR = Path(__file__).with_name("supervisor.py")
# Python's tempfile tries out the folder with such a file and removes it, if it can.
PROBE = re.compile(r"tmp/[a-z0-9_]{8}")
# As many seconds as no command of these small projects needs.
TIMEOUT = 120


@dataclass(frozen=True)
class Disturbed:
    """How a command ended, and the changes that it made or tried: (what, path) of each.

    `code` is None for one that was killed.
    """

    code: int | None
    out: str
    err: str
    changes: list[tuple[str, str]]


def temporary_folder(workspace: Workspace) -> str:
    """Return the folder for temporary files of a disturbed command and of the one after it."""
    folder = workspace.root.parent.resolve() / "tmp"
    folder.mkdir(exist_ok=True)
    return str(folder)


def disturbed(
    workspace: Workspace, args: Sequence[str], point: int = 0, action: str = "kill"
) -> Disturbed:
    """Run `doit` with `args` and let the change number `point` fail or be prevented by a kill.

    `action` is what `supervisor.py` takes. Only changes below the folder that holds the project
    are counted; its temporary files lie there, too. Where the kernel does not let us watch, a
    change is one start of git.
    """
    root = workspace.root.parent.resolve()
    environment = workspace.environment(
        TMPDIR=temporary_folder(workspace), PYTHONDONTWRITEBYTECODE="1", SOURCE_DATE_EPOCH=EPOCH
    )
    doit = [sys.executable, "-m", "doit", *args]
    if not seccomp.is_supported():
        return at_a_start_of_git(workspace, doit, environment, point, action)
    report = root.with_name(f"{root.name}-report.json")
    done = subprocess.run(
        [sys.executable, str(SUPERVISOR), str(report), str(root), str(point), action, *doit],
        cwd=workspace.root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert report.exists(), done.stderr
    found = json.loads(report.read_text())
    report.unlink()
    changes = [(kind, path) for kind, path in found["changes"]]
    return Disturbed(found["code"], done.stdout, done.stderr, changes)


WRAPPER = """\
#!/bin/sh
echo git >> '{started}'
if [ "$(wc -l < '{started}')" -eq {point} ]; then
    if [ {action} = kill ]; then kill -9 "$(cat '{pid}')"; kill -9 $PPID; fi
    echo 'fatal: write error: {action}' >&2
    exit 128
fi
exec '{git}' "$@"
"""


def at_a_start_of_git(
    workspace: Workspace, doit: list[str], environment: dict[str, str], point: int, action: str
) -> Disturbed:
    """Do the same anywhere, but only where a git is started: a program of that name stops it."""
    folder = workspace.root.parent.with_name(f"{workspace.root.parent.name}-bin")
    folder.mkdir()
    started, pid = folder / "started", folder / "pid"
    started.touch()
    git = shutil.which("git")
    (folder / "git").write_text(
        WRAPPER.format(started=started, point=point, action=action, pid=pid, git=git)
    )
    (folder / "git").chmod(0o755)
    command = ["sh", "-c", f"echo $$ > '{pid}'; exec \"$@\"", "sh", *doit]
    done = subprocess.run(
        command,
        cwd=workspace.root,
        env={**environment, "PATH": f"{folder}{os.pathsep}{environment['PATH']}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    changes = [("start", word) for word in started.read_text().split()]
    shutil.rmtree(folder)
    return Disturbed(
        done.returncode if done.returncode >= 0 else None, done.stdout, done.stderr, changes
    )


def leftovers(workspace: Workspace) -> list[str]:
    """Return locks and temporary files that are in the project or in its database."""
    found = []
    for folder, folders, files in os.walk(workspace.root.parent):
        for name in (*folders, *files):
            path = str((Path(folder) / name).relative_to(workspace.root.parent))
            if _is_temporary(name, path):
                found.append(path)
    return sorted(found)


def _is_temporary(name: str, path: str) -> bool:
    return (
        name.endswith((".lock", ".nes-tasks-tmp", ".new"))
        or name.startswith(("tmp_", ".tmp-", "incoming-"))
        or name in {"interrupted.json", "lock-holder.json", "publishing.json"}
        or (path.startswith("tmp/") and not PROBE.fullmatch(path))
        or "refs/nes-tasks/" in path
        or (".json." in name and name.rpartition(".")[2].isdigit())  # a cache, half written
    )


def damage(workspace: Workspace) -> str:
    """Return what `git fsck` finds wrong in the database; empty for nothing."""
    done = subprocess.run(
        ["git", "-C", str(workspace.db), "fsck", "--strict", "--no-dangling", "--no-progress"],
        env=workspace.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    notices = [line for line in (done.stdout + done.stderr).splitlines() if "notice:" not in line]
    return "\n".join(notices) or ("" if not done.returncode else f"exit {done.returncode}")


def succeeded(ran: Ran) -> Ran:
    """Check that a command ended well."""
    assert ran.code == 0, ran.err + ran.out
    return ran
