"""The content of a static site, read from an export of the database and the report."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..errors import UsageError
from ..git.command import Git
from ..git.diff import list_files
from ..models.identifiers import SUFFIX
from ..project import Project
from ..services.entity_files import ENTITIES
from .entity_page import Named
from .points import Point

MAX_ENTITIES = 50_000
"""More pages than this are more than GitHub Pages publishes in ten minutes and one gigabyte.

See https://docs.github.com/en/pages/getting-started-with-github-pages/github-pages-limits
"""

ENTITIES_OF_MIGRATION = 500
MANIFEST = "site.json"
"""The file in the folder of a site by which it is known as one of ours."""

MADE_BY = "nes_tasks_site"
"""The key of the format in that file."""


class Type(NamedTuple):
    """A type with a sub type or none, and how many entities it has."""

    type: str
    sub_type: str | None
    entities: int

    @property
    def name(self) -> str:
        """The name of the type in the report, such as ``location/ward``."""
        return f"{self.type}/{self.sub_type}" if self.sub_type else self.type


def check_size(project: Project, point: Point) -> None:
    """Raise `UsageError` when there are too many entities for a page each. Reads no content."""
    folder = f"{project.settings.data_dir}/{ENTITIES}"
    count = sum(1 for _ in list_files(Git(project.settings.database), point.tree, folder))
    if count > MAX_ENTITIES:
        raise UsageError(
            f"a site has a page for each of at most {MAX_ENTITIES:,} entities, "
            f"and there are {count:,}",
            hint="doit browse shows any number of them",
        )


class SiteTables:
    """Queries of the tables of an export for pages other than those of entities."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def types(self) -> list[Type]:
        """Return the types, the largest first."""
        return [Type(*row) for row in self._execute("SELECT * FROM entity_types")]

    def entities(self, kind: Type) -> list[Named]:
        """Return the entities of a type, by name."""
        rows = self._execute(
            "SELECT id, name_en, name_ne FROM entities WHERE type = ? AND sub_type IS ?",
            (kind.type, kind.sub_type),
        )
        return natural([Named(*row) for row in rows])

    def of_migration(self, name: str) -> tuple[list[Named], int]:
        """Return the first entities of which a migration wrote versions, and how many more."""
        versions = (
            "FROM version_migrations AS m JOIN versions AS v USING (path) "
            "JOIN entities AS e ON e.path = replace(v.subject, ':', '/') || '.json' "
            "WHERE migration = ?"
        )
        counting = f"SELECT count(DISTINCT subject) {versions}"
        (count,) = self._execute(counting, (name,)).fetchone()
        rows = self._execute(
            f"SELECT DISTINCT e.id, name_en, name_ne {versions} "
            f"ORDER BY e.path LIMIT {ENTITIES_OF_MIGRATION}",
            (name,),
        )
        found = [Named(*row) for row in rows]
        return found, count - len(found)

    def search_rows(self) -> Iterator[list[Any]]:
        """Yield path, both primary names and all other names of each entity, for the search."""
        rows = self._execute(
            "SELECT path, name_en, name_ne, "
            '(SELECT json_group_array("full") FROM names WHERE entity = entities.key) '
            "FROM entities ORDER BY path"
        )
        for path, en, ne, names in rows:
            others = [name for name in dict.fromkeys(json.loads(names)) if name not in (en, ne)]
            yield [path[len(ENTITIES) + 1 : -len(SUFFIX)], en or "", ne or "", others]


def natural(entities: list[Named] | tuple[Named, ...]) -> list[Named]:
    """Return entities in natural order of their names: ward 2 before ward 10."""

    def key(named: Named) -> list[tuple[bool, int, str]]:
        name = (named.en or named.ne or named.id).casefold()
        parts = re.findall(r"[0-9]+|[^0-9]+", name)
        return [(False, int(p), "") if p[0].isdigit() else (True, 0, p) for p in parts]

    return sorted(entities, key=lambda named: (key(named), named.id))
