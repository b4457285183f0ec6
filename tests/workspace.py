"""A whole project in a temporary folder: migrations, settings, and a database repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DODO = '"""The migrations of this repository."""\nfrom nes_tasks.dodo import *\n'

SCRIPT = """\
AUTHOR = "Asha Example <asha@example.org>"
DATE = "2026-01-15"
DESCRIPTION = "{description}"


async def migrate(context):
{body}
"""

CREATE_PERSON = """\
await context.publication.create_entity(
    entity_type="person",
    entity_data={{
        "slug": "{slug}",
        "names": [{{"kind": "PRIMARY", "en": {{"full": "{name}"}}}}],
    }},
)
"""

# A clock for runs that are compared with each other: 2026-02-03T04:05:06Z.
EPOCH = "1770091506"


def create_person(slug: str) -> str:
    """Return the lines of a script that create one person."""
    return CREATE_PERSON.format(slug=slug, name=slug.replace("-", " ").title())


def environment(**extra: str) -> dict[str, str]:
    """Return an environment without the tester's own git configuration and settings."""
    others = ("GIT_", "NES_TASKS_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(others) and k != "CI"}
    identity = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_COMMITTER_NAME": "Mina Maintainer",
        "GIT_COMMITTER_EMAIL": "mina@example.org",
        "GIT_AUTHOR_NAME": "Mina Maintainer",
        "GIT_AUTHOR_EMAIL": "mina@example.org",
    }
    return {**kept, **identity, **extra}


@dataclass
class Ran:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


class Workspace:
    """A project to run `doit` in; its methods change files and look at results."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.db = root / "nes-db"
        self.migrations = root / "migrations"
        self.migrations.mkdir(parents=True)
        (root / "dodo.py").write_text(DODO)
        self.settings()

    @classmethod
    def there(cls, root: Path) -> Workspace:
        """Return the project that is in a folder already."""
        found = object.__new__(cls)
        found.root, found.db, found.migrations = root, root / "nes-db", root / "migrations"
        return found

    def copy_to(self, root: Path) -> Workspace:
        """Return a copy of the project in another folder: quicker than to run it anew."""
        shutil.copytree(self.root, root, symlinks=True)
        return self.there(root)

    def settings(self, **values: object) -> None:
        """Write the settings of the project."""
        rows = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
        (self.root / "pyproject.toml").write_text(f"[tool.nes_tasks]\n{rows}")

    def migration(
        self,
        name: str,
        body: str = "pass",
        *,
        files: Mapping[str, str | bytes] | None = None,
        script: str | None = None,
        head: str = "",
    ) -> Path:
        """Write a migration whose `migrate` has the lines of `body`; return its folder.

        `head` has lines before the others, such as PROCESSES = True.
        """
        folder = self.migrations / name
        folder.mkdir()
        lines = "\n".join(f"    {line}" if line else "" for line in body.rstrip().splitlines())
        text = script or SCRIPT.format(description=f"Do {name}", body=lines)
        (folder / "migrate.py").write_text(f"{head}\n{text}" if head else text)
        (folder / "README.md").write_text(f"# {name}\n")
        for path, content in (files or {}).items():
            data = content.encode() if isinstance(content, str) else content
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        return folder

    def edit(self, name: str) -> None:
        """Change the script of a migration without changing what it does: that is a drift."""
        script = self.migrations / name / "migrate.py"
        script.write_text(f"{script.read_text()}# edited\n")

    def environment(self, **extra: str) -> dict[str, str]:
        """Return the environment that its commands run in."""
        return environment(**extra)

    def shell_environment(self) -> dict[str, str]:
        """Return an environment for a shell, in which `doit` is on PATH."""
        doit = self.root.parent / "bin" / "doit"
        doit.parent.mkdir(exist_ok=True)
        doit.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m doit "$@"\n')
        doit.chmod(0o755)
        environment = self.environment()
        return {**environment, "PATH": f"{doit.parent}:{environment['PATH']}"}

    def start(self, *args: str, cwd: Path | None = None, **env: str) -> subprocess.Popen[str]:
        """Start `doit` and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-m", "doit", *args],
            cwd=cwd or self.root,
            env=self.environment(**env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def doit(self, *args: str, cwd: Path | None = None, **env: str) -> Ran:
        """Run `doit` to its end."""
        process = self.start(*args, cwd=cwd, **env)
        out, err = process.communicate(timeout=120)
        return Ran(process.returncode, out, err)

    def git(self, *args: str, stdin: str | None = None) -> str:
        """Run git in the database repository and return its output."""
        return self.git_in(self.db, *args, stdin=stdin)

    def commit_by_hand(self, subject: str = "Add notes") -> str:
        """Change a file of the database in a commit of its own; return the short id."""
        (self.db / "notes.txt").write_text(subject)
        self.git("add", ".")
        self.git("commit", "-q", "-m", subject)
        return self.git("rev-parse", "--short=12", "HEAD")

    def git_in(self, folder: Path, *args: str, stdin: str | None = None) -> str:
        """Run git in any folder and return its output."""
        done = subprocess.run(
            ["git", "-C", str(folder), *args],
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    @property
    def tree(self) -> str:
        """The tree hash at the tip of the database's branch."""
        return self.git("rev-parse", "HEAD^{tree}")

    def state(self) -> dict[str, str]:
        """Return all that a failed run must not change: refs, index, status, and files."""
        files = {
            str(path.relative_to(self.db)): path.read_bytes().hex()
            for path in sorted(self.db.rglob("*"))
            if path.is_file() and ".git" not in path.parts
        }
        return {
            "refs": self.git("for-each-ref"),
            "head": self.git("symbolic-ref", "HEAD"),
            "index": self.git("ls-files", "--stage"),
            "status": self.git("status", "--porcelain", "--ignored"),
            "files": json.dumps(files),
        }

    def applied(self) -> list[str]:
        """Return the names of the migrations that have a marker in the branch."""
        paths = self.git("ls-tree", "-r", "--name-only", "HEAD", "v2/migration-logs/").split()
        return [path.split("/")[2] for path in paths if path.endswith("/marker.toml")]
