"""The migrations that the daily run replays: the newest ones, and an older one each day."""

from __future__ import annotations

import datetime as dt

from ..project import Project

NEWEST = 3


def due_proofs(project: Project, today: dt.date) -> list[str]:
    """Return the names to replay today, in the order of their numbers.

    Migrations of the legacy system and those with `DETERMINISTIC = False` are not reproducible and
    never due.
    """
    plan, ledger = project.load_state()
    applied = (ledger.applied[entry.name] for entry in plan if entry.is_applied)
    names = [
        migration.name
        for migration in applied
        if migration.deterministic and migration.inputs is not None
    ]
    older, newest = names[:-NEWEST], names[-NEWEST:]
    return [*([older[today.toordinal() % len(older)]] if older else []), *newest]
