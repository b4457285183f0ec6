"""Commit objects: author, committer, parents, and git's signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..errors import GitError, UnavailableError
from .command import Git, reason
from .safety import Allow

# Characters that would end a name or an address in a commit header; git drops them as well.
NOT_IN_PERSON = str.maketrans("", "", "<>\n\r\0")


@dataclass(frozen=True, slots=True)
class Signature:
    """The author or committer of a commit: name and e-mail as git writes them, and the time."""

    name: str
    email: str
    date: datetime


def person_line(who: Signature) -> str:
    """Return the end of an author or committer line; git knows no time before 1970."""
    name, email = (part.translate(NOT_IN_PERSON).strip() for part in (who.name, who.email))
    # The blank is required without a name as well, or git fsck complains.
    return f"{name} <{email}> {_seconds(who)} +0000"


def _seconds(who: Signature) -> int:
    return max(0, int(who.date.timestamp()))


def commit_bytes(
    *, tree: str, parents: Sequence[str], message: str, author: Signature, committer: Signature
) -> bytes:
    """Return a commit as git stores it, without a signature."""
    head = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    head += [f"author {person_line(author)}", f"committer {person_line(committer)}"]
    return ("".join(f"{line}\n" for line in head) + f"\n{message}").encode()


def write_signed_commit(
    git: Git,
    *,
    tree: str,
    parents: Sequence[str],
    message: str,
    author: Signature,
    committer: Signature,
    env: Mapping[str, str],
) -> str:
    """Let git write and sign one commit of a stored tree; return its id. No ref changes.

    git signs it with the key, format and program that it is configured for
    (https://git-scm.com/docs/git-config#Documentation/git-config.txt-gpgformat). `env` says
    where the objects are. Raises `UnavailableError` when git cannot sign.
    """
    people = {**identity_variables("AUTHOR", author), **identity_variables("COMMITTER", committer)}
    above = [word for parent in parents for word in ("-p", parent)]
    command = ("commit-tree", "-S", *above, tree)
    try:
        made = git.allowing(Allow.SIGNING).run(
            *command, stdin=message.encode(), env={**env, **people}
        )
    except GitError as error:
        raise unsigned_error("commit", error.stderr) from error
    return made.decode().strip()


def unsigned_error(what: str, said: str) -> UnavailableError:
    """Return the error that git could not sign `what` it was to make; `said` is its stderr."""
    return UnavailableError(
        f"git cannot sign the {what}: {reason(said)}",
        hint="check git's user.signingKey and gpg.format, or set sign = false",
    )


def identity_variables(role: str, who: Signature) -> dict[str, str]:
    """Return the variables by which git knows the author or the committer."""
    return {
        f"GIT_{role}_NAME": who.name,
        f"GIT_{role}_EMAIL": who.email,
        f"GIT_{role}_DATE": f"@{_seconds(who)} +0000",
    }
