"""Reading files: which are malformed, and the error for each."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from nes_tasks.errors import NesTasksError
from nes_tasks.models import codec

LOADS: list[Callable[..., Any]] = [
    codec.load_entity,
    codec.load_relationship,
    codec.load_version,
    codec.load_author,
]
AUTHOR = b'{"slug": "damodar-dahal", "name": null}'


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.__name__)
@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (AUTHOR[:20], "not JSON"),
        (AUTHOR + AUTHOR, "not JSON"),
        (b"\xef\xbb\xbf" + AUTHOR, "not JSON .*BOM"),
        (b'{"slug": NaN}', "not JSON .*NaN"),
        (b'{"slug": -Infinity}', "not JSON .*-Infinity"),
        (b"{'slug': 1}", "not JSON"),
        (b"<<<<<<< HEAD\n{}", "not JSON"),
        (b"\0" * 50, "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe", r"not UTF-8 \(byte 0\)"),
        (AUTHOR.replace(b"damodar", b"dam\xe4dar"), "not UTF-8"),
        (b"[]", "not a JSON object, but a list"),
        (b"null", "not a JSON object, but a NoneType"),
        (b'"text"', "not a JSON object, but a str"),
        (b"12", "not a JSON object, but a int"),
    ],
)
def test_what_is_no_json_object_is_refused(
    load: Callable[..., Any], data: bytes, problem: str
) -> None:
    with pytest.raises(codec.MalformedFileError, match=rf"^some/file\.json: {problem}") as caught:
        load(data, "some/file.json")
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, NesTasksError)


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.__name__)
def test_an_object_of_another_kind_is_refused_in_one_line(load: Callable[..., Any]) -> None:
    with pytest.raises(codec.MalformedFileError) as caught:
        load(b'{"type": "person", "a\\nb": 1}')
    assert "\n" not in str(caught.value)
    assert "is missing" in str(caught.value)


def test_the_error_names_the_field_and_the_problem(minimal: Callable[..., dict[str, Any]]) -> None:
    data = minimal(contacts=[{"type": "EMAIL", "value": "no\nmail"}])
    with pytest.raises(codec.MalformedFileError) as caught:
        codec.load_entity(json.dumps(data).encode(), "entity/person/some-slug.json")
    assert str(caught.value) == (
        'entity/person/some-slug.json: contacts[0].value is "no\\nmail"; '
        "write an address as in info@example.org"
    )


def test_a_problem_of_the_whole_has_no_field(minimal: Callable[..., dict[str, Any]]) -> None:
    data = minimal("organization", "ngo", entity_prefix="location/x")
    with pytest.raises(codec.MalformedFileError, match=r"^entity file: Entity"):
        codec.load_entity(json.dumps(data).encode())


def test_only_the_first_problems_are_listed() -> None:
    data = {"type": "person", "slug": "x"} | {f"key{i}": i for i in range(10)}
    with pytest.raises(codec.MalformedFileError, match=r"and 9 more$"):
        codec.load_entity(json.dumps(data).encode())


def test_an_entity_file_without_a_known_type_is_refused() -> None:
    with pytest.raises(codec.MalformedFileError, match="'robot' is not a valid EntityType"):
        codec.load_entity(b'{"type": "robot"}')
    with pytest.raises(codec.MalformedFileError, match="None is not a valid EntityType"):
        codec.load_entity(b"{}")


def test_long_integers_stay_exact(minimal: Callable[..., dict[str, Any]]) -> None:
    data = minimal(attributes={"long": 2**64 + 1, "longer": -(10**40)})
    entity = codec.load_entity(json.dumps(data).encode())
    assert entity.attributes == {"long": 2**64 + 1, "longer": -(10**40)}
