"""The report as one HTML page that needs nothing else: no script, no font, no network."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import UnavailableError
from ..models.entity_types import EntityType
from ..operations.report import MigrationSummary, Report, people
from ..operations.report_coverage import Coverage, FieldCounts
from ..text import escape_control
from ..version import __version__
from .charts import Axis, growth_chart, strip_chart
from .format import counted, day, done, label, listed, percent, period, share_text, shares

if TYPE_CHECKING:
    from jinja2 import Environment

NEEDED = ("jinja2", "vl_convert")
# Limits of lists that can have any length.
MAX_CHARTS = 11
# A single point does not show growth.
MIN_POINTS = 2
MAX_PEOPLE = 30
MAX_SOURCES = 50
MAX_FIELDS = 8
MAX_COLUMNS = 30
# The longest word that fits on the smallest phone.
MAX_UNBROKEN = 28
NAMES = ("names.en", "names.ne")
# Labels of fields whose names do not explain them.
FIELDS = {
    "names.en": "Name in English",
    "names.ne": "Name in Nepali",
    "attributions": "Sources",
    "attributes": "Other attributes",
    "lat": "Latitude",
    "lng": "Longitude",
    "parent": "Where it belongs",
}


def check_installed() -> None:
    """Raise `UnavailableError` when a library that renders the page is not installed."""
    lacking = [name for name in NEEDED if find_spec(name) is None]
    if lacking:
        raise UnavailableError(
            f"the page needs {listed(name.replace('_', '-') for name in lacking)}, which "
            f"{'is' if len(lacking) == 1 else 'are'} not installed",
            hint="pip install 'nes-tasks[report]', or doit report --markdown",
        )


class ReportLinks(NamedTuple):
    """The pages of a site beside the report, by type (``location/ward``) and by migration."""

    types: Mapping[str, str]
    migrations: Mapping[str, str]


def page(report: Report, *, links: ReportLinks | None = None) -> str:
    """Return the report as HTML. Everything that comes from the data is escaped.

    It stands alone, unless it has `links` to the other pages of a site.
    """
    days = [when for summary in report.summaries if (when := summary.applied_on)]
    template = environment().get_template("report.html")
    return template.render(
        report=report,
        links=links,
        version=__version__,
        kinds=[_count_in_words(counts) for counts in _types(report)],
        authors=len(people(report.summaries)),
        people_left_out=max(0, len(people(report.summaries)) - MAX_PEOPLE),
        days=(min(days, default=None), max(days, default=None)),
        types=list(_types(report)),
        relationship_types=_relationships(report),
        sizes=_sizes(report),
        growth=list(_growth(report)),
        axis=_axis_labels(report),
        persons=list(_persons(report)),
        migrations=[migration_context(summary) for summary in reversed(report.summaries)],
        fields=_fields(report.coverage) if report.coverage else [],
        sources=_sources(report.coverage) if report.coverage else [],
        max_fields=MAX_FIELDS,
        max_sources=MAX_SOURCES,
    )


def environment() -> Environment:
    """Return the Jinja environment of `pages`: autoescaping, undefined names are errors."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("nes_tasks.cli", "pages"),
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    words = {f.__name__: f for f in (counted, day, done, label, listed, percent, period, whole)}
    made.filters.update(words)
    return made


def whole(text: str) -> Any:
    """Return `text` as markup in which hyphenated words are not broken.

    Browsers break lines after a hyphen, which splits 2026-01-15 or the name of a migration. A word
    that is too long for a phone may be broken.
    """
    from markupsafe import Markup, escape

    parts = [
        Markup('<span class="whole">{}</span>').format(word)
        if "-" in word and len(word) <= MAX_UNBROKEN
        else escape(word)
        for word in re.split(r"(\s+)", escape_control(text))
    ]
    return Markup("").join(parts)


def _shown(value: Any) -> Any:
    """Escape control and bidi characters; leave our own Markup untouched."""
    # Markup is a subclass.
    return escape_control(value) if type(value) is str else value


class Type(NamedTuple):
    """A type with its sub types; ``location`` itself if there are entities without one.

    Each part has its name, how many entities and versions there are, and its share of all
    entities. The shares of all parts of all types add up to 100 %, those of a type to its own.
    """

    name: str
    entities: int
    versions: int
    share: str
    parts: list[tuple[str, int, int, str]]


def _types(report: Report) -> Iterator[Type]:
    """Yield the number of entities of each type, the largest first."""
    file_counts = report.file_counts
    grouped: defaultdict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for name, count in file_counts.entities.items():
        kind, _, part = name.partition("/")
        grouped[kind].append((part, count, file_counts.versions.get(name, 0)))
    total = sum(file_counts.entities.values())
    rounded = dict(
        zip(file_counts.entities, shares(list(file_counts.entities.values())), strict=True)
    )
    rows = [
        Type(
            kind,
            sum(count for _, count, _ in parts),
            sum(versions for _, _, versions in parts),
            share_text(
                sum(rounded[_joined(kind, part)] for part, _, _ in parts),
                sum(count for _, count, _ in parts),
                total,
            ),
            [
                (part, count, versions, share_text(rounded[_joined(kind, part)], count, total))
                for part, count, versions in sorted(parts, key=lambda row: (-row[1], row[0]))
            ],
        )
        for kind, parts in grouped.items()
    ]
    yield from sorted(rows, key=lambda row: (-row.entities, row.name))


def _joined(kind: str, part: str) -> str:
    return f"{kind}/{part}" if part else kind


def _relationships(report: Report) -> list[tuple[str, int, str]]:
    """Return each type with its number and its share, the largest first."""
    file_counts = report.file_counts.relationships
    rows = sorted(file_counts.items(), key=lambda row: (-row[1], row[0]))
    rounded, total = shares([count for _, count in rows]), sum(file_counts.values())
    return [
        (name, count, share_text(percents, count, total))
        for (name, count), percents in zip(rows, rounded, strict=True)
    ]


def _count_in_words(counts: Type) -> str:
    """Return the number of entities of a type in words, such as 838 people."""
    name = label(counts.name).lower()
    plural = "people" if name == "person" else None
    # We cannot pluralise an unknown type name.
    known = name in {kind.value for kind in EntityType}
    return (
        counted(counts.entities, name, plural) if known else f"{counts.entities:,} of type {name}"
    )


class Curve(NamedTuple):
    """The growth of one type, None for all of them, as a chart and in words."""

    name: str | None
    now: int
    svg: Any
    alternative: str


def _growth(report: Report) -> Iterator[Curve]:
    points = report.growth
    if len(points) < MIN_POINTS or not points[-1].entities:
        return
    axis, last = Axis.of(points), points[-1].entities
    largest = sorted(last, key=lambda name: (-last[name], name))[:MAX_CHARTS]
    for name in [None, *largest] if len(last) > 1 else largest:
        counts = [_count(point.entities, name) for point in points]
        yield Curve(
            name,
            counts[-1],
            _markup(growth_chart(axis, counts, from_nothing=not report.gaps.is_shallow)),
            f"{label(name) if name else 'All entities'}: from {counts[0]:,} on "
            f"{day(points[0].moment)} to {counts[-1]:,} on {day(points[-1].moment)}, "
            f"at most {max(counts):,}",
        )


def _count(entities: Mapping[str, int], name: str | None) -> int:
    return sum(entities.values()) if name is None else entities.get(name, 0)


def _axis_labels(report: Report) -> tuple[str, str]:
    """Return the labels at both ends of the growth axis."""
    points = report.growth
    if len(points) < MIN_POINTS:
        return ("", "")
    first, last = points[0], points[-1]
    if Axis.of(points).by_time:
        return day(first.moment), day(last.moment)
    if first.migration and last.migration:
        return f"after {first.migration}", f"after {last.migration}"
    return "", day(last.moment)


class Person(NamedTuple):
    """An author of migrations, with a chart of when and how much."""

    name: str
    migrations: int
    touched: int
    first: date | None
    last: date | None
    svg: Any


def _persons(report: Report) -> Iterator[Person]:
    """Yield the authors, those with the most migrations first."""
    found = people(report.summaries)
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))[:MAX_PEOPLE]
    largest = max((_touched(summary) for summary in report.summaries), default=0)
    axis = Axis.of(report.growth) if len(report.growth) >= MIN_POINTS else None
    for name, summaries in ranked:
        days = [moment for summary in summaries if (moment := summary.applied_on)]
        marks = [
            {"x": at, "n": _touched(summary), "text": escape_control(_tooltip(summary))}
            for summary in summaries
            if axis and (at := _position(axis, report, summary)) is not None
        ]
        yield Person(
            name or "Unknown",
            len(summaries),
            sum(map(_touched, summaries)),
            min(days, default=None),
            max(days, default=None),
            _markup(strip_chart(axis, marks, largest)) if axis and marks else None,
        )


class Sizes(NamedTuple):
    """The legend of the circles: some numbers of changes, and a chart of them."""

    numbers: list[int]
    svg: Any


def _sizes(report: Report) -> Sizes | None:
    """Return the legend of the circles, None where there are none."""
    largest = max((_touched(summary) for summary in report.summaries), default=0)
    if not largest or len(report.growth) < MIN_POINTS:
        return None
    axis = Axis.of(report.growth)
    start, end = axis.domain
    numbers = sorted({1, -(-largest // 4), largest})
    marks = [
        {"x": start + (end - start) * (1 + 2 * at) / (2 * len(numbers)), "n": n, "text": f"{n:,}"}
        for at, n in enumerate(numbers)
    ]
    return Sizes(numbers, _markup(strip_chart(axis, marks, largest, line=False)))


def _touched(summary: MigrationSummary) -> int:
    counts = summary.run.record.statistics
    return sum(counts.entities) + sum(counts.relationships)


def _tooltip(summary: MigrationSummary) -> str:
    return f"{summary.name}, {day(summary.applied_on)}: {done(summary.run.record.statistics)}"


def _position(axis: Axis, report: Report, summary: MigrationSummary) -> float | None:
    """Return where a migration is on the axis, None when it is not on it."""
    if axis.by_time:
        moment = summary.applied_at
        start, end = axis.domain
        at = moment.timestamp() if moment else None
        return at if at is not None and start <= at <= end else None
    names = [point.migration for point in report.growth]
    return axis.positions[names.index(summary.name)] if summary.name in names else None


def migration_context(summary: MigrationSummary) -> dict[str, Any]:
    """Return the template context of a migration."""
    changes = summary.changes
    return {
        "summary": summary,
        "record": summary.run.record,
        "applied_on": summary.applied_on,
        "types": [(*_type(name), counts) for name, counts in changes.types.items()]
        if changes
        else [],
        "fields": list(changes.fields.items())[:MAX_FIELDS] if changes else [],
        "fields_left_out": max(0, len(changes.fields) - MAX_FIELDS) if changes else 0,
    }


def _type(name: str) -> tuple[str, str]:
    """Return the label of a type of entity or relationship, and its parent type."""
    if name.startswith("relationship:"):
        return label(name.removeprefix("relationship:")), "relationship"
    kind, _, part = name.partition("/")
    return label(part or kind), label(kind).lower() if part else "entity"


class Fields(NamedTuple):
    """The coverage of one type: a column for each sub type, a row for each field."""

    type: str
    columns: list[tuple[str, int]]
    columns_left_out: int
    rows: list[tuple[str, list[int]]]


def _fields(coverage: Coverage) -> list[Fields]:
    grouped: defaultdict[str, dict[str, FieldCounts]] = defaultdict(dict)
    for name, filled in coverage.types.items():
        kind, _, part = name.partition("/")
        grouped[kind][part] = filled

    def size(kind: str) -> int:
        return sum(filled.entities for filled in grouped[kind].values())

    return [_table(kind, grouped[kind]) for kind in sorted(grouped, key=lambda k: (-size(k), k))]


def _table(kind: str, parts: Mapping[str, FieldCounts]) -> Fields:
    columns = sorted(parts.items(), key=lambda item: (-item[1].entities, item[0]))
    total: Counter[str] = Counter()
    for _, filled in columns:
        total.update(filled.fields)
    # Names come first: readers look for them, and they are nearly always filled.
    order = sorted(total, key=lambda name: (name not in NAMES, -total[name], name))
    rows = [
        (FIELDS.get(name) or label(name), [f.fields[name] for _, f in columns[:MAX_COLUMNS]])
        for name in dict.fromkeys([*NAMES, *order])
    ]
    shown = [(name, filled.entities) for name, filled in columns[:MAX_COLUMNS]]
    return Fields(kind, shown, max(0, len(columns) - MAX_COLUMNS), rows)


def _sources(coverage: Coverage) -> Sequence[tuple[str, str, int, int]]:
    rows = [
        (source.en, source.ne, counts["entity"], counts["relationship"])
        for source, counts in coverage.sources.items()
    ]
    return sorted(rows, key=lambda row: (-row[2] - row[3], row[0], row[1]))


def _markup(svg: str) -> Any:
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704 - written by the library, in which data is escaped
