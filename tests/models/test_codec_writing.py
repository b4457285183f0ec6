"""Writing files: the format, byte for byte, and which objects are refused."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from nes_tasks.errors import NesTasksError
from nes_tasks.models import codec
from nes_tasks.models.base import Address, LangText, LangTextValue, Name, NameKind, NameParts
from nes_tasks.models.codec import entity_from_dict
from nes_tasks.models.entity import Entity
from nes_tasks.models.relationship import Relationship
from nes_tasks.models.version import Author, Version

Data = dict[str, Any]
Make = Callable[..., Data]

COMMON_KEYS = (
    "attributes attributions contacts created_at description identifiers misspelled_names names"
    " pictures short_description slug sub_type tags type version_summary"
)
COMMON = set(COMMON_KEYS.split())


def reference(content: Any) -> bytes:
    """The format of the files by its definition."""
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False).encode()


def written(entity: Entity) -> Data:
    content: Data = json.loads(codec.dump_entity(entity))
    return content


def version_of(entity: Entity) -> Version:
    summary = entity.version_summary.model_dump(exclude={"id"})
    return Version(**summary, snapshot=codec.snapshot_of(entity))


def nulls(content: Any, place: str = "") -> list[str]:
    """Where there is a null in `content`."""
    if isinstance(content, dict):
        return [n for k, v in content.items() for n in nulls(v, f"{place}.{k}")]
    if isinstance(content, list):
        return [n for i, v in enumerate(content) for n in nulls(v, f"{place}.{i}")]
    return [place] if content is None else []


def test_entities_of_every_kind_survive_writing_and_reading(full_entity: tuple[str, Data]) -> None:
    kind, data = full_entity
    entity = entity_from_dict(data)
    text = codec.dump_entity(entity)
    again = codec.load_entity(text)
    assert type(again).__name__ == kind
    assert again == entity
    assert codec.dump_entity(again) == text == reference(json.loads(text))
    assert codec.dump_entity(again, only_set=True) == text


def test_the_data_of_these_tests_fills_every_field(full_entity: tuple[str, Data]) -> None:
    kind, data = full_entity
    missing = nulls(written(entity_from_dict(data)))
    assert missing == ([".sub_type"] if kind == "Person" else [])


def test_every_value_given_is_in_the_file(full_entity: tuple[str, Data]) -> None:
    _, data = full_entity
    data["identifiers"][0]["url"] += "/"
    data["version_summary"]["author"]["id"] = "author:damodar-dahal"
    content = written(entity_from_dict(data))
    content = {key: content[key] for key in data}
    assert content == data


@pytest.mark.parametrize(
    ("entity_type", "sub_type", "own", "snapshot_keys"),
    [
        ("person", None, "electoral_details personal_details", 18),
        ("location", "district", "area lat lng parent", 22),
        ("organization", None, "", 16),
        ("organization", "ngo", "", 16),
        ("organization", "political_party", "address party_chief registration_date symbol", 20),
        ("organization", "government_body", "government_type", 17),
        ("organization", "hospital", "address beds ownership services", 20),
        (
            "project",
            None,
            "dates donor_extensions executing_agency financing implementing_agency project_url"
            " sectors stage total_commitment total_disbursement",
            26,
        ),
    ],
)
def test_files_have_every_field_and_snapshots_the_computed_ones_too(
    minimal: Make, entity_type: str, sub_type: str | None, own: str, snapshot_keys: int
) -> None:
    entity = entity_from_dict(minimal(entity_type, sub_type))
    assert set(written(entity)) == COMMON | set(own.split())
    assert len(codec.snapshot_of(entity)) == snapshot_keys


def test_computed_fields_are_where_the_format_has_them(minimal: Make) -> None:
    entity = entity_from_dict(minimal("location", "ward"))
    content = written(entity)
    assert {"id", "location_type", "administrative_level"}.isdisjoint(content)
    assert "id" not in content["version_summary"]
    assert content["version_summary"]["author"]["id"] == "author:damodar-dahal"

    version = json.loads(codec.dump_version(version_of(entity)))
    assert "id" not in version
    assert version["author"]["id"] == "author:damodar-dahal"
    snapshot = version["snapshot"]
    assert snapshot["id"] == "entity:location/ward/some-slug"
    assert (snapshot["location_type"], snapshot["administrative_level"]) == ("ward", 4)
    summary = snapshot["version_summary"]
    assert summary["id"] == "version:entity:location/ward/some-slug:3"
    assert summary["author"]["id"] == "author:damodar-dahal"


def test_a_snapshot_at_hand_saves_taking_the_model_apart_and_stays_as_it_is(
    full_entity: tuple[str, Data],
) -> None:
    entity = entity_from_dict(full_entity[1])
    snapshot = codec.snapshot_of(entity)
    before = json.dumps(snapshot)
    assert codec.dump_entity(entity, snapshot) == codec.dump_entity(entity)
    assert json.dumps(snapshot) == before


def test_relationships_versions_and_authors_survive(
    full_relationship: Data, full_summary: Data
) -> None:
    relationship = Relationship.model_validate(full_relationship)
    text = codec.dump_relationship(relationship, codec.snapshot_of(relationship))
    assert codec.load_relationship(text) == relationship
    assert text == codec.dump_relationship(relationship) == reference(json.loads(text))
    assert set(json.loads(text)) == set(full_relationship)

    version = Version.model_validate(full_summary | {"snapshot": codec.snapshot_of(relationship)})
    text = codec.dump_version(version)
    assert codec.load_version(text) == version
    assert text == reference(json.loads(text))
    assert json.loads(text)["snapshot"]["id"] == relationship.id

    author = Author(slug="damodar-dahal", name="दामोदर")
    assert codec.load_author(codec.dump_author(author)) == author


def test_an_author_file_has_name_and_slug() -> None:
    expected = b'{\n  "name": null,\n  "slug": "damodar-dahal"\n}'
    assert codec.dump_author(Author(slug="damodar-dahal")) == expected


def test_what_was_not_given_can_be_left_out(full_summary: Data) -> None:
    author = Author(slug="damodar-dahal")
    assert codec.dump_author(author, only_set=True) == b'{\n  "slug": "damodar-dahal"\n}'
    version = Version.model_validate(full_summary)
    assert "snapshot" not in json.loads(codec.dump_version(version, only_set=True))
    assert json.loads(codec.dump_version(version))["snapshot"] is None


def test_whole_seconds_have_no_fraction(minimal: Make) -> None:
    entity = entity_from_dict(minimal(created_at=dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC)))
    assert written(entity)["created_at"] == "2025-01-02T03:04:05Z"


# --- fields that the format got later ----------------------------------------------------

COMMISSION = "organization/government/commission/federal"


@pytest.mark.parametrize("sub_type", [None, "ngo", "government_body"])
def test_prefix_and_address_are_written_only_where_set(minimal: Make, sub_type: str | None) -> None:
    entity = entity_from_dict(minimal("organization", sub_type))
    for content in (written(entity), codec.snapshot_of(entity)):
        assert {"entity_prefix", "address"}.isdisjoint(content)
    entity.address = Address()  # type: ignore[attr-defined]
    assert written(entity)["address"] == {
        "location_id": None,
        "description": None,
        "description2": None,
    }


def test_an_entity_under_a_prefix_has_both(minimal: Make) -> None:
    entity = entity_from_dict(minimal("organization", entity_prefix=COMMISSION))
    for content in (written(entity), codec.snapshot_of(entity)):
        assert content["entity_prefix"] == COMMISSION
        assert content["address"] is None
        assert content["sub_type"] == "government_body"


def test_a_file_that_has_them_as_null_keeps_them(minimal: Make) -> None:
    data = minimal("organization", "ngo", entity_prefix=None, address=None)
    entity = codec.load_entity(reference(data))
    content = written(entity)
    assert content["entity_prefix"] is None
    assert content["address"] is None
    assert entity.id == "entity:organization/ngo/some-slug"


def test_a_person_under_a_prefix_gets_no_address(minimal: Make) -> None:
    assert set(written(entity_from_dict(minimal(entity_prefix="person")))) == COMMON | {
        "entity_prefix",
        "electoral_details",
        "personal_details",
    }


# --- what assignments and free fields may contain ----------------------------------------


def test_dicts_assigned_into_fields_are_written_as_they_are(minimal: Make) -> None:
    entity = entity_from_dict(minimal())
    entity.names = [
        {"kind": NameKind.PRIMARY, "en": {"full": "A dict"}, "ne": None},  # type: ignore[list-item]
        Name(kind="ALIAS", en=NameParts(full="An object")),
    ]
    entity.tags = 5  # type: ignore[assignment]
    content = written(entity)
    assert content["names"][0] == {"kind": "PRIMARY", "en": {"full": "A dict"}, "ne": None}
    assert content["names"][1]["en"]["full"] == "An object"
    assert content["tags"] == 5


LATE = dt.datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=45)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            LangText(en=LangTextValue(value="x", provenance="llm")),
            {"en": {"value": "x", "provenance": "llm"}, "ne": None},
        ),
        ([NameKind.OFFICIAL], ["BIRTH_NAME"]),
        (dt.date(2020, 1, 2), "2020-01-02"),
        (dt.datetime(2020, 1, 2, tzinfo=dt.UTC), "2020-01-02T00:00:00Z"),
        (dt.datetime(2020, 1, 2, 3, 4, 5, 6), "2020-01-02T03:04:05.000006"),  # noqa: DTZ001
        (LATE, "2020-01-02T03:04:05.000006+05:45"),
        ((1, {2}), [1, [2]]),
        (float("nan"), None),
        ([float("inf"), float("-inf")], [None, None]),
        (2**80, 2**80),
        ({1: 2, None: 3}, {"1": 2, "None": 3}),
        ({"": {}, "z": [], "a": '\u2028\t"\\\x7f नेपाल 😀'}, None),
    ],
)
def test_free_fields_are_written_in_full(minimal: Make, value: Any, text: Any) -> None:
    expected = value if text is None and isinstance(value, dict) else text
    entity = entity_from_dict(minimal(attributes={"free": value}))
    data = codec.dump_entity(entity)
    assert json.loads(data)["attributes"] == {"free": expected}
    assert data == reference(json.loads(data))
    again = codec.load_entity(data)
    assert again.attributes == {"free": expected}
    assert codec.dump_entity(again) == data

    summary = entity.version_summary.model_dump(exclude={"id"})
    version = codec.dump_version(Version(**summary, snapshot={"free": value}))
    assert json.loads(version)["snapshot"] == {"free": expected}


@pytest.mark.parametrize(
    "number",
    [0.0, -0.0, 395.0, 49.45, 0.1, 1e-4, 1e-5, 1.5e-7, -1e-5, 1e15, 1e16, 1.5e300, 5e-324, 2**53],
)
def test_numbers_look_as_python_writes_them(minimal: Make, number: float) -> None:
    entity = entity_from_dict(minimal("location", "ward", area=number))
    assert f'"area": {float(number)!r},'.encode() in codec.dump_entity(entity)
    summary = entity.version_summary.model_dump(exclude={"id"})
    version = codec.dump_version(Version(**summary, snapshot={"area": number}))
    assert f'"area": {number!r}\n'.encode() in version


@pytest.mark.parametrize("depth", [100, 199, 240])
def test_deeply_nested_data_survives(minimal: Make, depth: int) -> None:
    nested: Data = {}
    for _ in range(depth):
        nested = {"in": nested}
    data = codec.dump_entity(entity_from_dict(minimal(attributes=nested)))
    assert codec.load_entity(data).attributes == nested


def circle() -> Data:
    data: Data = {}
    data["again"] = data
    return data


def tower() -> Data:
    data: Data = {}
    for _ in range(5000):
        data = {"in": data}
    return data


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"x": object()}, "attributes.x is an object, which JSON"),
        ({"x": b"\xff"}, "is b.*, which JSON"),
        ({"x": "\ud800"}, "surrogates not allowed"),
        (circle(), "it holds itself"),
        (tower(), "nested too deeply"),
    ],
    ids=["object", "bytes", "surrogate", "circle", "tower"],
)
def test_what_json_cannot_express_is_refused_with_the_id(
    minimal: Make, attributes: Data, reason: str
) -> None:
    entity = entity_from_dict(minimal())
    entity.attributes = attributes
    with pytest.raises(
        codec.UnwritableError, match=f"entity:person/some-slug .*{reason}"
    ) as caught:
        codec.dump_entity(entity)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, NesTasksError)

    summary = entity.version_summary.model_dump(exclude={"id"})
    with pytest.raises(
        codec.UnwritableError, match=r"^version:entity:person/some-slug:3 cannot be"
    ):
        codec.dump_version(Version(**summary, snapshot=attributes))
