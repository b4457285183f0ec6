"""No word of pydantic's reaches a person: each type of error that there is has plain words."""

from __future__ import annotations

import re
import typing
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import core_schema

from nes_tasks.models.codec import entity_from_dict
from nes_tasks.models.plain_errors import MAX_PROBLEMS, first_problem, plain_problems

TYPES = typing.get_args(core_schema.ErrorType)
# What the messages of some types are filled with.
CONTEXT: dict[str, Any] = {
    **dict.fromkeys(("gt", "ge", "lt", "le", "multiple_of"), 3),
    **dict.fromkeys(("min_length", "max_length", "actual_length", "field_type"), 3),
    **dict.fromkeys(("max_digits", "decimal_places", "whole_digits", "tz_expected"), 3),
    **dict.fromkeys(("tz_actual", "expected_version"), 3),
    **dict.fromkeys(("error", "class", "class_name", "method_name", "encoding"), "reason"),
    **dict.fromkeys(("pattern", "expected", "tag", "expected_tags"), "'one' or 'two'"),
    **dict.fromkeys(("discriminator", "attribute", "encoding_error"), "kind"),
    "error": "reason",
    "field_type": "List",
    "expected_schemes": "https",
}
# Words of pydantic's messages, and what stands around them.
PYDANTIC = re.compile(
    r"Input should|should (?:be|have|match)|Field required|validation error|Value error"
    r"|\[type=|https?://errors|not permitted|unable to|Unable to|input_value",
)


def made(kind: str) -> ValidationError:
    """Return an error of one type, with the texts that its message needs."""
    context: dict[str, Any] = {}
    for _ in range(12):
        try:
            return ValidationError.from_exception_data(
                "Person",
                [{"type": kind, "loc": ("names", 0, "kind"), "input": "x", "ctx": context}],  # type: ignore[typeddict-item]
            )
        except TypeError as missing:
            key = re.search(r"'(\w+)' required", str(missing))
            wrong = re.search(r"'(\w+)' context value must be an? (\w+)|: '(\w+)'", str(missing))
            if key is not None:
                context[key[1]] = CONTEXT.get(key[1], "reason")
            elif wrong is not None and wrong[1]:
                context[wrong[1]] = 3 if "int" in str(missing).lower() else "reason"
            else:
                raise
    raise AssertionError(context)


@pytest.mark.parametrize("kind", TYPES)
def test_each_type_of_error_is_said_in_plain_words(kind: str) -> None:
    said = plain_problems(made(kind))
    assert not PYDANTIC.search(said)
    assert "names[0]" in said
    assert "_" not in kind or kind not in said
    assert "\n" not in said


def test_pydantics_own_words_would_be_found() -> None:
    assert PYDANTIC.search(str(made("string_type")))


def problems(**fields: Any) -> str:
    """Return what is said of a person with these fields."""
    person = {
        "type": "person",
        "slug": "asha-rai",
        "names": [{"kind": "PRIMARY", "en": {"full": "Asha Rai"}}],
        "version_summary": {
            "entity_or_relationship_id": "entity:person/asha-rai",
            "type": "ENTITY",
            "version_number": 1,
            "author": {"slug": "asha-rai"},
            "change_description": "x",
            "created_at": "2026-01-01T00:00:00Z",
        },
        "created_at": "2026-01-01T00:00:00Z",
    }
    with pytest.raises(ValidationError) as caught:
        entity_from_dict({**person, **fields})
    return plain_problems(caught.value)


SAID = {
    "an enumeration": (
        {"personal_details": {"gender": "M"}},
        'personal_details.gender is "M"; use "male", "female" or "other"',
    ),
    "a typing error in a value": (
        {"personal_details": {"gender": "Femal"}},
        'personal_details.gender is "Femal"; did you mean "female"? it can be "male", "female" or '
        '"other"',
    ),
    "a typing error in a field": (
        {"personal_details": {"gendre": "male"}},
        'personal_details has no field "gendre"; did you mean "gender"?',
    ),
    "a field of a part": (
        {"gender": "male"},
        'there is no field "gender"; did you mean "personal_details.gender"?',
    ),
    "a slug that is too short": ({"slug": "b"}, 'slug is "b"; it must have at least 3 characters'),
    "a slug of other characters": (
        {"slug": "Asha Rai"},
        'slug is "Asha Rai"; a slug is like asha-rai; context.names.slug_for makes one of a name',
    ),
    "a text for a list": ({"tags": "x"}, 'tags is "x"; it must be a list'),
    "a list for a text": ({"slug": ["x"]}, "slug is a list; it must be a string"),
    "a contact": (
        {"contacts": [{"type": "PHONE", "value": "01-4211641"}]},
        'contacts[0].value is "01-4211641"; write a number as in +97714211641; '
        "context.values.read_phone_numbers does",
    ),
    "a missing part": ({"names": [{"en": {"full": "x"}}]}, "names[0].kind is missing"),
    "a date in words": (
        {"personal_details": {"positions": [{"title": {}, "start_date": "May"}]}},
        "personal_details.positions[0].start_date: 'May' is not a date; write it as in 2024-01-25",
    ),
    "an address": (
        {"identifiers": [{"scheme": "website", "value": "x", "url": "nowhere"}]},
        'identifiers[0].url is "nowhere"; it must be an address as in https://example.org/page',
    ),
    "control characters": ({"slug": "a\u202eb"}, 'slug is "a\\u202eb"; a slug is like asha-rai'),
}


@pytest.mark.parametrize(("fields", "said"), SAID.values(), ids=SAID)
def test_the_field_its_value_and_what_is_allowed_are_named(
    fields: dict[str, Any], said: str
) -> None:
    assert problems(**fields).startswith(said)


def test_of_many_problems_the_others_are_counted() -> None:
    said = problems(**{f"unknown{number}": 1 for number in range(MAX_PROBLEMS + 3)})
    assert said.endswith("and 3 more")
    assert said.count("there is no field") == MAX_PROBLEMS


def test_a_model_of_a_script_is_said_as_well() -> None:
    class Person(BaseModel):
        age: int

    with pytest.raises(ValidationError) as caught:
        Person.model_validate({"age": "x"})
    assert first_problem(caught.value) == 'age is "x"; it must be a whole number'
