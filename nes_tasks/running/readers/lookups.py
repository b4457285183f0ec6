"""Lookups: a file of the folder that maps what a source says to what is meant.

``lookups.csv`` has the columns lookup, value and meaning; ``lookups.toml`` has a table for each
lookup, with values and their meanings. A value without a meaning is an error and never a default;
the error lists all of them, and comes with the lines to fill in.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...models.name_keys import name_key
from ...text import escape_control
from .csv_file import iter_csv
from .errors import InputFileError, UnmatchedError
from .layout import Layout
from .rows import Row, Source, is_blank

COLUMNS = ("lookup", "value", "meaning")
CSV_NAME, TOML_NAME = "lookups.csv", "lookups.toml"
# The meaning of what is left out on purpose.
NOTHING = "-"
# As many values as an error names; the lines to fill in have all of them.
MAX_NAMED = 10


class Meaning(NamedTuple):
    """What a value means, and where that is written."""

    value: str
    meaning: str
    location: str


class Lookup(Mapping[str, str | None]):
    """The meanings of the values of one lookup.

    ``lookup[value]`` is what the value means: None where it is blank or its meaning is ``-``.
    Values are compared as names are, whatever their case, blanks and composition of letters.
    """

    def __init__(self, name: str, display_path: str, meanings: Mapping[str, Meaning]) -> None:
        self.name = name
        self._display_path = display_path
        self._meanings = meanings

    def __getitem__(self, value: Any) -> str | None:
        """Return what a value means; raises `UnmatchedError` when that is not known."""
        if is_missing(value):
            return None
        found = self._meanings.get(key_of(value))
        if found is None or not found.meaning:
            raise UnmatchedError(
                f"{self._display_path} has no meaning for {_quoted(value)} "
                f"of the lookup {self.name}",
                hint="pass all values: context.lookup(name, rows)",
            )
        return None if found.meaning == NOTHING else found.meaning

    def __iter__(self) -> Iterator[str]:
        """Yield the values as the file has them."""
        return (meaning.value for meaning in self._meanings.values())

    def __len__(self) -> int:
        """Return how many values have a line."""
        return len(self._meanings)


def read_lookup(
    path: Path | None,
    display_path: str,
    name: str,
    values: Iterable[Any],
    note: Callable[[str], None],
    sources: list[Source],
    column: str | None = None,
) -> Lookup:
    """Return the lookup `name` of the file at `path`, None where there is none yet.

    `display_path` is how messages name the file. `values` are all that the source has: strings, or
    rows with them in the column `column`, by default that named like the lookup. Raises
    `UnmatchedError` with all values that have no meaning; `note` gets the lines to fill in. Lines
    that no value needs become a doubt of the file.
    """
    meanings, is_toml = _read(path, display_path, name), display_path.endswith(".toml")
    wanted: dict[str, str] = {}
    for value in values:
        said = value[column or name] if isinstance(value, Row) else value
        if not is_missing(said):
            wanted.setdefault(key_of(said), _text(said))
    unmatched = [
        text for key, text in wanted.items() if key not in meanings or not meanings[key].meaning
    ]
    if unmatched:
        new = [text for text in unmatched if key_of(text) not in meanings]
        note(_stub(display_path, name, new, is_toml=is_toml, is_new=path is None))
        raise _unmatched(display_path, name, unmatched, meanings)
    unused = [meaning for key, meaning in meanings.items() if key not in wanted]
    if unused:
        source = Source(display_path, "line")
        source.hints += [
            f"{meaning.location}: no {name} is {_quoted(meaning.value)}; remove it"
            for meaning in unused
        ]
        sources.append(source)
    return Lookup(name, display_path, meanings)


def key_of(value: Any) -> str:
    """Return a value as it is compared."""
    return name_key(_text(value))


def is_missing(value: Any) -> bool:
    """Return whether a source says nothing: None, blank, or NaN of a data frame."""
    return is_blank(value) or (isinstance(value, float) and value != value)


def _text(value: Any) -> str:
    return str(value).strip()


def _read(path: Path | None, display_path: str, name: str) -> dict[str, Meaning]:
    if path is None:
        return {}
    rows = (
        _toml_rows(path, display_path, name)
        if display_path.endswith(".toml")
        else _csv_rows(path, display_path)
    )
    found: dict[str, Meaning] = {}
    for lookup, value in rows:
        if lookup != name:
            continue
        key = key_of(value.value)
        other = found.setdefault(key, value)
        if other.meaning != value.meaning:
            raise InputFileError(
                f"{value.location}: {_quoted(value.value)} of {name} has another meaning "
                f"in {other.location}",
                hint="keep one of them",
            )
    return found


def _csv_rows(path: Path, display_path: str) -> Iterator[tuple[str, Meaning]]:
    for row in iter_csv(path, display_path, layout=Layout(required=COLUMNS[:2])):
        cells = [str(row[column] or "").strip() for column in COLUMNS]
        yield cells[0], Meaning(cells[1], cells[2], row.place)


def _toml_rows(path: Path, display_path: str, name: str) -> Iterator[tuple[str, Meaning]]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig")).get(name, {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputFileError(f"{display_path} is not TOML: {error}") from None
    if not isinstance(table, dict):
        raise InputFileError(
            f"{display_path}: {name} is not a table", hint=f"write [{name}] above it"
        )
    for value, meaning in table.items():
        if not isinstance(meaning, str):
            raise InputFileError(
                f"{display_path}: the meaning of {_quoted(value)} of {name} is not a string",
                hint="put it into quotation marks",
            )
        yield name, Meaning(value.strip(), meaning.strip(), f"{display_path}, {name}")


def _unmatched(
    display_path: str, name: str, values: list[str], meanings: Mapping[str, Meaning]
) -> UnmatchedError:
    count = len(values)
    named = ", ".join(map(_quoted, values[:MAX_NAMED]))
    more = f" and {count - MAX_NAMED:,} more" if count > MAX_NAMED else ""
    noun = "value" if count == 1 else f"{count:,} values"
    blank = [meaning.location for meaning in meanings.values() if not meaning.meaning]
    where = f"; {blank[0]} is not filled in" if blank else ""
    return UnmatchedError(
        f"{display_path} has no meaning for {'the ' if count == 1 else ''}{noun} of {name}: "
        f"{named}{more}{where}",
        hint="fill in the lines above, with - for values to omit",
    )


def _stub(display_path: str, name: str, values: list[str], *, is_toml: bool, is_new: bool) -> str:
    """Return the lines to add to the file, for people to fill in."""
    if not values:
        return f"{display_path}: fill in what each value means"
    if is_toml:
        lines = [
            f"[{name}]",
            *(f'{json.dumps(value, ensure_ascii=False)} = ""' for value in values),
        ]
    else:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([COLUMNS] if is_new else [])
        writer.writerows((name, value, "") for value in values)
        lines = text.getvalue().splitlines()
    return "\n".join([f"add to {display_path}, with what each value means:", *lines])


def _quoted(value: Any) -> str:
    return f"'{escape_control(_text(value))}'"
