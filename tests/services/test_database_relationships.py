"""Listings of relationships, versions and authors."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from nes_tasks.models.relationship import Relationship
from nes_tasks.models.version import Author, Version
from nes_tasks.services.database import EntityDatabase

from .samples import ANN, BOB, DAM, NGO, START, run, summary

# Relationships


@pytest.fixture
def linked(database: EntityDatabase) -> EntityDatabase:
    def link(source: str, target: str, kind: str, start: str = "", end: str = "") -> None:
        made = Relationship.model_validate(
            {
                "source_entity_id": source,
                "target_entity_id": target,
                "type": kind,
                "start_date": start or None,
                "end_date": end or None,
            }
        )
        run(database.put_relationship(made))

    link(ANN, NGO, "MEMBER_OF", "2020-01-01", "2021-12-31")
    link(ANN, NGO, "EMPLOYED_BY", "2022-01-01")
    link(BOB, NGO, "MEMBER_OF")
    link(ANN, BOB, "SUPERVISES", "2021-06-01")
    link(DAM, NGO, "FUNDED_BY", "", "2019-12-31")
    return database


def pairs(relationships: list[Relationship]) -> list[str]:
    return [
        f"{r.source_entity_id[-7:-4]} {r.type[:3]} {r.target_entity_id[-3:]}" for r in relationships
    ]


def test_relationships_are_listed_by_path(linked: EntityDatabase) -> None:
    everything = ["ann EMP ngo", "ann MEM ngo", "ann SUP lee", "bob MEM ngo", "big FUN ngo"]
    assert pairs(run(linked.list_relationships())) == everything
    assert pairs(run(linked.list_relationships(limit=2, offset=1))) == everything[1:3]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, ["ann EMP ngo", "ann MEM ngo", "ann SUP lee"]),
        ({"direction": "source"}, ["ann EMP ngo", "ann MEM ngo", "ann SUP lee"]),
        ({"direction": "target"}, []),
        ({"relationship_type": "MEMBER_OF"}, ["ann MEM ngo"]),
        ({"active_on": date(2021, 12, 31)}, ["ann MEM ngo", "ann SUP lee"]),
        ({"active_on": "2022-01-01"}, ["ann EMP ngo", "ann SUP lee"]),
        ({"active_on": date(2019, 1, 1)}, []),
        ({"currently_active": True}, ["ann EMP ngo", "ann SUP lee"]),
        ({"currently_active": False}, ["ann MEM ngo"]),
        ({"start_date_from": date(2021, 6, 1)}, ["ann EMP ngo", "ann SUP lee"]),
        ({"start_date_to": date(2021, 6, 1)}, ["ann MEM ngo", "ann SUP lee"]),
        ({"limit": 1, "offset": 1}, ["ann MEM ngo"]),
    ],
)
def test_relationships_of_an_entity_are_filtered(
    linked: EntityDatabase, arguments: dict[str, Any], expected: list[str]
) -> None:
    assert pairs(run(linked.list_relationships_by_entity(ANN, **arguments))) == expected


def test_relationships_of_a_target_are_found(linked: EntityDatabase) -> None:
    def of(entity_id: str, **arguments: Any) -> list[str]:
        return pairs(run(linked.list_relationships_by_entity(entity_id, **arguments)))

    assert of(BOB) == ["ann SUP lee", "bob MEM ngo"]
    assert of(BOB, direction="target") == ["ann SUP lee"]
    assert of(NGO, active_on="2018-01-01") == ["bob MEM ngo", "big FUN ngo"]
    assert of(NGO, start_date_from="1900-01-01") == ["ann EMP ngo", "ann MEM ngo"]
    assert of("entity:person/lee") == []


def test_a_direction_that_does_not_exist_is_refused(linked: EntityDatabase) -> None:
    with pytest.raises(ValueError, match="source, target or both, not 'up'"):
        run(linked.list_relationships_by_entity(ANN, "up"))  # type: ignore[arg-type]


def test_relationships_are_listed_by_type(linked: EntityDatabase) -> None:
    def of(kind: str, **arguments: Any) -> list[str]:
        return pairs(run(linked.list_relationships_by_type(kind, **arguments)))

    assert of("MEMBER_OF") == ["ann MEM ngo", "bob MEM ngo"]
    assert of("MEMBER_OF", limit=1, offset=1) == ["bob MEM ngo"]
    assert of("KNOWS") == []


def test_a_slug_that_is_also_a_prefix_does_not_mix_relationships(
    database: EntityDatabase,
) -> None:
    short, long = "entity:organization/government", "entity:organization/government/the-office"
    for source in (short, long):
        made = Relationship(source_entity_id=source, target_entity_id=ANN, type="SUPERVISES")
        run(database.put_relationship(made))
    found = run(database.list_relationships_by_entity(short))
    assert [r.source_entity_id for r in found] == [short]


# Versions


def test_versions_of_an_entity_come_by_number(database: EntityDatabase) -> None:
    for number in (1, 2, 9, 10, 11):
        run(database.put_version(Version(**summary(ANN, number, f"author-{number % 2}"))))
    run(database.put_version(Version(**summary("entity:person/ann-lee-two", 5))))

    def numbers(**arguments: Any) -> list[int]:
        found = run(database.list_versions_by_entity(ANN, **arguments))
        return [v.version_number for v in found]

    assert numbers() == [1, 2, 9, 10, 11]
    assert numbers(order="desc") == [11, 10, 9, 2, 1]
    assert numbers(limit=2, offset=1) == [2, 9]
    assert numbers(order="desc", limit=1) == [11]
    assert numbers(min_version=2, max_version=10) == [2, 9, 10]
    assert numbers(author_slug="author-1") == [1, 9, 11]
    ninth = START + timedelta(days=9)
    assert numbers(created_after=ninth) == [9, 10, 11]
    assert numbers(created_before=ninth) == [1, 2]
    assert numbers(created_after=ninth.replace(tzinfo=None)) == [9, 10, 11]
    assert numbers(created_before=datetime(2026, 2, 9, 6, 15, 9, 123457, tzinfo=UTC)) == [1, 2, 9]
    assert numbers(min_version=3, author_slug="author-0", limit=5) == [10]
    assert run(database.list_versions_by_entity("entity:person/nobody")) == []


def test_an_order_that_does_not_exist_is_refused(database: EntityDatabase) -> None:
    with pytest.raises(ValueError, match="asc or desc, not 'up'"):
        run(database.list_versions_by_entity(ANN, order="up"))  # type: ignore[arg-type]


def test_versions_of_deeper_ids_are_not_mixed_in(database: EntityDatabase) -> None:
    short, long = "entity:organization/government", "entity:organization/government/the-office"
    run(database.put_version(Version(**summary(short, 1))))
    run(database.put_version(Version(**summary(long, 2))))
    found = run(database.list_versions_by_entity(short))
    assert [v.entity_or_relationship_id for v in found] == [short]


def test_all_versions_and_authors_are_listed(database: EntityDatabase) -> None:
    for number in (1, 2):
        run(database.put_version(Version(**summary(ANN, number))))
        run(database.put_author(Author(slug=f"author-{number}")))
    assert [v.version_number for v in run(database.list_versions())] == [1, 2]
    assert [a.slug for a in run(database.list_authors(limit=1, offset=1))] == ["author-2"]


def test_the_next_version_number_is_free(database: EntityDatabase) -> None:
    assert database.next_version_number(ANN) == 1
    for number in (1, 2, 4):
        run(database.put_version(Version(**summary(ANN, number))))
    assert database.next_version_number(ANN) == 3
    assert database.next_version_number(ANN, 4) == 5
    assert database.next_version_number("entity:../../x", 6) == 6
