"""Publication of new entities: what is written, and what is refused in which order."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from nes_tasks.database.store import Store
from nes_tasks.models.base import LangText, Name, NameParts
from nes_tasks.models.codec import UnwritableError
from nes_tasks.models.entity import EntitySubType, EntityType, ExternalIdentifier
from nes_tasks.services.publication import PublicationService

from .samples import (
    START,
    content,
    create,
    files,
    name,
    person,
    run,
)

# Creating: what is written


def test_a_new_entity_is_a_file_a_version_and_an_author(
    publication: PublicationService, store: Store
) -> None:
    entity = create(publication)
    assert sorted(files(store)) == [
        "author/jane-doe.json",
        "entity/person/jane-roe.json",
        "version/entity/person/jane-roe/1.json",
    ]
    stored = content(store, "entity/person/jane-roe.json")
    version = content(store, "version/entity/person/jane-roe/1.json")
    assert "id" not in stored
    assert "entity_prefix" not in stored
    assert stored["version_summary"] == {
        "author": {"id": "author:jane-doe", "name": None, "slug": "jane-doe"},
        "change_description": "Initial entity creation",
        "created_at": "2026-01-31T06:15:09.123456Z",
        "entity_or_relationship_id": "entity:person/jane-roe",
        "type": "ENTITY",
        "version_number": 1,
    }
    assert version["snapshot"]["id"] == entity.id == "entity:person/jane-roe"
    assert version["snapshot"]["version_summary"]["id"] == "version:entity:person/jane-roe:1"
    assert version["created_at"] == stored["version_summary"]["created_at"]


def test_the_version_summary_is_made_a_moment_before_the_entity(
    publication: PublicationService,
) -> None:
    entity = create(publication)
    assert entity.version_summary.created_at == START
    assert entity.created_at > entity.version_summary.created_at


@pytest.mark.parametrize(
    "arguments",
    [
        {"entity_type": "organization", "entity_subtype": "hospital"},
        {"entity_type": EntityType.ORGANIZATION, "entity_subtype": EntitySubType.HOSPITAL},
        {"entity_data": {"type": "organization", "sub_type": "hospital"}},
        {"entity_data": {"type": EntityType.ORGANIZATION, "sub_type": EntitySubType.HOSPITAL}},
        {"entity_type": "organization", "entity_data": {"type": "person", "sub_type": "hospital"}},
    ],
)
def test_type_and_sub_type_come_from_arguments_or_data(
    publication: PublicationService, store: Store, arguments: dict[str, Any]
) -> None:
    data = {"slug": "teaching-hospital", "names": [name("Hospital")]}
    given = arguments.pop("entity_data", {})
    entity = run(
        publication.create_entity(
            **arguments,
            entity_data={**data, **given},
            author_id="author:x-y-z",
            change_description="d",
        )
    )
    assert type(entity).__name__ == "Hospital"
    assert entity.type == "organization"
    assert store.exists("entity/organization/hospital/teaching-hospital.json")


def test_the_arguments_can_be_given_by_position(
    publication: PublicationService, store: Store
) -> None:
    data = {"slug": "bara", "names": [name("Bara")]}
    entity = run(publication.create_entity("location", data, "author:x-y-z", "Why", "district"))
    assert entity.id == "entity:location/district/bara"
    assert entity.version_summary.author.slug == "x-y-z"
    assert entity.version_summary.change_description == "Why"
    assert content(store, "version/entity/location/district/bara/1.json")["snapshot"][
        "location_type"
    ] == ("district")


def test_a_prefix_says_where_an_entity_is_filed(
    publication: PublicationService, store: Store
) -> None:
    data: dict[str, Any] = {
        "slug": "tharu-commission",
        "names": [name("Tharu Commission")],
        "type": "person",
        "sub_type": "hospital",
        "government_type": "federal",
    }
    entity = run(
        publication.create_entity(
            entity_prefix="organization/government/commission/federal", entity_data=data
        )
    )
    assert entity.id == "entity:organization/government/commission/federal/tharu-commission"
    stored = content(
        store, "entity/organization/government/commission/federal/tharu-commission.json"
    )
    assert stored["entity_prefix"] == "organization/government/commission/federal"
    assert (stored["type"], stored["sub_type"]) == ("organization", "government_body")
    assert stored["address"] is None
    assert store.exists(
        "version/entity/organization/government/commission/federal/tharu-commission/1.json"
    )
    assert data["entity_prefix"] == "organization/government/commission/federal"
    assert data["type"] == "organization"
    assert "sub_type" not in data


def test_a_prefix_can_be_in_the_data(publication: PublicationService) -> None:
    data = {"slug": "some-ngo", "names": [name("N")], "entity_prefix": "organization/ngo"}
    assert run(publication.create_entity(entity_data=data)).id == "entity:organization/ngo/some-ngo"


def test_a_null_prefix_in_the_data_is_none(publication: PublicationService, store: Store) -> None:
    run(publication.create_entity("person", person("jane-roe", entity_prefix=None)))
    assert "entity_prefix" not in content(store, "entity/person/jane-roe.json")


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("robot/x", "'robot' is not a valid EntityType"),
        ("organization/secret", "Entity prefix 'organization/secret' is not allowed"),
        ("organization/../../x", "Entity prefix 'organization/../../x' is not allowed"),
        ("organization/a/b/c/d", "more than 4 segments"),
        ("organization//x", "empty segment"),
        ("", "must not be empty|is not a valid EntityType"),
    ],
)
def test_a_prefix_that_is_not_allowed_is_refused_before_anything_is_written(
    publication: PublicationService, store: Store, prefix: str, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        run(publication.create_entity(entity_prefix=prefix, entity_data=person("jane-roe")))
    assert files(store) == {}


def test_a_prefix_and_a_type_do_not_go_together(publication: PublicationService) -> None:
    with pytest.raises(ValueError, match="entity_prefix cannot be given together with a type"):
        run(publication.create_entity("person", person("jane-roe"), entity_prefix="person"))


def test_dicts_and_models_can_be_mixed(publication: PublicationService, store: Store) -> None:
    create(
        publication,
        names=[name("Jane Roe"), Name(kind="ALIAS", en=NameParts(full="J. Roe"))],
        identifiers=[
            ExternalIdentifier(scheme="other", value="7"),
            {"scheme": "other", "value": "8"},
        ],
        attributes={"note": LangText(en={"value": "hello"})},
    )
    stored = content(store, "entity/person/jane-roe.json")
    assert [n["kind"] for n in stored["names"]] == ["PRIMARY", "ALIAS"]
    assert [i["value"] for i in stored["identifiers"]] == ["7", "8"]
    assert stored["attributes"] == {
        "note": {"en": {"provenance": None, "value": "hello"}, "ne": None}
    }


def test_names_may_all_be_models(publication: PublicationService) -> None:
    data = {"slug": "jane-roe", "names": [Name(kind="PRIMARY", en=NameParts(full="Jane"))]}
    assert run(publication.create_entity("person", data)).names[0].en.full == "Jane"


# Creating: what is refused, in which words and in which order


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "entity_data is required"),
        ({"entity_data": {}}, "Entity must have a 'type' field or entity_type parameter"),
        ({"entity_data": {"type": "robot"}}, "'robot' is not a valid EntityType"),
        ({"entity_type": "robot", "entity_data": {}}, "'robot' is not a valid EntityType"),
        (
            {"entity_type": "person", "entity_subtype": "politician", "entity_data": {}},
            "'politician' is not a valid EntitySubType",
        ),
        (
            {"entity_type": "person", "entity_data": {"sub_type": "politician"}},
            "'politician' is not a valid EntitySubType",
        ),
        (
            {"entity_type": "organization", "entity_subtype": "ward", "entity_data": {}},
            "Entity subtype ward not supported for entity type EntityType.ORGANIZATION.",
        ),
        ({"entity_type": "person", "entity_data": {}}, "Entity must have a 'slug' field"),
        (
            {"entity_prefix": "person", "entity_data": {"slug": ""}},
            "Entity must have a 'slug' field",
        ),
        (
            {"entity_type": "person", "entity_data": {"slug": "jane-roe"}},
            "Entity must have at least one name",
        ),
        (
            {"entity_type": "person", "entity_data": {"slug": "jane-roe", "names": []}},
            "Entity must have at least one name",
        ),
        (
            {
                "entity_type": "person",
                "entity_data": {"slug": "jane-roe", "names": [name("J", kind="ALIAS")]},
            },
            "Entity must have at least one name with kind='PRIMARY'",
        ),
        (
            {"entity_type": "person", "entity_data": {"slug": "jane-roe", "names": ["Jane"]}},
            "Entity must have at least one name with kind='PRIMARY'",
        ),
    ],
)
def test_incomplete_data_is_refused_in_known_words(
    publication: PublicationService, store: Store, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        run(publication.create_entity(**arguments))
    assert str(caught.value) == said
    assert files(store) == {}


def test_a_duplicate_is_refused_in_known_words_and_changes_nothing(
    publication: PublicationService, store: Store
) -> None:
    create(publication)
    before = files(store)
    data = person("jane-roe")
    untouched = dict(data)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        run(publication.create_entity("person", data, "author:someone-else"))
    assert str(caught.value) == (
        "Entity with slug 'jane-roe' and type 'EntityType.PERSON' already exists"
    )
    assert files(store) == before
    assert data == untouched


def test_a_duplicate_by_prefix_of_one_by_type_is_found(publication: PublicationService) -> None:
    data = {"slug": "some-ngo", "names": [name("N")]}
    run(publication.create_entity("organization", dict(data), entity_subtype="ngo"))
    with pytest.raises(ValueError, match=r"'EntityType\.ORGANIZATION' already exists"):
        run(publication.create_entity(entity_prefix="organization/ngo", entity_data=dict(data)))


def test_the_same_dict_can_be_used_again_after_a_duplicate(
    publication: PublicationService,
) -> None:
    create(publication)
    data = person("jane-roe")
    with pytest.raises(ValueError, match="already exists"):
        run(publication.create_entity("person", data))
    data["slug"] = "jane-roe-2"
    assert run(publication.create_entity("person", data)).id == "entity:person/jane-roe-2"


def test_the_checks_come_in_the_known_order(publication: PublicationService) -> None:
    create(publication)
    duplicate = person("jane-roe", surprise=1)
    with pytest.raises(ValueError, match=r"String should have at least 3|String should match"):
        run(publication.create_entity("person", dict(duplicate), "author:!"))
    with pytest.raises(ValueError, match="already exists"):
        run(publication.create_entity("person", dict(duplicate), "author:good-one"))
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        run(publication.create_entity("person", {**duplicate, "slug": "jane-roe-2"}))


@pytest.mark.parametrize(
    "slug",
    [
        "../../etc/passwd",
        "..",
        "a/../../b",
        "x/y",
        "Jane-Roe",
        "jane roe",
        "ab",
        "x" * 101,
        "x" * 5000,
        "काठमाडौं",
        "jane:roe",
        "jane\0roe",
        "jane\nroe",
        "",
        None,
        7,
    ],
)
def test_a_bad_slug_is_refused_before_anything_is_written(
    publication: PublicationService, store: Store, slug: Any
) -> None:
    with pytest.raises(ValidationError, match="slug"):
        run(publication.create_entity("person", person(slug)))
    assert files(store) == {}


def test_a_refused_entity_leaves_no_author_behind(
    publication: PublicationService, store: Store
) -> None:
    with pytest.raises(ValidationError):
        run(publication.create_entity("person", person("jane-roe", surprise=1), "author:new-one"))
    assert files(store) == {}


def test_a_model_that_was_broken_after_it_was_made_is_refused(
    publication: PublicationService, store: Store
) -> None:
    broken = Name(kind="PRIMARY", en=NameParts(full="Jane"))
    broken.en = "Jane"  # type: ignore[assignment]
    with pytest.raises(ValueError, match=r"entity:person/jane-roe: names\[0\]\.en"):
        create(publication, names=[broken])
    assert files(store) == {}


def test_what_json_cannot_express_is_refused(publication: PublicationService, store: Store) -> None:
    with pytest.raises(UnwritableError, match="entity:person/jane-roe cannot be written"):
        create(publication, attributes={"x": object()})
    assert files(store) == {}


# Creating: the caller's dict


def test_the_callers_dict_is_completed(publication: PublicationService) -> None:
    data = person("jane-roe")
    entity = run(publication.create_entity("person", data))
    assert data["slug"] == "jane-roe"
    assert data["type"] == EntityType.PERSON
    assert "sub_type" not in data
    assert data["version_summary"] == entity.version_summary
    assert data["created_at"] == entity.created_at
    location = {"slug": "bara", "names": [name("Bara")]}
    run(publication.create_entity("location", location, entity_subtype="district"))
    assert location["sub_type"] == EntitySubType.DISTRICT
