"""Write a static site about the database that any web server can serve."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from ..errors import UsageError
from ..operations.atomic_write import atomic_write
from ..operations.entity_page import EntityPages
from ..operations.export_tables import Progress, write_tables
from ..operations.export_target import check_target, is_manifest
from ..operations.points import Points
from ..operations.report import Report, make_report
from ..operations.site import MADE_BY, MANIFEST, SiteTables, Type, check_size
from ..project import Project
from .report_html import ReportLinks
from .report_html import page as report_page
from .site_html import PER_LISTING, Links, SitePages, entity_file, listing_file, migration_file

FORMAT = 1
NO_JEKYLL = ".nojekyll"
PROGRESS_EVERY = 200


class WrittenSite(NamedTuple):
    """How many pages and bytes a site has."""

    pages: int
    bytes: int


def check_folder(folder: Path) -> bool:
    """Return whether a site is there that will be replaced.

    Raises `UsageError` when none can be written there, or when something else is there.
    """
    check_target(folder)
    resolved = folder.resolve()
    if not resolved.exists():
        return False
    if not resolved.is_dir():
        raise UsageError(f"{folder} is not a folder", hint="give another one with --site")
    names = {entry.name for entry in resolved.iterdir()}
    if is_manifest(lambda: (resolved / MANIFEST).read_bytes(), MADE_BY):
        return True
    # The empty checkout of a branch that the site is published from.
    if others := sorted(names - {".git", "CNAME", NO_JEKYLL}):
        raise UsageError(
            f"{folder} is neither empty nor a site: it has {others[0]!r}",
            hint="give another folder with --site",
        )
    return False


def write_site(
    project: Project, folder: Path, title: str, url: str, progress: Progress
) -> WrittenSite:
    """Write the pages of the newest state to a folder, in one step at the end.

    The same commit gives the same bytes. Raises `UsageError` when there are too many entities,
    `UnavailableError` when the disk is full or the like.
    """
    point = Points(project).newest
    check_size(project, point)
    with tempfile.TemporaryDirectory() as work, atomic_write(folder) as part:
        tables = Path(work) / "nes.db"
        write_tables(project, point, tables, progress)
        with closing(sqlite3.connect(f"{tables.as_uri()}?mode=ro", uri=True)) as connection:
            found = SiteTables(connection)
            report = make_report(project, progress)
            part.mkdir()
            pages = SitePages(title or f"What {report.name} holds", point.commit)
            site = _Site(part, pages, progress)
            site.write_frame(found, report, url)
            site.write_entities(EntityPages(connection))
            return site.written


class _Site:
    """The files of one site, written into an empty folder."""

    def __init__(self, root: Path, pages: SitePages, progress: Progress) -> None:
        self._root = root
        self._pages = pages
        self._progress = progress
        self._folders = {root}
        self.written = WrittenSite(0, 0)

    def write_frame(self, found: SiteTables, report: Report, url: str) -> None:
        """Write everything except the pages of entities."""
        types = found.types()
        style = files("nes_tasks.cli") / "pages"
        css = [(style / name).read_text(encoding="utf-8") for name in ("report.css", "site.css")]
        self._write("style.css", "".join(css))
        self._write("search.js", (style / "search.js").read_text(encoding="utf-8"))
        self._write("search.json", _json_rows(found.search_rows()))
        self._write("index.html", self._pages.home(report, types))
        links = ReportLinks(
            {
                entity_type.name: listing_file(entity_type.type, entity_type.sub_type)
                for entity_type in types
            },
            {summary.name: migration_file(summary.name) for summary in report.summaries},
        )
        self._write("report.html", report_page(report, links=links))
        self._write("feed.xml", self._pages.feed(report, url))
        # Otherwise GitHub would run all pages through Jekyll.
        self._write(NO_JEKYLL, "")
        self._write(MANIFEST, json.dumps({MADE_BY: FORMAT, "commit": report.commit}) + "\n")
        for kind in types:
            self._write_listings(kind, found)
        for summary in report.summaries:
            entities, more = found.of_migration(summary.name)
            page = self._pages.migration(summary, entities, more)
            self._write(migration_file(summary.name), page)

    def _write_listings(self, kind: Type, found: SiteTables) -> None:
        entities = found.entities(kind)
        starts = range(0, len(entities), PER_LISTING)
        firsts = [entities[at].en or entities[at].ne or entities[at].id for at in starts]
        for number, at in enumerate(starts, 1):
            page = self._pages.listing(kind, entities[at : at + PER_LISTING], number, firsts)
            self._write(listing_file(kind.type, kind.sub_type, number), page)

    def write_entities(self, found: EntityPages) -> None:
        """Write a page for each entity."""
        for done, path in enumerate(list(found.paths()), 1):
            page = found.page(path)
            assert page is not None
            file = entity_file(page.id)
            self._write(file, self._pages.entity(page, Links.at(file.count("/"))))
            if not done % PROGRESS_EVERY:
                self._progress("writing pages", done, None)

    def _write(self, name: str, text: str) -> None:
        path = self._root / name
        if path.parent not in self._folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(path.parent)
        data = text.encode(errors="backslashreplace")
        path.write_bytes(data)
        pages, size = self.written
        self.written = WrittenSite(pages + name.endswith(".html"), size + len(data))


def _json_rows(rows: Iterable[object]) -> str:
    """Return a list as JSON, one row per line."""
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return "[" + ",\n".join(lines) + "]\n"
