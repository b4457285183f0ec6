"""Who git takes the user for."""

from __future__ import annotations

from pathlib import Path

from .command import Git


def configured_author(folder: Path) -> str | None:
    """Return ``Name <email>`` as git is configured for work in `folder`, None when it is not.

    Configuration files and the GIT_AUTHOR_* variables count; what git makes up from the login
    and the name of the machine does not.
    """
    # The folder may be a part of a repository, whose configuration then counts.
    done = Git(folder, around=True).attempt(
        "-c",
        "user.useConfigOnly=true",
        "var",
        "GIT_AUTHOR_IDENT",
    )
    if done.returncode:
        return None
    identity, address, _ = done.stdout.decode(errors="replace").partition(">")
    return f"{identity}{address}" if address else None
