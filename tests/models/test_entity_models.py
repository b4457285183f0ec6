"""Entity models: required fields, validation, identifiers and types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from nes_tasks.models.codec import entity_class_of, entity_from_dict
from nes_tasks.models.entity import Entity, EntitySubType, EntityType
from nes_tasks.models.location import Location, LocationType
from nes_tasks.models.organization import GovernmentBody, Organization, PoliticalParty
from nes_tasks.models.person import Person
from nes_tasks.models.project import Project, ProjectStage

Make = Callable[..., dict[str, Any]]
COMMISSION = "organization/government/commission/federal"


def test_an_entity_without_a_kind_cannot_be_made(minimal: Make) -> None:
    with pytest.raises(
        ValidationError,
        match=r"Cannot instantiate Entity directly\."
        r" Use Person, Organization, or Location instead\.",
    ):
        Entity.model_validate(minimal())


@pytest.mark.parametrize("key", ["slug", "names", "version_summary", "created_at"])
def test_required_fields_are_required(minimal: Make, key: str) -> None:
    data = minimal()
    del data[key]
    with pytest.raises(ValidationError, match=rf"{key}\s+Field required"):
        entity_from_dict(data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slug": "ab"}, "at least 3 characters"),
        ({"slug": "a" * 101}, "at most 100 characters"),
        ({"slug": "With-Capitals"}, "should match pattern"),
        ({"slug": "काठमाडौं"}, "should match pattern"),
        ({"slug": "../etc"}, "should match pattern"),
        ({"slug": "abc\n"}, "should match pattern"),
        ({"names": []}, "Entity must have at least one name with kind='PRIMARY'"),
        (
            {"names": [{"kind": "ALIAS", "en": {"full": "x"}}]},
            "Entity must have at least one name with kind='PRIMARY'",
        ),
        ({"surprise": 1}, "Extra inputs are not permitted"),
        ({"id": "entity:person/some-slug"}, "Extra inputs are not permitted"),
        ({"sub_type": "politician"}, "sub_type"),
        ({"sub_type": "ward"}, "Input should be None"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"tags": "one"}, "tags"),
        ({"pictures": [{"type": "huge", "url": "x"}]}, "'thumb', 'full' or 'wide'"),
    ],
)
def test_bad_fields_are_refused_by_name(minimal: Make, changes: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        entity_from_dict(minimal(**changes))


@pytest.mark.parametrize("slug", ["abc", "a" * 100, "-a-", "a--b", "2079"])
def test_hyphens_may_stand_anywhere_in_a_slug(minimal: Make, slug: str) -> None:
    assert entity_from_dict(minimal(slug=slug)).slug == slug


def test_types_are_plain_texts_and_sub_types_members(minimal: Make) -> None:
    location = entity_from_dict(minimal(EntityType.LOCATION, "ward"))
    assert type(location.type) is str
    assert location.type == "location"
    assert location.sub_type is EntitySubType.WARD


@pytest.mark.parametrize(
    ("entity_type", "sub_type", "identifier"),
    [
        ("person", None, "entity:person/some-slug"),
        ("organization", None, "entity:organization/some-slug"),
        ("organization", "ngo", "entity:organization/ngo/some-slug"),
        ("organization", "ward", "entity:organization/ward/some-slug"),
        ("location", "district", "entity:location/district/some-slug"),
        ("project", None, "entity:project/development_project/some-slug"),
    ],
)
def test_the_id_comes_from_type_sub_type_and_slug(
    minimal: Make, entity_type: str, sub_type: str | None, identifier: str
) -> None:
    assert entity_from_dict(minimal(entity_type, sub_type)).id == identifier


@pytest.mark.parametrize(
    ("entity_type", "sub_type", "name"),
    [
        ("person", None, "Person"),
        ("organization", None, "Organization"),
        ("organization", "ngo", "Organization"),
        ("organization", "international_org", "Organization"),
        ("organization", "political_party", "PoliticalParty"),
        ("organization", EntitySubType.GOVERNMENT_BODY, "GovernmentBody"),
        (EntityType.ORGANIZATION, "hospital", "Hospital"),
        ("location", "ward", "Location"),
        ("project", "development_project", "Project"),
    ],
)
def test_type_and_sub_type_choose_the_class(
    entity_type: str, sub_type: str | None, name: str
) -> None:
    assert entity_class_of({"type": entity_type, "sub_type": sub_type}).__name__ == name


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        ("person", "Person"),
        ("organization", "Organization"),
        ("organization/political_party", "PoliticalParty"),
        ("organization/government_body", "GovernmentBody"),
        ("organization/government", "GovernmentBody"),
        ("organization/government/federal", "GovernmentBody"),
        ("organization/government/commission/federal", "GovernmentBody"),
        ("organization/government/commission/province", "GovernmentBody"),
        ("organization/government/commission/regional", "GovernmentBody"),
        ("organization/government/commission/district", "GovernmentBody"),
        ("organization/hospital", "Hospital"),
        ("organization/ngo", "Organization"),
        ("organization/international_org", "Organization"),
        ("location", "Location"),
        ("location/ward", "Location"),
        ("project", "Project"),
        ("project/development_project", "Project"),
    ],
)
def test_an_allowed_prefix_chooses_the_class(prefix: str, name: str) -> None:
    assert entity_class_of({"entity_prefix": prefix}).__name__ == name


@pytest.mark.parametrize("entity_type", ["robot", None, "", 5, [], "Person"])
def test_an_unknown_type_has_no_class(entity_type: Any) -> None:
    with pytest.raises(ValueError, match="is not a valid EntityType"):
        entity_class_of({"type": entity_type})


def test_a_prefix_files_the_entity_elsewhere(minimal: Make) -> None:
    data = minimal("organization", entity_prefix=COMMISSION)
    body = entity_from_dict(data)
    assert isinstance(body, GovernmentBody)
    assert body.id == f"entity:{COMMISSION}/some-slug"
    assert (body.type, body.sub_type) == ("organization", EntitySubType.GOVERNMENT_BODY)


def test_a_prefix_that_is_not_on_the_list_leaves_the_choice_to_the_type(minimal: Make) -> None:
    prefix = "organization/government/commission/village"
    entity = entity_from_dict(minimal("organization", "ngo", entity_prefix=prefix))
    assert type(entity) is Organization
    assert entity.id == f"entity:{prefix}/some-slug"


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("", "must not be empty"),
        ("organization/my ngo", "must not contain blanks"),
        ("organization/a/b/c/d", "more than 4 segments"),
        ("organization//a", "empty segment"),
        ("location/x", "must start with the type 'organization'"),
        ("organizations", "must start with the type 'organization'"),
    ],
)
def test_a_malformed_prefix_is_refused(minimal: Make, prefix: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        entity_from_dict(minimal("organization", "ngo", entity_prefix=prefix))


def test_what_can_be_converted_is(minimal: Make) -> None:
    location = Location.model_validate(minimal("location", "district", area=395, lat="27.7"))
    assert (location.area, location.lat) == (395.0, 27.7)
    assert isinstance(location.area, float)
    assert location.created_at == datetime(2025, 11, 9, 16, 26, 57, 42933, UTC)
    project = Project.model_validate(minimal("project"))
    assert project.stage is ProjectStage.UNKNOWN


def test_assignments_are_not_validated(minimal: Make) -> None:
    person = Person.model_validate(minimal())
    person.names = [{"kind": "PRIMARY", "en": {"full": "A dict"}}]  # type: ignore[list-item]
    assert person.names == [{"kind": "PRIMARY", "en": {"full": "A dict"}}]


@pytest.mark.parametrize(
    ("sub_type", "location_type", "level"),
    [
        ("province", LocationType.PROVINCE, 1),
        ("sub_metropolitan_city", LocationType.SUB_METROPOLITAN_CITY, 3),
        ("ward", LocationType.WARD, 4),
        ("constituency", LocationType.CONSTITUENCY, None),
        (None, None, None),
        ("hospital", None, None),
    ],
)
def test_a_location_knows_its_kind_and_level(
    minimal: Make, sub_type: str | None, location_type: LocationType | None, level: int | None
) -> None:
    location = Location.model_validate(minimal("location", sub_type))
    assert location.location_type is location_type
    assert location.administrative_level == level


def test_a_class_keeps_to_its_type_and_sub_type(minimal: Make) -> None:
    with pytest.raises(ValidationError, match="Input should be 'person'"):
        Person.model_validate(minimal("location"))
    with pytest.raises(ValidationError, match="sub_type"):
        PoliticalParty.model_validate(minimal("organization", "hospital"))
