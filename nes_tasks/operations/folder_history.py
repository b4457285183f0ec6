"""The history of one folder in any repository: the files that it held, commit by commit."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors import GitError
from ..git.command import Git
from ..git.listing import list_files
from ..git.objects import ObjectReader
from ..settings import Settings

# Maximum number of commits to search; folders of migrations are rarely edited more often.
MAX_COMMITS = 200


class _Version(NamedTuple):
    """The folder in one commit: the blobs of its files by their path relative to it."""

    git: Git
    commit: str
    files: Mapping[str, str]


def commit_with(
    folder: Path, inputs: Mapping[str, str], is_input: Callable[[str], bool]
) -> str | None:
    """Return the newest commit in which `folder` held exactly the files `inputs`.

    They are given as SHA-256 by path relative to the folder; a path that `is_input` denies does
    not count. The folder itself need not exist any more, but the one around it. None when no
    commit of its repository's branch holds them, or there is no repository.
    """
    found = _find(folder, inputs, is_input)
    return found.commit if found else None


def write_version(
    target: Path, folder: Path, inputs: Mapping[str, str], is_input: Callable[[str], bool]
) -> bool:
    """Write the files that `folder` held when they were the `inputs` to the new folder `target`.

    Parameters are those of `commit_with`. Returns whether a commit holds them; otherwise nothing
    is written. Raises `OSError`.
    """
    found = _find(folder, inputs, is_input)
    if found is None:
        return False
    paths = [path for path in found.files if is_input(path)]
    with ObjectReader(found.git) as reader:
        blobs = reader.get_many([found.files[path] for path in paths])
        for path, blob in zip(paths, blobs, strict=True):
            assert blob is not None, "it was read a moment ago"
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(blob.data)
    return True


def _find(
    folder: Path, inputs: Mapping[str, str], is_input: Callable[[str], bool]
) -> _Version | None:
    around = Git(folder.parent, around=True)
    asked = around.run_unchecked("rev-parse", "--show-toplevel", "--show-prefix")
    rows = os.fsdecode(asked.stdout).split("\n")
    if asked.returncode or len(rows) < 2:
        return None
    git, path = Git(Path(rows[0])), f"{rows[1]}{folder.name}"
    digests: dict[str, str] = {}
    wanted = {name: digest for name, digest in inputs.items() if is_input(name)}
    try:
        asked_for = ("rev-list", f"--max-count={MAX_COMMITS}", "HEAD", "--", path)
        commits = git.run(*asked_for, env={"GIT_LITERAL_PATHSPECS": "1"}).decode().split()
        with ObjectReader(git) as reader:
            for commit in commits:
                found = list_files(git, commit, path)
                files = {file.path.removeprefix(f"{path}/"): file.oid for file in found}
                if {name for name in files if is_input(name)} != wanted.keys():
                    continue
                if all(_digest(reader, files[name], digests) == wanted[name] for name in wanted):
                    return _Version(git, commit, files)
    except GitError:  # no commit yet, or damaged: the search is best effort
        return None
    return None


def completing_command(settings: Settings) -> str | None:
    """Return the command that gets the rest of the migrations' history, None if all is here."""
    done = Git(settings.migrations, around=True).run_unchecked(
        "rev-parse", "--is-shallow-repository"
    )
    if done.stdout.strip() != b"true":
        return None
    return f"git -C {shlex.quote(settings.migrations_label)} fetch --unshallow"


def _digest(reader: ObjectReader, blob: str, known: dict[str, str]) -> str:
    if blob not in known:
        found = reader.get(blob)
        known[blob] = hashlib.sha256(found.data).hexdigest() if found else ""
    return known[blob]
