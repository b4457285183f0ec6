"""`doit replay`: prove that applied migrations give what is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from .command import Command, is_applied, several
from .doit_commands import MAINTAINING
from .options import ALLOW_NETWORK, JSON, flag
from .session import session

if TYPE_CHECKING:
    from ..operations.replay import ReplayReport, ReplayResult

# Messages for migrations that are skipped or not executed, by reason.
SKIPPED = {
    "earlier": "recorded by a legacy system, without the tree that they ran on",
    "adopted": "with a marker that was written afterwards, not by their run",
    "nondeterministic": "with DETERMINISTIC = False; doit replay NAME executes it",
}
REASONS = {
    "drift": "its folder has changed since",
    "missing": "its folder is missing",
    "edited": "its marker was edited after the run",
    "squashed": "one commit holds it and another one that cannot be executed",
    "moved": "its commits do not follow on the tree that its marker names",
}
WORDS = {
    "different": "is different from what is committed as",
    "varied": "varied, as DETERMINISTIC = False allows, from what is committed as",
}
FROM_SCRATCH = flag(
    "from-scratch", "rebuild the database from the empty tree through all of its history"
)


class Replay(Command):
    """Execute applied migrations again as they were, and compare with what is committed."""

    name = "replay"
    doc_purpose = (
        "verify that applied migrations reproduce what is committed, by executing them again"
    )
    doc_usage = "([NAME...] | --from-scratch) [--json] [--allow-network NAME]"
    doc_description = (
        "Executes each migration on the tree that it ran on, from its folder and with its "
        "clock, on a temporary private ref. The resulting tree must be the committed one. "
        "Branch, index and files of the database stay as they are. Without a NAME, all "
        "applied migrations are replayed, except those with DETERMINISTIC = False. If a "
        "migration ran more than once, the run that wrote its marker is replayed.\n\n"
        "Verdicts: proven, the same tree; different, another tree, with the first "
        "difference; failed, the script raised an error; unproven, the folder has changed "
        "or is missing; skipped, no equal result can be expected; varied, another tree of "
        "a migration with DETERMINISTIC = False.\n\n"
        "--from-scratch rebuilds the database from the empty tree: it repeats every run "
        "and revert in the order of the history, compares each step, and stops at the "
        "first that is different or failed. What cannot be repeated is taken over as it "
        "is, and counted: adopted migrations, those with DETERMINISTIC = False, and "
        "commits made by hand."
    )
    group = MAINTAINING
    examples = (
        ("doit replay", "verifies all applied migrations"),
        ("doit replay 5..9", "verifies numbers 5 to 9"),
        ("doit replay 5 --json", "verifies number 5, and prints JSON"),
        ("doit replay --from-scratch", "rebuilds and verifies the whole database"),
    )
    exit_1_means = "one is different, failed or unproven"
    completes = "applied"
    cmd_options = (FROM_SCRATCH, JSON, ALLOW_NETWORK)

    def _execute(
        self, from_scratch: bool, json: bool, allow_network: list[str], pos_args: list[str]
    ) -> int:
        from ..operations.replay import replay
        from .progress import MigrationProgress

        current = session()
        current.allow_network(allow_network)
        if from_scratch:
            return self._from_scratch(json, pos_args)
        names = [entry.name for entry in several(pos_args, is_applied, "applied")]
        progress = MigrationProgress("Replaying", logs=False)
        found = replay(
            current.project,
            progress,
            names=names,
            counted=progress.expect,
            network=current.network,
        )
        if json:
            self.write_document(found.to_dict())
        else:
            self.outstream.write(_words(found))
        return 0 if found.is_sound else 1

    def _from_scratch(self, json: bool, pos_args: list[str]) -> int:
        from ..operations.from_scratch import build_from_scratch
        from .from_scratch_text import text
        from .progress import MigrationProgress

        if pos_args:
            raise UsageError(
                "doit replay --from-scratch takes no name: it is all of the history",
                hint="doit help replay",
            )
        progress = MigrationProgress("Replaying", logs=False)
        command = "doit replay --from-scratch"
        project = session().project
        found = build_from_scratch(
            project,
            progress,
            counted=progress.expect,
            command=command,
            network=session().network,
        )
        if json:
            self.write_document(found.to_dict())
        else:
            self.outstream.write(text(found))
        return 0 if found.is_sound else 1


def _words(found: ReplayReport) -> str:
    if not found.migrations:
        return "No migration is applied, so there is nothing to verify.\n"
    problems = [_problem(result) for result in found.migrations if not _needs_no_detail(result)]
    return "\n".join([_table(found), *problems, *_skipped(found), _conclusion(found)])


def _table(found: ReplayReport) -> str:

    from ..text import escape_control
    from .tables import new_table, rendered

    table = new_table()
    table.add_column("Migration")
    table.add_column("Verdict", no_wrap=True)
    table.add_column("Seconds", justify="right", no_wrap=True)
    for result in found.migrations:
        seconds = "-" if result.seconds is None else f"{result.seconds:.1f}"
        table.add_row(escape_control(result.name), result.verdict.value, seconds)
    return rendered(table)


def _needs_no_detail(result: ReplayResult) -> bool:
    return result.verdict.value in ("proven", "skipped")


def _skipped(found: ReplayReport) -> list[str]:
    """Return a line for each reason to skip migrations; the table has their names."""
    reasons = [result.reason.value for result in found.migrations if result.reason]
    lines = [f"{n:,} skipped, {SKIPPED[r]}.\n" for r in SKIPPED if (n := reasons.count(r))]
    return ["".join(lines)] if lines else []


def _problem(result: ReplayResult) -> str:
    """Return the details of a migration's verdict as lines."""
    from ..text import escape_control
    from .changes_text import diff_command, difference_lines, failure_lines

    lines = [f"{escape_control(result.name)} {_heading(result)}"]
    if result.restore:
        lines.append(f"  restore it with: {result.restore}")
    elif result.fetch:
        lines.append("  the migrations are a shallow clone, which may lack the commit that holds")
        lines.append(f"  the folder as it was: {result.fetch}")
    elif result.verdict.value == "unproven":
        lines.append("  no commit found that holds the folder as it was")
    if result.failure:
        lines += failure_lines(result.failure)
    lines += [_version(name, *pair) for name, pair in result.versions.items()]
    if result.difference:
        lines += difference_lines(result.difference)
    if result.replayed_tree and result.tree:
        lines.append(diff_command(result.tree, result.replayed_tree))
    return "".join(f"{line}\n" for line in lines)


def _heading(result: ReplayResult) -> str:
    """Return the verdict as the end of a sentence about the migration."""
    from ..text import escape_control
    from .changes_text import files_differ

    if result.failure:
        return result.verdict.value
    if result.reason:
        detail = f" ({escape_control(result.detail)})" if result.detail else ""
        return f"is {result.verdict.value}: {REASONS[result.reason.value]}{detail}"
    files = files_differ(result.differing_files or 0)
    return f"{WORDS[result.verdict.value]} {(result.commit or '')[:12]}: {files}"


def _version(name: str, then: str | None, now: str | None) -> str:
    from ..text import escape_control

    before = "was not imported" if then is None else f"was {escape_control(then)}"
    return f"  {escape_control(name)} {before} and is {now or 'not imported now'}"


def _conclusion(found: ReplayReport) -> str:
    counted = [f"{count:,} {verdict.value}" for verdict, count in found.counts.items() if count]
    earlier = sum(result.earlier_runs for result in found.migrations)
    runs = f"{earlier:,} earlier run{' was' if earlier == 1 else 's were'}"
    more = f" {runs} repeated since, or reverted." if earlier else ""
    return f"{', '.join(counted)}. Nothing was changed.{more}\n"
