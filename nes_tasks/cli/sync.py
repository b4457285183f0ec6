"""`doit sync`: fetch what others have pushed, and reapply local migrations on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import first_few
from .command import Command, no_names
from .console import print_stderr
from .doit_commands import MAINTAINING
from .progress import transfer
from .push import with_migrations
from .session import session

if TYPE_CHECKING:
    from ..operations.sync import Synchronization


class Sync(Command):
    """Fetch, and apply local migrations on top of the remote branch."""

    name = "sync"
    doc_purpose = "fetch from the remote, and apply unpushed migrations on top of it"
    doc_usage = ""
    doc_description = (
        "Fetches the commits that are only at the remote. Unpushed migrations are "
        "executed again on top of them; one that the remote already has is dropped. "
        "Unpushed commits that are not migrations are refused, and named.\n\n"
        "If anything fails, the branch and its files stay as they were. The previous "
        "branch is kept under a ref below refs/nes-tasks-kept/, whose name is printed: "
        "git -C nes-db branch old REF restores it."
    )
    group = MAINTAINING
    examples = (
        ("doit sync", "fetches what others have pushed"),
        ("doit sync && doit push", "then publishes what only you have"),
    )
    exit_1_means = "a migration failed on top of the remote, or cannot be applied there"

    def _execute(self, pos_args: list[str]) -> int:
        from ..operations.sync import fetch, synchronize

        no_names(pos_args, "sync")
        current = session()
        project, runner = current.project, current.runner
        try:
            with transfer(f"Fetching from {project.settings.remote}") as on_progress:
                theirs = fetch(runner, project, on_progress)
            done = synchronize(runner, project, theirs)
        finally:
            current.close()
        self._tell(done)
        return 0

    def _tell(self, done: Synchronization) -> None:
        settings = session().project.settings
        label, remote = settings.database_label, settings.remote
        fetched = with_migrations(done.fetched, done.fetched_migrations)
        if done.outcome == "absent":
            there = f"; it has {first_few(done.branches)}" if done.branches else ""
            self.outstream.write(f"{remote} has no such branch yet{there}.\n")
            if there:
                print_stderr("to use one of them, name it in the setting `branch`")
        elif done.outcome == "current":
            self.outstream.write(f"{label} is up to date with {remote}.\n")
        else:
            self.outstream.write(f"Pulled {fetched} from {remote}.\n")
        for name in done.dropped:
            self.outstream.write(
                f"{name}: {remote} has it; its run here was replaced by that one.\n"
            )
        for result in done.reapplied:
            self.outstream.write(f"{result.migration}: applied again on top.\n")
        for name in done.accepted:
            self.outstream.write(f"{name}: its edited folder is accepted on top as well.\n")
        if done.backup_ref:
            self.outstream.write(f"The previous branch is kept as {done.backup_ref}\n")
        if done.ahead:
            several = done.ahead > 1 and done.ahead_migrations != 1
            ahead = with_migrations(done.ahead, done.ahead_migrations)
            print_stderr(
                f"{ahead} {'are' if several else 'is'} not pushed yet; to publish: doit push"
            )
