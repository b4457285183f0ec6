"""`doit submodule`: record the database's commit in the repository of the migrations."""

from __future__ import annotations

from .command import Command, no_names
from .console import warn
from .doit_commands import MAINTAINING, recover_interrupted
from .push import commits
from .session import session


class Submodule(Command):
    """Commit which state of the database belongs to this state of the migrations."""

    name = "submodule"
    doc_purpose = "record the commit of the database, if it is a submodule"
    doc_usage = ""
    doc_description = (
        "Makes one commit in the repository of the migrations. It records the current "
        "commit of the database, and its message names the new migrations. Other staged "
        "or changed files there stay as they are. The command is refused if the database "
        "is not a submodule.\n\n"
        "Push the database first: others cannot fetch a commit that is only here."
    )
    group = MAINTAINING
    examples = (("doit push && doit submodule", "publishes the data, then records its commit"),)

    def _execute(self, pos_args: list[str]) -> int:
        from ..operations.submodule import record

        no_names(pos_args, "submodule")
        recover_interrupted(session(), "doit submodule")
        project = session().project
        label = project.settings.database_label
        done = record(project)
        if done.commit is None:
            self.outstream.write(f"{label} is already recorded at {done.new[:12]}.\n")
        else:
            self.outstream.write(f"Recorded {label} at {done.new[:12]}: git show {done.commit}\n")
        if done.unpushed:
            warn(f"{commits(done.unpushed)} of {label} not pushed yet; doit push")
        return 0
