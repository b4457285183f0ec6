"""The coverage: which fields of the entities are filled, and which sources they name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from ..database.data_path import type_of
from ..git.command import Git
from ..git.contents import read_contents
from ..git.diff import File
from ..git.objects import REQUEST_BATCH
from ..models.identifiers import SUFFIX
from .changes import document_id

# They are always filled, so they do not measure coverage.
BOOKKEEPING = frozenset(
    {"created_at", "entity_prefix", "names", "slug", "sub_type", "type", "version_summary"}
)
# Objects whose fields are counted one by one; others are one field.
LOOKED_INTO = frozenset({"personal_details", "electoral_details"})
LANGUAGES = ("en", "ne")
# Bounds of memory: data can have any number of names.
MAX_FIELDS = 200
MAX_SOURCES = 10_000
MAX_NAMED = 50


class Source(NamedTuple):
    """The title of an attribution in English and in Nepali; empty where it has none."""

    en: str
    ne: str


class Unreadable(NamedTuple):
    """A file that is not a JSON object, and why."""

    id: str
    reason: str


@dataclass(slots=True)
class FieldCounts:
    """How many entities of a type were read, and in how many each field is filled.

    The fields ``names.en`` and ``names.ne`` stand for a full name in that language.
    """

    entities: int = 0
    fields: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Coverage:
    """The coverage of entities and relationships.

    `types` are as in `FileCounts.entities`. `sources` say of how many entities and relationships
    each is the source, `entities_with_source` how many entities name any. `unreadable` are the
    first ones, `unreadable_count` all. `unfetched` counts the files that a partial clone does
    not have. `sources_left_out` counts mentions of sources beyond `MAX_SOURCES` different ones.
    """

    types: dict[str, FieldCounts] = field(default_factory=dict)
    sources: dict[Source, Counter[str]] = field(default_factory=dict)
    sources_left_out: int = 0
    entities_with_source: int = 0
    relationships_with_source: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)
    unreadable_count: int = 0
    unfetched: int = 0


def measure_coverage(
    git: Git,
    files: Iterable[File],
    data_dir: str,
    *,
    missing: frozenset[bytes] = frozenset(),
    progress: Callable[[int], None],
) -> Coverage:
    """Read the entities and relationships among `files`, and count unreadable ones.

    Files whose blob id (raw) is `missing` are counted and not fetched. Holds a few hundred
    files at a time. `progress` is called with the number of files read. Raises `GitError`.
    """
    found = Coverage()
    contents = read_contents(git, _files_to_read(files, data_dir, missing, found))
    for done, (file, data) in enumerate(contents, 1):
        parts = file.path[len(data_dir) + 1 :].split("/")
        try:
            content = None if data is None else orjson.loads(data)
        except ValueError as error:
            _add_unreadable(found, file, data_dir, f"not JSON: {error}")
        else:
            if data is None:
                _add_unreadable(found, file, data_dir, "git has no such object")
            elif not isinstance(content, dict):
                _add_unreadable(found, file, data_dir, "not a JSON object")
            else:
                _count(found, parts, content)
        if not done % REQUEST_BATCH:
            progress(done)
    return found


def _files_to_read(
    files: Iterable[File], data_dir: str, missing: frozenset[bytes], found: Coverage
) -> Iterator[File]:
    folders = (f"{data_dir}/entity/", f"{data_dir}/relationship/")
    for file in files:
        if not file.path.startswith(folders) or not file.path.endswith(SUFFIX):
            continue
        if missing and bytes.fromhex(file.oid) in missing:
            found.unfetched += 1
        else:
            yield file


def _add_unreadable(found: Coverage, file: File, data_dir: str, reason: str) -> None:
    found.unreadable_count += 1
    if len(found.unreadable) < MAX_NAMED:
        found.unreadable.append(Unreadable(document_id(file.path, data_dir), reason))


def _count(found: Coverage, parts: list[str], content: Mapping[str, Any]) -> None:
    sources = set(_sources(content.get("attributions")))
    if parts[0] == "relationship":
        found.relationships_with_source += bool(sources)
    else:
        found.entities_with_source += bool(sources)
        filled = found.types.setdefault(type_of(parts), FieldCounts())
        filled.entities += 1
        for name in _filled_fields(content):
            if name in filled.fields or len(filled.fields) < MAX_FIELDS:
                filled.fields[name] += 1
    for source in sources:
        if source not in found.sources and len(found.sources) >= MAX_SOURCES:
            found.sources_left_out += 1
        else:
            found.sources.setdefault(source, Counter())[parts[0]] += 1


def _filled_fields(content: Mapping[str, Any]) -> Iterator[str]:
    names = content.get("names")
    for language in LANGUAGES:
        if isinstance(names, list) and any(_has_full_name(name, language) for name in names):
            yield f"names.{language}"
    for key, value in content.items():
        if key in BOOKKEEPING:
            continue
        if key in LOOKED_INTO and isinstance(value, dict):
            yield from (
                f"{key}.{inner}" for inner, inner_value in value.items() if is_filled(inner_value)
            )
        elif is_filled(value):
            yield key


def _has_full_name(name: Any, language: str) -> bool:
    parts = name.get(language) if isinstance(name, dict) else None
    full = parts.get("full") if isinstance(parts, dict) else None
    return isinstance(full, str) and bool(full.strip())


def is_filled(value: Any) -> bool:
    """Return whether there is anything in a value; false and 0 are something.

    Null, blank text, and lists and objects of them are empty; so is the provenance of a missing
    text.
    """
    waiting = [value]  # not recursion: deep nesting is valid
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            waiting.extend(item for key, item in current.items() if key != "provenance")
        elif isinstance(current, list):
            waiting.extend(current)
        elif isinstance(current, str):
            if current.strip():
                return True
        elif current is not None:
            return True
    return False


def _sources(attributions: Any) -> Iterator[Source]:
    """Yield the titles: in two languages for entities, plain strings for relationships."""
    for attribution in attributions if isinstance(attributions, list) else ():
        title = attribution.get("title") if isinstance(attribution, dict) else attribution
        if isinstance(title, str):
            source = Source(title.strip(), "")
        elif isinstance(title, dict):
            source = Source(*(_value(title.get(language)) for language in LANGUAGES))
        else:
            continue
        if any(source):
            yield source


def _value(text: Any) -> str:
    value = text.get("value") if isinstance(text, dict) else text
    return value.strip() if isinstance(value, str) else ""
