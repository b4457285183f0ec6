"""Annotated tags: create them without moving existing ones, and read their messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .command import Git
from .commit import Signature, identity_variables, person_line, unsigned_error
from .log import from_unix
from .objects import ObjectReader
from .safety import Allow

TAGS = "refs/tags/"
# How the signature of a tag begins, by the format of its key.
SIGNATURE = re.compile(
    r"^-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SIGNED MESSAGE|SSH SIGNATURE)-----$", re.MULTILINE
)


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


def write_tag(
    git: Git, name: str, commit: str, message: str, who: Signature, *, sign: bool = False
) -> None:
    """Tag a commit; raises `GitError` when there is a tag of that name, which stays as it is.

    With `sign` git signs it as it signs commits; raises `UnavailableError`, and leaves no tag,
    when it cannot.
    """
    if sign:
        _write_signed(git, name, commit, message, who)
        return
    head = f"object {commit}\ntype commit\ntag {name}\ntagger {person_line(who)}\n\n"
    oid = git.text("mktag", stdin=f"{head}{message}".encode())
    git.run("update-ref", f"{TAGS}{name}", oid, "0" * len(oid))


def _write_signed(git: Git, name: str, commit: str, message: str, who: Signature) -> None:
    """Let git tag and sign in one step, since no plumbing signs a tag."""
    # "verbatim" leaves the message as it is. A tag that is there is not replaced.
    command = ("tag", "--sign", "--cleanup=verbatim", "--file=-", name, commit)
    done = git.allowing(Allow.SIGNING).run_unchecked(
        *command, stdin=message.encode(), env=identity_variables("COMMITTER", who)
    )
    said = done.stderr.decode(errors="replace")
    if done.returncode:
        raise unsigned_error("tag", said)
    oid = git.text("rev-parse", f"{TAGS}{name}")
    if not SIGNATURE.search(git.text("cat-file", "tag", oid)):
        # git 2.39 makes the tag nevertheless when ssh-keygen fails.
        git.run("update-ref", "-d", f"{TAGS}{name}", oid)
        raise unsigned_error("tag", said)


def read_tags(git: Git, reached_from: str) -> Iterator[Tag]:
    """Yield the annotated tags of the commit `reached_from` and of those before it."""
    shown = "--format=%(objectname) %(objecttype) %(refname)"
    rows = git.text("for-each-ref", f"--merged={reached_from}", shown, TAGS).splitlines()
    found = [row.split(" ", 2) for row in rows]
    annotated = [(oid, name.removeprefix(TAGS)) for oid, kind, name in found if kind == "tag"]
    with ObjectReader(git) as reader:
        objects = reader.get_many(oid for oid, _ in annotated)
        for (_, name), one in zip(annotated, objects, strict=True):
            head, _, message = (one.data if one else b"").decode(errors="replace").partition("\n\n")
            # git appends the signature (https://git-scm.com/docs/gitformat-signature).
            message = SIGNATURE.split(message)[0]
            fields = dict(line.partition(" ")[::2] for line in head.splitlines())
            if fields.get("type") == "commit":
                tagger, _, rest = fields.get("tagger", "").rpartition("> ")
                when = from_unix(rest.partition(" ")[0])
                person = tagger.partition("<")[0].strip()
                yield Tag(name, fields["object"], person, when, message)
