"""What a reviewer should look at, in the words of a preview."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..operations.preview import Previewed
from ..operations.to_look_at import KINDS, Remark
from ..printable import printable

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
        lines.append(f"the script could say: {printable(one.expect)}\n")
    return "".join(lines)
