"""`doit status`: the current state and the next command, on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import first_few
from ..migrations import State
from ..running.script_terms import OFF
from ..text import escape_control
from .command import Command, no_names
from .doit_commands import LOOKING
from .format import state_word
from .options import JSON
from .pending import described
from .push import with_migrations
from .session import session

if TYPE_CHECKING:
    from ..operations.status import ProjectStatus

# One screen; doit list and doit pending show the rest.
MAX_ROWS = 10


class Status(Command):
    """Show the database, the remote as last seen, the migrations, and what to type next."""

    name = "status"
    doc_purpose = "show the state of the database and the migrations, and the next command to run"
    doc_usage = "[--json]"
    doc_description = (
        "Changes nothing and does not use the network: ahead and behind are as of the "
        "last fetch or push. docs/reference/json.md describes the keys of --json."
    )
    group = LOOKING
    examples = (
        ("doit status", "shows the state on one screen"),
        ("doit status --json", "prints the same as JSON"),
    )
    cmd_options = (JSON,)

    def _execute(self, json: bool, pos_args: list[str]) -> int:
        from ..operations.status import get_status

        no_names(pos_args, "status")
        status = get_status(session().project)
        if json:
            self.write_document(_document(status))
        else:
            self.outstream.write("".join(f"{line}\n" for line in _lines(status)))
        return 0


def _lines(status: ProjectStatus) -> list[str]:
    plan = status.plan
    lines = [f"Database    {_database(status)}", f"Remote      {_remote(status)}"]
    counted = [f"{count} {state_word(state)}" for state, count in status.counts.items() if count]
    if not status.is_known:
        counted = [f"{sum(status.counts.values())}, unknown which are applied"]
    lines.append(f"Migrations  {', '.join(counted) or 'none'}")
    if status.holder:
        lines.append(f"In use by   {status.holder}")
    if status.is_unfinished:
        lines.append(
            "Unfinished  a command was interrupted; the next one completes it or undoes it"
        )
    lines.append(f"Sandbox     {_sandbox()}")
    if programs := _programs(status):
        lines.append(f"Programs    {programs}")
    if status.problem:
        lines.append(f"Problem     {status.problem.message}")
    rows = {
        "Pending": [f"{entry.name}  {_about(entry.metadata)}" for entry in plan.pending],
        "Changed since they were applied": [f"{e.name}  {e.difference}" for e in plan.drifted],
        "README changed since they were applied": [e.name for e in plan if e.note],
        "Applied, but without a folder": [entry.name for entry in plan.missing],
        "Not valid": [f"{e.name}  {e.problem.message if e.problem else ''}" for e in plan.invalid],
    }
    for heading, names in rows.items():
        if names and status.is_known:
            lines += [
                "",
                f"{heading}:",
                *(f"  {escape_control(name)}" for name in names[:MAX_ROWS]),
            ]
            lines += [f"  and {len(names) - MAX_ROWS} more"] if len(names) > MAX_ROWS else []
    step = status.next_step
    return [*lines, "", f"Next: {step.command}  ({step.reason})" if step else "Nothing to do."]


def _about(metadata: Any) -> str:
    return metadata.description if metadata else ""


def _database(status: ProjectStatus) -> str:
    label = session().project.settings.database_label
    if not status.exists:
        return f"{label}, not created yet"
    branch = f"branch {status.branch}" if status.branch else "no branch to publish to"
    return f"{label}, {branch}, {status.commit[:12] if status.commit else 'no commit yet'}"


def _remote(status: ProjectStatus) -> str:
    remote_status = status.remote_status
    if remote_status is None:
        return "unknown" if status.problem else "none"
    ours, theirs = status.migrations or (None, None)
    parts = [
        f"{with_migrations(remote_status.ahead, ours)} to push" if remote_status.ahead else "",
        f"{with_migrations(remote_status.behind, theirs)} to sync" if remote_status.behind else "",
    ]
    known = ", ".join(filter(None, parts)) or "up to date as of the last fetch"
    return f"{remote_status.remote}, {known}"


def _sandbox() -> str:
    """Return how scripts are confined, or why they are not."""
    from ..running import sandbox

    if session().project.settings.sandbox == OFF:
        return "off, by the setting sandbox"
    reason = sandbox.unavailable()
    return f"none: {reason}" if reason else sandbox.described()


def _programs(status: ProjectStatus) -> str:
    """Return the programs that the repository's configuration runs."""
    found = status.programs
    hooks = [f"hook {name}" for name in found.hooks]
    return first_few([*found.settings, *hooks], MAX_ROWS) if hooks or found.settings else ""


def _sandbox_document() -> dict[str, Any]:
    from ..running import sandbox

    setting = session().project.settings.sandbox
    reason = "it is switched off" if setting == OFF else sandbox.unavailable()
    return {
        "setting": setting,
        "confined": reason is None,
        "by": None if reason else sandbox.described(),
        "problem": reason,
    }


def _document(status: ProjectStatus) -> dict[str, Any]:
    plan, remote_status, step = status.plan, status.remote_status, status.next_step
    problem, counts = status.problem, status.migrations
    return {
        "database": {
            "path": str(session().project.settings.database),
            "exists": status.exists,
            "branch": status.branch,
            "commit": status.commit,
            "problem": problem.message if problem else None,
            "in_use_by": status.holder,
            "unfinished_publication": status.is_unfinished,
            "programs": {
                "settings": list(status.programs.settings),
                "hooks": list(status.programs.hooks),
            },
        },
        "sandbox": _sandbox_document(),
        "remote": remote_status
        and {
            "name": remote_status.remote,
            "commit": remote_status.commit,
            "ahead": remote_status.ahead,
            "behind": remote_status.behind,
            "ahead_migrations": counts and counts.ahead,
            "behind_migrations": counts and counts.behind,
        },
        "counts": {
            state.value: count if status.is_known else None
            for state, count in status.counts.items()
        },
        **{
            state.value: [described(e) for e in plan.in_state(state) if status.is_known]
            for state in (State.PENDING, State.DRIFT, State.MISSING, State.INVALID)
        },
        "next": step and {"command": step.command, "reason": step.reason},
    }
