"""JSON Schemas of the database's files, generated from the models.

The dialect is Draft 2020-12: https://json-schema.org/draft/2020-12. A schema accepts what the
models read from files: older files lack fields that came later, and keep the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from .codec import ENTITY_CLASSES
from .entity import Entity
from .entity_types import GOVERNMENT_PREFIXES, EntityType
from .relationship import Relationship
from .version import Author, Version, VersionSummary, VersionType

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ANY_ENTITY = "AnyEntity"
"""The definition that chooses between the kinds of entities."""

ENTITY_KINDS: dict[str, type[Entity]] = {
    kind: model for kind, model in ENTITY_CLASSES.items() if kind not in GOVERNMENT_PREFIXES
}
"""The classes of entities by ``type`` or ``type/sub_type``, as files have them."""


class _Generator(GenerateJsonSchema):
    """Omits redundant parts: titles of fields, and values of aliases in enums."""

    def enum_schema(self, schema: Any) -> Schema:
        rule = super().enum_schema(schema)
        return rule | {"enum": list(dict.fromkeys(rule["enum"]))} if "enum" in rule else rule

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def file_schemas() -> dict[str, Schema]:
    """Return a schema for each kind of JSON file, by the folder that has those files."""
    entities = list(ENTITY_KINDS.values())
    return {
        "entity": _file("An entity", _ref(ANY_ENTITY), _definitions(entities)),
        "relationship": _file("A relationship", _ref("Relationship"), _definitions([Relationship])),
        "version": _file(
            "A version of an entity or relationship",
            _version_rule(),
            _definitions([*entities, Relationship, Version], computed=True),
        ),
        "author": _file("An author", _ref("Author"), _definitions([Author])),
    }


def _file(title: str, rule: Schema, definitions: Schema) -> Schema:
    return {"$schema": DIALECT, "title": title, **rule, "$defs": definitions}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _definitions(models: Sequence[type[BaseModel]], *, computed: bool = False) -> Schema:
    """Return the schemas of the models and of all that they consist of, by name.

    With `computed` they may have their computed fields, as in the snapshot of a version.
    """
    definitions = _generated(models, "validation")
    # The only computed field that files have: an author inside another object has its id.
    definitions["Author"]["properties"] |= _computed_fields(Author)
    if any(issubclass(model, Entity) for model in models):
        definitions[ANY_ENTITY] = _entity_rule()
    if computed:
        # For the types of computed fields, which are not among the others.
        definitions = _generated(models, "serialization") | definitions
        with_id: list[type[BaseModel]] = [*models, VersionSummary]
        for model in with_id:
            definitions[model.__name__]["properties"] |= _computed_fields(model)
    return dict(sorted(definitions.items()))


def _generated(
    models: Sequence[type[BaseModel]], mode: Literal["validation", "serialization"]
) -> Schema:
    _, schema = models_json_schema([(model, mode) for model in models], schema_generator=_Generator)
    definitions: Schema = schema["$defs"]
    return definitions


def _computed_fields(model: type[BaseModel]) -> Schema:
    properties = _generated([model], "serialization")[model.__name__]["properties"]
    return {name: properties[name] for name in model.model_computed_fields}


def _entity_rule() -> Schema:
    """Return the rule that an entity is of the kind that its type and sub type say.

    Conditions, and not a choice between all kinds: a validator then names the field at fault
    instead of saying that no kind fits.
    """
    return {
        "description": "An entity of the kind that its type and sub type say.",
        "type": "object",
        "properties": {"type": {"enum": [entity_type.value for entity_type in EntityType]}},
        "required": ["type"],
        "allOf": [
            {"if": _is_of_kind(kind), "then": _ref(model.__name__)}
            for kind, model in ENTITY_KINDS.items()
        ],
    }


def _is_of_kind(kind: str) -> Schema:
    entity_type, _, sub_type = kind.partition("/")
    if sub_type:
        return _has(type=entity_type, sub_type=sub_type)
    kinds = [other.partition("/") for other in ENTITY_KINDS]
    special = [sub for of, _, sub in kinds if of == entity_type and sub]
    if not special:
        return _has(type=entity_type)
    return {**_has(type=entity_type), "not": {"anyOf": [_has(sub_type=sub) for sub in special]}}


def _has(**values: str) -> Schema:
    return {
        "properties": {name: {"const": value} for name, value in values.items()},
        "required": list(values),
    }


def _version_rule() -> Schema:
    """Return the rule that the snapshot of a version is of the type that the version says."""

    def snapshot(name: str) -> Schema:
        return {"properties": {"snapshot": {"if": {"type": "object"}, "then": _ref(name)}}}

    return {
        **_ref("Version"),
        "if": _has(type=VersionType.ENTITY.value),
        "then": snapshot(ANY_ENTITY),
        "else": snapshot("Relationship"),
    }
