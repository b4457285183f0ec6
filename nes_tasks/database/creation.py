"""Create the database repository: cloned or empty, in one step, or as a submodule by git."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from ..errors import DatabaseError, GitError, UnavailableError, first_few
from ..git.checkout import check_out_sparsely
from ..git.command import Git
from ..git.remote import branches_of
from ..git.safety import Allow
from ..scratch import scratch_folder
from ..settings import Settings
from .ledger import is_absent
from .marker import FOLDER

# A local source is copied whole unless it is addressed by a protocol.
CLONE_OPTIONS: dict[str, tuple[str, ...]] = {
    "full": (),
    "sparse": ("--no-checkout",),
    "partial": ("--no-checkout", "--filter=blob:none", "--no-local"),
}


def make(settings: Settings) -> None:
    """Clone or create the repository.

    It is created beside its final path and moved there when complete: a clone that was killed half
    way looks like a repository without commits.
    """
    path = settings.database
    missing = missing_submodule(settings)
    if missing:
        raise missing
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(path.parent, f".{path.name}-") as aside:
            # A clone needs the transport that the user has configured, and filters for its files.
            git = Git(aside, allow=Allow.TRANSPORT | Allow.FILTERS)
            if settings.remote_url:
                _clone(git, settings, settings.remote_url)
            else:
                git.run("init", "--quiet", f"--initial-branch={settings.branch or 'main'}", "new")
            # A plain rebase would linearize the batches of a migration.
            Git(git.folder / "new").run("config", "pull.rebase", "merges")
            (git.folder / "new").rename(path)
    except OSError as error:
        if is_absent(path):
            raise DatabaseError(
                f"{settings.database_label} cannot be created: {error.strerror}"
            ) from error
        # Otherwise another process was faster.


def _clone(git: Git, settings: Settings, url: str) -> None:
    branch = [f"--branch={settings.branch}"] if settings.branch else []
    local = settings.root / url
    source = str(local) if local.exists() else url
    try:
        git.run(
            "clone",
            "--quiet",
            f"--origin={settings.remote}",
            *branch,
            *CLONE_OPTIONS[settings.clone],
            "--",
            source,
            "new",
        )
        if settings.clone != "full":
            new = Git(git.folder / "new", allow=Allow.TRANSPORT | Allow.FILTERS)
            check_out_sparsely(new, f"{settings.data_dir}/{FOLDER}")
    except GitError as error:
        reason = error.message.removeprefix("git clone failed: ")
        hint = "check the setting remote_url and the network, then run it again"
        there = _branches(git, source) if settings.branch else []
        if there and settings.branch not in there:
            hint = name_another(there)
        raise UnavailableError(f"{url} cannot be cloned: {reason}", hint=hint) from error


def _branches(git: Git, source: str) -> list[str]:
    try:
        return branches_of(git, source)
    except GitError:
        return []


def is_submodule(settings: Settings) -> bool:
    """Return whether the service repository says that the database belongs there."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = (settings.root / ".gitmodules").read_text(encoding="utf-8")
        rows = (line.partition("=") for line in text.splitlines())
        return any(
            key.strip() == "path" and value.strip() == settings.database_label
            for key, _, value in rows
        )
    return False


def starts_empty(settings: Settings) -> bool:
    """Return whether there is no database yet and no remote to clone it from."""
    return is_absent(settings.database) and not settings.remote_url and not is_submodule(settings)


def missing_submodule(settings: Settings) -> DatabaseError | None:
    """Return the error for a database that is a missing submodule, None for others.

    Without it the applied migrations are unknown; the empty folder is not an empty database.
    """
    if not is_absent(settings.database) or not is_submodule(settings):
        return None
    label, back = settings.database_label, settings.branch or "main"
    return DatabaseError(
        f"the submodule {label} is not fetched yet",
        hint=f"git submodule update --init {label} && git -C {label} switch {back}",
    )


def refuse_missing_submodule(settings: Settings) -> None:
    """Raise the `DatabaseError` for a missing submodule, before any output."""
    if missing := missing_submodule(settings):
        raise missing


def name_another(branches: Sequence[str]) -> str:
    """Return the hint for a configured branch that does not exist."""
    return f"it has {first_few(branches)}; name one of them in the setting `branch`"
