"""The database of a job: the newest commit alone, without unused objects."""

from __future__ import annotations

from ..errors import GitError, UnavailableError
from ..git.command import Git
from ..git.safety import Allow
from ..settings import Settings

# File contents are fetched when they are read, and only the top folder is checked out.
SPARSE = ("--filter=blob:none", "--sparse")


def clone(settings: Settings, *, history: bool = False) -> str:
    """Clone the database that the settings name; return what was done.

    With `history` all commits are cloned, which a replay needs, without files. Raises
    `UnavailableError` with git's message when it cannot be cloned.
    """
    url, label = settings.remote_url, settings.database_label
    if url is None:
        return "the settings name no remote_url: migrations start with an empty database"
    branch = [f"--branch={settings.branch}"] if settings.branch else []
    depth = [] if history else ["--depth=1"]
    words = ["--quiet", f"--origin={settings.remote}", *SPARSE, *depth, *branch]
    try:
        # The configured transport, and filters for the few files that are checked out.
        git = Git(settings.root, allow=Allow.TRANSPORT | Allow.FILTERS)
        git.run("clone", *words, "--", url, str(settings.database))
    except GitError as error:
        raise UnavailableError(
            f"{url} cannot be cloned: {error.message.removeprefix('git clone failed: ')}",
            hint="check the setting remote_url and the network, then run it again",
        ) from error
    return f"{label} is a clone of {url}"


def described(settings: Settings) -> str:
    """Return the settings that other jobs need, as lines ``key=value``."""
    branch = settings.branch or ""
    rows = {"database": settings.database_label, "url": settings.remote_url or "", "branch": branch}
    return "\n".join(f"{key}={value}" for key, value in rows.items())
