"""`doit preview`: what pending migrations would change."""

from __future__ import annotations

import shlex
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..migrations import Entry, State
from .command import Command, check_writable, several, write_file
from .console import bold, format_error, print_stderr
from .doit_commands import LOOKING
from .format import short_list
from .options import ALLOW_NETWORK, JSON, OUTPUT, flag, option
from .session import session

if TYPE_CHECKING:
    from ..operations.preview import Preview as Found
    from ..operations.preview import Previewed

MARKDOWN = flag("markdown", "print Markdown that fits into one comment on GitHub")
FROM = option(
    "from", "execute nothing; show the preview that --json wrote to this file", name="source"
)
KEEP = flag("keep", "with --json and -o: keep the file if it is a preview of the current state")
FORCE = flag("force", "execute an applied NAME again, on the current database")
LIMIT = option(
    "limit",
    "execute at most N migrations, and list the rest",
    type=int,
    default=None,
    metavar="N",
)
CONTINUE = option(
    "continue",
    "continue the preview that --json wrote to this file",
    name="proceed",
    metavar="FILE",
)
FULL = flag("full", "show everything new, changed or to look at, with whole values")
# The most updated entities of each type that a comment lists; a terminal shows fewer.
UPDATED_IN_A_COMMENT = 10
# Only for a preview that was just made; later changes are unknown for one in a file.
CLOSING = "Nothing was applied; the database is unchanged.\n"


class Preview(Command):
    """Execute pending migrations on private refs and show what they would change."""

    name = "preview"
    doc_purpose = "show what pending migrations would change, without applying them"
    doc_usage = (
        "[NAME... [--force] | --continue FILE] [--limit N] [--json | --markdown] [--full] "
        "[-o FILE] [--keep] [--allow-network NAME] | --from FILE"
    )
    doc_description = (
        "Executes the pending migrations, each on the result of the one before, and "
        "publishes nothing: branch, index and files of the database stay as they are. "
        "With names, only these are shown; pending ones before them are executed first. "
        "With --force, a NAME may be an applied migration. Uncommitted changes in the "
        "database do not matter. doit run --dry-run and doit migrate:NAME --dry-run do "
        "the same.\n\n"
        "--limit stops after N migrations. --continue continues a saved preview without "
        "executing its migrations again, as long as the database is at the same commit "
        "and git still has the tree. With --json, the new document contains both parts, "
        "and may replace FILE.\n\n"
        "With the same clock, doit run commits the tree whose hash is shown. "
        "SOURCE_DATE_EPOCH sets the clock; doit run --expect FILE takes it from a "
        "preview."
    )
    group = LOOKING
    examples = (
        ("doit preview", "shows what doit would change"),
        ("doit preview 5..9", "shows what numbers 5 to 9 would change"),
        ("doit preview --full | less", "shows every change, field by field"),
        ("doit preview 5 --markdown -o preview.md", "writes a comment for the pull request"),
        (
            "doit preview --limit 9 --json -o p.json && doit preview --continue p.json",
            "previews the first nine, then the others",
        ),
        ("doit preview --json -o preview.json", "writes a file for doit run --expect"),
    )
    exit_1_means = "a migration failed or would be refused"
    completes = "pending"
    cmd_options = (JSON, MARKDOWN, OUTPUT, FROM, KEEP, FORCE, FULL, LIMIT, CONTINUE, ALLOW_NETWORK)

    def _execute(
        self,
        json: bool,
        markdown: bool,
        output: str,
        source: str,
        keep: bool,
        force: bool,
        full: bool,
        limit: int | None,
        proceed: str,
        allow_network: list[str],
        pos_args: list[str],
    ) -> int:
        if json and markdown:
            raise UsageError("--json and --markdown cannot be combined", hint="give one of them")
        if keep and (not json or not output or source):
            raise UsageError("--keep needs --json and -o FILE", hint="doit help preview")
        if force and (not pos_args or source):
            raise UsageError("--force needs the name of a migration", hint="doit help preview")
        if limit is not None and (limit < 1 or source):
            raise UsageError(
                "--limit needs a positive number, and no --from", hint="doit help preview"
            )
        if proceed and (source or keep or pos_args):
            raise UsageError(
                "--continue works on all pending migrations, without NAME, --from and --keep",
                hint="doit help preview",
            )
        if output:
            check_writable(Path(output))
        if source:
            return self._show_saved(source, json, markdown, output, pos_args, full=full)
        if keep and _is_current(output):
            return 0
        session().allow_network(allow_network)
        after = _continued(proceed) if proceed else None
        shown = None if json or full else _limit(markdown)
        found = _found(pos_args, shown, force=force, full=full, limit=limit, after=after)
        if after and not json:  # earlier parts were already shown
            found = replace(found, migrations=found.migrations[len(after.migrations) :])
            if not found.migrations and found.failure is None:
                print_stderr(f"{proceed} has all that is pending")
                return 0
        self._tell(found, json, markdown, output, closing=CLOSING, full=full)
        if found.left_out and found.failure is None:
            print_stderr(_rest(found.left_out, output if json else ""))
        return _conclude(found)

    def _show_saved(
        self,
        source: str,
        json: bool,
        markdown: bool,
        output: str,
        names: list[str],
        *,
        full: bool,
    ) -> int:
        from .expected import saved_preview

        if names:
            raise UsageError("--from shows the whole preview", hint="omit the name")
        found = saved_preview(source)
        if not json and not full:
            found = found.limited(_limit(markdown))
        self._tell(found, json, markdown, output, closing="", full=full)
        if found.failure is not None:
            _conclude(found)
        return 0

    def _tell(
        self,
        found: Found,
        json: bool,
        markdown: bool,
        output: str,
        *,
        closing: str,
        full: bool,
    ) -> None:
        if json and not output:
            self.write_document(found.to_dict())
        elif json:
            self._write(_document(found), output)
        else:
            write = _comment if markdown else _words
            self._write(write(found, closing, full=full), output)

    def _write(self, text: str, output: str) -> None:
        if output:
            write_file(Path(output), text.encode(errors="backslashreplace"))
        else:
            self.outstream.write(text)


def _continued(path: str) -> Found:
    from ..operations.preview_file import check_continuable
    from .expected import saved_preview

    found = saved_preview(path)
    check_continuable(found, session().project, path)
    return found


def _rest(names: list[str], output: str) -> str:
    """Return a line that says what is left and how to continue."""
    again = f"--continue {shlex.quote(output)}" if output else f"{names[0]}.."
    return f"left: {short_list(names)}; doit preview {again} continues"


def _found(
    names: list[str],
    updated_per_type: int | None,
    *,
    force: bool,
    full: bool,
    limit: int | None,
    after: Found | None,
) -> Found:
    from ..operations.changes import SAMPLES_PER_TYPE
    from ..operations.preview import preview
    from .progress import MigrationProgress

    current = session()
    wanted = [entry.name for entry in several(names, partial(_is_meant, force=force), "pending")]
    return preview(
        current.project,
        MigrationProgress("Previewing"),
        names=wanted,
        forced=[name for name in wanted if force and current.plan[name].is_applied],
        updated_per_type=updated_per_type,
        samples_per_type=None if full else SAMPLES_PER_TYPE,
        network=current.network,
        limit=limit,
        after=after,
    )


def _is_meant(entry: Entry, *, force: bool) -> bool:
    """Return whether a range holds a migration: it can be previewed."""
    return entry.state is not State.MISSING and (force or not entry.is_applied)


def show_dry_run(stream: Any, names: list[str], forced: list[str]) -> int:
    """Show what `doit run` would do; without `names` for everything pending. Return the exit code.

    Of `names` (full names) those that are `forced` are executed again if they are applied.
    """
    from ..operations.preview import preview
    from .progress import MigrationProgress

    found = preview(
        session().project,
        MigrationProgress("Previewing"),
        names=list(dict.fromkeys(names)),
        forced=[name for name in forced if session().plan[name].is_applied],
        updated_per_type=_limit(False),
        network=session().network,
        command="doit run --dry-run",
    )
    stream.write(_words(found, CLOSING))
    return _conclude(found)


def _limit(markdown: bool) -> int:
    """Return how many updated ones of a type are shown."""
    from .changes_text import UPDATED_PER_TYPE

    return UPDATED_IN_A_COMMENT if markdown else UPDATED_PER_TYPE


def _is_current(path: str) -> bool:
    """Return whether the file holds a preview of the current state; print why not."""
    from ..operations.preview_file import outdated
    from .expected import saved_preview

    if not Path(path).exists():
        return False
    why = outdated(saved_preview(path), session().project)
    print_stderr(f"{path} is kept: it shows the current state" if why is None else f"{path}: {why}")
    return why is None


def _document(found: Found) -> str:
    import json

    return f"{json.dumps(found.to_dict(), indent=2)}\n"


def _comment(found: Found, closing: str, *, full: bool = False) -> str:
    from .markdown import comment

    return comment(found, closing, full=full)


def _words(found: Found, closing: str, *, full: bool = False) -> str:
    from .reporter import summary

    if not found.migrations and found.failure is None:
        if not closing:
            return "Nothing was pending.\n"
        count = len([entry for entry in session().plan if entry.is_applied])
        applied = f"{count} migration{' is' if count == 1 else 's are'} applied"
        return f"Nothing is pending: {applied}.\n"
    parts = [_migration(previewed, full=full) for previewed in found.migrations]
    if len(parts) > 1:
        parts.append(summary(one.result for one in found.migrations))
    if found.prerequisites:
        names = ", ".join(found.prerequisites)
        parts.append(f"Executed first, since they are pending too: {names}\n")
    return "\n".join([*parts, *filter(None, [closing])])


def _migration(previewed: Previewed, *, full: bool) -> str:
    from ..text import escape_control
    from .changes_text import SHOWN_IN_A_TERMINAL, as_text, described, promises
    from .format import size

    result, files = previewed.result, previewed.result.statistics.files
    commits = len(result.commit_ids)
    head = f"{result.migration}: {escape_control(previewed.about.description)}\n"
    changes = described(previewed.changes, full=full) or "No entity or relationship would change.\n"
    cost = (
        f"{files:,} file{'' if files == 1 else 's'} in {commits:,} "
        f"commit{'' if commits == 1 else 's'}, {size(previewed.changes.new_bytes or 0)}; "
        f"{result.duration_seconds:.1f} s, {size(previewed.peak_memory)} of memory\n"
    )
    asked = "".join(f"{bold(text)}\n" for text in previewed.asks_for)
    doubts = as_text(previewed.to_look_at, None if full else SHOWN_IN_A_TERMINAL)
    doubts = f"\n{doubts}" if doubts else ""
    return f"{head}{asked}\n{changes}{doubts}\n{promises(previewed)}{cost}tree {result.tree}\n"


def _conclude(found: Found) -> int:
    """Print the failure as `doit run` would; return its exit code."""
    if found.failure is None:
        return 0
    print_stderr(format_error(found.failure))
    if found.not_run:
        print_stderr(f"not run, because they come after it: {short_list(found.not_run)}")
    return found.failure.exit_code
