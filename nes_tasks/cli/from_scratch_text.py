"""What `doit replay --from-scratch` prints."""

from __future__ import annotations

from ..operations.from_scratch import FromScratch, Reason, RebuildOutcome, RebuildStep
from ..operations.lineage import Origin
from ..text import escape_control
from .changes_text import diff_command, difference_lines, failure_lines, files_differ
from .tables import new_table, rendered

# Explanations for commits that are taken over, by reason.
REASONS = {
    Reason.ADOPTED: "adopted, with markers that were written afterwards",
    Reason.ACCEPTED: "accepting a folder that was edited",
    Reason.UNMARKED: "of a migration that left no marker",
    Reason.NONDETERMINISTIC: "with DETERMINISTIC = False",
    Reason.BY_HAND: "by hand",
    Reason.FOLDER: "unproven: no folder holds the files that were used",
}


def text(found: FromScratch) -> str:
    """Return the steps as a table, the first difference, and what was taken over."""
    if not found.steps:
        return "The database has no history, so there is nothing to verify.\n"
    parts = [_table(found), _problem(found.first), _taken_over(found), _conclusion(found)]
    return "\n".join(part for part in parts if part)


def _table(found: FromScratch) -> str:
    """Return the rows of migrations and reverts; other commits are only counted."""
    table = new_table()
    table.add_column("Step")
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Seconds", justify="right", no_wrap=True)
    for step in found.steps:
        if step.part.names:
            seconds = "-" if step.seconds is None else f"{step.seconds:.1f}"
            table.add_row(_name(step), step.outcome.replace("_", " "), seconds)
    return rendered(table) if table.rows else ""


def _name(step: RebuildStep) -> str:
    names = escape_control(", ".join(step.part.names))
    kinds = {Origin.REVERT: "revert of ", Origin.ACCEPTED: "acceptance of "}
    return f"{kinds.get(step.part.origin, '')}{names}"


def _problem(step: RebuildStep | None) -> str:
    """Return the differences or the failure as lines."""
    if step is None:
        return ""
    commit = step.part.commit
    if step.failure:
        lines = [f"{escape_control(step.failed or '')} failed", *failure_lines(step.failure)]
    else:
        files = files_differ(step.differing_files or 0)
        heading = f"is different from what is committed as {commit.id[:12]}: {files}"
        lines = [f"{_name(step)} {heading}"]
    if step.difference:
        lines += difference_lines(step.difference)
    if step.rebuilt_tree:
        lines.append(diff_command(commit.tree, step.rebuilt_tree))
    return "".join(f"{line}\n" for line in lines)


def _taken_over(found: FromScratch) -> str:
    lines = "".join(
        f"{count:,} commit{'' if count == 1 else 's'} taken over, {REASONS[reason]}.\n"
        for reason, count in found.reasons.items()
        if count
    )
    return f"{lines}Earlier folders: {found.fetch}\n" if found.fetch else lines


def _conclusion(found: FromScratch) -> str:
    counts = found.counts.items()
    counted = [f"{count:,} {outcome.replace('_', ' ')}" for outcome, count in counts if count]
    whole = ""
    if not found.counts[RebuildOutcome.UNREACHED] and not found.first:
        tree = found.steps[-1].part.commit.tree
        whole = f"The last tree is the committed one, {tree[:12]}.\n"
    return f"{whole}{', '.join(counted)}. Nothing was changed.\n"
