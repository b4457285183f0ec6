"""`doit preview`: what pending migrations would change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .arguments import JSON, Command
from .boundary import say, words
from .commands import LOOKING
from .output import OUTPUT, check_writable, write_file
from .session import migration_name, session

if TYPE_CHECKING:
    from ..views.preview import Preview as Found
    from ..views.preview import Previewed

MARKDOWN = {
    "name": "markdown",
    "long": "markdown",
    "type": bool,
    "default": False,
    "help": "print Markdown that fits into one comment on GitHub",
}
# The most updated entities of each type that a comment lists; a terminal shows fewer.
UPDATED_IN_A_COMMENT = 10


class Preview(Command):
    """Execute pending migrations on private refs and show what they would change."""

    name = "preview"
    doc_purpose = "show what pending migrations would change, without applying them"
    doc_usage = "[NAME...] [--json | --markdown] [-o FILE]"
    doc_description = (
        "The migrations are executed, each on top of what is pending before it, and nothing is "
        "published: branch, index and files of the database stay as they are. Without a NAME it "
        "is all pending ones. A working tree with uncommitted changes does not matter.\n\n"
        "With the same clock `doit run` commits the tree whose hash is shown: "
        "SOURCE_DATE_EPOCH fixes it."
    )
    group = LOOKING
    examples = (
        ("doit preview", "shows what doit would change"),
        ("doit preview 5 --markdown -o preview.md", "writes a comment for the pull request"),
    )
    failure = "a migration failed or would be refused"
    takes = "pending"
    cmd_options = (JSON, MARKDOWN, OUTPUT)

    def _execute(self, json: bool, markdown: bool, output: str, pos_args: list[str]) -> int:
        if json and markdown:
            raise UsageError("--json and --markdown do not go together", hint="give one of them")
        if output:
            check_writable(Path(output))
        found = self._found(pos_args, json, markdown)
        if json and not output:
            self.write_document(found.to_dict())
        else:
            text = _document(found) if json else _comment(found) if markdown else _words(found)
            self._write(text, output)
        return _conclude(found)

    def _write(self, text: str, output: str) -> None:
        if output:
            write_file(Path(output), text.encode(errors="backslashreplace"))
        else:
            self.outstream.write(text)

    def _found(self, names: list[str], json: bool, markdown: bool) -> Found:
        from ..views.preview import preview
        from .differences import UPDATED_PER_TYPE
        from .progress import Display

        current = session()
        limit = UPDATED_IN_A_COMMENT if markdown else UPDATED_PER_TYPE
        wanted = [current.plan.resolve(migration_name(name) or name).name for name in names]
        return preview(
            current.project,
            Display("previewed"),
            names=wanted,
            updated_per_type=None if json else limit,
        )


def _document(found: Found) -> str:
    import json

    return f"{json.dumps(found.to_dict(), indent=2)}\n"


def _comment(found: Found) -> str:
    from .comment import comment

    return comment(found)


def _words(found: Found) -> str:
    from .summary import summary

    if not found.migrations and found.failure is None:
        count = len([entry for entry in session().plan if entry.is_applied])
        applied = f"{count} migration{' is' if count == 1 else 's are'} applied"
        return f"Nothing is pending: {applied}.\n"
    parts = [_migration(one) for one in found.migrations]
    if len(parts) > 1:
        parts.append(summary(one.result for one in found.migrations))
    if found.beneath:
        parts.append(f"Executed first, as pending, too: {', '.join(found.beneath)}\n")
    return "\n".join([*parts, "Nothing was applied: the database is as it was.\n"])


def _migration(one: Previewed) -> str:
    from ..migrations.printable import printable
    from .differences import described
    from .sizes import size

    result, files = one.result, one.result.statistics.files
    commits = len(result.commit_ids)
    head = f"{result.migration}: {printable(one.about.description)}\n"
    changes = described(one.changes) or "No entity or relationship would change.\n"
    cost = (
        f"{files:,} file{'' if files == 1 else 's'} in {commits:,} "
        f"commit{'' if commits == 1 else 's'}, {size(one.changes.new_bytes or 0)}; "
        f"{result.duration_seconds:.1f} s, {size(one.peak_memory)} of memory\n"
    )
    return f"{head}\n{changes}\n{cost}tree {result.tree}\n"


def _conclude(found: Found) -> int:
    """Say what failed, as a failing run does, and return the exit code."""
    if found.failure is None:
        return 0
    say(words(found.failure))
    if found.not_run:
        say(f"not run, because an earlier one failed: {', '.join(found.not_run)}")
    return found.failure.exit_code
