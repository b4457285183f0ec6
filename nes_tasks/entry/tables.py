"""Tables on stdout: as wide as the terminal, never cut in a pipe."""

from __future__ import annotations

import io
import shutil
import sys

from rich import box
from rich.console import Console
from rich.table import Table

# A pipe has no width; nothing that goes into one is cut.
PIPE_WIDTH = 1000


def new_table() -> Table:
    """Return an empty table in the style of this tool."""
    # A terminal that knows only ASCII cannot draw the line below the heading.
    lines = box.SIMPLE_HEAD if sys.stdout.encoding.lower().startswith("utf") else box.ASCII2
    return Table(box=lines, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))


def rendered(table: Table) -> str:
    """Return a table as text without spaces at the ends of lines."""
    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH
    text = io.StringIO()
    Console(file=text, width=wide, color_system=None).print(table)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())
