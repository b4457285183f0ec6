"""The database of entities: objects that are put, got and deleted, and changes that are undone."""

from __future__ import annotations

from typing import Any

import pytest

from nes_tasks.database.store import Store
from nes_tasks.models.codec import MalformedFileError
from nes_tasks.models.identifiers import InvalidIdentifierError
from nes_tasks.models.relationship import Relationship
from nes_tasks.models.version import Author, Version, VersionSummary
from nes_tasks.services.database import EntityDatabase

from .samples import ANN, BOB, entity, files, put, run, summary

# One object


def test_what_is_put_can_be_got(database: EntityDatabase, store: Store) -> None:
    one = entity("person", "ann-lee")
    assert run(database.put_entity(one)) is one
    got = run(database.get_entity("entity:person/ann-lee"))
    assert got is not None
    assert got is not one
    assert got.id == one.id
    assert list(files(store)) == ["entity/person/ann-lee.json"], "no version is written"


def test_changing_an_object_changes_nothing_until_it_is_put_back(filled: EntityDatabase) -> None:
    one = run(filled.get_entity("entity:person/ann-lee"))
    assert one is not None
    one.tags = ["new"]
    again = run(filled.get_entity("entity:person/ann-lee"))
    assert again is not None
    assert again.tags is None
    run(filled.put_entity(one))
    again = run(filled.get_entity("entity:person/ann-lee"))
    assert again is not None
    assert again.tags == ["new"]


def test_every_kind_is_put_got_and_deleted(database: EntityDatabase, store: Store) -> None:
    link = Relationship(
        source_entity_id="entity:person/ann-lee",
        target_entity_id="entity:organization/ngo/some-ngo",
        type="MEMBER_OF",
    )
    version = Version(**summary("entity:person/ann-lee", 3), snapshot={"a": 1})
    author = Author(slug="jane-doe", name="Jane")
    run(database.put_relationship(link))
    run(database.put_version(version))
    run(database.put_author(author))
    assert sorted(files(store)) == [
        "author/jane-doe.json",
        "relationship/person/ann-lee/organization/ngo/some-ngo/MEMBER_OF.json",
        "version/entity/person/ann-lee/3.json",
    ]
    assert run(database.get_relationship(link.id)) == link
    assert run(database.get_version(version.id)) == version
    assert run(database.get_author(author.id)) == author
    for delete, identifier in (
        (database.delete_relationship, link.id),
        (database.delete_version, version.id),
        (database.delete_author, author.id),
    ):
        assert run(delete(identifier)) is True
        assert run(delete(identifier)) is False
    assert files(store) == {}


def test_what_is_absent_is_none_and_deleting_it_false(database: EntityDatabase) -> None:
    assert run(database.get_entity("entity:person/nobody")) is None
    assert run(database.get_relationship("relationship:person/a-a:person/b-b:MEMBER_OF")) is None
    assert run(database.get_version("version:entity:person/nobody:1")) is None
    assert run(database.get_author("author:nobody")) is None
    assert run(database.delete_entity("entity:person/nobody")) is False


HOSTILE = [
    "entity:../../x",
    "entity:person/../../author/jane-doe",
    "entity:/etc/passwd",
    "entity:person/.git/config",
    "entity:person/a\0b",
    "entity:person/a\\b",
    "entity:person/काठ",
    "entity:",
    "",
    "jane-doe",
    "author:jane-doe",
    "migration-logs:001-x:marker",
    None,
    7,
]


@pytest.mark.parametrize("identifier", HOSTILE)
def test_a_hostile_id_finds_nothing_and_is_refused_where_it_would_change_something(
    database: EntityDatabase, store: Store, identifier: Any
) -> None:
    run(database.put_author(Author(slug="jane-doe")))
    before = files(store)
    assert run(database.get_entity(identifier)) is None
    assert run(database.batch_get_entities([identifier])) == [None]
    assert run(database.get_version(identifier)) is None
    assert run(database.list_versions_by_entity(identifier)) == []
    assert run(database.list_relationships_by_entity(identifier)) == []
    with pytest.raises(InvalidIdentifierError):
        run(database.delete_entity(identifier))
    with pytest.raises(InvalidIdentifierError):
        run(database.delete_version(identifier))
    assert files(store) == before


def test_objects_with_hostile_ids_are_not_written(database: EntityDatabase, store: Store) -> None:
    one = entity("person", "ann-lee")
    link = Relationship(
        source_entity_id="entity:person/ann-lee",
        target_entity_id="entity:person/bob-lee",
        type="MEMBER_OF",
    )
    author = Author(slug="jane-doe")
    version = Version(**summary("entity:../../x"))
    for hostile in ("../../x", ".git", "a\0b", "ann lee", "x/../../y"):
        one.slug = author.slug = hostile
        link.target_entity_id = f"entity:person/{hostile}"
        for change in (
            database.put_entity(one),
            database.put_author(author),
            database.put_relationship(link),
            database.put_version(version),
        ):
            with pytest.raises(ValueError, match=r"slug|part|character|entity"):
                run(change)
    assert files(store) == {}


def test_what_could_not_be_read_back_is_not_written(database: EntityDatabase, store: Store) -> None:
    one = entity("person", "ann-lee")
    run(database.put_entity(one))
    before = files(store)
    one.names = []
    with pytest.raises(MalformedFileError, match="entity:person/ann-lee: names"):
        run(database.put_entity(one))
    version = Version(**summary("entity:person/ann-lee"))
    version.version_number = "first"  # type: ignore[assignment]
    with pytest.raises(MalformedFileError, match="version_number"):
        run(database.put_version(version))
    assert files(store) == before


# Watching and undoing


def test_every_change_is_told_to_those_who_watch(database: EntityDatabase) -> None:
    seen: list[str] = []
    database.watch(seen.append)
    put(database, entity("person", "ann-lee"))
    run(database.put_author(Author(slug="jane-doe")))
    run(database.get_entity(ANN))
    run(database.delete_entity(ANN))
    assert seen == [ANN, "author:jane-doe", ANN]


def test_changes_of_a_block_that_fails_are_undone(database: EntityDatabase, store: Store) -> None:
    put(database, entity("person", "ann-lee"), entity("person", "bob-lee"))
    before = files(store)
    seen: list[str] = []
    database.watch(seen.append)

    def fail() -> None:
        with database.undone_on_error():
            put(database, entity("person", "ann-lee", tags=["x"]), entity("person", "new-one"))
            put(database, entity("person", "ann-lee", tags=["y"]))
            run(database.delete_entity(BOB))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert files(store) == before
    assert sorted(set(seen)) == [ANN, BOB, "entity:person/new-one"]
    put(database, entity("person", "new-one"))
    assert store.exists("entity/person/new-one.json"), "later changes are not undone"


def test_changes_of_a_block_that_ends_well_stay(database: EntityDatabase, store: Store) -> None:
    with database.undone_on_error():
        put(database, entity("person", "ann-lee"))
    assert store.exists("entity/person/ann-lee.json")


def test_a_version_summary_is_a_part_of_the_file_and_not_a_version(
    database: EntityDatabase, store: Store
) -> None:
    one = entity("person", "ann-lee")
    one.version_summary = VersionSummary(**summary(ANN, 7))
    run(database.put_entity(one))
    got = run(database.get_entity(ANN))
    assert got is not None
    assert got.version_summary.version_number == 7
    assert not list(store.list("version"))
