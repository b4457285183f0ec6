"""`doit verify`: run the verify functions of applied migrations on the current database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .command import Command
from .console import format_error, print_stderr
from .doit_commands import LOOKING
from .options import JSON
from .session import migration_name, session

if TYPE_CHECKING:
    from ..operations.verify import VerifyReport


class Verify(Command):
    """Call the functions verify of applied migrations on the current database."""

    name = "verify"
    doc_purpose = "run the verify functions of applied migrations on the current database"
    doc_usage = "[NAME...] [--json]"
    doc_description = (
        "Calls verify(context) of each applied migration's script, confined as in a run; "
        "nothing is written. It finds later changes that break what an earlier migration "
        "promised. docs/reference/json.md describes the keys of --json."
    )
    group = LOOKING
    examples = (
        ("doit verify", "runs the verify functions of all applied migrations"),
        ("doit verify 5", "runs that of number 5"),
    )
    exit_1_means = "a verify function failed"
    completes = "applied"
    cmd_options = (JSON,)

    def _execute(self, json: bool, pos_args: list[str]) -> int:
        from ..operations.verify import verify
        from .progress import MigrationProgress

        current = session()
        plan = current.known_plan()
        names = [plan.resolve(migration_name(name) or name).name for name in pos_args]
        found = verify(current.project, MigrationProgress("Verifying"), names)
        if json:
            self.write_document(found.to_dict())
        else:
            self.outstream.write(_summary(found))
            for result in found.failed:
                assert result.error is not None, "it failed"
                print_stderr(format_error(result.error))
        return 1 if found.failed else 0


def _summary(found: VerifyReport) -> str:
    lines = [f"{result.name}: passed" for result in found.results if result.error is None]
    lines += [f"{result.name}: failed" for result in found.failed]
    if not found.results:
        lines.append("No applied migration has a function verify.")
    for names, reason in ((found.without, "no function verify"), (found.missing, "no folder here")):
        if names and found.results:
            count = len(names)
            noun = "migration has" if count == 1 else "migrations have"
            lines.append(f"({count:,} applied {noun} {reason})")
    return "\n".join([*lines, ""])
