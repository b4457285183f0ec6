"""The page docs/reference/fields.md, generated from the models.

``python tests/docs/fields_page.py`` writes it; a test compares it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nes_tasks.models.entity import Entity
from nes_tasks.models.entity_types import ENTITY_TYPE_MAP, EntityType
from nes_tasks.models.schemas import ANY_ENTITY, ENTITY_KINDS, file_schemas

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/fields.md"

Schema = dict[str, Any]

INTRODUCTION = """\
# Fields

What entities and relationships can hold. The `entity_data` of
[`create_entity`](services.md#publication) takes these fields, and the files of the
[database](database.md) have them. Look here before you put something into `attributes`: what is in
a field of its own can be found, compared and checked.

Examples are JSON, as in the files; in a script `null` is `None`, and `true` is `True`. A field that
is not required can be left out, and is null then. Dates are of the Gregorian calendar;
[`context.calendar`](nepali.md) converts those of Bikram Sambat.

[`doit schema`](commands.md#doit-schema) writes the same as JSON Schemas. This page is generated
from the models by `tests/docs/fields_page.py`.
"""
TABLE = "| Field | Type | Meaning | Example |\n|---|---|---|---|"
FORMATS = {"date": "date", "date-time": "time", "uri": "address"}
TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "object": "any object",
    "null": "null",
}
# In the order in which people meet them; the others follow by name.
FIRST_PARTS = ["Name", "NameParts", "LangText", "LangTextValue", "Attribution"]
KINDS = {model.__name__: kind for kind, model in ENTITY_KINDS.items()}


def page() -> str:
    """Return the text of the page."""
    return "\n".join(_parts(Models()))


class Models:
    """The definitions of the schemas, and what the page says of them."""

    def __init__(self) -> None:
        schemas = file_schemas()
        self.definitions: Schema = schemas["entity"]["$defs"] | schemas["relationship"]["$defs"]
        self.common: Schema = Entity.model_json_schema()["properties"]
        self.common["type"] |= self.definitions[ANY_ENTITY]["properties"]["type"]

    def fields(self, name: str) -> Schema:
        """Return the fields of an object; of an entity those that it does not share."""
        fields: Schema = self.definitions[name]["properties"]
        if name not in KINDS:
            return fields
        return {
            field: rule
            for field, rule in fields.items()
            if field != "type" and rule.get("description") != self._common_meaning(field)
        }

    def _common_meaning(self, field: str) -> str | None:
        return self.common.get(field, {}).get("description")

    def table(self, fields: Schema, required: list[str]) -> str:
        """Return a table with a row for each field."""
        lines = [
            f"| `{name}` | {self._type(rule)}{_note(rule, name in required)} "
            f"| {rule['description']} | {_code(self.example(rule))} |"
            for name, rule in fields.items()
        ]
        return "\n".join([TABLE, *lines, ""])

    def _type(self, rule: Schema) -> str:
        rule, name = self._resolved(rule)
        if "enum" in rule or "const" in rule:
            return ", ".join(f"`{value}`" for value in rule.get("enum", [rule.get("const")]))
        if name:
            return f"[{name}](#{name.lower()})"
        if rule["type"] == "array":
            items, name = self._resolved(rule["items"])
            return (
                f"list of [{name}](#{name.lower()})" if name else f"list of {TYPES[items['type']]}s"
            )
        return FORMATS.get(rule.get("format", ""), TYPES[rule["type"]])

    def _resolved(self, rule: Schema) -> tuple[Schema, str]:
        """Return what a rule is when it is not null, and the name of its object."""
        choices = [choice for choice in rule.get("anyOf", ()) if choice.get("type") != "null"]
        found = choices[0] if choices else rule
        name = found.get("$ref", "").rpartition("/")[2]
        return (self.definitions[name], name) if name else (found, "")

    def example(self, rule: Schema) -> Any:
        """Return the example of a rule, or one made of those of the parts."""
        if "examples" in rule:
            return rule["examples"][0]
        found, _ = self._resolved(rule)
        if "enum" in found or "const" in found:
            return found["enum"][0] if "enum" in found else found["const"]
        if found["type"] == "array":
            return [self.example(found["items"])]
        if found["type"] == "null":
            return None
        properties = found["properties"]
        names = found.get("required") or list(properties)[:1]
        return {name: self.example(properties[name]) for name in names}

    def users(self, name: str) -> list[str]:
        """Return which fields of which objects consist of the object."""
        owners = {"every entity": self.common}
        for owner in sorted({*self.definitions} - {ANY_ENTITY}):
            if "properties" in self.definitions[owner]:
                label = KINDS.get(owner, owner)
                link = f"[{label.rpartition('/')[2]}](#{label.replace('/', '').lower()})"
                owners[link] = self.fields(owner)
        found = []
        for label, fields in owners.items():
            users = [f"`{field}`" for field, rule in fields.items() if _uses(rule, name)]
            found += [f"{_listed(users)} of {label}"] if users else []
        return found

    def parts(self) -> list[str]:
        """Return the objects that fields consist of."""
        names = [name for name, rule in self.definitions.items() if "properties" in rule]
        others = sorted({*names} - {*KINDS, *FIRST_PARTS, ANY_ENTITY, "Relationship"})
        return [*FIRST_PARTS, *others]


def _parts(models: Models) -> Iterator[str]:
    yield INTRODUCTION
    yield "## Entities\n\nEntities of all kinds have these fields:\n"
    yield models.table(models.common, ["slug", "names"])
    for name, kind in KINDS.items():
        yield f"### `{kind}`\n\n{_about(models.definitions[name])} {_identity(kind)}\n"
        yield models.table(models.fields(name), models.definitions[name]["required"])
    yield f"## Relationship\n\n{_about(models.definitions['Relationship'])}\n"
    yield models.table(
        models.fields("Relationship"), models.definitions["Relationship"]["required"]
    )
    yield "## Parts\n\nThe objects that fields consist of.\n"
    for name in models.parts():
        rule = models.definitions[name]
        yield f"### {name}\n\n{_about(rule)} It is in {_listed(models.users(name))}.\n"
        yield models.table(rule["properties"], rule.get("required", []))


def _identity(kind: str) -> str:
    """Say which ids entities of the kind have, and which sub types."""
    text = f"Ids are `entity:{kind}/SLUG`"
    own = {name.partition("/")[2] for name in ENTITY_KINDS}
    subs = [sub.value for sub in ENTITY_TYPE_MAP.get(_type_of(kind), ()) if sub]
    names = ", ".join(f"`{sub}`" for sub in sorted(subs) if sub not in own)
    return (
        f"{text}, or `entity:{kind}/SUBTYPE/SLUG` with one of the sub types {names}."
        if names
        else f"{text}."
    )


def _type_of(kind: str) -> Any:
    return EntityType(kind) if "/" not in kind else None


def _about(rule: Schema) -> str:
    return " ".join(rule["description"].split("\n\n")[0].split())


def _note(rule: Schema, required: bool) -> str:
    if rule.get("readOnly"):
        return "; set for you"
    return "; required" if required else ""


def _code(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False).replace("|", "\\|")
    return f"`{text}`"


def _uses(rule: Schema, name: str) -> bool:
    return json.dumps(f"#/$defs/{name}") in json.dumps(rule)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
