"""`doit undo`: remove the newest unpushed migrations from the branch."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..errors import UsageError
from .command import Command, confirmed, no_names
from .console import print_stderr
from .doit_commands import MAINTAINING, recover_interrupted
from .options import DRY_RUN, YES, option
from .push import commits
from .session import session

if TYPE_CHECKING:
    from ..operations.undo import Undoing, Unit

TO = option(
    "to", "remove all that was applied after this migration, date, tag or commit", metavar="POINT"
)


class Undo(Command):
    """Remove migrations from the branch that are not shared yet."""

    name = "undo"
    doc_purpose = "remove the newest unpushed migration from the branch, as a whole"
    doc_usage = "[--to POINT] [--dry-run | --yes]"
    doc_description = (
        "The branch goes back to what it was before the newest migration, with all of its "
        "batches; a part of a migration is removed as well. With --to it goes back to a point: a "
        "migration, which stays, a date, a tag, a commit or origin/main. The branch as it was is "
        "kept under a ref below refs/nes-tasks-kept/, and the command that brings it back is "
        "printed.\n\n"
        "What was pushed is refused (doit revert takes it back), and so is what has other "
        "commits on top of it; they are named. What it would do is shown first, and asked for "
        "unless --yes is given."
    )
    group = MAINTAINING
    examples = (
        ("doit undo", "shows what it would remove, and asks"),
        ("doit undo --to 5 --yes", "removes all that was applied after number 5"),
        ("doit undo --to origin/main --dry-run", "shows all that is not pushed"),
    )
    exit_1_means = "there is nothing to undo, it was pushed, or other commits are on top of it"
    completes = "applied"
    cmd_options = (TO, DRY_RUN, YES)

    def _execute(self, to: str, dry_run: bool, yes: bool, pos_args: list[str]) -> int:
        from ..operations.undo import propose, undo, way_back
        from .command import earlier_point

        no_names(pos_args, self.name)
        if dry_run and yes:
            raise UsageError("--dry-run and --yes cannot be combined", hint="give one of them")
        recover_interrupted(session(), "doit undo")
        point = earlier_point(to) if to else None
        project = session().project
        if dry_run or not yes:
            found = propose(project, point)
            self._show(found)
            again = f"doit undo {f'--to {shlex.quote(point.name)} ' if point else ''}--yes"
            if dry_run:
                print_stderr(f"nothing was changed; {again} removes it")
                return 0
            if not confirmed("Undo it?", again):
                print_stderr("nothing was changed")
                return 0
        done = undo(project, point)
        label = project.settings.database_label
        self.outstream.write(
            f"Removed {_listed(done)} from {label} ({commits(done.commits)}).\n"
            f"The previous branch is kept as {done.backup_ref}; to bring it back:\n"
            f"  {way_back(project, done)}\n"
        )
        return 0

    def _show(self, found: Undoing) -> None:
        label = session().project.settings.database_label
        below = found.new[:12] if found.new else "an empty database"
        self.outstream.write(f"In {label}, the branch would go back to {below}, without:\n")
        for unit in found.units:
            self.outstream.write(f"  {_described(unit)}\n")


def _listed(done: Undoing) -> str:
    return ", ".join([*done.names, *(f"the acceptance of {name}" for name in done.acceptances)])


def _described(unit: Unit) -> str:
    notes = [commits(len(unit.commits))]
    notes += ["a part of it"] if unit.is_partial else []
    notes += ["its acceptance as edited; the migration stays"] if unit.is_acceptance else []
    notes += ["its last execution; an earlier one stays"] if unit.is_repeat else []
    return f"{', '.join(unit.names)} ({'; '.join(notes)})"
