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
from ..operations.to_look_at import KINDS, Remark
from ..operations.tree_difference import Difference
from ..printable import printable
from .console import escape_lines, format_error
from .session import session
from .tables import new_table, rendered

# How much of a large change people look at; --json has all of it.
UPDATED_PER_TYPE = 3
MAX_FIELDS = 8
MAX_KINDS_OF_FIELDS = 12
MAX_VALUE = 70
MAX_DELETED = 10
# How much of what two long values have in common is shown before they differ.
CONTEXT = 20
# More characters than any value that is written out has.
WHOLE = 1_000_000


def described(changes: Changes, *, full: bool = False) -> str:
    """Return what changed as text of several paragraphs; nothing when nothing did.

    With `full` each field is shown, with its whole value, and each new one that `changes` holds.
    """
    parts = [
        _counts(changes.types),
        _fields(changes.fields, None if full else MAX_KINDS_OF_FIELDS),
        "".join(_updated(one, full=full) for one in changes.updated),
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
        table.add_row(printable(name), *(f"{n:,}" if n else "-" for n in numbers))
    return rendered(table)


def _fields(fields: Mapping[str, int], most: int | None) -> str:
    if not fields:
        return ""
    table = new_table()
    table.add_column("Changed field")
    table.add_column("In", justify="right", no_wrap=True)
    shown = list(fields.items())[:most]
    for path, count in shown:
        table.add_row(shortened(printable(path)), f"{count:,}")
    more = left_out(len(fields) - len(shown), "other field is", "other fields are")
    return rendered(table) + more


def _updated(one: Updated, *, full: bool) -> str:
    lines = [printable(one.id)]
    most = len(one.content_fields) if full else MAX_FIELDS
    for field in one.content_fields[:most]:
        old, new = excerpts(field, WHOLE) if full else excerpts(field)
        lines.append(f"  {shortened(printable(field.path)) or '(the whole file)'}")
        lines += [f"    - {old}"] if old is not None else []
        lines += [f"    + {new}"] if new is not None else []
    if not one.content_fields:
        lines.append("  (only its version)")
    rest = left_out(len(one.content_fields) - most, "other field is", "other fields are")
    return "\n".join(lines) + f"\n{'  ' if rest else ''}{rest}"


def _samples(changes: Changes, *, full: bool) -> str:
    rows = []
    for one in changes.samples:
        rows.append(f"  {printable(one.id)}  {name_of(one.content)}".rstrip())
        rows += _content(one.content) if full else ()
    if not rows:
        return ""
    more = left_out(len(changes.created) - len(changes.samples), "new one is", "new ones are")
    return "\n".join(["New:", *rows, ""]) + more


def _content(content: Any) -> Iterator[str]:
    """Yield a line for each field that says something of the data."""
    for path, value in leaves(content):
        if value is not None and is_content_field(path):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"    {printable(path)}: {printable(text)}"


def _deleted(ids: Sequence[str], most: int | None) -> str:
    if not ids:
        return ""
    rows = [f"  {printable(one)}" for one in ids[:most]]
    more = left_out(len(ids) - len(rows), "deleted one is", "deleted ones are")
    return "\n".join(["Deleted:", *rows, ""]) + more


def left_out(count: int, one: str, many: str) -> str:
    """Return a line that says how many of something are not shown, if any."""
    return f"({count:,} {one if count == 1 else many} not shown)\n" if count > 0 else ""


def excerpts(field: FieldChange, limit: int = MAX_VALUE) -> tuple[str | None, str | None]:
    """Return both values of a field as short JSON, None for a value that is not there.

    Of long values that begin alike the part is shown in which they differ.
    """
    old, new = _as_text(field.old, field.new), _as_text(field.new, field.old)
    start = 0
    if old is not None and new is not None and max(len(old), len(new)) > limit:
        pairs = enumerate(zip(old, new, strict=False))
        alike = next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))
        start = max(0, alike - CONTEXT)
    return _from(start, old, limit), _from(start, new, limit)


def _from(start: int, text: str | None, limit: int) -> str | None:
    if text is None:
        return None
    return shortened(f"…{text[start:]}" if start else text, limit)


def _as_text(value: Any, other: Any) -> str | None:
    if value is ABSENT:
        return None
    if other is ABSENT:
        # Of what came or went as a whole the nulls are most of the text, and say nothing.
        with contextlib.suppress(RecursionError):
            value = _without_nulls(value)
    return printable(json.dumps(value, ensure_ascii=False))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def shortened(text: str, limit: int = MAX_VALUE) -> str:
    """Return `text` with at most `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def name_of(content: Any) -> str:
    """Return the first name of an entity, in English or else in Nepali; "" for anything else."""
    names = content.get("names") if isinstance(content, dict) else None
    first = names[0] if isinstance(names, list) and names else None
    for language in ("en", "ne"):
        parts = first.get(language) if isinstance(first, dict) else None
        full = parts.get("full") if isinstance(parts, dict) else None
        if isinstance(full, str):
            return shortened(printable(full))
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
    lines = [f"  {printable(difference.path)}"]
    change = difference.change
    if change is None:
        kinds = {
            "mode": "has a different file mode",
            "only_committed": "is committed, but was not replayed",
            "only_replayed": "was replayed, but is not committed",
        }
        return [f"{lines[0]} {kinds[difference.kind.value]}"]
    committed, replayed = excerpts(change)
    lines.append(f"    {printable(change.path) or f'line {difference.line}'}")
    lines.append(f"      committed  {'(absent)' if committed is None else committed}")
    lines.append(f"      replayed   {'(absent)' if replayed is None else replayed}")
    return lines


# So many of each kind are shown; --full has all of them.
SHOWN_IN_A_TERMINAL = 5
SHOWN_IN_A_COMMENT = 10
HEADING = "To look at"


class Section(NamedTuple):
    """One kind of remarks: its heading, the remarks that are shown, and how many are not."""

    heading: str
    shown: Sequence[Remark]
    left_out: int


def sections(remarks: Sequence[Remark], most: int | None) -> Iterator[Section]:
    """Yield the kinds that there are; `most` of each are shown, all of them with None."""
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
    return printable(text)


def promises(one: Previewed) -> str:
    """Return what the script says of its own result, and the line for what it does not say."""
    lines = ["verify passed\n"] if one.verified else []
    if one.expects:
        lines.append("EXPECT is met\n")
    elif one.expect:
        lines.append(f"suggested for the script: {printable(one.expect)}\n")
    return "".join(lines)
