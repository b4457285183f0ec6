"""Datasette with an export: its metadata, links to entities, and a page for each of them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import rich
import uvicorn
from datasette import Response, hookimpl
from datasette.app import Datasette
from datasette.plugins import pm
from datasette.utils import tilde_encode
from markupsafe import Markup

from ..models.identifiers import ENTITY, SUFFIX
from ..operations.entity_page import EntityPage, EntityPages
from ..operations.export_formats import DOCUMENTS
from ..services.entity_files import ENTITIES
from .site_html import Links, SitePages

TITLE = "What the database holds"
STYLE = "/-/nes-tasks/style.css"
PLUGIN = "nes-tasks"
DOCS = {
    "entities": "Persons, organizations, places and projects; column data has all of each as JSON",
    "names": "All names in both languages, with their parts",
    "identifiers": "What entities are called elsewhere",
    "contacts": "How entities can be reached",
    "tags": "Tags of entities",
    "attributes": "Free attributes of entities, as JSON unless they are strings",
    "parents": "To which entity another one belongs",
    "relationships": "Relationships between entities",
    "versions": "Every version of every entity and relationship, with its state as JSON",
    "version_migrations": "Which migration wrote a version",
    "authors": "Authors of versions",
    "migrations": "Applied migrations",
    "unread": "Files that cannot be read, and why",
    "export": "What this export was made from",
    "entity_types": "How many entities there are of each type",
    "connections": "Relationships seen from either end, with the names of the other",
    "history": "Versions with their authors and migrations",
    "contributors": "Authors with what they wrote",
    "sources": "Sources that entities name",
    "gaps": "Entities that lack a name in a language, or a source",
}
# The tables a reader starts with, and those that only queries need.
BEGIN = {
    "entities": "Search all entities",
    "history": "Who changed what",
    "entity_types": "Types",
    "sources": "Sources",
    "gaps": "What is missing",
}
TECHNICAL = ("version_migrations", "export", "unread")
FACETS = {
    "entities": ["type", "sub_type"],
    "names": ["language", "kind"],
    "identifiers": ["scheme"],
    "contacts": ["type"],
    "relationships": ["type"],
    "history": ["migration", "author"],
    "connections": ["direction", "type"],
    "gaps": ["type", "lacks_english", "lacks_nepali", "lacks_source"],
}
# In milliseconds: the server is local and its only user waits for the answer.
SETTINGS = {"sql_time_limit_ms": 10_000, "facet_time_limit_ms": 1_000, "default_page_size": 50}


# Characters of a document shown in a table cell; a page or .json shows all of it.
CELL_LENGTH = 30


class _Links(Links):
    """The links of entity pages, which lead to pages of Datasette."""

    def __init__(self, database: str) -> None:
        super().__init__("/", "/", f"/{tilde_encode(database)}/entities", "_search")

    @property
    def style(self) -> str:
        """The address of the style sheet."""
        return STYLE

    @property
    def feed(self) -> str:
        """Nothing: there is no feed of what changed."""
        return ""

    def entity(self, identifier: str) -> str:
        """Return the address of the page of an entity."""
        return f"/{ENTITIES}/{identifier.removeprefix(ENTITY)}"

    def type(self, kind: str, sub_type: str | None) -> str:
        """Return the address of the entities of a type."""
        given = {"sub_type": sub_type} if sub_type else {"sub_type__isnull": 1}
        return f"{self.search}?{urlencode({'type': kind, **given})}"

    def migration(self, name: str) -> str:
        """Return the address of the versions that a migration wrote."""
        history = self.search.removesuffix("entities") + "history"
        return f"{history}?{urlencode({'migration': name})}"


class _Plugin:
    """The Datasette plugin for routes and cells.

    See https://docs.datasette.io/en/stable/plugin_hooks.html
    """

    # Plugins are usually modules, so Datasette reads a plugin's name.
    __name__ = __name__

    def __init__(self, database: str, commit: str) -> None:
        self._database = database
        self._pages = SitePages(TITLE, commit)
        self._links = _Links(database)

    @hookimpl  # type: ignore[untyped-decorator]
    def register_routes(self) -> list[tuple[str, Any]]:
        return [
            (rf"^/{ENTITIES}/(?P<path>[a-z0-9_/-]+)$", self._entity),
            (f"^{STYLE}$", self._style),
        ]

    @hookimpl  # type: ignore[untyped-decorator]
    def render_cell(self, value: Any, column: str) -> Markup | None:
        """Link the ids of entities to their pages, and shorten documents to one line."""
        if not isinstance(value, str):
            return None
        if column in DOCUMENTS.values():
            start = " ".join(value[: 2 * CELL_LENGTH].split())[:CELL_LENGTH]
            return Markup("<code>{}</code>").format(f"{start} …")
        if not value.startswith(ENTITY):
            return None
        return Markup('<a href="{}">{}</a>').format(self._links.entity(value), value)

    async def _entity(self, datasette: Any, request: Any) -> Response:
        path = f"{ENTITIES}/{request.url_vars['path']}{SUFFIX}"

        def read(connection: Any) -> EntityPage | None:
            return EntityPages(connection).page(path)

        page = await datasette.get_database(self._database).execute_fn(read)
        if page is None:
            return Response.text("There is no such entity.\n", status=404)
        return Response.html(self._pages.entity(page, self._links))

    async def _style(self) -> Response:
        folder = files("nes_tasks.cli") / "pages"
        css = [(folder / name).read_text(encoding="utf-8") for name in ("report.css", "site.css")]
        return Response("".join(css), content_type="text/css; charset=utf-8")


def metadata(database: str) -> dict[str, Any]:
    """Return Datasette's metadata of the tables: descriptions, facets and search."""
    tables: dict[str, dict[str, Any]] = {
        name: {"description": text, "facets": FACETS.get(name, [])} for name, text in DOCS.items()
    }
    tables["entities"] |= {
        "label_column": "name_en",
        "fts_table": "entity_search",
        "fts_pk": "key",
    }
    for name in TECHNICAL:
        tables[name]["hidden"] = True
    root = f"/{tilde_encode(database)}"
    links = Markup(" · ").join(
        Markup('<a href="{}/{}">{}</a>').format(root, name, text) for name, text in BEGIN.items()
    )
    return {
        "title": TITLE,
        "description_html": Markup("<p>{}</p>").format(links),
        "databases": {database: {"tables": tables}},
    }


def serve(file: Path, listening: socket.socket) -> None:
    """Serve an export on a socket until Ctrl-C."""
    database = file.stem
    # Datasette would print a traceback for each invalid query typed in the browser.
    rich.reconfigure(quiet=True)
    datasette = Datasette(
        [], immutables=[str(file)], metadata=metadata(database), settings=SETTINGS
    )

    async def run() -> None:
        row = await datasette.get_database(database).execute(
            "SELECT value FROM export WHERE name = 'commit'"
        )
        pm.register(_Plugin(database, row.first()[0]), PLUGIN)
        await datasette.invoke_startup()
        config = uvicorn.Config(datasette.app(), log_level="warning", access_log=False)
        await uvicorn.Server(config).serve(sockets=[listening])

    try:
        # Ctrl-C is how it ends.
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(run())
    finally:
        if pm.has_plugin(PLUGIN):
            pm.unregister(name=PLUGIN)
