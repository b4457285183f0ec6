"""Publication: what is checked in which order, what is written, and what is kept."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from nes_tasks.database.store import Store
from nes_tasks.models.base import LangText, Name, NameParts
from nes_tasks.models.codec import MalformedFileError, UnwritableError
from nes_tasks.models.entity import EntitySubType, EntityType, ExternalIdentifier
from nes_tasks.models.identifiers import InvalidIdentifierError
from nes_tasks.models.relationship import RELATIONSHIP_TYPES, Relationship
from nes_tasks.models.version import Author
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.publication import PublicationService

from .samples import AUTHOR, START, Clock, files, name, person

run = asyncio.run


def content(store: Store, path: str) -> dict[str, Any]:
    data = store.read(path)
    assert data is not None, f"no {path}"
    parsed: dict[str, Any] = json.loads(data)
    return parsed


def create(publication: PublicationService, slug: str = "jane-roe", **fields: Any) -> Any:
    return run(publication.create_entity("person", person(slug, **fields)))


def create_both(publication: PublicationService) -> tuple[str, str]:
    return (
        create(publication, "ada-lovelace").id,
        run(
            publication.create_entity(
                "organization", {"slug": "the-society", "names": [name("Society")]}
            )
        ).id,
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


# Versions


def test_a_project_without_sub_type_has_its_version_under_its_own_id(
    publication: PublicationService, store: Store
) -> None:
    project = {"slug": "big-dam", "names": [name("Dam")]}
    run(publication.create_entity("project", project))
    assert store.exists("entity/project/development_project/big-dam.json")
    assert store.exists("version/entity/project/development_project/big-dam/1.json")
    again = {"slug": "big-dam", "names": [name("Dam")]}
    with pytest.raises(ValueError, match="already exists"):
        run(publication.create_entity("project", again, entity_subtype="development_project"))


def test_an_entity_that_is_created_again_goes_on_with_the_next_free_number(
    publication: PublicationService, store: Store
) -> None:
    entity = create(publication)
    entity.tags = ["x"]
    run(publication.update_entity(entity, AUTHOR, "second"))
    assert run(publication.delete_entity(entity.id, AUTHOR, "third"))
    before = files(store)
    assert create(publication).version_summary.version_number == 4
    assert {path: data for path, data in files(store).items() if path in before} == before


def test_a_version_left_behind_is_not_overwritten_by_an_update(
    publication: PublicationService, store: Store
) -> None:
    entity = create(publication)
    store.write("version/entity/person/jane-roe/2.json", b"kept")
    run(publication.update_entity(entity, AUTHOR, "d"))
    assert entity.version_summary.version_number == 3
    assert store.read("version/entity/person/jane-roe/2.json") == b"kept"


def test_versions_are_returned_in_numeric_order(publication: PublicationService) -> None:
    entity = create(publication)
    for number in range(2, 12):
        run(publication.update_entity(entity, AUTHOR, f"change {number}"))
    versions = run(publication.get_entity_versions(entity.id))
    assert [v.version_number for v in versions] == list(range(1, 12))


# Updating


def test_an_update_in_place_is_written_with_the_next_version(
    publication: PublicationService, store: Store
) -> None:
    create(publication)
    entity = run(publication.get_entity("entity:person/jane-roe"))
    assert entity is not None
    assert entity.names[0].en is not None
    entity.names[0].en.full = "Jane R. Roe"
    returned = run(publication.update_entity(entity, "author:editor-one", "Add the initial"))
    assert returned is entity
    stored = content(store, "entity/person/jane-roe.json")
    assert stored["names"][0]["en"]["full"] == "Jane R. Roe"
    assert stored["version_summary"]["version_number"] == 2
    assert stored["version_summary"]["author"]["slug"] == "editor-one"
    assert stored["created_at"] == "2026-01-31T06:15:10.123456Z"
    version = content(store, "version/entity/person/jane-roe/2.json")
    assert version["snapshot"]["names"][0]["en"]["full"] == "Jane R. Roe"
    first = content(store, "version/entity/person/jane-roe/1.json")
    assert first["snapshot"]["names"][0]["en"]["full"] == "Jane Doe"


def test_dicts_assigned_to_a_field_are_written_as_they_are(
    publication: PublicationService, store: Store
) -> None:
    entity = create(publication)
    entity.names = [
        name("Jane Roe"),
        Name(kind="ALIAS", en=NameParts(full="Jay")),
        Name(kind="ALTERNATE", en=NameParts(full="Roe")).model_dump(),
    ]
    run(publication.update_entity(entity, AUTHOR, "names"))
    names = content(store, "entity/person/jane-roe.json")["names"]
    assert names[0] == {"kind": "PRIMARY", "en": {"full": "Jane Roe"}}
    assert names[1]["en"]["prefix"] is None
    assert names[2]["kind"] == "ALTERNATE"
    again = run(publication.get_entity(entity.id))
    assert again is not None
    assert [n.kind.value for n in again.names] == ["PRIMARY", "ALIAS", "ALTERNATE"]


def test_the_version_follows_the_stored_one_whatever_the_object_says(
    publication: PublicationService,
) -> None:
    stale = create(publication)
    fresh = run(publication.get_entity(stale.id))
    assert fresh is not None
    run(publication.update_entity(fresh, AUTHOR, "two"))
    run(publication.update_entity(stale, AUTHOR, "three"))
    assert stale.version_summary.version_number == 3


def test_an_update_of_what_does_not_exist_is_refused(
    publication: PublicationService, store: Store
) -> None:
    entity = create(publication)
    before = files(store)
    for slug in ("jane-doe", "../../x", "काठ"):
        entity.slug = slug
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
            run(publication.update_entity(entity, "author:new-one", "d"))
        assert str(caught.value) == f"Entity entity:person/{slug} does not exist"
    assert files(store) == before


def test_an_update_that_could_not_be_read_back_is_refused_and_changes_nothing(
    publication: PublicationService, store: Store
) -> None:
    entity = create(publication)
    before, summary = files(store), entity.version_summary
    entity.names = []
    with pytest.raises(MalformedFileError, match=r"entity:person/jane-roe: names: .*PRIMARY"):
        run(publication.update_entity(entity, "author:new-one", "d"))
    entity.names = [{"kind": "FIRST", "en": {"full": "Jane"}}]
    with pytest.raises(ValueError, match=r"names\[0\]\.kind"):
        run(publication.update_entity(entity, "author:new-one", "d"))
    assert files(store) == before
    assert entity.version_summary is summary


def test_a_stored_number_that_no_version_has_counts_as_none(
    publication: PublicationService, store: Store
) -> None:
    entity = create(publication)
    stored = content(store, "entity/person/jane-roe.json")
    stored["version_summary"]["version_number"] = -5
    store.write("entity/person/jane-roe.json", json.dumps(stored).encode())
    run(publication.update_entity(entity, AUTHOR, "d"))
    assert content(store, "entity/person/jane-roe.json")["version_summary"]["version_number"] == 2


def test_an_update_of_a_malformed_file_names_its_path(
    publication: PublicationService, store: Store
) -> None:
    entity = create(publication)
    store.write("entity/person/jane-roe.json", b"{")
    with pytest.raises(MalformedFileError, match=r"^entity/person/jane-roe\.json: not JSON"):
        run(publication.update_entity(entity, AUTHOR, "d"))


def test_an_update_needs_a_description(publication: PublicationService) -> None:
    entity = create(publication)
    with pytest.raises(ValueError, match="change_description is required"):
        run(publication.update_entity(entity, AUTHOR))


# Deleting


def test_a_deletion_removes_the_file_and_is_recorded(
    publication: PublicationService, store: Store
) -> None:
    entity = create(publication)
    assert run(publication.delete_entity(entity.id, "author:cleaner-one", "Was a duplicate"))
    assert not store.exists("entity/person/jane-roe.json")
    assert store.exists("version/entity/person/jane-roe/1.json")
    record = content(store, "version/entity/person/jane-roe/2.json")
    assert record["snapshot"] is None
    assert record["author"]["slug"] == "cleaner-one"
    assert record["change_description"] == "Was a duplicate"
    assert store.exists("author/cleaner-one.json")
    assert run(publication.get_entity(entity.id)) is None


def test_a_deletion_of_what_is_not_there_is_false_and_writes_nothing(
    publication: PublicationService, store: Store
) -> None:
    assert run(publication.delete_entity("entity:person/nobody", AUTHOR, "d")) is False
    gone = "relationship:person/a-b:person/c-d:MEMBER_OF"
    assert run(publication.delete_relationship(gone, AUTHOR, "d")) is False
    assert files(store) == {}


@pytest.mark.parametrize(
    "identifier",
    ["entity:../../x", "entity:person/../../x", "author:jane-doe", "entity:", "nobody", "../x"],
)
def test_a_deletion_by_a_hostile_id_is_refused(
    publication: PublicationService, store: Store, identifier: str
) -> None:
    run(publication.database.put_author(Author(slug="jane-doe")))
    before = files(store)
    with pytest.raises(InvalidIdentifierError):
        run(publication.delete_entity(identifier, AUTHOR, "d"))
    with pytest.raises(InvalidIdentifierError):
        run(publication.delete_relationship(identifier, AUTHOR, "d"))
    assert files(store) == before


def test_a_malformed_file_can_be_deleted(publication: PublicationService, store: Store) -> None:
    create(publication)
    store.write("entity/person/jane-roe.json", b"{")
    assert run(publication.delete_entity("entity:person/jane-roe", AUTHOR, "broken"))
    assert store.exists("version/entity/person/jane-roe/2.json")


# Relationships


def test_a_relationship_is_a_file_and_a_version(
    publication: PublicationService, store: Store
) -> None:
    source, target = create_both(publication)
    made = run(
        publication.create_relationship(
            source_entity_id=source,
            target_entity_id=target,
            relationship_type="MEMBER_OF",
            author_id=AUTHOR,
            change_description="Joined",
            start_date="2020-01-31",
            attributes={"role": "founder"},
        )
    )
    path = "relationship/person/ada-lovelace/organization/the-society/MEMBER_OF.json"
    assert made.id == "relationship:person/ada-lovelace:organization/the-society:MEMBER_OF"
    assert made.created_at < made.version_summary.created_at
    stored = content(store, path)
    assert stored["start_date"] == "2020-01-31"
    assert stored["version_summary"]["type"] == "RELATIONSHIP"
    assert "id" not in stored
    version = content(store, f"version/{path.removesuffix('.json')}/1.json")
    assert version["snapshot"]["id"] == made.id
    assert [v.version_number for v in run(publication.get_relationship_versions(made.id))] == [1]


def relate(publication: PublicationService, source: str, target: str, **more: Any) -> Any:
    arguments = {"relationship_type": "MEMBER_OF", "change_description": "d", **more}
    return run(publication.create_relationship(source, target, **arguments))


def test_relationships_are_checked_in_the_known_order_and_words(
    publication: PublicationService, store: Store
) -> None:
    source, target = create_both(publication)
    before = files(store)
    wrong = {
        "relationship_type": "HELD_POSITION",
        "start_date": date(2024, 1, 2),
        "end_date": date(2024, 1, 1),
        "author_id": "author:new-one",
    }
    nobody, hostile = "entity:person/nobody", "entity:../../x"
    cases = [
        ((nobody, hostile), wrong, f"Source entity {nobody} does not exist"),
        ((hostile, nobody), wrong, f"Source entity {hostile} does not exist"),
        ((source, nobody), wrong, f"Target entity {nobody} does not exist"),
        ((source, target), wrong, "Relationship end_date cannot be before start_date"),
        (
            (source, target),
            {**wrong, "end_date": date(2024, 1, 2)},
            f"Invalid relationship type: HELD_POSITION. Must be one of {list(RELATIONSHIP_TYPES)}",
        ),
    ]
    for ends, arguments, said in cases:
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
            relate(publication, *ends, **arguments)
        assert str(caught.value) == said
    assert files(store) == before


def test_dates_may_be_texts_but_not_any(publication: PublicationService) -> None:
    source, target = create_both(publication)
    with pytest.raises(ValueError, match="end_date cannot be before"):
        relate(publication, source, target, start_date="2024-01-02", end_date=date(2024, 1, 1))
    with pytest.raises(ValueError, match="start_date: 'last year' is not a date; write it as in"):
        relate(publication, source, target, start_date="last year")


def test_creating_the_same_relationship_again_changes_nothing(
    publication: PublicationService, store: Store
) -> None:
    source, target = create_both(publication)
    first = relate(publication, source, target, attributes={"role": "founder"})
    before = files(store)
    second = relate(publication, source, target, attributes={"role": "founder"})
    assert second.id == first.id
    assert files(store) == before


def test_creating_a_relationship_anew_keeps_its_history(
    publication: PublicationService, store: Store
) -> None:
    source, target = create_both(publication)
    first = relate(publication, source, target)
    before = files(store)
    second = relate(publication, source, target, start_date=date(2020, 1, 1))
    assert second.version_summary.version_number == 2
    assert second.created_at == first.created_at
    history = "version/relationship/person/ada-lovelace/organization/the-society/MEMBER_OF/1.json"
    assert store.read(history) == before[history]


def test_a_relationship_is_updated_and_deleted_with_versions(
    publication: PublicationService, store: Store
) -> None:
    source, target = create_both(publication)
    made = relate(publication, source, target)
    made.end_date = date(2024, 1, 1)
    assert run(publication.update_relationship(made, AUTHOR, "Left")) is made
    assert made.version_summary.version_number == 2
    assert run(publication.delete_relationship(made.id, AUTHOR, "Never joined"))
    numbers = [v.version_number for v in run(publication.get_relationship_versions(made.id))]
    assert numbers == [1, 2, 3]
    assert relate(publication, source, target).version_summary.version_number == 4
    assert run(publication.delete_entity(source, AUTHOR, "d"))
    assert store.exists(
        "relationship/person/ada-lovelace/organization/the-society/MEMBER_OF.json"
    ), "relationships of a deleted entity stay"


def test_an_update_of_a_relationship_is_checked(publication: PublicationService) -> None:
    source, target = create_both(publication)
    made = relate(publication, source, target)
    made.start_date, made.end_date = date(2024, 1, 2), date(2024, 1, 1)
    with pytest.raises(ValueError, match="Relationship end_date cannot be before start_date"):
        run(publication.update_relationship(made, AUTHOR, "d"))
    other = Relationship(source_entity_id=target, target_entity_id=source, type="LOCATED_IN")
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        run(publication.update_relationship(other, AUTHOR, "d"))
    assert str(caught.value) == f"Relationship {other.id} does not exist"


def test_a_relationship_put_without_a_version_can_be_updated(
    publication: PublicationService,
) -> None:
    source, target = create_both(publication)
    bare = Relationship(source_entity_id=source, target_entity_id=target, type="MEMBER_OF")
    run(publication.database.put_relationship(bare))
    run(publication.update_relationship(bare, AUTHOR, "d"))
    assert bare.version_summary is not None
    assert bare.version_summary.version_number == 1


def test_relationships_of_an_entity_are_found_by_direction(
    publication: PublicationService,
) -> None:
    source, target = create_both(publication)
    made = relate(publication, source, target)

    def found(entity_id: str, *direction: Any) -> list[str]:
        return [r.id for r in run(publication.get_relationships_by_entity(entity_id, *direction))]

    assert found(source) == found(target) == [made.id]
    assert found(source, "source") == found(target, "target") == [made.id]
    assert found(source, "target") == found(target, "source") == []


# An entity with its relationships


def test_an_entity_is_updated_together_with_new_relationships(
    publication: PublicationService, store: Store
) -> None:
    source, target = create_both(publication)
    entity = run(publication.get_entity(source))
    assert entity is not None
    entity.tags = ["member"]
    done = run(
        publication.update_entity_with_relationships(
            entity,
            [
                {
                    "source_entity_id": source,
                    "target_entity_id": target,
                    "relationship_type": "MEMBER_OF",
                    "start_date": date(2020, 1, 1),
                    "attributes": {"role": "founder"},
                }
            ],
            AUTHOR,
            "Joined",
        )
    )
    assert done["entity"] is entity
    assert [r.attributes for r in done["relationships"]] == [{"role": "founder"}]
    assert content(store, "entity/person/ada-lovelace.json")["tags"] == ["member"]


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (
            {"relationship_type": "MEMBER_OF"},
            "Relationship must have source_entity_id and target_entity_id",
        ),
        (
            {"source_entity_id": "S", "target_entity_id": "T"},
            "Relationship must have relationship_type",
        ),
        (
            {"source_entity_id": "S", "target_entity_id": "N", "relationship_type": "MEMBER_OF"},
            "Target entity entity:person/nobody does not exist",
        ),
        (
            {"source_entity_id": "S", "target_entity_id": "T", "relationship_type": "KNOWS"},
            f"Invalid relationship type: KNOWS. Must be one of {list(RELATIONSHIP_TYPES)}",
        ),
    ],
)
def test_a_failure_half_way_leaves_everything_as_it_was(
    publication: PublicationService, store: Store, last: dict[str, str], said: str
) -> None:
    source, target = create_both(publication)
    relate(publication, source, target)
    ids = {"S": source, "T": target, "N": "entity:person/nobody"}
    entity = run(publication.get_entity(source))
    assert entity is not None
    entity.tags = ["member"]
    before, summary = files(store), entity.version_summary
    ends = {"source_entity_id": source, "target_entity_id": target}
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        run(
            publication.update_entity_with_relationships(
                entity,
                [
                    {**ends, "relationship_type": "MEMBER_OF", "attributes": {"changed": True}},
                    {**ends, "relationship_type": "EMPLOYED_BY"},
                    {key: ids.get(value, value) for key, value in last.items()},
                ],
                "author:new-one",
                "d",
            )
        )
    assert str(caught.value) == f"Coordinated operation failed: {said}"
    assert files(store) == before
    assert entity.version_summary is summary
    # What the service remembers is undone as well: the new author is written this time.
    run(publication.update_entity(entity, "author:new-one", "d"))
    assert store.exists("author/new-one.json")


# Batches


def test_a_batch_is_one_creation_after_the_other(
    publication: PublicationService, store: Store
) -> None:
    batch = [
        {**person("jane-one"), "type": "person"},
        {**person("jane-one"), "type": "person"},
    ]
    with pytest.raises(ValueError, match="already exists"):
        run(publication.batch_create_entities(batch, AUTHOR, "d"))
    assert store.exists("entity/person/jane-one.json")
    more = [{**person(f"jane-{n}00"), "type": "person"} for n in range(3)]
    made = run(publication.batch_create_entities(more, AUTHOR, "Many"))
    assert [e.slug for e in made] == ["jane-000", "jane-100", "jane-200"]
    assert {e.version_summary.change_description for e in made} == {"Many"}


# Authors


def test_the_stored_name_of_the_author_is_in_every_version(
    publication: PublicationService, store: Store
) -> None:
    run(publication.database.put_author(Author(slug="jane-doe", name="Jane Doe")))
    create(publication)
    version = content(store, "version/entity/person/jane-roe/1.json")
    assert version["author"]["name"] == "Jane Doe"
    assert content(store, "author/jane-doe.json") == {"name": "Jane Doe", "slug": "jane-doe"}


def test_a_new_name_of_the_author_is_in_the_versions_from_then_on(
    publication: PublicationService,
) -> None:
    assert create(publication, "one-one").version_summary.author.name is None
    run(publication.database.put_author(Author(slug="jane-doe", name="Jane Doe")))
    assert create(publication, "two-two").version_summary.author.name == "Jane Doe"
    run(publication.database.put_author(Author(slug="jane-doe", name="Jane D.")))
    assert create(publication, "three-three").version_summary.author.name == "Jane D."
    run(publication.database.delete_author("author:jane-doe"))
    assert create(publication, "four-four").version_summary.author.name is None
    assert publication.database.exists("author:jane-doe")


def test_an_author_is_read_once_for_many_writes(database: EntityDatabase, store: Store) -> None:
    run(database.put_author(Author(slug="jane-doe", name="Jane Doe")))
    reads: list[str] = []

    class Watched(EntityDatabase):
        async def get_author(self, author_id: str) -> Author | None:
            reads.append(author_id)
            return await super().get_author(author_id)

    publication = PublicationService(Watched(store), Clock(), AUTHOR)
    for number in range(5):
        create(publication, f"jane-{number}")
    assert reads == ["author:jane-doe"]


def test_changing_the_author_of_one_version_changes_no_other(
    publication: PublicationService,
) -> None:
    create(publication, "one-one").version_summary.author.name = "Mallory"
    assert create(publication, "two-two").version_summary.author.name is None


@pytest.mark.parametrize(
    ("given", "slug"),
    [
        ("author:jane-doe", "jane-doe"),
        ("jane-doe", "jane-doe"),
        ("migration-000-example-migration", "migration-000-example-migration"),
        ("author:migration:005-add-ministers", "migration-005-add-ministers"),
        ("migration:005-add-ministers", "migration-005-add-ministers"),
    ],
)
def test_an_author_can_be_spelled_in_the_known_ways(
    publication: PublicationService, store: Store, given: str, slug: str
) -> None:
    entity = run(publication.create_entity("person", person("jane-roe"), given))
    assert entity.version_summary.author.id == f"author:{slug}"
    assert content(store, f"author/{slug}.json") == {"name": None, "slug": slug}


def test_a_bare_slug_does_not_wipe_out_the_name_of_the_author(
    publication: PublicationService, store: Store
) -> None:
    run(publication.database.put_author(Author(slug="jane-doe", name="Jane Doe")))
    run(publication.create_entity("person", person("jane-roe"), "jane-doe"))
    assert content(store, "author/jane-doe.json")["name"] == "Jane Doe"


@pytest.mark.parametrize("given", ["author:../../x", "author:a:b", "author:", "", "Jane Doe", "क"])
def test_a_bad_author_is_refused_before_anything_is_written(
    publication: PublicationService, store: Store, given: str
) -> None:
    entity = create(publication)
    before = files(store)
    source = entity.id
    for change in (
        publication.create_entity("person", person("jane-two"), given),
        publication.update_entity(entity, given, "d"),
        publication.delete_entity(source, given, "d"),
        publication.create_relationship(source, source, "MEMBER_OF", given, "d"),
    ):
        with pytest.raises(ValueError, match="slug"):
            run(change)
    assert files(store) == before


def test_the_default_author_stands_in_for_a_missing_one(
    publication: PublicationService, store: Store
) -> None:
    entity = create(publication)
    run(publication.update_entity(entity, change_description="d"))
    assert entity.version_summary.author.id == AUTHOR
    assert store.exists("author/jane-doe.json")


def test_without_a_default_author_one_is_required(database: EntityDatabase, store: Store) -> None:
    publication = PublicationService(database, Clock())
    for call in (
        publication.create_entity("person", person("jane-roe")),
        publication.delete_entity("entity:person/jane-roe", change_description="d"),
    ):
        with pytest.raises(ValueError, match=r"^author_id is required$"):
            run(call)
    assert files(store) == {}


def test_the_same_calls_at_the_same_times_write_the_same_bytes(
    publication: PublicationService, store: Store
) -> None:
    def changes(service: PublicationService) -> dict[str, bytes]:
        source, target = create_both(service)
        relate(service, source, target)
        return files(store)

    first = changes(publication)
    for path in first:
        store.delete(path)
    assert changes(PublicationService(EntityDatabase(store), Clock(), AUTHOR)) == first
