"""The schema of a model's answer: a JSON Schema or a pydantic model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ...models.plain_errors import first_problem
from ..errors import MissingPackageError, ProviderAnswerError
from ..exchange import excerpt, parse_json

# A schema without any of these accepts everything, as {"name": "string"} does.
_CONSTRAINING = {
    "$ref", "allOf", "anyOf", "const", "enum", "items", "oneOf", "properties", "type",
}  # fmt: skip
_FENCED = re.compile(r"\s*```(?:json|JSON)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL)


class AnswerSchema:
    """The schema of an answer, from a JSON Schema (a mapping) or a pydantic class.

    Raises `ValueError` for what is neither, or a schema that would accept anything;
    `MissingPackageError` without the extra ``scraping``.
    """

    def __init__(self, schema: Mapping[str, Any] | type) -> None:
        self._model = _model(schema)
        if self._model is not None:
            self.json_schema: Mapping[str, Any] = self._model.model_json_schema()
        elif isinstance(schema, Mapping):
            self.json_schema = schema
            self._validator = _validator(schema)
        else:
            raise ValueError(
                f"the schema is {schema!r}, neither a JSON Schema nor a pydantic class"
            )

    @property
    def text(self) -> str:
        """The JSON Schema as it is sent to a model."""
        return json.dumps(self.json_schema, ensure_ascii=False, sort_keys=True)

    def read(self, answer: str, asked: str) -> Any:
        """Return the JSON value in `answer`; ``` around it is ignored.

        `asked` names the model in messages. Raises `ProviderAnswerError` when it is not JSON or
        does not fit, and `ValueError` when the schema refers to something outside itself.
        """
        fenced = _FENCED.fullmatch(answer)
        try:
            value = parse_json(fenced[1] if fenced else answer)
        except ValueError as error:
            raise ProviderAnswerError(
                f"{asked} did not answer with JSON ({error}): {excerpt(answer)!r}"
            ) from None
        problem = self._problem(value)
        if problem:
            raise ProviderAnswerError(f"{asked}'s answer does not fit the schema: {problem}")
        return value

    def _problem(self, value: Any) -> str | None:
        if self._model is not None:
            try:
                self._model.model_validate(value)
            except ValidationError as error:
                return first_problem(error)
            return None
        from referencing.exceptions import Unresolvable

        try:
            misfit = next(self._validator.iter_errors(value), None)
        except Unresolvable as error:
            raise ValueError(f"the schema refers to {error.ref}, which is not in it") from None
        return f"{misfit.json_path}: {excerpt(misfit.message)}" if misfit else None


def _model(schema: object) -> type[BaseModel] | None:
    return schema if isinstance(schema, type) and issubclass(schema, BaseModel) else None


def _validator(schema: Mapping[str, Any]) -> Any:
    try:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError
        from referencing import Registry
    except ImportError:
        raise MissingPackageError("jsonschema", "scraping") from None
    if not _CONSTRAINING & schema.keys():
        raise ValueError(
            f"the schema {excerpt(json.dumps(dict(schema), default=str))} accepts anything; write"
            ' {"type": "object", "properties": {…}, "required": […]}'
        )
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"the schema is not valid: {error.json_path}: {error.message}") from None
    # An empty registry: a reference to another schema must not be looked up in the network.
    return Draft202012Validator(schema, registry=Registry())
