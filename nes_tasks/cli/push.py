"""`doit push`: push the applied migrations to the remote."""

from __future__ import annotations

from ..settings import Settings
from .command import Command, no_names
from .doit_commands import MAINTAINING, recover_interrupted
from .format import counted
from .progress import transfer
from .session import session


class Push(Command):
    """Push the branch of the database to the remote."""

    name = "push"
    doc_purpose = "push the database to the remote"
    doc_usage = ""
    doc_description = (
        "Pushes only the branch of the database, to the remote in the settings. If the "
        "push is refused, cannot reach the remote or takes longer than push_timeout "
        "seconds, the data stays committed here, and nothing has to be applied again. If "
        "the remote has new commits, run doit sync first."
    )
    group = MAINTAINING
    examples = (("doit push", "publishes the migrations that are applied here"),)

    def _execute(self, pos_args: list[str]) -> int:
        from ..operations.sync import push

        no_names(pos_args, "push")
        recover_interrupted(session(), "doit push")
        project = session().project
        settings = project.settings
        with transfer(f"Pushing to {settings.remote}") as on_progress:
            result = push(project, on_progress)
        if result is None:
            text = f"{settings.database_label} does not exist yet; there is nothing to push."
        elif not result.commits:
            text = f"{_up_to_date(settings)}; there is nothing to push."
        else:
            text = (
                f"{with_migrations(result.commits, result.migrations)} pushed to {settings.remote}."
            )
        self.outstream.write(f"{text}\n")
        return 0


def _up_to_date(settings: Settings) -> str:
    return f"{settings.remote} has every commit of {settings.database_label}"


def with_migrations(count: int, migrations: int | None) -> str:
    """Return a number of commits in words, with the number of migrations if known."""
    if not migrations:
        return commits(count)
    return f"{counted(migrations, 'migration')} ({commits(count)})"


def commits(count: int) -> str:
    """Return a number of commits in words."""
    return counted(count, "commit")
