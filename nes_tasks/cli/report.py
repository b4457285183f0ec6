"""`doit report`: what the database holds and how it came about, as one page."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from ..errors import UsageError
from ..text import quote
from .command import Command, check_writable, no_names, write_file
from .doit_commands import LOOKING
from .format import counted, size
from .options import OUTPUT, flag, option
from .session import session

DEFAULT = "report.html"
STDOUT = "-"
MARKDOWN = flag("markdown", "print a short version as Markdown, for a README or a job summary")
WRITE_TO = {
    **OUTPUT,
    "help": f"write to this file, - for stdout [default: {DEFAULT}, with --markdown stdout]",
}
SITE = option(
    "site", "write a site into this folder: search, and a page for each entity and migration"
)
TITLE = option("title", 'the title of the site, instead of "What … holds"')
URL = option("url", "the address of the site, for the links of its feed")


class Report(Command):
    """Write a page about the database: its contents, growth, migrations, fields and sources."""

    name = "report"
    doc_purpose = "write a page about the database: contents, growth, migrations, fields, sources"
    doc_usage = "[-o FILE] [--markdown] | --site FOLDER [--title TEXT] [--url URL]"
    doc_description = (
        "Writes one HTML file without scripts, which loads nothing else: what the "
        "database contains, its growth, each migration with author, time and changes, the "
        "completeness of the fields, and the sources. It is made from the last commit and "
        "the history, never from the working tree. The same commit gives the same bytes. "
        "In a shallow or partial clone, the page says what is missing.\n\n"
        "--markdown prints a short version for a README or a job summary, and needs no "
        "extra.\n\n"
        "--site writes static pages for any web server, such as GitHub Pages: search, a "
        "page for each entity and migration, the report, and a feed of changes."
    )
    group = LOOKING
    examples = (
        ("doit report -o site/index.html", "writes the page into the folder of a site"),
        ("doit report --markdown", "prints the short version"),
        ("doit report --site site", "writes a site with a page for each entity"),
    )
    cmd_options = (MARKDOWN, WRITE_TO, SITE, TITLE, URL)

    def _execute(
        self, markdown: bool, output: str, site: str, title: str, url: str, pos_args: list[str]
    ) -> int:
        no_names(pos_args, self.name)
        if site:
            if markdown or output:
                raise UsageError("--site cannot be combined with --markdown or -o", hint="omit it")
            return self._write_site(Path(site), title, url)
        if title or url:
            raise UsageError("--title and --url need --site", hint="doit report --site FOLDER")
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
            # The page declares UTF-8, whatever encoding the terminal has.
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            self.outstream.write(text)
        return 0

    def _write_site(self, folder: Path, title: str, url: str) -> int:
        from .progress import CommandProgress
        from .report_html import check_installed
        from .site import check_folder, write_site

        check_installed()
        base = _base(url)
        session().known_plan()
        is_replaced = check_folder(folder)
        with CommandProgress() as progress:
            found = write_site(session().project, folder, title, base, progress.update)
        replaced = ", in place of an earlier site" if is_replaced else ""
        pages = counted(found.pages, "page")
        self.outstream.write(f"{folder}: {pages}, {size(found.bytes)}{replaced}\n")
        return 0


def _base(url: str) -> str:
    """Return the address of a folder; raises `UsageError` for what is not an address."""
    if url and not url.startswith(("https://", "http://")):
        raise UsageError(f"{quote(url)} is not an address", hint="begin it with https://")
    return f"{url.rstrip('/')}/" if url else ""


def _page() -> str:
    from ..operations.report import make_report
    from .progress import CommandProgress
    from .report_html import check_installed, page

    check_installed()
    with CommandProgress() as progress:
        report = make_report(session().project, progress.update)
    return page(report)


def _digest() -> str:
    from ..operations.report import make_report
    from .markdown import digest
    from .progress import CommandProgress

    with CommandProgress() as progress:
        report = make_report(session().project, progress.update, brief=True)
    return digest(report)
