"""Readable messages for pydantic's errors: the field, its value, and what is allowed.

The exceptions are not changed, because scripts may compare their messages. Types of errors:
https://docs.pydantic.dev/latest/errors/validation_errors/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ..text import escape_control

MAX_PROBLEMS = 5
MAX_VALUE = 60
# Maximum number of allowed values or fields in a message.
MAX_LISTED = 12

# Names of the expected kinds of values, by the first words of the error type.
_KINDS = {
    "string": "a string",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "fraction": "a number",
    "complex": "a number",
    "bool": "True or False",
    "bytes": "bytes",
    "datetime": "a time as in 2024-01-25T10:30:00+05:45",
    "timezone": "a time with its zone, as in 2024-01-25T10:30:00+05:45",
    "time_delta": "a duration",
    "time": "a time of day as in 10:30",
    "date": "a date as in 2024-01-25",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "deque": "a list",
    "iterable": "a list",
    "iteration": "a list",
    "dict": "a dict",
    "ordered_dict": "a dict",
    "frozen_dict": "a dict",
    "counter": "a dict",
    "mapping": "a dict",
    "model": "a dict of its fields",
    "dataclass": "a dict of its fields",
    "named_tuple": "a dict of its fields",
    "url": "an address as in https://example.org/page",
    "uuid": "a UUID",
    "json": "JSON",
    "none": "None",
}
_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
    "multiple_of": ("multiple_of", "a multiple of"),
}
_ALLOWED = re.compile(r"'((?:[^'\\]|\\.)*)'|(-?\d+|True|False|None)")
# Messages of the models' validators, with readable ones.
_SAID: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"PHONE/WHATSAPP must be E\.164"),
        "write a number as in +97714211641; context.values.read_phone_numbers does",
    ),
    (re.compile(r"Invalid email format"), "write an address as in info@example.org"),
    (re.compile(r"URL must start with"), "write an address as in https://example.org/page"),
    (
        re.compile(r"(?:location_id m|M)ust be a valid entity ID"),
        "write the id of an entity, as in entity:location/district/kathmandu",
    ),
    (
        re.compile(r"location_id must reference a location entity"),
        "write the id of a location, as in entity:location/district/kathmandu",
    ),
)


def plain_problems(error: ValidationError, most: int = MAX_PROBLEMS) -> str:
    """Return pydantic's errors as one readable line; only the first `most`.

    Each is the field, what it holds and what is allowed: ``gender is "M"; use "male", "female" or
    "other"``.
    """
    found = error.errors(include_url=False)
    root = class_named(error.title)
    lines = [_problem(error, root) for error in found[:most]]
    # One value can be wrong for each choice of a union.
    lines = list(dict.fromkeys(lines))
    if len(found) > most:
        lines.append(f"and {len(found) - most} more")
    return escape_control(". ".join(lines))


def first_problem(error: ValidationError) -> str:
    """Return pydantic's first error as a readable message."""
    return escape_control(_problem(error.errors(include_url=False)[0], class_named(error.title)))


def _problem(found: Mapping[str, Any], root: type[BaseModel] | None) -> str:
    kind, loc, value = found["type"], tuple(found["loc"]), found["input"]
    field, context = path_of(loc), found.get("ctx") or {}
    if kind in ("value_error", "assertion_error"):
        return _of_validator(field, value, context)
    if kind in ("extra_forbidden", "no_such_attribute"):
        return _unknown_field(loc, root)
    special = _SPECIAL.get(kind)
    if special is None:
        message = _of_kind(kind, context)
    else:
        message = special if isinstance(special, str) else special(found, context)
    if kind in _NOT_THERE:
        return f"{field or 'the value'} {message}"
    return f"{field or 'it'} is {shown(value)}; {message}"


def path_of(loc: Sequence[int | str]) -> str:
    """Return a location in a document in the usual notation: ``contacts[0].value``."""
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def shown(value: object) -> str:
    """Return a value for a message: on one line, truncated."""
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif value is None or isinstance(value, bool | int | float | bytes):
        text = repr(value)
    elif isinstance(value, Mapping):
        return "a dict"
    elif isinstance(value, list | tuple | set | frozenset):
        return "a list"
    else:
        name = type(value).__name__
        text = f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}…"


# The types of errors -------------------------------------------------------------------------


def _of_validator(field: str, value: object, context: Mapping[str, Any]) -> str:
    message = str(context.get("error", "")) or "it does not fit"
    known = next((plain for pattern, plain in _SAID if pattern.search(message)), None)
    if known is None:
        return f"{field}: {message}" if field else message
    if isinstance(value, Mapping) and "value" in value:  # a check of the whole contact
        field, value = f"{field}.value", value["value"]
    return f"{field} is {shown(value)}; {known}"


def _unknown_field(loc: Sequence[int | str], root: type[BaseModel] | None) -> str:
    name, owner = str(loc[-1]), path_of(loc[:-1])
    model = _model_at(root, loc[:-1])
    where = f"{owner} has" if owner else "there is"
    text = f"{where} no field {shown(name)}"
    if model is None:
        return text
    fields = list(model.model_fields)
    # A file says it in another place, and these are set by the service.
    fields = [field for field in fields if field not in ("version_summary", "created_at")]
    if meant := _closest(name, fields) or _nested(name, model):
        return f"{text}; did you mean {shown(meant)}?"
    return f"{text}; it can be {_listed(fields)}"


def _of_expected(found: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    expected = context.get("expected", context.get("expected_tags", ""))
    values = dict.fromkeys(_ALLOWED.findall(str(expected)))
    if not values:
        return "use another value"
    choice = _choice([plain or shown(text) for text, plain in values])
    if meant := _closest(found["input"], [text for text, _ in values]):
        return f"did you mean {shown(meant)}? it can be {choice}"
    return f"use {choice}"


def _of_pattern(found: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    if tuple(found["loc"])[-1:] == ("slug",):
        return "a slug is like asha-rai; context.names.slug_for makes one of a name"
    return f"it must have the form {context.get('pattern', '')}".rstrip()


def _of_length(found: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    word, key = (
        ("at least", "min_length") if "short" in found["type"] else ("at most", "max_length")
    )
    count = context.get(key, "")
    unit = "item" if "field_type" in context else "character"
    return f"it must have {word} {count} {unit}{'' if count == 1 else 's'}"


def _of_json(found: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    del found
    location = re.search(r"line \d+ column \d+", str(context.get("error", "")))
    return f"is not valid JSON ({location[0]})" if location else "is not valid JSON"


def _of_limit(found: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    key, word = _LIMITS[found["type"]]
    return f"it must be {word} {context.get(key, 'that')}"


def _closest(value: object, choices: Sequence[str]) -> str | None:
    if not isinstance(value, str):
        return None
    by_form = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(value.casefold(), by_form, n=1, cutoff=0.7)
    return by_form[found[0]] if found else None


_NOT_THERE = {
    *("missing", "missing_argument", "missing_keyword_only_argument", "recursion_loop"),
    *("missing_positional_only_argument", "frozen_field", "frozen_instance", "json_invalid"),
    *("recursion_depth_exceeded", "union_tag_not_found"),
}
_SPECIAL: dict[str, str | Callable[[Mapping[str, Any], Mapping[str, Any]], str]] = {
    **dict.fromkeys(_LIMITS, _of_limit),
    **dict.fromkeys((
            "string_too_short", "string_too_long", "bytes_too_short", "bytes_too_long",
            "too_short", "too_long",
        ), _of_length),
    **dict.fromkeys(
        (
            "missing", "missing_argument", "missing_keyword_only_argument",
            "missing_positional_only_argument", "union_tag_not_found",
        ),
        "is missing",
    ),
    **dict.fromkeys(("enum", "literal_error", "union_tag_invalid"), _of_expected),
    **dict.fromkeys(("frozen_field", "frozen_instance"), "cannot be changed"),
    **dict.fromkeys(
        ("recursion_loop", "recursion_depth_exceeded"), "is nested in itself, or too deep"
    ),
    "json_invalid": _of_json,
    "string_pattern_mismatch": _of_pattern,
    "string_unicode": "it must be a string in UTF-8",
    "string_not_ascii": "it must have ASCII characters only",
    "finite_number": "it must be a finite number",
    "int_parsing_size": "it is too long a number",
    "int_from_float": "it must be a whole number",
    "date_past": "it must be a date in the past",
    "date_future": "it must be a date in the future",
    "datetime_past": "it must be a time in the past",
    "datetime_future": "it must be a time in the future",
    "date_from_datetime_inexact": "it must be a date without a time of day",
    "url_too_long": "it is too long an address",
    "url_scheme": "it must be an address that starts with https:// or http://",
}  # fmt: skip


def _of_kind(kind: str, context: Mapping[str, Any]) -> str:
    """Return what a value must be, from the name of a type of error, such as ``int_parsing``."""
    words = kind.split("_")
    for end in range(len(words), 0, -1):
        if known := _KINDS.get("_".join(words[:end])):
            if kind in ("model_type", "dataclass_type") and "class_name" in context:
                return f"it must be {known}, as of {context['class_name']}"
            return f"it must be {known}"
    return "it is not a value that can stand here"


# The fields of the models --------------------------------------------------------------------


def class_named(name: str) -> type[BaseModel] | None:
    """Return our model with this name, None when there is none."""
    waiting = [BaseModel]
    for model in waiting:
        # Only our own: a script may have made another class of the same name.
        if model.__name__ == name and model.__module__.startswith("nes_tasks."):
            return model
        waiting += model.__subclasses__()
    return None


def _model_at(root: type[BaseModel] | None, loc: Sequence[int | str]) -> type[BaseModel] | None:
    model = root
    for part in loc:
        if isinstance(part, int) or model is None:
            continue
        field = model.model_fields.get(part)
        model = next(_models_in(field.annotation), None) if field else None
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _nested(name: str, model: type[BaseModel]) -> str | None:
    """Return the field of this name that a part of a model has, such as personal_details.gender."""
    for field, known in model.model_fields.items():
        for part in _models_in(known.annotation):
            meant = _closest(name, list(part.model_fields))
            if meant is not None and field != "version_summary":
                return f"{field}.{meant}"
    return None


def _listed(names: Sequence[str]) -> str:
    few = list(names[:MAX_LISTED])
    more = [f"{len(names) - MAX_LISTED} more"] if len(names) > MAX_LISTED else []
    return _choice([*few, *more], "and" if more else "or")


def _choice(words: Sequence[str], last: str = "or") -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
