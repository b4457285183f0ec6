"""`doit show`: what an applied migration changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from .command import Command, is_applied, is_one_name, several
from .doit_commands import LOOKING
from .options import JSON
from .session import session

if TYPE_CHECKING:
    from ..git.log import Commit
    from ..operations.show import AppliedChanges

# Many batches are one thing; the first and the last of them say when.
MAX_COMMITS = 4


class Show(Command):
    """Show the commits of applied migrations, and what they changed."""

    name = "show"
    doc_purpose = "show what an applied migration changed"
    doc_usage = "NAME... [--json]"
    doc_description = (
        "Shows its commits, the statistics of its marker, and the changes between the "
        "tree that it ran on and the tree that it left: entities by type, changed fields, "
        "some of the new entities. Later changes do not matter.\n\n"
        "Several names or a range are shown one by one, with --json as a list; doit diff "
        "shows their net result."
    )
    group = LOOKING
    examples = (
        ("doit show 5", "shows what number 5 changed"),
        ("doit show 5..9", "shows what each of the numbers 5 to 9 changed"),
        ("doit show 5 --json", "prints every change as JSON"),
    )
    completes = "applied"
    cmd_options = (JSON,)

    def _execute(self, json: bool, pos_args: list[str]) -> int:
        from ..operations.show import applied_changes, check_is_applied
        from .changes_text import UPDATED_PER_TYPE

        if not pos_args:
            raise UsageError("doit show takes names of migrations", hint="doit show NNN-name")
        entries = several(pos_args, is_applied, "applied")
        limit = None if json else UPDATED_PER_TYPE
        for entry in entries:
            check_is_applied(entry)
        found = (
            applied_changes(session().project, entry, updated_per_type=limit) for entry in entries
        )
        if json:
            documents = [changes.to_dict() for changes in found]
            self.write_document(documents[0] if is_one_name(pos_args) else documents)
            return 0
        for number, changes in enumerate(found):
            self.outstream.write("\n" * bool(number) + _words(changes))
        return 0


def _words(found: AppliedChanges) -> str:
    from ..text import escape_control
    from .changes_text import described

    applied = found.applied
    lines = [f"{applied.name}: {escape_control(applied.description)}"]
    when = f"{applied.applied_at:%Y-%m-%d %H:%M}" if applied.applied_at else "an unknown time"
    written = f", written {applied.date}" if applied.date else ""
    lines.append(f"by {escape_control(applied.author)}{written}, applied {when}")
    lines.append(_statistics(found))
    if found.changes is None:
        lines.append(_unknown(found))
        return "\n".join([*lines, ""])
    if found.squashed_with:
        lines.append(f"One commit holds it and {', '.join(found.squashed_with)}: both are shown.")
    changes = described(found.changes) or "No entity or relationship changed.\n"
    label = session().project.settings.database_label
    patch = f"git -C {label} diff {str(found.base_tree)[:12]} {str(found.tree)[:12]}"
    return "\n".join([*lines, "", changes, _commits(found), f"Every line: {patch}", ""])


def _unknown(found: AppliedChanges) -> str:
    if found.is_truncated:
        label = session().project.settings.database_label
        return (
            "This shallow clone does not reach back to before it, so nothing can be compared; "
            f"git -C {label} fetch --unshallow fetches what is missing."
        )
    return "No commit is known to be of this migration alone, so nothing can be compared."


def _statistics(found: AppliedChanges) -> str:
    from .reporter import format_counts

    counts = found.applied.statistics
    return (
        f"entities: {format_counts(*counts.entities)}; "
        f"relationships: {format_counts(*counts.relationships)}; "
        f"versions: {counts.versions_created:,} new; files: {counts.files:,}"
    ).replace("\n", ", ")


def _commits(found: AppliedChanges) -> str:
    commits = found.commits
    rows = [_commit(commit) for commit in commits]
    if len(rows) > MAX_COMMITS:
        rows[1:-1] = [f"  ({len(rows) - 2:,} more)"]
    if found.earlier_commits:
        rows.append(f"  ({found.earlier_commits:,} of earlier runs, which are not compared)")
    if found.acceptances:
        rows.append("Its folder was accepted as edited:")
        rows += [_commit(commit) for commit in found.acceptances]
    return "\n".join([f"{len(commits):,} commit{'' if len(commits) == 1 else 's'}:", *rows])


def _commit(commit: Commit) -> str:
    from ..text import escape_control

    moment = f"{commit.committed_at:%Y-%m-%d %H:%M} UTC"
    return f"  {commit.id[:12]}  {moment}  {escape_control(commit.committer)}"
