"""`doit revert`: take a migration back."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..errors import UsageError, first_few
from ..migrations import State
from .command import Command, confirmed, one_name
from .console import print_stderr
from .doit_commands import MAINTAINING, recover_interrupted
from .format import counted
from .options import YES, option
from .session import session

if TYPE_CHECKING:
    from ..operations.points import Point

TO = option(
    "to",
    "take back all that was applied after this migration, date, tag or commit",
    metavar="POINT",
)
REASON = option("reason", "why, in one line; it is recorded in the commit", metavar="TEXT")


class Revert(Command):
    """Undo applied migrations, each in one commit."""

    name = "revert"
    doc_purpose = "undo a migration: its data and its marker, in one commit"
    doc_usage = "(NAME | --to POINT) [--reason TEXT] [--yes]"
    doc_description = (
        "Every file that the migration changed gets back the content it had before, and the "
        "marker goes away, so that the migration is pending again. History is not rewritten: "
        "the commit records who did it, the reason, and the commits it undoes. With --to it "
        "takes back all that was applied after a migration, a date, a tag or a commit, as for "
        "doit diff, the newest first, each in a commit of its own: all of them, or none. Commits "
        "made by hand stay.\n\n"
        "It is refused, with names, when later migrations or commits made by hand changed the "
        "same files or refer to an entity that would be gone. Migrations that came in one commit, "
        "as after a squash, are taken back together. What it would do is shown "
        "first, and asked for unless --yes is given."
    )
    group = MAINTAINING
    examples = (
        ("doit revert 5", "shows what it would undo, and asks"),
        ('doit revert 5 --reason "The source was withdrawn" --yes', "does it, for this reason"),
        ("doit revert --to 5 --yes", "takes back all that was applied after number 5"),
        ("doit revert --to 2026-01-31", "shows what was applied since that day"),
    )
    exit_1_means = "it is not applied, or something later builds on it"
    completes = "applied"
    cmd_options = (TO, YES, REASON)

    def _execute(self, to: str, yes: bool, reason: str, pos_args: list[str]) -> int:
        from ..operations.revert import after, revert
        from .command import earlier_point

        if to and pos_args:
            raise UsageError("a name and --to cannot be combined", hint="give one of them")
        name = "" if to else one_name(pos_args, self.name).name
        recover_interrupted(session(), "doit revert")
        point = earlier_point(to) if to else None
        project = session().project
        names = after(project, point) if point else [name]
        if point and not names:
            self.outstream.write(f"Nothing was applied after {point.name}.\n")
            self._note_difference(point)
            return 0
        if not yes:
            self._show(names, is_chain=bool(point))
            again = f"doit revert {f'--to {shlex.quote(point.name)}' if point else name} --yes"
            if not confirmed("Revert them?" if len(names) > 1 else "Revert it?", again):
                print_stderr("nothing was written")
                return 0
        label = project.settings.database_label
        for reversal, commit in revert(project, names, reason=reason or None):
            reverted = ", ".join((reversal.name, *reversal.together))
            self.outstream.write(f"Reverted {reverted}: git -C {label} show --stat {commit}\n")
            for one in (reversal.name, *reversal.together):
                self._tell_what_it_is_now(one)
        if point:
            self._note_difference(point)
        return 0

    def _note_difference(self, point: Point) -> None:
        """Say what is not as at the point, since commits made by hand stay."""
        from ..operations.revert import differing_files

        if paths := differing_files(session().project, point):
            print_stderr(
                f"commits that are not of a migration stay, so {counted(len(paths), 'file')} "
                f"{'differs' if len(paths) == 1 else 'differ'} from {point.name}: "
                f"{first_few(paths)}; doit diff {shlex.quote(point.name)}"
            )

    def _show(self, names: list[str], *, is_chain: bool) -> None:
        from ..operations.revert import propose

        project = session().project
        label = project.settings.database_label
        if is_chain:
            self.outstream.write(f"In {label}, it would revert {', '.join(names)}.\n")
            return
        reversal = propose(project, names[0])
        restored = len(reversal.restored) - reversal.deleted
        parts = {
            "deletes": reversal.deleted,
            "brings back the earlier content of": restored,
        }
        does = " and ".join(
            f"{verb} {counted(count, 'file')}" for verb, count in parts.items() if count
        )
        together = ", ".join((reversal.name, *reversal.together))
        self.outstream.write(f"In {label}, reverting {together} {does}.\n")

    def _tell_what_it_is_now(self, name: str) -> None:
        entry = session().project.load_state().plan.get(name)
        if entry is None:
            self.outstream.write("Its folder is missing, so it is not pending.\n")
        elif entry.state is State.PENDING:
            self.outstream.write(
                "It is pending again: doit would apply it. Change its folder, or remove it.\n"
            )
        elif entry.problem:
            self.outstream.write(f"It cannot be applied as it is: {entry.problem}\n")
            if entry.folder:
                self.outstream.write(
                    f"To keep it undone, remove its folder: git rm -r {entry.folder.display_path}\n"
                )
