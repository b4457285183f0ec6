"""The first draft of a script for a table: `doit create --from FILE`.

The name and the values of a column only suggest its meaning, so the draft is made for review: each
column has one line, with a comment on its values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ..models.honorifics import split_honorifics
from ..models.name_keys import name_key
from ..models.romanization import romanize
from ..models.slugs import text_to_slug
from ..text import escape_control
from .table_inspection import Column, Kind, Table, inspect_table

MAX_SHOWN = 3

HEAD = '''\
"""[TITLE]."""

from __future__ import annotations

from nes_tasks import MigrationContext

AUTHOR = "[AUTHOR]"
DATE = "[DATE]"
DESCRIPTION = "[DESCRIPTION]"

# The type of the rows, and their sub type, such as political_party; persons have none.
ENTITY_TYPE = "[TODO: person, organization, location or project]"
ENTITY_SUBTYPE = None

# The source of the data. Each new entity names it, for readers and reviewers.
SOURCE = [
    {
        "title": {"en": {"value": "[TODO: who published what, such as: Election Commission]"}},
        "details": {"en": {"value": "[TODO: the address, and the date on which you retrieved it]"}},
    }
]


async def migrate(context: MigrationContext) -> None:
    """Create an entity for each row of the file."""
    # A first draft, made from the columns of the file: read each line, and correct it.
    # docs/reference/fields.md describes the fields of entities, context.md the context.
'''
TAIL = """\
            },
            change_description=DESCRIPTION,
        )
    context.log(f"Created {len(rows)} entities")
"""
# Hints by words in the name of a column.
HINTS = {
    ("gender", "sex", "लिङ्ग"): "A person has personal_details.gender.",
    ("birth", "dob", "जन्म"): "A person has personal_details.birth_date.",
    ("address", "ठेगाना"): "A person has personal_details.address, an organization address.",
    ("father", "बाबु", "बुबा"): "A person has personal_details.father_name.",
    ("mother", "आमा"): "A person has personal_details.mother_name.",
    ("party", "दल", "पार्टी"): "A relationship says more: context.lookup finds the party.",
    (
        "district",
        "जिल्ला",
        "constituency",
        "क्षेत्र",
    ): "context.search.find_similar_names finds its id.",
}


def draft(path: Path) -> str:
    """Return a script for the table in a file, with placeholders like the template's.

    Raises as `inspect_table` does.
    """
    table = inspect_table(path)
    return "".join([HEAD, *_Draft(path.name, table).lines(), TAIL])


class _Draft:
    """The part of a script that depends on the table."""

    def __init__(self, file_name: str, table: Table) -> None:
        self._file = file_name
        self._table = table
        self._is_text = table.method == "read_csv"
        names = self._of(Kind.NAME) or [
            column for column in table.columns if column.kind in (Kind.OTHER, Kind.CATEGORY)
        ]
        self._english = next((column for column in names if not column.is_nepali), None)
        self._nepali = next((column for column in names if column.is_nepali), None)
        self._slug = next(iter(self._of(Kind.SLUG)), None)

    def lines(self) -> Iterator[str]:
        """Yield the lines from reading the file to the fields of an entity."""
        yield from self._reading()
        yield '    for row in context.progress(rows, "rows"):\n'
        yield from self._naming()
        yield from self._contacts()
        yield "        await context.publication.create_entity(\n"
        yield "            entity_type=ENTITY_TYPE,\n"
        yield "            entity_subtype=ENTITY_SUBTYPE,\n"
        yield "            entity_data={\n"
        yield f'                "slug": {self._slug_value()},\n'
        yield '                "attributions": SOURCE,\n'
        yield f'                "names": [{{"kind": "PRIMARY", {self._name_parts()}}}],\n'
        if self._of(Kind.PHONE, Kind.EMAIL, Kind.LINK):
            yield '                "contacts": contacts,\n'
        yield from self._attributes()

    def _of(self, *kinds: Kind) -> list[Column]:
        return [column for column in self._table.columns if column.kind in kinds]

    def _names(self) -> dict[str, Column]:
        found = {"name": self._english, "name_ne": self._nepali}
        return {variable: column for variable, column in found.items() if column}

    def _reading(self) -> Iterator[str]:
        for sheet in self._table.other_sheets:
            yield f"    # Not read: the sheet {_literal(sheet)}.\n"
        names = list(self._names().values())
        required = [column.name for column in names if column.is_full or column is names[0]]
        ignored = [column.name for column in self._of(Kind.EMPTY, Kind.COUNTER)]
        options = {**self._table.options, "required": required, "ignore": ignored}
        yield f"    rows = context.{self._table.method}(\n        {_literal(self._file)},\n"
        for name, value in options.items():
            if value not in (None, []):
                yield f"        {name}={_literal(value)},\n"
        yield "    )\n"

    def _naming(self) -> Iterator[str]:
        if not self._names():
            yield '        name = "[TODO: no column looks like a name; write row[...] here]"\n'
        for variable, column in self._names().items():
            cell = f"row[{_literal(column.name)}]"
            if any(split_honorifics(str(value)).honorifics for value in column.values):
                yield f"        # Titles are not a part of the name: {_shown(column)}.\n"
                cell = f"context.names.split_honorifics({cell}).name"
            elif any(str(value) != " ".join(str(value).split()) for value in column.values):
                cell = f'" ".join({cell}.split())'
            yield f"        {variable} = {cell}\n"

    def _slug_value(self) -> str:
        if self._slug:
            return f"row[{_literal(self._slug.name)}]"
        first = next(iter(self._names()), "name")
        column = self._names().get(first)
        names = (
            [name_key(split_honorifics(str(value)).name) for value in column.values]
            if column
            else []
        )
        if len(set(names)) < len(names):
            return f"await context.search.free_slug({first}, ENTITY_TYPE, ENTITY_SUBTYPE)"
        return f"context.names.slug_for({first})"

    def _name_parts(self) -> str:
        parts = {"name": '"en": {"full": name}', "name_ne": '"ne": {"full": name_ne}'}
        return ", ".join(parts[variable] for variable in self._names() or ["name"])

    def _contacts(self) -> Iterator[str]:
        if self._of(Kind.PHONE, Kind.EMAIL, Kind.LINK):
            yield "        contacts = []\n"
        for column in self._of(Kind.PHONE):
            cell = f"row[{_literal(column.name)}]"
            yield f"        for phone in context.values.read_phone_numbers({cell}):\n"
            yield '            contacts.append({"type": "PHONE", "value": phone.number})\n'
        for kind, contact in ((Kind.EMAIL, "EMAIL"), (Kind.LINK, "URL")):
            for column in self._of(kind):
                cell = f"row[{_literal(column.name)}]"
                yield f"        if {cell}:\n"
                value = f'{{"type": "{contact}", "value": {cell}.strip()}}'
                yield f"            contacts.append({value})\n"

    def _attributes(self) -> Iterator[str]:
        used = {column.name for column in [*self._names().values(), *filter(None, [self._slug])]}
        contacts = (Kind.PHONE, Kind.EMAIL, Kind.LINK)
        rest = [
            column
            for column in self._table.columns
            if column.name not in used and column.kind not in (*contacts, Kind.EMPTY, Kind.COUNTER)
        ]
        if not rest:
            return
        yield '                "attributes": {\n'
        keys: set[str] = set()
        for number, column in enumerate(rest, 1):
            key = _key(column.name, number)
            keys.add(key := f"{key}_{number}" if key in keys else key)
            yield from (f"                    # {line}\n" for line in _seen(column))
            yield f"                    {_literal(key)}: {self._value(column)},\n"
        yield "                },\n"

    def _value(self, column: Column) -> str:
        cell = f"row[{_literal(column.name)}]"
        if column.kind is Kind.NUMBER_TEXT:
            text = cell if self._is_text else f"str({cell})"
            value = f"context.values.read_number({text})"
        elif column.kind is Kind.BIKRAM_SAMBAT:
            value = f"context.calendar.to_gregorian({cell}).isoformat()"
        else:
            return f"{cell} or None" if self._is_text and not column.is_full else cell
        if column.is_full:
            return value
        deeper = " " * 24
        return f"(\n{deeper}{value}\n{deeper}if {cell}\n{deeper}else None\n{deeper[4:]})"


def _seen(column: Column) -> Iterator[str]:
    """Return a comment on the values of a column, and on alternatives."""
    different = len({str(value) for value in column.values})
    is_bikram_sambat = column.kind is Kind.BIKRAM_SAMBAT
    what = "Bikram Sambat" if is_bikram_sambat else f"{different} different values"
    yield f"{what}, such as {_shown(column)}."
    folded = column.name.casefold()
    hints = [hint for words, hint in HINTS.items() if any(word in folded for word in words)]
    if column.kind is Kind.CATEGORY:
        hints.append("context.lookup can say what each of them means.")
    yield from hints[:1]


def _shown(column: Column) -> str:
    values = list(
        dict.fromkeys(escape_control(" ".join(str(value).split())) for value in column.values)
    )
    return ", ".join(
        value if len(value) <= 20 else f"{value[:19]}…" for value in values[:MAX_SHOWN]
    )


def _key(name: str, number: int) -> str:
    """Return the attribute key for the name of a column."""
    return text_to_slug(romanize(name)).replace("-", "_") or f"column_{number}"


def _literal(value: object) -> str:
    """Return a Python literal: for strings and lists of strings JSON is the same."""
    return repr(value) if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)
