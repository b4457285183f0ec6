"""Publication: versions, updates and deletions."""

from __future__ import annotations

import json

import pytest

from nes_tasks.database.store import Store
from nes_tasks.models.base import Name, NameParts
from nes_tasks.models.codec import MalformedFileError
from nes_tasks.models.identifiers import InvalidIdentifierError
from nes_tasks.models.version import Author
from nes_tasks.services.publication import PublicationService

from .samples import (
    AUTHOR,
    content,
    create,
    files,
    name,
    run,
)

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
