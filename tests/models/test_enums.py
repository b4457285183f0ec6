"""Enumerations: their values, and the maps that must cover them."""

from __future__ import annotations

from enum import Enum

import pytest

from nes_tasks.models.base import (
    ContactType,
    EntityPictureType,
    Language,
    NameKind,
    NamePart,
    ProvenanceMethod,
)
from nes_tasks.models.codec import check_classes
from nes_tasks.models.entity import EntitySubType, EntityType, IdentifierScheme
from nes_tasks.models.entity_types import ENTITY_TYPE_MAP, check_map
from nes_tasks.models.location import ADMINISTRATIVE_LEVELS, LocationType
from nes_tasks.models.organization import GovernmentType, OwnershipType
from nes_tasks.models.person import ElectionPosition, ElectionType, Gender, Person
from nes_tasks.models.project import AssistanceType, BudgetType, ProjectStage
from nes_tasks.models.relationship import RELATIONSHIP_TYPES
from nes_tasks.models.version import VersionType

LOCATIONS = (
    "province district metropolitan_city sub_metropolitan_city municipality rural_municipality"
    " ward constituency"
)

VALUES: dict[type[Enum], str] = {
    EntityType: "person organization location project",
    EntitySubType: "political_party government_body ngo international_org hospital "
    + LOCATIONS
    + " development_project",
    IdentifierScheme: "wikipedia wikidata twitter facebook instagram linkedin youtube tiktok"
    " website other",
    NameKind: "PRIMARY ALIAS ALTERNATE BIRTH_NAME",
    NamePart: "full given middle family prefix suffix",
    Language: "en ne",
    ProvenanceMethod: "human llm translation_service imported",
    ContactType: "EMAIL PHONE URL TWITTER FACEBOOK INSTAGRAM LINKEDIN WHATSAPP TELEGRAM WECHAT"
    " OTHER",
    EntityPictureType: "thumb full wide",
    LocationType: LOCATIONS,
    GovernmentType: "federal provincial local other unknown",
    OwnershipType: "Private Public Government",
    Gender: "male female other",
    ElectionType: "federal provincial local ward",
    ElectionPosition: "federal_parliament provincial_assembly mayor deputy_mayor ward_chairperson"
    " ward_member dalit_female_member female_member",
    ProjectStage: "pipeline planning approved ongoing completed suspended terminated cancelled"
    " unknown",
    AssistanceType: "grant loan technical_assistance in_kind mixed other unknown",
    BudgetType: "on_budget off_budget unknown",
    VersionType: "ENTITY RELATIONSHIP",
}


@pytest.mark.parametrize("enum", VALUES, ids=lambda enum: enum.__name__)
def test_members_are_the_values_of_the_format(enum: type[Enum]) -> None:
    assert [member.value for member in enum] == VALUES[enum].split()
    assert all(member == member.value for member in enum)


@pytest.mark.parametrize("enum", [e for e in VALUES if e is not NameKind], ids=lambda e: e.__name__)
def test_members_are_named_as_their_value_in_upper_case(enum: type[Enum]) -> None:
    assert [member.name for member in enum] == VALUES[enum].upper().split()


def test_official_is_another_name_of_birth_and_no_value() -> None:
    assert NameKind.OFFICIAL is NameKind.BIRTH
    with pytest.raises(ValueError, match="OFFICIAL"):
        NameKind("OFFICIAL")


def test_members_print_with_their_class_as_messages_need_it() -> None:
    assert f"{EntityType.PERSON}" == "EntityType.PERSON"


def test_location_types_are_the_sub_types_of_locations() -> None:
    kinds = ENTITY_TYPE_MAP[EntityType.LOCATION] - {None}
    assert {kind.value for kind in LocationType} == {kind.value for kind in kinds if kind}


def test_a_type_or_sub_type_that_was_forgotten_somewhere_is_named() -> None:
    without_person = {t: row for t, row in ENTITY_TYPE_MAP.items() if t is not EntityType.PERSON}
    with pytest.raises(TypeError, match=r"EntityType\.PERSON is not in ENTITY_TYPE_MAP"):
        check_map(without_person)
    without_ward = {t: row - {EntitySubType.WARD} for t, row in ENTITY_TYPE_MAP.items()}
    with pytest.raises(TypeError, match=r"EntitySubType\.WARD is not in one row"):
        check_map(without_ward)
    with pytest.raises(TypeError, match="'event' has no class in ENTITY_CLASSES of nes_tasks"):
        check_classes(["person", "event"], {"person": Person})
    with pytest.raises(TypeError, match="'project' has the class Person"):
        check_classes(["person"], {"person": Person, "project": Person})


def test_every_location_type_has_its_administrative_level() -> None:
    levels = [1, 2, 3, 3, 3, 3, 4, None]
    assert list(ADMINISTRATIVE_LEVELS.items()) == list(zip(LOCATIONS.split(), levels, strict=True))


def test_relationship_types_are_a_closed_list_in_order() -> None:
    assert RELATIONSHIP_TYPES == (
        "AFFILIATED_WITH",
        "EMPLOYED_BY",
        "MEMBER_OF",
        "PARENT_OF",
        "CHILD_OF",
        "SUPERVISES",
        "LOCATED_IN",
        "FUNDED_BY",
        "IMPLEMENTED_BY",
        "EXECUTED_BY",
        "OVERSEEN_BY",
    )
