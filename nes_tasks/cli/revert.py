"""`doit revert`: take a migration back."""

from __future__ import annotations

from ..migrations import State
from .command import Command, one_name
from .confirm import YES, confirmed
from .console import say
from .doit_commands import MAINTAINING, recover_interrupted
from .session import session

REASON = {
    "name": "reason",
    "long": "reason",
    "type": str,
    "default": "",
    "metavar": "TEXT",
    "help": "why, in one line; it is recorded in the commit",
}


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"


class Revert(Command):
    """Undo an applied migration in one commit."""

    name = "revert"
    doc_purpose = "undo a migration: its data and its marker, in one commit"
    doc_usage = "NAME [--reason TEXT] [--yes]"
    doc_description = (
        "Every file that the migration changed gets back the content it had before, and the "
        "marker goes away, so that the migration is pending again. History is not rewritten: "
        "the commit records who did it, the reason, and the commits it undoes.\n\n"
        "It is refused, with names, when later migrations or commits made by hand changed the "
        "same files or refer to an entity that would be gone. What it would do is shown "
        "first, and asked for unless --yes is given."
    )
    group = MAINTAINING
    examples = (
        ("doit revert 5", "shows what it would undo, and asks"),
        ('doit revert 5 --reason "The source was withdrawn" --yes', "does it, for this reason"),
    )
    failure = "it is not applied, or something later builds on it"
    takes = "applied"
    cmd_options = (YES, REASON)

    def _execute(self, yes: bool, reason: str, pos_args: list[str]) -> int:
        from ..operations.revert import propose, revert

        name = one_name(pos_args, self.name).name
        recover_interrupted(session(), "doit revert")
        project = session().project
        place = project.settings.shown_database
        if not yes:
            reversal = propose(project, name)
            restored = len(reversal.restored) - reversal.deleted
            parts = {
                "deletes": reversal.deleted,
                "brings back the earlier content of": restored,
            }
            does = " and ".join(f"{verb} {_files(count)}" for verb, count in parts.items() if count)
            self.outstream.write(f"In {place}, reverting {name} {does}.\n")
            if not confirmed("Revert it?", f"doit revert {name} --yes"):
                say("nothing was written")
                return 0
        _, commit = revert(project, name, reason=reason or None)
        self.outstream.write(f"Reverted {name}: git -C {place} show --stat {commit}\n")
        self._tell_what_it_is_now(name)
        return 0

    def _tell_what_it_is_now(self, name: str) -> None:
        entry = session().project.look()[0].get(name)
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
                    f"If it shall stay undone, remove its folder: git rm -r {entry.folder.shown}\n"
                )
