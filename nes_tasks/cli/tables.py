"""Tables on stdout: as wide as the terminal, never cut in a pipe."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table

# A pipe has no width; nothing that goes into one is cut or folded.
PIPE_WIDTH = 1_000_000
# Names are copied, so other columns are folded first; longer ones must be, behind so much.
NAME_WIDTH = 30


def new_table() -> Table:
    """Return an empty table in the style of this tool."""
    # A terminal that knows only ASCII cannot draw the line below the heading.
    lines = box.SIMPLE_HEAD if sys.stdout.encoding.lower().startswith("utf") else box.ASCII2
    return Table(box=lines, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))


def add_names(table: Table, heading: str, names: Iterable[str]) -> None:
    """Add the column for names of migrations, which is given room before other columns."""
    longest = max(map(len, names), default=0)
    whole = longest <= NAME_WIDTH
    table.add_column(heading, overflow="fold", no_wrap=whole, min_width=min(longest, NAME_WIDTH))


def rendered(table: Table) -> str:
    """Return a table as text without spaces at the ends of lines."""
    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH
    text = io.StringIO()
    Console(file=text, width=wide, color_system=None).print(table)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())
