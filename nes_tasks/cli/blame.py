"""`doit blame`: which migration set each field of an entity."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from ..errors import UsageError
from .command import Command
from .doit_commands import LOOKING
from .options import JSON
from .session import session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..git.file_history import FileCommit
    from ..operations.blame import Provenance

MAX_VALUE = 40
MAX_SUBJECT = 60
SHORT = 10
SETTER = "Set by"


class Blame(Command):
    """Show who gave each field of an entity or relationship its present value."""

    name = "blame"
    doc_purpose = "show which migration set each field of an entity or relationship"
    doc_usage = "ID [--json]"
    doc_description = (
        "Shows each field with its current value, and the migration, commit, author and "
        "date that set it. A commit that belongs to no migration appears with its "
        "subject. Fields that were never set, and version_summary, are omitted; --json "
        "has them."
    )
    group = LOOKING
    examples = (("doit blame entity:person/asha-rai", "shows which migration set each field"),)
    cmd_options = (JSON,)

    def _execute(self, json: bool, pos_args: list[str]) -> int:
        from ..operations.blame import provenance

        if len(pos_args) != 1:
            raise UsageError(
                "name one entity or relationship", hint="doit blame entity:person/asha-rai"
            )
        session().known_plan()
        found = provenance(session().project, pos_args[0])
        if json:
            self.write_document(found.to_dict())
        else:
            self.outstream.write(_words(found))
        return 0


def _words(found: Provenance) -> str:
    from ..operations.changes import is_content_field
    from ..text import escape_control, truncate

    short = truncate if sys.stdout.isatty() else _whole
    rows: list[tuple[str, ...]] = []
    setters: dict[str, FileCommit] = {}
    hidden = 0
    for field in found.fields:
        commit = field.commit
        if not is_content_field(field.path) or field.is_unset:
            hidden += 1
            continue
        value = short(escape_control(json.dumps(field.value, ensure_ascii=False)), MAX_VALUE)
        rows.append(
            (
                escape_control(field.path),
                value,
                _origin(commit, found.migrations),
                commit.id[:SHORT],
            )
        )
        setters[commit.id] = commit
    fields = _table(("Field", "Value", SETTER, "Commit"), rows)
    commits = [
        (
            commit.id[:SHORT],
            f"{commit.committed_at:%Y-%m-%d}",
            escape_control(commit.author),
            short(escape_control(commit.subject), MAX_SUBJECT),
        )
        for commit in found.commits
        # The oldest commit of a shallow clone did not set the values it shows.
        if commit.id in setters and not commit.is_truncated
    ]
    text = (
        f"{fields}(not shown: version_summary and fields that were never set, {hidden:,} fields)\n"
    )
    if commits:
        text += f"\n{_table(('Commit', 'Date', 'Author', 'Subject'), commits)}"
    if any(commit.is_truncated for commit in setters.values()):
        label = session().project.settings.database_label
        text += f"\nThis is a shallow clone; git -C {label} fetch --unshallow fetches the rest.\n"
    return text


def _whole(text: str, _: int) -> str:
    """Return the whole text: output to a pipe is not truncated."""
    return text


def _table(headings: Iterable[str], rows: Sequence[Sequence[str]]) -> str:

    from .tables import add_names, new_table, rendered

    table = new_table()
    for at, heading in enumerate(headings):
        if heading == SETTER:
            add_names(table, heading, (row[at] for row in rows))
        else:
            table.add_column(heading, no_wrap=heading == "Commit")
    for row in rows:
        table.add_row(*row)
    return rendered(table)


def _origin(commit: FileCommit, migrations: Mapping[str, str]) -> str:
    """Return the migration; a hand-written subject is in the other table."""
    if commit.is_truncated:
        return "older than this shallow clone"
    return migrations.get(commit.id, "by hand")
