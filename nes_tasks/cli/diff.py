"""`doit diff`: what changed between two points of the history."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .command import Command, check_writable, write_file
from .doit_commands import LOOKING
from .options import JSON, OUTPUT
from .preview import MARKDOWN, UPDATED_IN_A_COMMENT
from .session import session

if TYPE_CHECKING:
    from ..operations.diff import Diff as Found
    from ..operations.points import Point

# Limit of migration names in a terminal; --json has all.
MOST_NAMES = 10


class Diff(Command):
    """Compare two states of the database."""

    name = "diff"
    doc_purpose = "show what changed between two migrations, tags, commits or dates"
    doc_usage = "A [B] [--json | --markdown] [-o FILE]"
    doc_description = (
        "A and B each name a state of the database: a migration (the state that it left), "
        "a tag or branch, a commit, HEAD~2, a date (the last state of that date in UTC) "
        "or a time. B defaults to the newest state; A..B is the same as A B. An ambiguous "
        "name is refused: migrate:5 is always the migration, refs/tags/NAME the tag.\n\n"
        "The difference is net: entities by type, changed fields, some of the new and "
        "deleted entities. A change that was undone does not appear."
    )
    group = LOOKING
    examples = (
        ("doit diff 5", "shows what changed since number 5 was applied"),
        ("doit diff 2026-01-31 2026-02-28", "shows what changed in February"),
        ("doit diff release-2026-01..HEAD --json", "prints every change as JSON"),
    )
    completes = "points"
    cmd_options = (JSON, MARKDOWN, OUTPUT)

    def _execute(self, json: bool, markdown: bool, output: str, pos_args: list[str]) -> int:
        from ..operations.diff import diff
        from .changes_text import UPDATED_PER_TYPE

        if json and markdown:
            raise UsageError("--json and --markdown cannot be combined", hint="give one of them")
        if output:
            check_writable(Path(output))
        old, new = _two_points(pos_args)
        limit = UPDATED_IN_A_COMMENT if markdown else UPDATED_PER_TYPE
        found = diff(session().project, old, new, updated_per_type=None if json else limit)
        if json:
            text = f"{json_text.dumps(found.to_dict(), indent=2)}\n"
        else:
            text = _markdown(found) if markdown else _words(found)
        if output:
            write_file(Path(output), text.encode(errors="backslashreplace"))
        else:
            self.outstream.write(text)
        return 0


def _two_points(words: list[str]) -> tuple[Point, Point]:
    from ..operations.points import Points

    if len(words) == 1 and ".." in words[0]:
        old, _, new = words[0].partition("..")
        if not old or new.startswith("."):
            raise UsageError("A..B needs a point before the dots", hint="doit help diff")
        words = [old, new] if new else [old]
    if len(words) not in (1, 2):
        raise UsageError(
            "doit diff takes one or two points", hint="doit diff A shows what changed since A"
        )
    session().known_plan()
    points = Points(session().project)
    found = [points.find(word) for word in words]
    return found[0], found[1] if len(found) > 1 else points.newest


def shown_point(point: Point) -> str:
    """Return a point as text: its name, its commit and the commit's date."""
    from ..text import escape_control

    when = f"{point.committed_at:%Y-%m-%d %H:%M} UTC"
    return f"{escape_control(point.name)} ({point.commit[:12]}, {when})"


def _migrations(found: Found) -> list[str]:
    from .format import short_list

    rows = {
        "Applied": found.migrations.applied,
        "No longer applied": found.migrations.reverted,
        "Record changed": found.migrations.recorded_again,
    }
    return [f"{word}: {short_list(names, MOST_NAMES)}" for word, names in rows.items() if names]


def _words(found: Found) -> str:
    from .changes_text import described

    head = [f"From {shown_point(found.old)}", f"to {shown_point(found.new)}", *_migrations(found)]
    changes = described(found.changes) or "No entity or relationship differs.\n"
    label = session().project.settings.database_label
    patch = f"git -C {label} diff {found.old.tree[:12]} {found.new.tree[:12]}"
    return "\n".join([*head, "", changes, f"Every line: {patch}", ""])


def _markdown(found: Found) -> str:
    from .markdown import code, comment_on_changes

    about = [f"From {code(shown_point(found.old), 300)} to {code(shown_point(found.new), 300)}."]
    about += [code(line, 1_000) for line in _migrations(found)]
    return comment_on_changes("What changed", "\n\n".join(about), found.changes)
