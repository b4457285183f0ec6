"""JSON and JSON Lines: what JSON itself does not have is refused, with its place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from .content import UTF_8, open_text
from .errors import InputFileError
from .rows import Row, Source

# RFC 8259: a token, with white space and punctuation between them left to the walk.
TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[\[\]{}:,]|true|false|null'
)
MAX_SHOWN = 40


class _Refused(ValueError):  # noqa: N818 - never leaves this module
    """Something that the parser takes and JSON does not have."""


def read_json(
    path: Path, name: str, *, encoding: str = UTF_8, sources: list[Source] | None = None
) -> Any:
    """Return what a JSON file holds; objects in a list are rows that know their place.

    Raises `InputFileError` with line and column when it is malformed, and for what JSON does not
    have or cannot mean: NaN and infinite numbers, a key twice in an object, a number of more
    digits than Python reads.
    """
    with open_text(path, name, encoding, "JSON") as file:
        text = file.read()
    if not text.strip():
        raise InputFileError(f"{name} is empty")
    content = _parse(text, name, "JSON")
    if not isinstance(content, list):
        return content
    source = _source(name, "item", sources)
    return [_row(item, source, number) for number, item in enumerate(content, 1)]


def iter_jsonl(
    path: Path, name: str, *, encoding: str = UTF_8, sources: list[Source] | None = None
) -> Iterator[Any]:
    """Return what each line of a JSON Lines file holds, one by one; blank lines do not count.

    Raises `InputFileError` that names the line when one is malformed, or when there is none.
    """
    source = _source(name, "line", sources)
    found = False
    with open_text(path, name, encoding, "JSON Lines") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _row(_parse(line.rstrip(), name, "JSON Lines", number), source, number)
                found = True
    if not found:
        raise InputFileError(f"{name} is empty")


def read_jsonl(path: Path, name: str, **options: Any) -> list[Any]:
    """Return what the lines of a JSON Lines file hold; see `iter_jsonl`."""
    return list(iter_jsonl(path, name, **options))


def read_geojson(
    path: Path, name: str, *, encoding: str = UTF_8, sources: list[Source] | None = None
) -> list[Row]:
    """Return the features of a GeoJSON file (RFC 7946) as rows.

    A row has the properties by their names, ``geometry`` as it stands, and ``id`` where the
    feature has one. Raises `InputFileError` when it is not a FeatureCollection, or a feature has a
    property by one of these names.
    """
    content = read_json(path, name, encoding=encoding)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or content.get("type") != "FeatureCollection":
        raise InputFileError(
            f"{name} is not a FeatureCollection of GeoJSON", hint="read it with read_json"
        )
    source = _source(name, "feature", sources)
    rows = []
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise InputFileError(f"{source.place(number)} is not a Feature of GeoJSON")
        own = {key: feature[key] for key in ("id", "geometry") if key in feature}
        properties = feature.get("properties") or {}
        if repeated := own.keys() & properties.keys():
            key = min(repeated)
            if properties[key] != own[key]:
                raise InputFileError(
                    f"{source.place(number)} has a property {key!r} beside its own {key}",
                    hint="read it with read_json",
                )
        rows.append(_row({**properties, **own}, source, number))
    return rows


def _source(name: str, unit: str, sources: list[Source] | None) -> Source:
    source = Source(name, unit)
    if sources is not None:
        sources.append(source)
    return source


def _row(item: Any, source: Source, number: int) -> Any:
    if not isinstance(item, dict):
        return item
    if not source.columns:
        source.columns = tuple(item)
    return Row(item, source, number)


def _parse(text: str, name: str, kind: str, line: int | None = None) -> Any:
    """Parse one JSON value; `line` is where it stands when it is one line of many."""
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_number
        )
    except json.JSONDecodeError as error:
        location = f"line {line or error.lineno}, column {error.colno}"
        hint = _other_reader(text, error, kind)
        raise InputFileError(f"{name} is not {kind}, {location}: {error.msg}", hint=hint) from None
    except RecursionError:
        where = f", line {line}:" if line else " is"
        raise InputFileError(f"{name}{where} nested too deeply to be read") from None
    except ValueError:  # ours, or Python's own for an integer of too many digits
        position, reason = next(_doubtful(text))
        before = text[:position]
        column = position - (before.rfind("\n") + 1) + 1
        location = f"line {line or before.count(chr(10)) + 1}, column {column}"
        raise InputFileError(f"{name}, {location}: {reason}") from None


def _other_reader(text: str, error: json.JSONDecodeError, kind: str) -> str | None:
    """Return the reader that would do, if the file is of the neighbouring kind."""
    if kind == "JSON" and error.msg == "Extra data" and "\n" in text[: error.pos]:
        return "it may hold one value a line; read it with read_jsonl"
    if kind == "JSON Lines" and text in ("[", "{"):
        return "it may hold one value over many lines; read it with read_json"
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused
    return found


def _constant(name: str) -> NoReturn:
    raise _Refused(name)


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _Refused(text)
    return value


def _doubtful(text: str) -> Iterator[tuple[int, str]]:
    """Yield where something stands that is refused, and why; the text is else well-formed."""
    objects: list[set[str] | None] = []  # None for a list
    is_key = False
    for found in TOKEN.finditer(text):
        part = found[0]
        if part in "[{":
            objects.append(set() if part == "{" else None)
            is_key = part == "{"
        elif part in "]}":
            objects.pop()
        elif part == ",":
            is_key = objects[-1] is not None
        elif part[0] == '"' and is_key:
            is_key = False
            if reason := _repeated(json.loads(part), objects[-1]):
                yield found.start(), reason
        elif reason := _no_number(part):
            yield found.start(), reason
    yield 0, "it cannot be read"


def _repeated(key: str, keys: set[str] | None) -> str | None:
    if keys is None:
        return None
    if key in keys:
        return f"the key {key!r} occurs twice in one object"
    keys.add(key)
    return None


def _no_number(part: str) -> str | None:
    shown = part if len(part) <= MAX_SHOWN else f"{part[:MAX_SHOWN]}…"
    if part.lstrip("-") in ("NaN", "Infinity"):
        return f"{part} is not a JSON number"
    if part[0] not in "-0123456789":
        return None
    if re.search("[.eE]", part):
        return f"{shown} is too large a number" if math.isinf(float(part)) else None
    try:
        int(part)
    except ValueError:
        return f"{shown} is a number of {len(part.lstrip('-')):,} digits"
    return None
