"""The line that shows how far git is in talking to a remote, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..git.transfer_progress import OnTransfer
from ..printable import printable


@contextmanager
def transfer(doing: str) -> Iterator[OnTransfer | None]:
    """Show `doing` while the block runs; give what takes progress, None off a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(doing)) as status:
        yield lambda progress: status.update(escape(f"{doing}: {printable(str(progress))}"))
