"""Tables on stdout: as wide as the terminal, never cut in a pipe.

On a terminal that is too narrow, each row becomes a block of lines, so that no column is lost.
Written without a library, because `doit list` must start quickly.
"""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

# Names are meant to be copied: they are folded last, and only beyond this width.
NAME_WIDTH = 30
# Minimum width of a folded column; narrower text is hard to read.
FOLDED_WIDTH = 10
GAP = 2


@dataclass(slots=True)
class Column:
    """One column; `least` is its minimum width when folded, None if it is never folded."""

    heading: str
    is_right: bool = False
    least: int | None = None


@dataclass(slots=True)
class Table:
    """Rows of text below headings; a cell may have several lines."""

    columns: list[Column] = field(default_factory=list)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    sections: set[int] = field(default_factory=set)

    def add_column(self, heading: str, *, justify: str = "left", no_wrap: bool = False) -> None:
        """Add a column; with `no_wrap` its cells are not folded while the table is one."""
        self.columns.append(Column(heading, justify == "right", None if no_wrap else FOLDED_WIDTH))

    def add_row(self, *cells: object) -> None:
        """Add a row with a cell for each column."""
        self.rows.append(tuple(map(str, cells)))

    def add_section(self) -> None:
        """Start a new section: a blank line before the following rows."""
        self.sections.add(len(self.rows))


def new_table() -> Table:
    """Return an empty table."""
    return Table()


def add_names(table: Table, heading: str, names: Iterable[str]) -> None:
    """Add the column of migration names, which is folded after the other columns."""
    longest = max(map(len, names), default=0)
    table.add_column(heading)
    table.columns[-1].least = None if longest <= NAME_WIDTH else NAME_WIDTH


def terminal_width() -> int | None:
    """Return the width of the terminal on stdout, None for a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def rendered(table: Table, width: int | None = None) -> str:
    """Return a table as text without spaces at the ends of lines.

    It fits into `width` columns: by default the terminal's, in a pipe unlimited. Where the columns
    do not fit side by side each row becomes a block.
    """
    width = width or terminal_width()
    widths = _widths(table, width)
    lines = _blocks(table, width) if widths is None and width else _grid(table, widths or [])
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _widths(table: Table, width: int | None) -> list[int] | None:
    """Return the width of each column; None where they do not fit side by side."""
    cells = list(zip(*table.rows, strict=True)) if table.rows else [()] * len(table.columns)
    widths = [
        max(cell_width(line) for text in (column.heading, *texts) for line in _lines(text))
        for column, texts in zip(table.columns, cells, strict=True)
    ]
    if width is None:
        return widths
    room = width - GAP * (len(widths) - 1)
    for words_stay_whole in (True, False):
        least = [
            wide if column.least is None else min(wide, _least(column, texts, words_stay_whole))
            for column, texts, wide in zip(table.columns, cells, widths, strict=True)
        ]
        if sum(least) <= room:
            break
    else:
        return None
    while (excess := sum(widths) - room) > 0:
        # Shrink the widest foldable column to the next widest.
        foldable = [at for at in range(len(widths)) if widths[at] > least[at]]
        widest = max(foldable, key=lambda at: widths[at])
        others = [widths[at] for at in foldable if widths[at] < widths[widest]]
        widths[widest] -= min(excess, max(1, widths[widest] - max([least[widest], *others])))
    return widths


def _least(column: Column, texts: Iterable[str], words_stay_whole: bool) -> int:
    words = (word for text in texts for word in text.split()) if words_stay_whole else ()
    return max(column.least or 0, cell_width(column.heading), *map(cell_width, words), 0)


def _grid(table: Table, widths: Sequence[int]) -> Iterator[str]:
    # A terminal that knows only ASCII cannot draw the line below the heading.
    is_ascii = not (sys.stdout.encoding or "").lower().startswith("utf")
    between = " |" if is_ascii else " " * GAP
    rule = "-+".join("-" * wide for wide in widths) if is_ascii else None
    yield from _row(table, [column.heading for column in table.columns], widths, between)
    yield rule or "─" * (sum(widths) + GAP * (len(widths) - 1))
    for number, row in enumerate(table.rows):
        if number in table.sections:
            yield rule or ""
        yield from _row(table, row, widths, between)


def _row(table: Table, cells: Sequence[str], widths: Sequence[int], between: str) -> Iterator[str]:
    folded = [list(fold(cell, wide)) for cell, wide in zip(cells, widths, strict=True)]
    for number in range(max(map(len, folded), default=0)):
        parts = [lines[number] if number < len(lines) else "" for lines in folded]
        yield between.join(
            f"{' ' * (wide - cell_width(part))}{part}"
            if column.is_right
            else f"{part}{' ' * (wide - cell_width(part))}"
            for column, part, wide in zip(table.columns, parts, widths, strict=True)
        )


def _blocks(table: Table, width: int) -> Iterator[str]:
    """Yield each row as its first cell and, below it, the others after their headings."""
    beside = max((cell_width(column.heading) for column in table.columns[1:]), default=0) + 2 * GAP
    for number, row in enumerate(table.rows):
        if number:
            yield ""
        yield from fold(row[0], width)
        for column, cell in zip(table.columns[1:], row[1:], strict=True):
            lines = cell.replace("\n", ", ")
            indent = " " * GAP
            label = f"{indent}{column.heading}"
            if beside + FOLDED_WIDTH <= width:
                folded = list(fold(lines, width - beside))
                yield f"{label}{' ' * (beside - cell_width(label))}{folded[0]}"
                yield from (f"{' ' * beside}{line}" for line in folded[1:])
            else:
                yield from fold(label, width)
                yield from (f"{indent * 2}{line}" for line in fold(lines, max(width - 4, 1)))


def _lines(text: str) -> list[str]:
    return text.split("\n")


def fold(text: str, width: int) -> Iterator[str]:
    """Yield `text` in lines of at most `width` columns, broken between words or after a hyphen.

    A longer word is broken anywhere. Nothing but spaces at a break is left out; a character wider
    than `width` gets a line.
    """
    for line in _lines(text):
        rest = line
        while cell_width(rest) > width:
            head = _head(rest, width)
            cut = len(head)
            if not rest[cut:].startswith(" "):
                position = max(head.rfind(" "), head.rfind("-") + 1)
                cut = position if head[:position].strip() else cut
            yield rest[:cut].rstrip()
            rest = rest[cut:].lstrip()
        yield rest


def _head(text: str, width: int) -> str:
    """Return the longest beginning that fits; combining marks stay with their letter."""
    end, used = 0, 0
    while end < len(text):
        stop = end + 1
        while stop < len(text) and unicodedata.category(text[stop]).startswith("M"):
            stop += 1
        used += cell_width(text[end:stop])
        if end and used > width:
            break
        end = stop
    return text[:end]


def cell_width(text: str) -> int:
    """Return the width of a text in terminal columns.

    East Asian wide characters take two and marks without a width of their own none, as in
    wcwidth(3); a spacing vowel sign of Devanagari takes one.
    """
    if text.isascii():
        return len(text)
    return sum(map(_char_width, text))


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
