"""Errors that a user can act on: they carry the problem and the next command.

Everything that the package raises on purpose derives from `NesTasksError`; the layer `cli`
turns it into one line and an exit code. Programming errors stay ordinary exceptions.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

# OS errors that the machine causes, not the program, for any file.
ENVIRONMENT = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES),
        *(errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ELOOP, errno.ENOTDIR),
        *(errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENAMETOOLONG, errno.EISDIR),
    }
)
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
MAKE_ROOM = "make room on the disk, then run it again"
# Maximum number of names in an error; others are counted.
MAX_NAMES = 3


def first_few(names: Sequence[str], most: int = MAX_NAMES) -> str:
    """Return `names` for an error: the first three of many, and the number of others."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


class NesTasksError(Exception):
    """A problem in one line, and the next command.

    `message` names the thing and says what is wrong with it; `hint` is the next step, usually
    a command. `exit_code` is what the process ends with.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the message and the hint as one line."""
        return f"{self.message}; {self.hint}" if self.hint else self.message


class InvalidMigrationError(NesTasksError):
    """A migration folder is not valid."""


class MigrationRefusedError(NesTasksError):
    """A valid migration may not be applied now (order, drift, a changed folder)."""


class MigrationFailedError(NesTasksError):
    """The script of a migration failed.

    `where` is ``path:line  source text`` of the innermost line in the migration's folder, if
    the failure came from there; `traceback` is the whole text, for the log at `log_path`.
    """

    def __init__(self, message: str, *, where: str | None = None, traceback: str = "") -> None:
        super().__init__(message)
        self.where = where
        self.traceback = traceback
        self.log_path: str | None = None


class UsageError(NesTasksError):
    """The command was used wrongly (an unknown name, a flag that does not go with another)."""

    exit_code = 2


class SettingsError(UsageError):
    """A key in ``[tool.nes_tasks]`` or a ``NES_TASKS_*`` variable is wrong."""


class UnavailableError(NesTasksError):
    """Something outside the project stands in the way (git, the database, a lock, a remote)."""

    exit_code = 3


class GitError(UnavailableError):
    """A git command failed; `stderr` is its error output."""

    def __init__(self, message: str, *, stderr: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.stderr = stderr


class DatabaseError(UnavailableError):
    """The database repository is not in a state in which a migration may run."""


class LockHeldError(UnavailableError):
    """Another run is under way on the same database."""


@contextmanager
def environment_errors() -> Iterator[None]:
    """Turn errors of the disk and of permissions into `UnavailableError`.

    Any other `OSError` is a mistake in the program and stays what it is.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in ENVIRONMENT:
            raise
        prefix = f"{error.filename}: " if isinstance(error.filename, str) else ""
        hint = MAKE_ROOM if error.errno in FULL else None
        raise UnavailableError(f"{prefix}{error.strerror}", hint=hint) from error
