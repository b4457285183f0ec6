"""The pages of a site as HTML, and its feed. Everything that comes from the data is escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from ..models.identifiers import ENTITY
from ..operations.entity_page import EntityPage, Fact, Named
from ..operations.report import MigrationSummary, Report
from ..operations.site import Type, natural
from ..version import __version__
from .format import done, label
from .report_html import FIELDS, environment, migration_context

LATEST = 10
# Maximum number of entries in the feed; feed readers keep earlier ones.
MAX_ENTRIES = 100
PER_LISTING = 500
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
PLACES = frozenset({"Identifier", "Contact"})


@dataclass(frozen=True, slots=True)
class Links:
    """Relative links to the pages of a site; `root` leads to its top folder."""

    root: str = ""
    home: str = "index.html"
    search: str = "index.html"
    search_field: str = "q"

    @classmethod
    def at(cls, depth: int) -> Links:
        """Return the links of a page `depth` folders below the top."""
        root = "../" * depth
        return cls(root, f"{root}index.html", f"{root}index.html")

    @property
    def style(self) -> str:
        """The address of the style sheet."""
        return f"{self.root}style.css"

    @property
    def feed(self) -> str:
        """The address of the feed."""
        return f"{self.root}feed.xml"

    def entity(self, identifier: str) -> str:
        """Return the address of the page of an entity."""
        return f"{self.root}{quote(entity_file(identifier))}"

    def type(self, kind: str, sub_type: str | None) -> str:
        """Return the address of the list of the entities of a type."""
        return f"{self.root}{quote(listing_file(kind, sub_type))}"

    def migration(self, name: str) -> str:
        """Return the address of the page of a migration."""
        return f"{self.root}{quote(migration_file(name))}"


def entity_file(identifier: str) -> str:
    """Return the path of an entity's page in a site."""
    return f"entity/{identifier.removeprefix(ENTITY)}.html"


def listing_file(kind: str, sub_type: str | None, number: int = 1) -> str:
    """Return the path of the list of a type in a site, that of its page `number`."""
    parts = [kind, *([sub_type] if sub_type else []), *([str(number)] if number > 1 else [])]
    return f"type/{'-'.join(parts)}.html"


def migration_file(name: str) -> str:
    """Return the path of a migration's page; a name that is too long is hashed."""
    plain = name if PLAIN.fullmatch(name) else sha256(name.encode(errors="replace")).hexdigest()
    return f"migration/{plain}.html"


def fact_label(fact: Fact) -> str:
    """Return the label of a fact, such as Personal details: birth date."""
    first, *rest = fact.labels
    if first == "PRIMARY":
        return "Name"
    if first in PLACES:
        return ": ".join((first, *map(label, rest)))
    words = [FIELDS.get(first) or label(first), *(label(part).lower() for part in rest)]
    return ": ".join(words)


class SitePages:
    """Renders the pages of one site; `title` is that of the site, `commit` what it is made from."""

    def __init__(self, title: str, commit: str) -> None:
        made = environment()
        made.filters["fact_label"] = fact_label
        made.globals |= {
            "title": title,
            "commit": commit,
            "version": __version__,
            "natural": natural,
        }
        self._title = title
        self._template: Callable[[str], Any] = made.get_template

    def entity(self, page: EntityPage, links: Links) -> str:
        """Return the page of an entity."""
        return self._render("entity.html", page=page, links=links)

    def listing(self, kind: Type, entities: Sequence[Named], number: int, firsts: list[str]) -> str:
        """Return page `number` of the list of a type; `firsts` names what each page begins with."""
        words = label(kind.sub_type or kind.type)
        heading = f"{words} ({label(kind.type).lower()})" if kind.sub_type else words
        links = Links.at(1)
        pages = [
            (quote(listing_file(kind.type, kind.sub_type, at).partition("/")[2]), first)
            for at, first in enumerate(firsts, 1)
        ]
        return self._render(
            "listing.html",
            heading=heading,
            total=kind.entities,
            entities=entities,
            number=number,
            pages=pages,
            links=links,
        )

    def migration(self, summary: MigrationSummary, entities: Sequence[Named], more: int) -> str:
        """Return the page of a migration, with entities that it wrote versions of."""
        return self._render(
            "migration.html",
            migration=migration_context(summary),
            entities=entities,
            more_entities=more,
            links=Links.at(1),
        )

    def home(self, report: Report, types: Sequence[Type]) -> str:
        """Return the first page, with the search."""
        file_counts = report.file_counts
        totals = (
            ("Entities", sum(file_counts.entities.values())),
            ("Relationships", sum(file_counts.relationships.values())),
            ("Versions", sum(file_counts.versions.values())),
            ("Migrations", len(report.summaries)),
        )
        latest = [migration_context(summary) for summary in reversed(report.summaries[-LATEST:])]
        return self._render(
            "home.html", report=report, types=types, totals=totals, migrations=latest, links=Links()
        )

    def feed(self, report: Report, url: str) -> str:
        """Return the Atom feed (RFC 4287) of the migrations, the latest first.

        Its ids are made from what the first migration recorded, so they stay the same wherever
        and whenever the site is made.
        """
        summaries = [summary for summary in report.summaries if summary.applied_at]
        seed = uuid5(NAMESPACE_URL, f"nes-tasks:{_key(summaries[0]) if summaries else ''}")
        latest = sorted(summaries, key=lambda summary: str(summary.applied_at))[-MAX_ENTRIES:]
        entries = [
            {
                "id": uuid5(seed, _key(summary)),
                "title": _xml(summary.run.record.description or summary.name),
                "updated": _moment(summary),
                "author": _xml(summary.author or "unknown"),
                "page": quote(migration_file(summary.name)),
                "summary": f"{summary.name}: {done(summary.run.record.statistics)}",
            }
            for summary in reversed(latest)
        ]
        updated = _moment(latest[-1]) if latest else report.committed_at.isoformat()
        return self._render("feed.xml", id=seed, updated=updated, entries=entries, url=url)

    def _render(self, name: str, **values: Any) -> str:
        return str(self._template(name).render(**values))


def _xml(text: str) -> str:
    """Return `text` without the two characters that XML cannot represent.

    Control characters, the others that it lacks, are shown as escapes everywhere. See
    https://www.w3.org/TR/xml/#charsets
    """
    return text.replace("\ufffe", "").replace("\uffff", "")


def _key(summary: MigrationSummary) -> str:
    return f"{summary.name} {_moment(summary)}"


def _moment(summary: MigrationSummary) -> str:
    moment = summary.applied_at
    assert moment is not None
    return moment.isoformat(timespec="seconds")
