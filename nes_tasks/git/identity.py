"""git's configured identity of the user."""

from __future__ import annotations

from pathlib import Path

from .command import Git


def configured_author(folder: Path) -> str | None:
    """Return ``Name <email>`` as git is configured for work in `folder`, None when it is not.

    Configuration files and the GIT_AUTHOR_* variables count; what git derives from the login and
    the host name does not.
    """
    return _configured(folder, "AUTHOR")


def missing_identity(folder: Path, identity: tuple[str, str]) -> dict[str, str]:
    """Return the variables that give git the name and e-mail it is not configured with, if any.

    Without them it would refuse to commit in `folder`, or derive an identity.
    """
    missing = [role for role in ("AUTHOR", "COMMITTER") if _configured(folder, role) is None]
    keys = ("NAME", "EMAIL")
    return {
        f"GIT_{role}_{key}": value
        for role in missing
        for key, value in zip(keys, identity, strict=True)
    }


def _configured(folder: Path, role: str) -> str | None:
    # The folder may be inside a repository, whose configuration then counts.
    done = Git(folder, around=True).run_unchecked(
        "-c",
        "user.useConfigOnly=true",
        "var",
        f"GIT_{role}_IDENT",
    )
    if done.returncode:
        return None
    identity, address, _ = done.stdout.decode(errors="replace").partition(">")
    return f"{identity}{address}" if address else None
