"""Format changes of the data, differences and doubtful values for a terminal."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import NesTasksError
from ..operations.changes import Changes, Counts, Updated, is_content_field
from ..operations.fields import ABSENT, FieldChange, leaves
from ..operations.preview import Previewed
from ..operations.review import KINDS, Remark
from ..operations.tree_difference import Difference
from ..text import escape_control, truncate
from .console import escape_lines, format_error
from .session import session
from .tables import new_table, rendered

# Limits for a large change in a terminal; --json has all of it.
UPDATED_PER_TYPE = 3
MAX_FIELDS = 8
MAX_KINDS_OF_FIELDS = 12
MAX_VALUE = 70
MAX_DELETED = 10
# Characters shown of the common beginning of two long values.
CONTEXT = 20
# Longer than any value.
WHOLE = 1_000_000


def described(changes: Changes, *, full: bool = False) -> str:
    """Return the changes as paragraphs of text; empty without changes.

    With `full` each field is shown, with its whole value, and each new one that `changes` holds.
    """
    parts = [
        _counts(changes.types),
        _fields(changes.fields, None if full else MAX_KINDS_OF_FIELDS),
        "".join(_updated(updated, full=full) for updated in changes.updated),
        left_out(changes.updated_left_out, "changed one is", "changed ones are"),
        _samples(changes, full=full),
        _deleted(changes.deleted, None if full else MAX_DELETED),
    ]
    return "\n".join(part for part in parts if part)


def _counts(types: Mapping[str, Counts]) -> str:
    if not types:
        return ""
    table = new_table()
    table.add_column("Type")
    for heading in ("New", "Changed", "Deleted"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, counts in types.items():
        numbers = (counts.created, counts.updated, counts.deleted)
        table.add_row(escape_control(name), *(f"{n:,}" if n else "-" for n in numbers))
    return rendered(table)


def _fields(fields: Mapping[str, int], most: int | None) -> str:
    if not fields:
        return ""
    table = new_table()
    table.add_column("Changed field")
    table.add_column("In", justify="right", no_wrap=True)
    shown = list(fields.items())[:most]
    for path, count in shown:
        table.add_row(truncate(escape_control(path), MAX_VALUE), f"{count:,}")
    more = left_out(len(fields) - len(shown), "other field is", "other fields are")
    return rendered(table) + more


def _updated(updated: Updated, *, full: bool) -> str:
    lines = [escape_control(updated.id)]
    most = len(updated.content_fields) if full else MAX_FIELDS
    for field in updated.content_fields[:most]:
        old, new = short_values(field, WHOLE) if full else short_values(field)
        lines.append(f"  {truncate(escape_control(field.path), MAX_VALUE) or '(the whole file)'}")
        lines += [f"    - {old}"] if old is not None else []
        lines += [f"    + {new}"] if new is not None else []
    if not updated.content_fields:
        lines.append("  (only its version)")
    rest = left_out(len(updated.content_fields) - most, "other field is", "other fields are")
    return "\n".join(lines) + f"\n{'  ' if rest else ''}{rest}"


def _samples(changes: Changes, *, full: bool) -> str:
    rows = []
    for sample in changes.samples:
        rows.append(f"  {escape_control(sample.id)}  {name_of(sample.content)}".rstrip())
        rows += _content(sample.content) if full else ()
    if not rows:
        return ""
    more = left_out(len(changes.created) - len(changes.samples), "new one is", "new ones are")
    return "\n".join(["New:", *rows, ""]) + more


def _content(content: Any) -> Iterator[str]:
    """Yield a line for each field that says something of the data."""
    for path, value in leaves(content):
        if value is not None and is_content_field(path):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"    {escape_control(path)}: {escape_control(text)}"


def _deleted(ids: Sequence[str], most: int | None) -> str:
    if not ids:
        return ""
    rows = [f"  {escape_control(identifier)}" for identifier in ids[:most]]
    more = left_out(len(ids) - len(rows), "deleted one is", "deleted ones are")
    return "\n".join(["Deleted:", *rows, ""]) + more


def left_out(count: int, singular: str, plural: str) -> str:
    """Return a line that says how many of something are not shown, if any."""
    return f"({count:,} {singular if count == 1 else plural} not shown)\n" if count > 0 else ""


def short_values(field: FieldChange, limit: int = MAX_VALUE) -> tuple[str | None, str | None]:
    """Return both values of a field as short JSON, None for a value that is not there.

    Long values that begin alike are shown from where they differ.
    """
    old, new = _as_text(field.old, field.new), _as_text(field.new, field.old)
    start = 0
    if old is not None and new is not None and max(len(old), len(new)) > limit:
        pairs = enumerate(zip(old, new, strict=False))
        alike = next((at for at, (a, other) in pairs if a != other), min(len(old), len(new)))
        start = max(0, alike - CONTEXT)
    return _from(start, old, limit), _from(start, new, limit)


def _from(start: int, text: str | None, limit: int) -> str | None:
    if text is None:
        return None
    return truncate(f"…{text[start:]}" if start else text, limit)


def _as_text(value: Any, other: Any) -> str | None:
    if value is ABSENT:
        return None
    if other is ABSENT:
        # Nulls fill most of an added or removed object and carry no information.
        with contextlib.suppress(RecursionError):
            value = _without_nulls(value)
    return escape_control(json.dumps(value, ensure_ascii=False))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def name_of(content: Any) -> str:
    """Return the first name of an entity, in English or else in Nepali; "" for anything else."""
    names = content.get("names") if isinstance(content, dict) else None
    first = names[0] if isinstance(names, list) and names else None
    for language in ("en", "ne"):
        parts = first.get(language) if isinstance(first, dict) else None
        full = parts.get("full") if isinstance(parts, dict) else None
        if isinstance(full, str):
            return truncate(escape_control(full), MAX_VALUE)
    return ""


def files_differ(count: int) -> str:
    """Return how many files differ, in words."""
    return f"{count:,} file{' differs' if count == 1 else 's differ'}"


def diff_command(old: str, new: str) -> str:
    """Return the command that shows the difference of two trees, as an indented line."""
    return f"  git -C {session().project.settings.database_label} diff {old[:12]} {new[:12]}"


def failure_lines(error: NesTasksError) -> list[str]:
    """Return the error of a migration as indented lines."""
    return [f"  {line}" for line in escape_lines(format_error(error)).splitlines()]


def difference_lines(difference: Difference) -> list[str]:
    """Return the path, and the field or line with both values, as indented lines."""
    lines = [f"  {escape_control(difference.path)}"]
    change = difference.change
    if change is None:
        kinds = {
            "mode": "has a different file mode",
            "only_committed": "is committed, but was not replayed",
            "only_replayed": "was replayed, but is not committed",
        }
        return [f"{lines[0]} {kinds[difference.kind.value]}"]
    committed, replayed = short_values(change)
    lines.append(f"    {escape_control(change.path) or f'line {difference.line}'}")
    lines.append(f"      committed  {'(absent)' if committed is None else committed}")
    lines.append(f"      replayed   {'(absent)' if replayed is None else replayed}")
    return lines


# Remarks shown of each kind; --full shows all of them.
SHOWN_IN_A_TERMINAL = 5
SHOWN_IN_A_COMMENT = 10
HEADING = "To look at"


class Section(NamedTuple):
    """One kind of remarks: its heading, the remarks that are shown, and how many are not."""

    heading: str
    shown: Sequence[Remark]
    left_out: int


def sections(remarks: Sequence[Remark], most: int | None) -> Iterator[Section]:
    """Yield the kinds that occur, with at most `most` remarks each; None shows all."""
    for kind, heading in KINDS.items():
        found = [remark for remark in remarks if remark.kind == kind]
        if found:
            yield Section(heading, found[:most], len(found) - len(found[:most]))


def as_text(remarks: Sequence[Remark], most: int | None) -> str:
    """Return the lines that a terminal shows; nothing without remarks."""
    lines: list[str] = []
    for heading, shown, rest in sections(remarks, most):
        lines.append(f"  {heading}:")
        lines += [f"    {line_of(remark)}" for remark in shown]
        if rest:
            lines.append(f"    ({rest:,} more: doit preview --full)")
    return "\n".join([f"{HEADING}:", *lines, ""]) if lines else ""


def line_of(remark: Remark) -> str:
    """Return a remark as one line."""
    text = f"{remark.subject}: {remark.text}" if remark.subject else remark.text
    return escape_control(text)


def promises(previewed: Previewed) -> str:
    """Return the checks that the script declares, and a suggestion for those it lacks."""
    lines = ["verify passed\n"] if previewed.verified else []
    if previewed.expects:
        lines.append("EXPECT is met\n")
    elif previewed.expect:
        lines.append(f"suggested for the script: {escape_control(previewed.expect)}\n")
    return "".join(lines)
