"""The line that shows how far git is in talking to a remote, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..printable import printable


@contextmanager
def transfer(doing: str) -> Iterator[Callable[[str], None] | None]:
    """Show `doing` while the block runs; give what takes git's words, None off a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(doing)) as status:
        yield lambda line: status.update(f"{escape(doing)}: {escape(printable(line))}")
