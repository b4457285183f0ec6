"""Publication of relationships, alone and together with an entity."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from nes_tasks.database.store import Store
from nes_tasks.models.relationship import RELATIONSHIP_TYPES, Relationship
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.publication import PublicationService

from .samples import (
    AUTHOR,
    Clock,
    content,
    create_both,
    files,
    relate,
    run,
)

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
