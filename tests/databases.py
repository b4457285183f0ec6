"""Databases with a history, each made by one git process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from nes_tasks.database.marker import Marker, Metadata, Statistics, marker_path


@dataclass
class Commit:
    """A commit to make: None for the content of a file deletes it."""

    subject: str
    day: str
    files: Mapping[str, Any] = field(default_factory=dict)
    author: str = "Asha Example <asha@example.org>"


def fill(database: Path, commits: Iterable[Commit]) -> Path:
    """Make a bare repository with these commits on main; return its path."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(database)], check=True)
    subprocess.run(
        ["git", "-C", str(database), "fast-import", "--quiet"],
        input=b"".join(map(_stream, commits)),
        check=True,
    )
    return database


def _stream(commit: Commit) -> bytes:
    seconds = int(datetime.fromisoformat(commit.day).replace(tzinfo=UTC).timestamp())
    message = commit.subject.encode()
    parts = [
        b"commit refs/heads/main\n",
        f"author {commit.author} {seconds} +0000\n".encode(),
        f"committer Mina Maintainer <mina@example.org> {seconds} +0000\n".encode(),
        b"data %d\n%b\n" % (len(message), message),
    ]
    for path, content in commit.files.items():
        quoted = json.dumps(os.fspath(path), ensure_ascii=False).encode()
        if content is None:
            parts.append(b"D %b\n" % quoted)
            continue
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        parts.append(b"M 100644 inline %b\ndata %d\n%b\n" % (quoted, len(data), data))
    return b"".join(parts)


def migration(
    name: str,
    day: str,
    files: Mapping[str, Any],
    *,
    author: str = "Asha Example <asha@example.org>",
    description: str = "Add people",
    **statistics: int,
) -> Commit:
    """Return the commit of an applied migration, with its marker."""
    marker = Marker(
        migration=name,
        metadata=Metadata(author, date.fromisoformat(day), description),
        applied_at=datetime.fromisoformat(day).replace(tzinfo=UTC),
        base_tree="0" * 40,
        statistics=Statistics(**statistics),
    )
    record = {marker_path("v2", name): marker.to_bytes()}
    return Commit(f"Migration: {name}", day, {**files, **record}, author)


def entity(slug: str, **fields: Any) -> dict[str, Any]:
    """Return the content of an entity file, with a name in English."""
    names = [{"kind": "PRIMARY", "en": {"full": slug.title()}, "ne": None}]
    empty = {"tags": None, "description": None, "attributions": None, "attributes": {}}
    return {"slug": slug, "names": names, "version_summary": {}, **empty, **fields}
