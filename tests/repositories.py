"""Real repositories, made inline so that a test reads like a story."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from nes_tasks.database.repository import PRIVATE_REFS, Repository
from nes_tasks.database.transaction import Transaction
from nes_tasks.git.command import Git
from nes_tasks.git.commit import Signature
from nes_tasks.settings import Settings

WHEN = datetime(2026, 1, 31, 6, 15, 9, tzinfo=UTC)
DAY = datetime(2024, 1, 25, tzinfo=UTC)
REF = f"{PRIVATE_REFS}/run"
LOGS = "v2/migration-logs"

ASHA = "entity/person/asha-rai.json"
MINA = "entity/person/mina-thapa.json"
NEW = "entity/person/new.json"
FILES = {f"v2/{ASHA}": "asha", "README.md": "about"}
BASE = {**FILES, f"v2/{MINA}": "mina"}


class Place:
    """A folder to run git in, as a person would in a terminal."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def git(self, *args: str, check: bool = True, **env: str) -> str:
        """Run git and return what it printed; `check` makes failing an error."""
        done = subprocess.run(
            ["git", "-C", str(self.path), *args],
            env={**os.environ, **env},
            capture_output=True,
            check=False,
        )
        assert not check or not done.returncode, done.stderr.decode()
        return os.fsdecode(done.stdout).rstrip("\n")

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files of the working tree."""
        for path, content in files.items():
            (self.path / path).parent.mkdir(parents=True, exist_ok=True)
            data = content.encode() if isinstance(content, str) else content
            (self.path / path).write_bytes(data)

    def commit(self, files: Mapping[str, str | bytes] | None = None, message: str = "Data") -> str:
        """Commit everything in the working tree with `files` added; return the commit's id."""
        self.write(files or {})
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def files(self) -> list[str]:
        """Return the paths of all files in the working tree."""
        paths = (path.relative_to(self.path) for path in self.path.rglob("*") if _is_leaf(path))
        return sorted(str(path) for path in paths if path.parts[0] != ".git")

    def tracked(self, commit: str = "HEAD") -> list[str]:
        """Return the paths of all files of a commit."""
        rows = self.git("ls-tree", "-r", "-z", "--name-only", commit).split("\0")
        return sorted(filter(None, rows))

    def status(self) -> str:
        """Return what differs from HEAD, in the index or in the working tree."""
        return self.git("status", "--porcelain", "--untracked-files=all")

    def missing(self) -> int:
        """Return how many objects a partial clone has not fetched."""
        rows = self.git("rev-list", "--objects", "--all", "--missing=print").splitlines()
        return sum(row.startswith("?") for row in rows)

    def state(self) -> dict[str, object]:
        """Return what a failed act must leave as it was."""
        git_dir = Path(self.git("rev-parse", "--absolute-git-dir"))
        return {
            "refs": self.git("for-each-ref"),
            "head": (git_dir / "HEAD").read_text(),
            "index": self.git("ls-files", "--stage"),
            "status": self.git("status", "--porcelain", "--ignored"),
            "files": {path: (self.path / path).read_bytes() for path in self.files()},
            "objects": sorted(str(path) for path in (git_dir / "objects").rglob("*")),
        }


def _is_leaf(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def init(path: Path, *options: str) -> Place:
    """Make an empty repository with the branch main."""
    subprocess.run(["git", "init", "--quiet", "-b", "main", *options, str(path)], check=True)
    return Place(path)


def clone(source: Path, path: Path, *options: str) -> Place:
    """Clone over the file protocol, as over a network."""
    url = f"file://{source}"
    subprocess.run(["git", "clone", "--quiet", *options, url, str(path)], check=True)
    return Place(path)


def partial_clone(source: Place, path: Path) -> Place:
    """Clone as little as a contributor to a large database would."""
    source.git("config", "uploadpack.allowFilter", "true")
    there = clone(source.path, path, "--filter=blob:none", "--sparse", "--depth", "1")
    there.git("sparse-checkout", "set", LOGS)
    return there


def signing_key_of(place: Place, folder: Path) -> Path:
    """Make a key of ssh, let git in the repository sign with it, and return the private part."""
    folder.mkdir()
    key = folder / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "mina", "-f", str(key)], check=True
    )
    signers = folder / "signers"
    signers.write_text(f"* {key.with_suffix('.pub').read_text()}")
    place.git("config", "gpg.format", "ssh")
    place.git("config", "user.signingKey", str(key))
    place.git("config", "gpg.ssh.allowedSignersFile", str(signers))
    return key


def settings(root: Path, **values: object) -> Settings:
    """Return the settings of a project in `root` with the database in ``nes-db``."""
    paths = {"migrations": root / "migrations", "database": root / "nes-db"}
    return Settings(root=root, **{**paths, **values})  # type: ignore[arg-type]


def transaction(place: Place, base: str | None = "HEAD", ref: str = REF) -> Transaction:
    """Begin a transaction on a commit, None for the empty database."""
    commit = place.git("rev-parse", base) if base else None
    return Transaction(Git(place.path), base=commit, ref=ref, data_dir="v2")


def commit_all(
    writing: Transaction,
    *,
    batch_size: int = 1000,
    records: Iterable[tuple[str, bytes]] = ((f"{LOGS[3:]}/001-first/marker.toml", b"marker"),),
    author: tuple[str, str] = ("Asha Author", "asha@example.org"),
    author_date: datetime = DAY,
    committer: tuple[str, str] = ("Mina Maintainer", "mina@example.org"),
    linear: bool = False,
    sign: bool = False,
) -> list[str]:
    """Commit a transaction as the migration 001-first."""
    return list(
        writing.commit(
            records,
            message=lambda batch, batches: f"Batch {batch or 'all'} of {batches}\n",
            author=Signature(*author, author_date),
            committer=Signature(*committer, WHEN),
            batch_size=batch_size,
            linear=linear,
            sign=sign,
        )
    )


def prepare(
    repository: Repository,
    files: Mapping[str, bytes],
    *,
    deleted: Iterable[str] = (),
    name: str = "001-first",
) -> tuple[str | None, str]:
    """Write a migration's commit on the private ref; return the base and the commit."""
    base = repository.head()
    with Transaction(repository.git, base=base, ref=REF, data_dir="v2") as writing:
        for path, data in files.items():
            writing.write(path, data)
        for path in deleted:
            writing.delete(path)
        records = [(f"{LOGS[3:]}/{name}/marker.toml", name.encode())]
        commits = commit_all(writing, records=records)
    return base, commits[-1]


def publish(
    repository: Repository,
    files: Mapping[str, bytes],
    *,
    deleted: Iterable[str] = (),
    name: str = "001-first",
) -> str:
    """Apply a migration as the runner does; return its commit."""
    with repository.locked("doit run"):
        repository.check_ready()
        base, commit = prepare(repository, files, deleted=deleted, name=name)
        repository.publish(REF, base, commit)
    return commit


def killed_after_publishing(
    repository: Repository, files: Mapping[str, bytes], *, deleted: Iterable[str] = ()
) -> str:
    """Leave what a run leaves that was killed between the branch and the working tree.

    Returns the published commit.
    """
    checkout = repository.has_checkout
    with repository.locked("doit run"):
        base, commit = prepare(repository, files, deleted=deleted)
    branch = f"refs/heads/{repository.branch}"
    Place(repository.git.folder).git("update-ref", branch, commit)
    note = {"branch": branch, "old": base, "new": commit, "checkout": checkout}
    pending = repository.git_dir / "nes-tasks" / "publishing.json"
    pending.parent.mkdir(exist_ok=True)
    pending.write_text(json.dumps(note))
    return commit


def git_called(folder: Path, script: str) -> str:
    """Put an executable named git into `folder`; return a PATH on which it is found first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def opened(root: Path, **values: object) -> Repository:
    """Open the database of a project in `root`, or make it."""
    return Repository.open(settings(root, **values))
