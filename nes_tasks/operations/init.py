"""Create a service repository from the templates of this package."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnavailableError, UsageError
from ..git.command import Git
from ..migrations.scaffold import PACKAGE
from ..version import __version__

TEMPLATE = Path("templates", "service")
# Files with special names, which git or tools would act on in the template folder.
HIDDEN = {"gitattributes": ".gitattributes", "gitignore": ".gitignore", "github": ".github"}
EXAMPLE = "migrations"
# Owner, repository and commit of the called workflows: a tag could be moved.
WORKFLOWS = re.compile(r"([\w.-]+/[\w.-]+)@([0-9a-f]{40})")


@dataclass(frozen=True, slots=True)
class NewRepository:
    """The values of a new service repository.

    `author` is that of the first migration. `remote_url` is the address of the database, None
    for one that begins empty; `workflows` is ``OWNER/REPOSITORY@COMMIT`` of nes-tasks at GitHub,
    None for no workflows.
    """

    author: str
    date: dt.date
    remote_url: str | None = None
    workflows: str | None = None


@dataclass(frozen=True, slots=True)
class Initialized:
    """The paths that were written, and existing ones that were kept."""

    created: tuple[str, ...]
    kept: tuple[str, ...]


def init(folder: Path, new: NewRepository) -> Initialized:
    """Write the missing files into `folder`, and make it a git repository.

    The first migration is left out if there are migrations already. Raises `UsageError` for
    workflows that are not named with their commit, and `UnavailableError` when something cannot
    be written.
    """
    if new.workflows is not None and not WORKFLOWS.fullmatch(new.workflows):
        raise UsageError(
            f"{new.workflows!r} does not name workflows by their commit",
            hint="give OWNER/nes-tasks@COMMIT, with all 40 digits of the commit",
        )
    created, kept = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # An enclosing repository counts, too.
        if Git(folder, around=True).run_unchecked("rev-parse", "--git-dir").returncode:
            Git(folder).run("init", "--quiet", "--initial-branch=main")
        has_migrations = any((folder / EXAMPLE).glob("*/"))
        for path, source in _files():
            is_github = path.startswith(".github/")
            if (is_github and new.workflows is None) or (
                path.startswith(f"{EXAMPLE}/") and has_migrations
            ):
                continue
            target = folder / path
            if target.exists():
                kept.append(path)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_filled_in(source.read_text("utf-8"), new), "utf-8")
            created.append(path)
    except OSError as error:
        raise UnavailableError(f"{error.filename} cannot be written: {error.strerror}") from error
    return Initialized(tuple(created), tuple(kept))


def _files() -> Iterator[tuple[str, Path]]:
    """Yield the path of each file in a new repository, and the template that it is made from."""
    installed = PACKAGE / TEMPLATE
    root = installed if installed.is_dir() else PACKAGE.parent / TEMPLATE
    for source in sorted(root.rglob("*")):
        parts = source.relative_to(root).parts
        if source.is_file() and "__pycache__" not in parts:
            yield "/".join((HIDDEN.get(parts[0], parts[0]), *parts[1:])), source


def _filled_in(text: str, new: NewRepository) -> str:
    repository, _, commit = (new.workflows or "").partition("@")
    address = json.dumps(new.remote_url, ensure_ascii=False)
    remote = f"remote_url = {address}\n" if new.remote_url else ""
    placeholders = {
        '"[AUTHOR]"': json.dumps(new.author, ensure_ascii=False),
        "[DATE]": new.date.isoformat(),
        "[REMOTE]\n": remote,
        "[VERSION]": __version__,
        "[WORKFLOWS]": repository,
        "[COMMIT]": commit,
    }
    for placeholder, value in placeholders.items():
        text = text.replace(placeholder, value)
    return text
