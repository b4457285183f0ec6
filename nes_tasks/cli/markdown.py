"""Previews and reports as Markdown for GitHub comments of limited length.

Whatever comes from a migration or from the data stands in ``<code>`` with every punctuation
mark as a character reference, or in a fence that is longer than any run of backticks inside. So
it cannot end a table or a fold, and in both places GitHub makes no mentions and no links.
"""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..migrations import MigrationResult
from ..operations.changes import Changes
from ..operations.preview import Preview, Previewed
from ..operations.report import MigrationSummary, Report, people
from ..text import escape_control, truncate
from .changes_text import (
    HEADING,
    MAX_VALUE,
    SHOWN_IN_A_COMMENT,
    left_out,
    line_of,
    name_of,
    sections,
    short_values,
)
from .console import format_error
from .format import counted, day, done, size
from .reporter import format_counts

MAX_MIGRATIONS = 10


def digest(report: Report) -> str:
    """Return the numbers by type and the last migrations. What comes from data is escaped."""
    file_counts = report.file_counts
    entities, relationships = (
        sum(file_counts.entities.values()),
        sum(file_counts.relationships.values()),
    )
    head = (
        f"### {code(report.name)} on {day(report.committed_at)}\n\n"
        f"{counted(entities, 'entity', 'entities')}, "
        f"{counted(relationships, 'relationship')}, "
        f"{counted(sum(file_counts.versions.values()), 'version')}, "
        f"{counted(len(report.summaries), 'migration')} "
        f"by {counted(len(people(report.summaries)), 'contributor')}. "
        f"Commit {code(report.commit)}.\n"
    )
    parts = [head]
    rows = Counter(file_counts.entities)
    rows.update(
        {f"relationship:{name}": count for name, count in file_counts.relationships.items()}
    )
    if rows:
        ordered = sorted(rows.items(), key=lambda row: (-row[1], row[0]))
        cells = [[code(name), f"{count:,}"] for name, count in ordered[:MAX_ROWS]]
        parts.append(table(("Type", "Number"), cells))
        parts.append(left_out(len(rows) - MAX_ROWS, "type is", "types are"))
    if len(file_counts.entities) > 1:
        parts.append(pie("Entities by type", Counter(file_counts.entities)))
    if report.summaries:
        latest = [_row(summary) for summary in reversed(report.summaries[-MAX_MIGRATIONS:])]
        parts.append(table(("Applied", "Migration", "Author", "Did", "Description"), latest))
        more = len(report.summaries) - MAX_MIGRATIONS
        parts.append(left_out(more, "earlier migration is", "earlier migrations are"))
    if report.gaps.is_shallow:
        parts.append("Made from a shallow clone: early commits are not known.\n")
    return "\n".join(filter(None, parts))


def _row(summary: MigrationSummary) -> list[str]:
    record = summary.run.record
    when = summary.applied_on
    return [
        when.isoformat() if when else "",
        code(record.name, 300),
        code(summary.author, 300),
        done(record.statistics),
        code(record.description, 300),
    ]


# GitHub takes 65,536 characters; the rest is left for text that a bot adds.
LIMIT = 60_000
MAX_ROWS = 50
MAX_SAMPLE = 2_000
MAX_LOG = 3_000
MAX_SLICES = 8
MAX_REMARK = 300

PUNCTUATION = str.maketrans({sign: f"&#{ord(sign)};" for sign in string.punctuation if sign != "-"})
NUMBERS = {"Changed", "Deleted", "Files", "In", "Memory", "New", "Number", "Size", "Time"}
NO_LABEL = re.compile(r"[^A-Za-z0-9_/ -]")


class Block(NamedTuple):
    """A paragraph, table or fold; blocks with a high `rank` are dropped first."""

    rank: int
    text: str


def comment(found: Preview, closing: str = "", *, limit: int = LIMIT, full: bool = False) -> str:
    """Return the preview as Markdown of at most `limit` characters; `closing` is the last line.

    With `full` it has all remarks, as far as they fit.
    """
    most = None if full else SHOWN_IN_A_COMMENT
    return _fitting([*_blocks(found, most), *([Block(0, closing)] if closing else [])], limit)


def _fitting(blocks: Sequence[Block], limit: int, command: str = "preview") -> str:
    """Join the blocks that fit, the important ones first, and say how many did not."""
    note = "\n*{} more parts did not fit; `doit {} --json` has everything.*\n"
    room = limit - len(note) - 10
    chosen = set()
    for at in sorted(range(len(blocks)), key=lambda at: (blocks[at].rank, at)):
        length = len(blocks[at].text) + 1
        if length <= room:
            chosen.add(at)
            room -= length
    text = "\n".join(blocks[at].text for at in sorted(chosen))
    lost = len(blocks) - len(chosen)
    return text + (note.format(lost, command) if lost else "")


def _blocks(found: Preview, most: int | None) -> Iterator[Block]:
    count = len(found.migrations)
    yield Block(0, f"### Preview of {counted(count, 'migration')}\n")
    if count:
        yield Block(0, _summary(found.migrations))
    elif found.failure is None:
        yield Block(0, "Nothing is pending.\n")
    if found.prerequisites:
        names = ", ".join(code(name) for name in found.prerequisites[:MAX_ROWS])
        rest = left_out(len(found.prerequisites) - MAX_ROWS, "is", "are")
        yield Block(0, f"Executed first, since they are pending too: {names} {rest}\n")
    if found.failure is not None:
        yield Block(0, _fence(_safe_lines(format_error(found.failure))))
    if found.not_run:
        names = ", ".join(code(name) for name in found.not_run[:MAX_ROWS])
        rest = left_out(len(found.not_run) - MAX_ROWS, "is", "are")
        yield Block(0, f"Not run, because they come after it: {names} {rest}\n")
    yield from _chart(found.migrations)
    for migration in found.migrations:
        yield from _migration(migration, most)


def _summary(migrations: Sequence[Previewed]) -> str:
    rows = [_summary_row(previewed.result, previewed) for previewed in migrations[:MAX_ROWS]]
    headings = ("Migration", "Entities", "Relationships", "Files", "Size", "Time", "Memory")
    rest = left_out(len(migrations) - MAX_ROWS, "migration is", "migrations are")
    return table(headings, rows) + (f"\n{rest}" if rest else "")


def _summary_row(result: MigrationResult, previewed: Previewed) -> list[str]:
    counts = result.statistics
    return [
        code(result.migration),
        format_counts(*counts.entities).replace("\n", ", "),
        format_counts(*counts.relationships).replace("\n", ", "),
        f"{counts.files:,}",
        size(previewed.changes.new_bytes or 0),
        f"{result.duration_seconds:.1f} s",
        size(previewed.peak_memory),
    ]


def _chart(migrations: Iterable[Previewed]) -> Iterator[Block]:
    """Yield a pie chart by type if there are at least two types."""
    total: Counter[str] = Counter()
    for previewed in migrations:
        for name, counts in previewed.changes.types.items():
            total[name] += counts.created + counts.updated + counts.deleted
    if len(total) > 1:
        yield Block(1, pie("Changed entities and relationships by type", total))


def _migration(previewed: Previewed, most: int | None) -> Iterator[Block]:
    result, about, changes = previewed.result, previewed.about, previewed.changes
    yield Block(
        1,
        f"#### {code(result.migration)}\n\n{code(about.description, 300)}\n\n"
        f"{code(about.author, 300)}, {about.date}. Tree {code(result.tree or '')}.\n",
    )
    yield from _types(changes)
    for asked in previewed.asks_for:
        yield Block(0, f"**{code(result.migration)}: {asked}**\n")
    yield from _to_look_at(previewed, most)
    if result.environment:
        rows = [[code(key), code(text, 1_000)] for key, text in result.environment.items()]
        yield Block(3, _fold("Ran in", table(("What", "Is"), rows)))
    yield from _details(changes)
    if result.logs:
        text = _safe_lines("\n".join(result.logs))
        lines = f"Log: {len(result.logs):,} line{'' if len(result.logs) == 1 else 's'}"
        yield Block(3, _fold(lines, _fence(truncate(text, MAX_LOG))))


def comment_on_changes(title: str, about: str, changes: Changes, *, limit: int = LIMIT) -> str:
    """Return changes as Markdown of at most `limit` characters; `about` is Markdown already."""
    nothing = "" if changes.types else "\nNo entity or relationship differs.\n"
    head = Block(0, f"### {title}\n\n{about}\n{nothing}")
    return _fitting([head, *_types(changes), *_details(changes)], limit, "diff")


def _types(changes: Changes) -> Iterator[Block]:
    if changes.types:
        rows = [
            [code(name), *(f"{n:,}" for n in (counts.created, counts.updated, counts.deleted))]
            for name, counts in list(changes.types.items())[:MAX_ROWS]
        ]
        yield Block(1, table(("Type", "New", "Changed", "Deleted"), rows))


def _to_look_at(previewed: Previewed, most: int | None) -> Iterator[Block]:
    """Yield the script's own claims about its result, and the remarks for reviewers."""
    if previewed.verified:
        yield Block(1, "`verify` passed.\n")
    if previewed.expects:
        yield Block(1, "`EXPECT` is met.\n")
    elif previewed.expect:
        yield Block(3, f"Suggested for the script: {code(previewed.expect, 300)}.\n")
    for heading, shown, rest in sections(previewed.to_look_at, most):
        lines = "".join(f"- {code(line_of(remark), MAX_REMARK)}\n" for remark in shown)
        more = left_out(rest, "is", "are")
        yield Block(1, f"**{HEADING}: {heading[0].lower()}{heading[1:]}**\n\n{lines}{more}")


def _details(changes: Changes) -> Iterator[Block]:
    if changes.fields:
        rows = [[code(path), f"{count:,}"] for path, count in changes.fields.items()]
        title = f"Changed fields: {len(rows):,}"
        yield Block(2, _fold(title, table(("Field", "In"), rows[:MAX_ROWS])))
    if changes.updated:
        shown, everything = len(changes.updated), len(changes.updated) + changes.updated_left_out
        rows = list(_updated_rows(changes))
        shown_rows = table(("Changed", "Field", "Before", "After"), rows[:MAX_ROWS])
        rest = left_out(len(rows) - MAX_ROWS, "row is", "rows are")
        yield Block(2, _fold(f"Changed: {shown:,} of {everything:,}", f"{shown_rows}\n{rest}"))
    if changes.deleted:
        names = "".join(f"- {code(name)}\n" for name in changes.deleted[:MAX_ROWS])
        rest = left_out(len(changes.deleted) - MAX_ROWS, "is", "are")
        yield Block(2, _fold(f"Deleted: {len(changes.deleted):,}", f"{names}\n{rest}"))
    for sample in changes.samples:
        text = json.dumps(sample.content, ensure_ascii=False, indent=2)
        title = f"New: {code(sample.id)} {code(name_of(sample.content))}"
        yield Block(3, _fold(title, _fence(truncate(_safe_lines(text), MAX_SAMPLE), "json")))


def _updated_rows(changes: Changes) -> Iterator[list[str]]:
    for updated in changes.updated:
        for field in updated.content_fields:
            old, new = short_values(field)
            sides = ("" if side is None else code(side) for side in (old, new))
            yield [code(updated.id), code(field.path), *sides]


def code(text: str, limit: int = MAX_VALUE) -> str:
    """Return `text` as code, with all Markdown in it escaped."""
    shown = truncate(escape_control(text), limit).translate(PUNCTUATION)
    return f"<code>{shown}</code>" if shown else ""


def _safe_lines(text: str) -> str:
    return "\n".join(escape_control(line) for line in text.split("\n"))


def _fence(text: str, language: str = "") -> str:
    runs = re.findall(r"`+", text)
    fence = "`" * max(3, 1 + max(map(len, runs), default=0))
    return f"{fence}{language}\n{text}\n{fence}\n"


def _fold(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{content}\n</details>\n"


def pie(title: str, counts: Counter[str]) -> str:
    """Return a Mermaid pie chart of the largest counts, with the others as one slice."""
    slices = counts.most_common(MAX_SLICES)
    if rest := sum(counts.values()) - sum(count for _, count in slices):
        slices.append(("others", rest))
    rows = "".join(f'  "{NO_LABEL.sub("_", name)}" : {count}\n' for name, count in slices)
    return f"```mermaid\npie showData title {title}\n{rows}```\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose cells are Markdown already; columns of `NUMBERS` are aligned right."""
    marks = ["---:" if heading in NUMBERS else "---" for heading in headings[1:]]
    lines = [headings, ["---", *marks], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
