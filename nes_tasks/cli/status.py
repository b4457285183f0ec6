"""`doit status`: where everything stands, on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import first_few
from ..migrations import State
from ..printable import printable
from ..running.terms import OFF
from .command import JSON, Command, no_names
from .doit_commands import LOOKING
from .format import state_word
from .pending import described
from .push import with_migrations
from .session import session

if TYPE_CHECKING:
    from ..operations.status import Overview

# One screen; doit list and doit pending show the rest.
SHOWN = 10


class Status(Command):
    """Show the database, the remote as last seen, the migrations, and what to type next."""

    name = "status"
    doc_purpose = "show where the database and the migrations stand, and what to type next"
    doc_usage = "[--json]"
    doc_description = (
        "Changes nothing and uses no network: ahead and behind are those of the last fetch or "
        "push. The keys of --json are told in docs/reference/json.md."
    )
    group = LOOKING
    examples = (
        ("doit status", "shows it on one screen"),
        ("doit status --json", "tells it to a program"),
    )
    cmd_options = (JSON,)

    def _execute(self, json: bool, pos_args: list[str]) -> int:
        from ..operations.status import survey

        no_names(pos_args, "status")
        overview = survey(session().project)
        if json:
            self.write_document(_document(overview))
        else:
            self.outstream.write("".join(f"{line}\n" for line in _lines(overview)))
        return 0


def _lines(overview: Overview) -> list[str]:
    plan = overview.plan
    lines = [f"Database    {_database(overview)}", f"Remote      {_remote(overview)}"]
    counted = [f"{count} {state_word(state)}" for state, count in overview.counts.items() if count]
    if not overview.is_known:
        counted = [f"{sum(overview.counts.values())}, and nobody knows here which are applied"]
    lines.append(f"Migrations  {', '.join(counted) or 'none'}")
    if overview.holder:
        lines.append(f"In use by   {overview.holder}")
    if overview.is_unfinished:
        lines.append("Unfinished  a command was interrupted; the next one finishes or forgets it")
    lines.append(f"Sandbox     {_sandbox()}")
    if programs := _programs(overview):
        lines.append(f"Programs    {programs}")
    if overview.problem:
        lines.append(f"Problem     {overview.problem.message}")
    rows = {
        "Pending": [f"{entry.name}  {_about(entry.metadata)}" for entry in plan.pending],
        "Changed since they were applied": [f"{e.name}  {e.difference}" for e in plan.drifted],
        "Another README since they were applied": [e.name for e in plan if e.note],
        "Applied, but without a folder": [entry.name for entry in plan.missing],
        "Not valid": [f"{e.name}  {e.problem.message if e.problem else ''}" for e in plan.invalid],
    }
    for heading, names in rows.items():
        if names and overview.is_known:
            lines += ["", f"{heading}:", *(f"  {printable(name)}" for name in names[:SHOWN])]
            lines += [f"  and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    step = overview.next_step
    return [*lines, "", f"Next: {step.command}  ({step.reason})" if step else "Nothing to do."]


def _about(metadata: Any) -> str:
    return metadata.description if metadata else ""


def _database(overview: Overview) -> str:
    place = session().project.settings.shown_database
    if not overview.exists:
        return f"{place}, which is not there yet"
    branch = f"branch {overview.branch}" if overview.branch else "no branch to publish to"
    return f"{place}, {branch}, {overview.commit[:12] if overview.commit else 'no commit yet'}"


def _remote(overview: Overview) -> str:
    standing = overview.standing
    if standing is None:
        return "not looked at" if overview.problem else "none"
    ours, theirs = overview.migrations or (None, None)
    parts = [
        f"{with_migrations(standing.ahead, ours)} to push" if standing.ahead else "",
        f"{with_migrations(standing.behind, theirs)} not here yet" if standing.behind else "",
    ]
    known = ", ".join(filter(None, parts)) or "up to date as of the last fetch"
    return f"{standing.remote}, {known}"


def _sandbox() -> str:
    """Return how scripts are confined, or why they are not."""
    from ..running import sandbox

    if session().project.settings.sandbox == OFF:
        return "off, by the setting sandbox"
    reason = sandbox.unavailable()
    return f"none: {reason}" if reason else sandbox.described()


def _programs(overview: Overview) -> str:
    """Name what the repository has of programs, so that nobody overlooks them."""
    found = overview.programs
    hooks = [f"hook {name}" for name in found.hooks]
    return first_few([*found.settings, *hooks], SHOWN) if hooks or found.settings else ""


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


def _document(overview: Overview) -> dict[str, Any]:
    plan, standing, step = overview.plan, overview.standing, overview.next_step
    problem, counts = overview.problem, overview.migrations
    return {
        "database": {
            "path": str(session().project.settings.database),
            "exists": overview.exists,
            "branch": overview.branch,
            "commit": overview.commit,
            "problem": problem.message if problem else None,
            "in_use_by": overview.holder,
            "unfinished_publication": overview.is_unfinished,
            "programs": {
                "settings": list(overview.programs.settings),
                "hooks": list(overview.programs.hooks),
            },
        },
        "sandbox": _sandbox_document(),
        "remote": standing
        and {
            "name": standing.remote,
            "commit": standing.commit,
            "ahead": standing.ahead,
            "behind": standing.behind,
            "ahead_migrations": counts and counts.ahead,
            "behind_migrations": counts and counts.behind,
        },
        "counts": {
            state.value: count if overview.is_known else None
            for state, count in overview.counts.items()
        },
        **{
            state.value: [described(e) for e in plan.in_state(state) if overview.is_known]
            for state in (State.PENDING, State.DRIFT, State.MISSING, State.INVALID)
        },
        "next": step and {"command": step.command, "reason": step.reason},
    }
