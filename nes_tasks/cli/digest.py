"""The report as a few lines of Markdown: for a README, or the summary of a job on GitHub."""

from __future__ import annotations

from collections import Counter

from ..operations.report import Chapter, Report, people
from .changes_text import left_out
from .format import counted, day, done
from .markdown import MAX_ROWS, code, pie, table

MAX_MIGRATIONS = 10


def digest(report: Report) -> str:
    """Return the numbers by type and the last migrations. What comes from data is escaped."""
    held = report.holdings
    entities, relationships = sum(held.entities.values()), sum(held.relationships.values())
    head = (
        f"### {code(report.name)} on {day(report.committed_at)}\n\n"
        f"{counted(entities, 'entity', 'entities')}, "
        f"{counted(relationships, 'relationship')}, "
        f"{counted(sum(held.versions.values()), 'version')}, "
        f"{counted(len(report.chapters), 'migration')} "
        f"by {counted(len(people(report.chapters)), 'contributor')}. "
        f"Commit {code(report.commit)}.\n"
    )
    parts = [head]
    rows = Counter(held.entities)
    rows.update({f"relationship:{name}": count for name, count in held.relationships.items()})
    if rows:
        ordered = sorted(rows.items(), key=lambda row: (-row[1], row[0]))
        cells = [[code(name), f"{count:,}"] for name, count in ordered[:MAX_ROWS]]
        parts.append(table(("Type", "Number"), cells))
        parts.append(left_out(len(rows) - MAX_ROWS, "type is", "types are"))
    if len(held.entities) > 1:
        parts.append(pie("Entities by type", Counter(held.entities)))
    if report.chapters:
        latest = [_row(chapter) for chapter in reversed(report.chapters[-MAX_MIGRATIONS:])]
        parts.append(table(("Applied", "Migration", "Author", "Did", "Description"), latest))
        more = len(report.chapters) - MAX_MIGRATIONS
        parts.append(left_out(more, "earlier migration is", "earlier migrations are"))
    if report.gaps.is_shallow:
        parts.append("Made from a shallow clone: early commits are not known.\n")
    return "\n".join(filter(None, parts))


def _row(chapter: Chapter) -> list[str]:
    record = chapter.run.record
    when = chapter.applied_on
    return [
        when.isoformat() if when else "",
        code(record.name, 300),
        code(chapter.author, 300),
        done(record.statistics),
        code(record.description, 300),
    ]
