"""`doit report`: what the database holds and how it came about, as one page."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from .command import Command, no_names
from .doit_commands import LOOKING
from .output import OUTPUT, check_writable, write_file
from .session import session
from .sizes import size

DEFAULT = "report.html"
STDOUT = "-"
MARKDOWN = {
    "name": "markdown",
    "long": "markdown",
    "type": bool,
    "default": False,
    "help": "print a short version as Markdown, for a README or a job summary",
}
WRITE_TO = {
    **OUTPUT,
    "help": f"write to this file, - for stdout; {DEFAULT} without it, stdout with --markdown",
}


class Report(Command):
    """Write a page about the database: its holdings, growth, migrations, fields and sources."""

    name = "report"
    doc_purpose = "write a page about what the database holds and how it came about"
    doc_usage = "[-o FILE] [--markdown]"
    doc_description = (
        "One HTML file that needs nothing else, no network and no script: what the database "
        "holds, its growth, who applied which migration when and what it changed, how complete "
        "the fields are, and the sources. It is read from the last commit and the history; the "
        "files of the working tree do not matter. The same commit gives the same bytes.\n\n"
        "No data is fetched: of a shallow or partial clone the page tells what is known, and "
        "what is missing.\n\n"
        "--markdown is a short version for a README or a job summary, and needs no extra."
    )
    group = LOOKING
    examples = (
        ("doit report -o site/index.html", "writes the page where a site is made"),
        ("doit report --markdown", "prints the short version"),
    )
    cmd_options = (MARKDOWN, WRITE_TO)

    def _execute(self, markdown: bool, output: str, pos_args: list[str]) -> int:
        no_names(pos_args, self.name)
        target = output or (STDOUT if markdown else DEFAULT)
        session().known_plan()
        if target != STDOUT:
            check_writable(Path(target))
        text = _digest() if markdown else _page()
        data = text.encode(errors="backslashreplace")
        if target != STDOUT:
            write_file(Path(target), data)
            self.outstream.write(f"{target}: {size(len(data))}\n")
        elif self.outstream.stream is sys.stdout and isinstance(sys.stdout, io.TextIOWrapper):
            # A page says of itself that it is UTF-8, whatever the terminal is.
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            self.outstream.write(text)
        return 0


def _page() -> str:
    from ..operations.report import make_report
    from .progress import Steps
    from .report_html import check_installed, page

    check_installed()
    with Steps() as steps:
        report = make_report(session().project, steps.progressed)
    return page(report)


def _digest() -> str:
    from ..operations.report import make_report
    from .digest import digest
    from .progress import Steps

    with Steps() as steps:
        report = make_report(session().project, steps.progressed, brief=True)
    return digest(report)
