"""Give a free number to a migration that is not applied yet."""

from __future__ import annotations

from ..errors import InvalidMigrationError, MigrationRefusedError, UnavailableError
from ..migrations import split_name
from ..migrations.loader import free_name, next_number
from ..project import Project


def renumber(project: Project, name: str) -> str:
    """Give the folder of the migration `name` (its full name) the next free number.

    Returns its new name, which is the old one when that number is the next free one already. The
    contents stay as they are. Raises `MigrationRefusedError` for an applied migration, which the
    database identifies by its name, and `InvalidMigrationError` for a name without a number.
    """
    plan = project.load_state().plan
    entry = plan[name]
    if entry.is_applied:
        raise MigrationRefusedError(
            f"{name} is applied, so its name cannot change any more",
            hint=f"doit revert {name} undoes it first",
        )
    assert entry.folder is not None, "what is not applied is known by its folder"
    if split_name(name) is None:
        raise entry.problem or InvalidMigrationError(f"{name} has no number to change")
    others = (parts[0] for other in plan.names if other != name if (parts := split_name(other)))
    new = free_name(name, next_number(others))
    if new == name:
        return name
    target = entry.folder.path.with_name(new)
    try:
        if target.exists():
            raise MigrationRefusedError(f"{target.name} exists already", hint="move it away")
        entry.folder.path.rename(target)
    except OSError as error:
        raise UnavailableError(f"{name} cannot be renamed: {error.strerror}") from error
    return new
