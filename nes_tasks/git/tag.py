"""Annotated tags: create them without moving existing ones, and read their messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .command import Git
from .commit import Signature, person_line
from .log import from_unix
from .objects import ObjectReader

TAGS = "refs/tags/"


@dataclass(frozen=True, slots=True)
class Tag:
    """An annotated tag: the commit that it names, who made it and when, and its message."""

    name: str
    commit: str
    tagger: str
    tagged_at: datetime
    message: str


def is_tag_name(git: Git, name: str) -> bool:
    """Return whether a tag can have that name (https://git-scm.com/docs/git-check-ref-format)."""
    if name.startswith("-") or not name.isprintable():
        return False
    return git.run_unchecked("check-ref-format", f"{TAGS}{name}").returncode == 0


def write_tag(git: Git, name: str, commit: str, message: str, who: Signature) -> None:
    """Tag a commit; raises `GitError` when the tag exists, which stays unchanged."""
    head = f"object {commit}\ntype commit\ntag {name}\ntagger {person_line(who)}\n\n"
    oid = git.text("mktag", stdin=f"{head}{message}".encode())
    git.run("update-ref", f"{TAGS}{name}", oid, "0" * len(oid))


def read_tags(git: Git, reached_from: str) -> Iterator[Tag]:
    """Yield the annotated tags of the commit `reached_from` and of those before it."""
    shown = "--format=%(objectname) %(objecttype) %(refname)"
    rows = git.text("for-each-ref", f"--merged={reached_from}", shown, TAGS).splitlines()
    found = [row.split(" ", 2) for row in rows]
    annotated = [(oid, name.removeprefix(TAGS)) for oid, kind, name in found if kind == "tag"]
    with ObjectReader(git) as reader:
        objects = reader.get_many(oid for oid, _ in annotated)
        for (_, name), tag_object in zip(annotated, objects, strict=True):
            head, _, message = (
                (tag_object.data if tag_object else b"").decode(errors="replace").partition("\n\n")
            )
            fields = dict(line.partition(" ")[::2] for line in head.splitlines())
            if fields.get("type") == "commit":
                tagger, _, rest = fields.get("tagger", "").rpartition("> ")
                when = from_unix(rest.partition(" ")[0])
                person = tagger.partition("<")[0].strip()
                yield Tag(name, fields["object"], person, when, message)
