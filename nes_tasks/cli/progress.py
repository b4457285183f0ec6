"""The progress of a running migration and of a transfer, on stderr.

On a terminal it is one line that changes; elsewhere plain lines, at most one every few
seconds for progress, so that a log stays readable.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from ..running.events import EventKind, RunEvent
from ..settings import STATE_FOLDER
from ..text import escape_control
from .console import escape_lines, print_stderr, warn

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID
from collections.abc import Iterator
from contextlib import contextmanager

from ..git.transfer_progress import OnTransfer

SECONDS_BETWEEN_LINES = 2.0
LOGS = f"{STATE_FOLDER}/logs"
# How many messages of one migration are shown: others are counted, and all are in the log.
SHOWN_ON_TERMINAL, SHOWN_ELSEWHERE = 200, 20


class MigrationProgress:
    """Shows what happens in a run: the callback of a `Runner`.

    `doing` is what happens to a migration while its script runs; with `logs` its messages are
    shown.
    """

    def __init__(self, doing: str = "Applying", *, logs: bool = True) -> None:
        self._doing = doing
        self._logs = logs
        self._expected = 0
        self._count = 0
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._last_line = 0.0
        self._messages = 0

    def expect(self, count: int) -> None:
        """Set how many migrations will run, so that each is shown with its number."""
        self._expected = count

    def __call__(self, event: RunEvent) -> None:
        """Show what happened."""
        match event.kind:
            case EventKind.STARTED:
                self._start(event.migration)
            case EventKind.LOGGED:
                self._count_and_show(event.text)
            case EventKind.PRINTED:  # by the script, behind a bar; it counts as a message
                self._count_and_show(f"| {event.text}")
            case EventKind.NOTED:
                self._show(event.text)
            case EventKind.PROGRESSED:
                self._show_progress(event)
            case EventKind.ENDED:
                self._end()
            case EventKind.WARNED:
                warn(event.text)

    def _start(self, name: str) -> None:
        self._last_line = time.monotonic()
        self._count += 1
        self._messages = 0
        of_all = f" ({self._count:,}/{self._expected:,})" if self._expected > 1 else ""
        if not sys.stderr.isatty():
            print_stderr(f"{self._doing} {name}{of_all}")
            return
        self._progress = _bar()
        self._task = self._progress.add_task(f"{name}{of_all}", total=None, count="")

    def _count_and_show(self, message: str) -> None:
        """Show a message of the script, or only count it when there were many."""
        self._messages += self._logs
        if self._messages <= self._shown:
            self._show(message)

    def _show(self, text: str) -> None:
        if not self._logs:
            return
        text = "\n".join(f"  {line}" for line in escape_lines(text).split("\n"))
        if self._progress is None:
            print_stderr(text)
        else:
            self._progress.console.print(text, style="dim", markup=False, highlight=False)

    @property
    def _shown(self) -> int:
        return SHOWN_ELSEWHERE if self._progress is None else SHOWN_ON_TERMINAL

    def _show_progress(self, event: RunEvent) -> None:
        name, done, total = event.migration, event.done, event.total
        text = f"{name}: {escape_control(event.text)}" if event.text else name
        count = f"{done:,}" if total is None else f"{done:,}/{total:,}"
        if self._progress is not None and self._task is not None:
            self._progress.update(
                self._task, description=text, completed=done, total=total, count=count
            )
        elif time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            print_stderr(f"  {text} {count}")

    def _end(self) -> None:
        """Remove the progress line, and print how many messages were not shown."""
        more = self._messages - self._shown
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
        if more > 0:
            print_stderr(f"  and {more:,} more lines of its log; all are in {LOGS}")


class CommandProgress:
    """Shows the progress of a command other than a migration; short commands show nothing."""

    def __init__(self) -> None:
        self._began = self._last_line = time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def update(self, label: str, done: int, total: int | None) -> None:
        """Show how far the step called `label` is."""
        count = f"{done:,}" if total is None else f"{done:,}/{total:,}"
        now = time.monotonic()
        if now - self._began < SECONDS_BETWEEN_LINES:
            return
        if not sys.stderr.isatty():
            if now - self._last_line > SECONDS_BETWEEN_LINES:
                self._last_line = now
                print_stderr(f"{label}: {count}")
            return
        if self._progress is None or self._task is None:
            self._progress = _bar()
            self._task = self._progress.add_task(label, total=None, count="")
        self._progress.update(
            self._task, description=label, completed=done, total=total, count=count
        )

    def __enter__(self) -> CommandProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()


def _bar() -> Progress:
    """Return a bar on stderr that has started."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    bar.start()
    return bar


@contextmanager
def transfer(doing: str) -> Iterator[OnTransfer | None]:
    """Show `doing` while the block runs; yield a progress callback, None without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(doing)) as status:
        yield lambda progress: status.update(escape(f"{doing}: {escape_control(str(progress))}"))
